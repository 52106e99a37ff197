package dev.verbena.testkit;

import dev.verbena.MemoryMode;
import dev.verbena.internal.engine.CommandData;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricGroup;
import dev.verbena.internal.fabric.QueueParameters;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.ConnectData;
import dev.verbena.nvme.FabricsCommands;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.Property;
import dev.verbena.testkit.internal.wire.SimulatedTransport;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Connects queues without threads, in virtual time: what an association does, reduced to what the
/// data path needs.
final class SteppedHost implements AutoCloseable {
    static final long COMMAND_NANOS = Duration.ofSeconds(30).toNanos();

    private static final HostIdentity HOST =
            HostIdentity.of(
                    Nqn.of("nqn.2024-01.org.example:simulated-host"), new UUID(0x1234, 0x5678));

    private interface Encoder {
        void encode(MemorySegment capsules, long entry, int id);
    }

    private final SteppedScheduler scheduler;
    private final SimulatedTransport transport;
    private final Nqn subsystem;
    private final int headerBytes;
    private final MemoryMode mode;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment data;
    private final Region region;
    private final CommandQueue admin;
    private final int controllerId;
    private boolean answered;
    private int status;
    private long result;

    SteppedHost(
            SteppedScheduler scheduler,
            SimulatedTransport transport,
            String subsystem,
            int headerBytes,
            MemoryMode mode)
            throws IOException {
        this.scheduler = scheduler;
        this.transport = transport;
        this.subsystem = Nqn.of(subsystem);
        this.headerBytes = headerBytes;
        this.mode = mode;
        admin = new CommandQueue(transport.connect(parameters(0, 8, 0xFFFF, null), deadline()));
        data = arena.allocate(4096, 4096);
        region = transport.memory().register(data);
        controllerId = (int) connectCommand(admin, 8, 0xFFFF) & 0xFFFF;
        execute(
                admin,
                (capsules, entry, id) ->
                        FabricsCommands.propertySet(
                                capsules, entry, id, Property.CC, false, 0x0046_0001));
        execute(
                admin,
                (capsules, entry, id) ->
                        AdminCommands.setFeatures(
                                capsules, entry, id, Feature.NUMBER_OF_QUEUES, false, 0, 0x7_0007));
    }

    /// Connects an I/O queue.
    ///
    /// @throws IOException when the target does not want it
    CommandQueue connectQueue(int queueId, int entries, @Nullable FabricGroup group)
            throws IOException {
        CommandQueue queue =
                new CommandQueue(
                        transport.connect(
                                parameters(queueId, entries, controllerId, group), deadline()));
        try {
            connectCommand(queue, entries, controllerId);
            return queue;
        } catch (IOException e) {
            queue.close((token, slot, status, result) -> {});
            throw e;
        }
    }

    private static Deadline deadline() {
        return Deadline.after(Duration.ofSeconds(20));
    }

    private QueueParameters parameters(
            int queueId, int entries, int id, @Nullable FabricGroup group) {
        return new QueueParameters(
                queueId,
                entries,
                id,
                queueId == 0 ? 64 : headerBytes,
                mode,
                QueueParameters.Connection.DEFAULT,
                group);
    }

    private long connectCommand(CommandQueue queue, int entries, int id) throws IOException {
        ConnectData.encode(data, 0, HOST, id, subsystem);
        if (!region.tryAcquire()) {
            throw new IOException("the Connect data is no longer registered");
        }
        CommandData connect =
                new CommandData()
                        .direction(CommandData.Direction.CONTROLLER_READS)
                        .add(region, region.address(), ConnectData.SIZE)
                        .keyed();
        return execute(
                queue,
                connect,
                (capsules, entry, commandId) ->
                        FabricsCommands.connect(
                                capsules, entry, commandId, queue.queueId(), entries - 1, 0, 0));
    }

    private long execute(CommandQueue queue, Encoder encoder) throws IOException {
        return execute(queue, new CommandData(), encoder);
    }

    private long execute(CommandQueue queue, CommandData commandData, Encoder encoder)
            throws IOException {
        int slot = queue.acquire();
        if (slot < 0) {
            commandData.release();
            throw new IOException("queue " + queue.queueId() + " takes no command");
        }
        encoder.encode(queue.capsules(), queue.capsuleOffset(slot), queue.commandId(slot));
        queue.submit(slot, 0, commandData, COMMAND_NANOS);
        queue.ring();
        answered = false;
        while (!answered) {
            if (queue.poll(this::completed) > 0) {
                continue;
            }
            queue.arm();
            if (!queue.hasCompletions()) {
                queue.checkDeadlines(scheduler.nanoTime());
                queue.block(COMMAND_NANOS / 10);
            }
        }
        if (status != 0) {
            throw new IOException("status " + Integer.toHexString(status));
        }
        return result;
    }

    private void completed(long token, int slot, int commandStatus, long commandResult) {
        answered = true;
        status = commandStatus;
        result = commandResult;
    }

    @Override
    public void close() {
        admin.close((token, slot, s, r) -> {});
        if (transport.memory().unregister(region)) {
            arena.close();
        } else {
            throw new AssertionError("the admin queue keeps its memory");
        }
    }
}

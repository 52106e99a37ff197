package dev.verbena.internal.control;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.ConnectData;
import dev.verbena.nvme.FabricsCommands;
import dev.verbena.nvme.Sgl;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;

/// Sends the Connect command on a fresh I/O queue and waits for its answer; used once, by the
/// thread that will hand the queue to its owner.
final class IoQueueConnect {
    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final CommandQueue commands;
    private final MemoryDomain memory;
    private boolean answered;
    private int status;
    private long result;

    IoQueueConnect(CommandQueue commands, MemoryDomain memory) {
        this.commands = commands;
        this.memory = memory;
    }

    int status() {
        return status;
    }

    /// Dwords 0 and 1 of the answer.
    long result() {
        return result;
    }

    /// @param connectData 1024 bytes
    /// @throws ConnectionLostException when the target disconnected instead of answering
    /// @throws CommandTimeoutException when no answer came in time
    void run(byte[] connectData, int entries, Deadline deadline) throws IOException {
        // Closed below only when the queue let go of it; a queue that could not be stopped keeps
        // the memory.
        Arena arena = Arena.ofShared();
        Region region;
        try {
            MemorySegment data = arena.allocate(ConnectData.SIZE, ConnectData.SIZE);
            MemorySegment.copy(connectData, 0, data, ValueLayout.JAVA_BYTE, 0, connectData.length);
            region = memory.register(data);
        } catch (RuntimeException | OutOfMemoryError e) {
            arena.close();
            throw e;
        }
        try {
            send(region, entries, deadline);
            await(deadline);
        } finally {
            if (!answered) {
                commands.close(this::completed);
            }
            if (memory.unregister(region)) {
                arena.close();
            }
        }
        FabricFailure failure = commands.failure();
        if (failure != null && status == CommandQueue.STATUS_HOST_ABORTED) {
            if (failure.kind() == FabricFailure.Kind.TIMED_OUT) {
                throw new CommandTimeoutException(
                        "I/O queue "
                                + commands.queueId()
                                + " got no answer to its Connect command in time");
            }
            throw new ConnectionLostException(
                    "I/O queue "
                            + commands.queueId()
                            + " got no answer to its Connect command: "
                            + failure.message());
        }
    }

    private void send(Region region, int entries, Deadline deadline) {
        int slot = commands.acquire();
        if (slot < 0 || !region.tryAcquire()) {
            throw new IllegalStateException("I/O queue " + commands.queueId() + " is not fresh");
        }
        MemorySegment capsules = commands.capsules();
        long entry = commands.capsuleOffset(slot);
        FabricsCommands.connect(
                capsules, entry, commands.commandId(slot), commands.queueId(), entries - 1, 0, 0);
        Sgl.keyed(capsules, entry, region.address(), ConnectData.SIZE, region.controllerReadsKey());
        commands.submit(slot, 0, region, deadline.nanoTime());
        commands.ring();
    }

    private void await(Deadline deadline) {
        while (!answered) {
            if (commands.poll(this::completed) > 0) {
                continue;
            }
            commands.arm();
            if (!commands.hasCompletions()) {
                commands.checkDeadlines(System.nanoTime());
                commands.block(Math.min(WAIT_NANOS, deadline.remainingNanos()));
            }
        }
    }

    private void completed(long token, int slot, int status, long result) {
        answered = true;
        this.status = status;
        this.result = result;
    }
}

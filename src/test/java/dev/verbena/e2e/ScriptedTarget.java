package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.CompletionEntry;
import dev.verbena.nvme.RdmaPrivateData;
import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;
import dev.verbena.verbs.Access;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.ConnectParameters;
import dev.verbena.verbs.EventChannel;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairOptions;
import dev.verbena.verbs.ReceiveSlots;
import dev.verbena.verbs.SendSlots;
import dev.verbena.verbs.UnconnectedQueuePair;
import dev.verbena.verbs.WorkCompletionStatus;
import dev.verbena.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The target's end of one I/O queue, on the real device, which does what a test says: takes a
/// command, moves data by its key, answers; and goes on using the key, which no honest target does.
///
/// Threads: one.
final class ScriptedTarget implements AutoCloseable {
    /// A command that has arrived.
    ///
    /// @param invalidate whether the host asked for its key to be invalidated with the answer
    record Command(int id, int opcode, boolean invalidate, long address, int bytes, int key) {}

    private static final int RECEIVES = 16;
    private static final int CAPSULE_BYTES = 64;
    private static final int DATA_AT = 4096;
    private static final int DATA_BYTES = 4096;
    private static final int ANSWER_AT = 2048;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final int MOVE_SLOT = 0;
    private static final int ANSWER_SLOT = 1;
    private static final long RECEIVE_ID = 100;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(DATA_AT + DATA_BYTES, 4096);
    private final SendSlots sends = SendSlots.allocate(arena, 2, 1);
    private final ReceiveSlots receives = ReceiveSlots.allocate(arena, RECEIVES, 1);
    private final WorkCompletions batch = WorkCompletions.allocate(arena, 1);
    private final EventChannel events = EventChannel.open();
    private final CmId listener = events.createId();
    private @Nullable Connected connected;

    /// What exists from [#accept] on.
    private record Connected(
            CmId id,
            ProtectionDomain domain,
            CompletionQueue queue,
            MemoryRegion region,
            QueuePair pair) {}

    ScriptedTarget() throws UnknownHostException {
        String address = System.getenv("VERBENA_RIG_ADDRESS");
        listener.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
        listener.listen(1);
    }

    InetSocketAddress address() {
        InetSocketAddress local = listener.localAddress();
        assertThat(local).isNotNull();
        return local;
    }

    /// Waits for a host and accepts its queue.
    void accept() {
        CmId id = expect(CmEvent.ConnectRequest.class).id();
        ProtectionDomain domain = id.context().allocateProtectionDomain();
        CompletionQueue queue = id.context().createCompletionQueue(64, null);
        MemoryRegion region = domain.register(memory, Access.LOCAL_WRITE);
        UnconnectedQueuePair raw =
                id.createQueuePair(
                        domain, new QueuePairOptions(queue, queue, 16, RECEIVES, 1, 1, 0, false));
        for (int i = 0; i < RECEIVES; i++) {
            receives.initialize(i, RECEIVE_ID + i);
            receives.segment(
                    i,
                    0,
                    region.address() + (long) i * CAPSULE_BYTES,
                    CAPSULE_BYTES,
                    region.localKey());
            receives.segmentCount(i, 1);
            assertThat(raw.postReceive(receives, i)).isZero();
        }
        byte[] answer = new RdmaPrivateData.Accept(0, RECEIVES).encode();
        id.accept(new ConnectParameters(answer, 1, 1, 7, 7));
        QueuePair pair = raw.connected(expect(CmEvent.Established.class));
        connected = new Connected(id, domain, queue, region, pair);
    }

    private <T extends CmEvent> T expect(Class<T> type) {
        CmEvent event = events.poll(PATIENCE_NANOS);
        assertThat(event).isInstanceOf(type);
        return type.cast(event);
    }

    private Connected connection() {
        Connected present = connected;
        if (present == null) {
            throw new IllegalStateException("nobody has connected");
        }
        return present;
    }

    /// Waits for a completion.
    private void await() {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (connection().queue().poll(batch) == 0) {
            assertThat(System.nanoTime()).as("time until a completion").isLessThan(end);
            Thread.onSpinWait();
        }
    }

    /// Waits for a command.
    Command receive() {
        await();
        assertThat(WorkCompletionStatus.of(batch.status(0)))
                .isEqualTo(WorkCompletionStatus.SUCCESS);
        long at = (batch.wrId(0) - RECEIVE_ID) * CAPSULE_BYTES;
        long descriptor = at + SubmissionEntry.SGL_OFFSET;
        return new Command(
                SubmissionEntry.commandId(memory, at),
                SubmissionEntry.opcode(memory, at),
                Sgl.type(memory, descriptor) == Sgl.TYPE_KEYED_INVALIDATE,
                Sgl.address(memory, descriptor),
                Sgl.keyedLength(memory, descriptor),
                Sgl.key(memory, descriptor));
    }

    /// Places data by the command's key, whether or not it may.
    ///
    /// @return how that ended
    WorkCompletionStatus place(Command command, byte value) {
        memory.asSlice(DATA_AT, DATA_BYTES).fill(value);
        return move(command, SendSlots.RDMA_WRITE);
    }

    /// Fetches data by the command's key, whether or not it may.
    ///
    /// @return how that ended
    WorkCompletionStatus fetch(Command command) {
        memory.asSlice(DATA_AT, DATA_BYTES).fill((byte) 0);
        return move(command, SendSlots.RDMA_READ);
    }

    /// What [#fetch] has brought.
    byte[] fetched(int bytes) {
        byte[] content = new byte[bytes];
        MemorySegment.ofArray(content).copyFrom(memory.asSlice(DATA_AT, bytes));
        return content;
    }

    private WorkCompletionStatus move(Command command, int opcode) {
        MemoryRegion region = connection().region();
        sends.initialize(MOVE_SLOT, MOVE_SLOT, opcode, SendSlots.SIGNALED);
        sends.segment(MOVE_SLOT, 0, region.address() + DATA_AT, command.bytes(), region.localKey());
        sends.segmentCount(MOVE_SLOT, 1);
        sends.remote(MOVE_SLOT, command.address(), command.key());
        assertThat(connection().pair().postSend(sends, MOVE_SLOT)).isZero();
        await();
        return WorkCompletionStatus.of(batch.status(0));
    }

    /// Answers a command with success.
    ///
    /// @param invalidating whether the answer takes the command's key back
    void answer(Command command, boolean invalidating) {
        MemoryRegion region = connection().region();
        CompletionEntry.encode(memory, ANSWER_AT, 0, 0, 1, command.id(), 0);
        int opcode = invalidating ? SendSlots.SEND_WITH_INV : SendSlots.SEND;
        sends.initialize(ANSWER_SLOT, ANSWER_SLOT, opcode, SendSlots.SIGNALED);
        sends.segment(ANSWER_SLOT, 0, region.address() + ANSWER_AT, 16, region.localKey());
        sends.segmentCount(ANSWER_SLOT, 1);
        if (invalidating) {
            sends.invalidateKey(ANSWER_SLOT, command.key());
        }
        assertThat(connection().pair().postSend(sends, ANSWER_SLOT)).isZero();
        await();
        assertThat(WorkCompletionStatus.of(batch.status(0)))
                .isEqualTo(WorkCompletionStatus.SUCCESS);
    }

    @Override
    public void close() {
        Connected present = connected;
        if (present != null) {
            present.id().disconnect();
            present.pair().close();
            present.queue().close();
            present.region().close();
            present.domain().close();
            present.id().close();
        }
        listener.close();
        events.close();
        arena.close();
    }
}

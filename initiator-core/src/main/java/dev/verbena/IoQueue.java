package dev.verbena;

import dev.verbena.internal.engine.CommandHandler;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.DataPlacement;
import dev.verbena.internal.engine.IoCommands;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The fast way: one I/O queue, polled by its owner, no thread, no lock, no allocation per command.
///
/// ```java
/// CompletionHandler done = (token, status, result) -> finished[0]++;
/// while (finished[0] < wanted) {
///     while (queue.tryRead(namespace, lba, blocks, buffer, token)) {
///         // choose the next lba, buffer and token
///     }
///     queue.submit();
///     if (queue.poll(done) == 0) {
///         queue.await(1_000_000);
///     }
/// }
/// ```
///
/// `try…` puts a command on a list; [#submit] sends the list with one doorbell, and so does
/// [#poll]. Buffers must be [DmaArena] memory of the same controller, and belong to the command
/// until its completion is delivered.
///
/// A command that is not answered within the I/O time-out of the connect options takes the queue
/// down, because its buffer can be made safe in no other way; so does any error of the connection.
/// Then all outstanding commands complete with status 371h, Host Aborted Command, and `try…` throws
/// [ConnectionLostException].
///
/// Threads: one owner calls everything, except [#wakeUp]. The owner may change, with a
/// happens-before edge between.
public final class IoQueue implements AutoCloseable {
    /// Polls between two looks at the deadlines, when every poll finds something.
    private static final int POLLS_PER_DEADLINE_CHECK = 4096;

    /// An empty poll counts for this many: there is time to look.
    private static final int EMPTY_POLL_WEIGHT = 64;

    private static final long DEADLINE_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final Controller controller;
    private final CommandQueue commands;
    private final IoCommands io;
    private final MemoryDomain memory;
    private final int transferBytesMax;
    private final Adapter adapter = new Adapter();
    private @Nullable Region lastRegion;
    private int pollsSinceCheck;
    private boolean lossReported;
    private boolean closed;

    IoQueue(
            Controller controller,
            CommandQueue commands,
            MemoryDomain memory,
            DataPlacement placement,
            Duration ioTimeout) {
        this.controller = controller;
        this.commands = commands;
        this.memory = memory;
        this.io = new IoCommands(commands, placement, ioTimeout.toNanos());
        this.transferBytesMax = placement.transferBytesMax();
    }

    /// Commands that can be outstanding: the smallest of the queue size asked for less one, and the
    /// limits of the controller (MQES, MAXCMD, and the receive queue size it answered at connect).
    public int depth() {
        return commands.depth();
    }

    /// Commands accepted and not yet completed.
    public int inFlightCount() {
        return commands.inFlightCount();
    }

    /// Starts to read blocks.
    ///
    /// @param startingLba first logical block
    /// @param blockCount 1..65536, within the controller's transfer limit
    /// @param buffer [DmaArena] memory of this controller, at least that many blocks long
    /// @param token handed to the completion handler
    /// @return false when [#depth] commands are outstanding; poll, then try again
    /// @throws IllegalArgumentException when buffer, range or count do not fit
    /// @throws ConnectionLostException when the queue is down
    public boolean tryRead(
            Namespace namespace, long startingLba, int blockCount, MemorySegment buffer, long token)
            throws ConnectionLostException {
        int bytes = check(namespace, startingLba, blockCount, buffer);
        if (buffer.isReadOnly()) {
            throw new IllegalArgumentException("The buffer of a read must not be read-only");
        }
        if (commands.freeCount() == 0) {
            return false;
        }
        Region region = acquire(buffer, bytes);
        boolean accepted = false;
        try {
            accepted =
                    io.tryRead(
                            namespace.id(),
                            startingLba,
                            blockCount,
                            region,
                            buffer.address(),
                            bytes,
                            token);
        } finally {
            if (!accepted) {
                region.release();
            }
        }
        return accepted;
    }

    /// Starts to write blocks. See [#tryRead].
    ///
    /// Small writes travel with the command where the controller allows it.
    public boolean tryWrite(
            Namespace namespace, long startingLba, int blockCount, MemorySegment buffer, long token)
            throws ConnectionLostException {
        int bytes = check(namespace, startingLba, blockCount, buffer);
        if (commands.freeCount() == 0) {
            return false;
        }
        Region region = acquire(buffer, bytes);
        boolean accepted = false;
        try {
            accepted =
                    io.tryWrite(
                            namespace.id(),
                            startingLba,
                            blockCount,
                            region,
                            buffer.address(),
                            bytes,
                            token);
        } finally {
            if (!accepted) {
                region.release();
            }
        }
        return accepted;
    }

    /// Starts to flush a namespace: what was written before becomes durable where the controller
    /// has a volatile write cache.
    ///
    /// @return false when [#depth] commands are outstanding
    public boolean tryFlush(Namespace namespace, long token) throws ConnectionLostException {
        checkUsable();
        return io.tryFlush(namespace.id(), token);
    }

    private int check(Namespace namespace, long startingLba, int blockCount, MemorySegment buffer)
            throws ConnectionLostException {
        checkUsable();
        long bytes = (long) blockCount * namespace.blockSize();
        // No bytes: the namespace has no format that can be used.
        if (bytes < 1
                || blockCount > NvmCommands.BLOCK_COUNT_MAX
                || bytes > transferBytesMax
                || bytes > buffer.byteSize()
                || startingLba < 0
                || startingLba > namespace.blockCount() - blockCount) {
            throw outOfRange(namespace, startingLba, blockCount, buffer);
        }
        return (int) bytes;
    }

    private IllegalArgumentException outOfRange(
            Namespace namespace, long startingLba, int blockCount, MemorySegment buffer) {
        return new IllegalArgumentException(
                blockCount
                        + " blocks at "
                        + startingLba
                        + " with a buffer of "
                        + buffer.byteSize()
                        + " bytes do not fit "
                        + namespace
                        + ", up to "
                        + transferBytesMax
                        + " bytes in a command");
    }

    private void checkUsable() throws ConnectionLostException {
        if (closed) {
            throw new IllegalStateException("The queue is closed");
        }
        FabricFailure failure = commands.failure();
        if (failure != null) {
            throw new ConnectionLostException(
                    "I/O queue " + commands.queueId() + " is down: " + failure.message());
        }
    }

    private Region acquire(MemorySegment buffer, long bytes) {
        long address = buffer.address();
        Region region = buffer.isNative() ? held(address, bytes) : null;
        if (region == null) {
            throw notRegistered();
        }
        // Only now: what is alive while the region is held lies in the region.
        if (!buffer.scope().isAlive()) {
            region.release();
            throw notRegistered();
        }
        return region;
    }

    private @Nullable Region held(long address, long bytes) {
        Region last = lastRegion;
        if (last != null && last.contains(address, bytes) && last.tryAcquire()) {
            return last;
        }
        // The last region may have been closed since, and another arena have taken its address.
        Region found = memory.find(address, bytes);
        lastRegion = found;
        return found != null && found.tryAcquire() ? found : null;
    }

    private static IllegalArgumentException notRegistered() {
        return new IllegalArgumentException(
                "The buffer is not memory of an open DmaArena of this controller; make one with"
                        + " Controller.newArena, or use a BlockDevice, which takes any memory");
    }

    /// Sends what `try…` has accepted since the last call.
    public void submit() {
        commands.ring();
    }

    /// Sends what is waiting, and delivers completions, up to an internal batch.
    ///
    /// @return the number of fabric events handled; 0 means that there was nothing to do
    /// @throws IllegalStateException when called from a completion handler
    public int poll(CompletionHandler handler) {
        if (closed) {
            throw new IllegalStateException("The queue is closed");
        }
        commands.ring();
        adapter.handler = handler;
        int count;
        try {
            count = commands.poll(adapter);
        } finally {
            reportLoss();
        }
        // Also while others complete: one command that is never answered must not be forgotten
        // among them.
        pollsSinceCheck += count == 0 ? EMPTY_POLL_WEIGHT : 1;
        if (pollsSinceCheck >= POLLS_PER_DEADLINE_CHECK) {
            pollsSinceCheck = 0;
            commands.checkDeadlines(System.nanoTime());
        }
        return count;
    }

    private void reportLoss() {
        FabricFailure failure = commands.failure();
        if (failure != null && !lossReported) {
            lossReported = true;
            controller.lost(failure);
        }
    }

    /// Waits until there may be something to poll, [#wakeUp] is called, or the time is over. It may
    /// return early.
    ///
    /// @param timeoutNanos at least 0
    public void await(long timeoutNanos) {
        if (closed) {
            throw new IllegalStateException("The queue is closed");
        }
        commands.ring();
        commands.arm();
        // What completed before arming wakes nobody, so it is collected first; its handler runs in
        // the next poll.
        if (commands.hasCompletions() || commands.failure() != null) {
            return;
        }
        commands.checkDeadlines(System.nanoTime());
        commands.block(Math.min(timeoutNanos, DEADLINE_CHECK_NANOS));
    }

    /// Ends [#await] early. Any thread.
    public void wakeUp() {
        commands.wakeUp();
    }

    /// Commands submitted since the queue was opened.
    public long submittedCount() {
        return io.submittedCount();
    }

    /// Writes whose data travelled in the command capsule.
    public long inCapsuleCount() {
        return io.inCapsuleCount();
    }

    /// Commands whose data the controller moved by RDMA.
    public long keyedCount() {
        return io.keyedCount();
    }

    void fail(FabricFailure failure) {
        commands.fail(failure);
    }

    /// Disconnects the queue. Outstanding commands are aborted and their buffers made safe; their
    /// completions are not delivered. Idempotent; takes at most some seconds.
    ///
    /// @throws IllegalStateException when called from a completion handler; the queue stays open
    @Override
    public void close() {
        if (closed) {
            return;
        }
        commands.close((token, slot, status, result) -> {});
        closed = true;
        controller.closed(this, commands.queueId());
    }

    /// Hands completions to the user's handler; an object that stays, so that polling allocates
    /// nothing.
    private static final class Adapter implements CommandHandler {
        private CompletionHandler handler = (token, status, result) -> {};

        @Override
        public void completed(long token, int slot, int status, long result) {
            handler.completed(token, status, result);
        }
    }

    @Override
    public String toString() {
        return "I/O queue " + commands.queueId();
    }
}

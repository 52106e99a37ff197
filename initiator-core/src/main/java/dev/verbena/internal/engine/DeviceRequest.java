package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.DataDirection;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.SubmissionEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// One call of a block device's user: becomes one or more commands, and ends when all of them have
/// ended. It is the caller's future itself, so that a request is one object.
///
/// Its way is a line from 0 to `length`: bytes for requests that name blocks, 1 for a request that
/// is one command whatever happens. Each command covers a piece of the line.
///
/// Cancelling the future, or completing it from outside, changes nothing for the commands.
///
/// Whoever waits for it ([#join], [#get], [#await]) works for it meanwhile, see [CallerWait].
///
/// Threads: filled by the caller, then its queue's owner's; the future anybody's.
///
/// @param <T> of the future: Void, or Long for the result of a raw command
public final class DeviceRequest<T> extends CompletableFuture<T> {
    /// What is asked for.
    public enum Kind {
        READ("A read", NvmOpcode.READ),
        WRITE("A write", NvmOpcode.WRITE),
        COMPARE("A compare", NvmOpcode.COMPARE),
        FLUSH("A flush", NvmOpcode.FLUSH),
        WRITE_ZEROES("A write of zeroes", NvmOpcode.WRITE_ZEROES),
        DEALLOCATE("A deallocation", NvmOpcode.DATASET_MANAGEMENT),
        COPY("A copy", NvmOpcode.COPY),
        VERIFY("A verification", NvmOpcode.VERIFY),
        WRITE_UNCORRECTABLE("A write of uncorrectable blocks", NvmOpcode.WRITE_UNCORRECTABLE),
        COMPARE_AND_WRITE("A compare and write", NvmOpcode.COMPARE),
        RAW("A raw command", -1);

        final String label;
        private final int opcode;

        Kind(String label, int opcode) {
            this.label = label;
            this.opcode = opcode;
        }

        /// The opcode of its commands; of the first where there are two, -1 where it says itself.
        int opcode() {
            return opcode;
        }

        /// Whether blocks and memory are exchanged.
        boolean transfers() {
            return this == READ || this == WRITE || this == COMPARE;
        }

        /// Whether blocks are changed: such requests go to the queues for writing where there are
        /// any.
        boolean writes() {
            return switch (this) {
                case READ, COMPARE, VERIFY, FLUSH, RAW -> false;
                case WRITE, WRITE_ZEROES, DEALLOCATE, COPY -> true;
                case WRITE_UNCORRECTABLE, COMPARE_AND_WRITE -> true;
            };
        }
    }

    /// A piece of a request that changes its worker.
    record Carried(long from, long to, int retries, int losses, @Nullable Carried next) {}

    /// What only some requests have, so that the others are small.
    private static final class Rest {
        private @Nullable Scatter scatter;
        private @Nullable MemorySegment second;
        private @Nullable Region secondRegion;
        private long[] ranges = NO_RANGES;
        private @Nullable MemorySegment entry;
        private boolean repeatable = true;
        private @Nullable Carried carried;
        private long result;
        private @Nullable Exception error;
    }

    private static final long[] NO_RANGES = {};
    private static final VarHandle WAITER;

    static {
        try {
            WAITER =
                    MethodHandles.lookup()
                            .findVarHandle(DeviceRequest.class, "waiter", Thread.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final DeviceContext context;
    final Kind kind;

    /// Position on the device in bytes; of the destination for a copy.
    final long byteOffset;

    final long length;

    /// The data; empty for none, or where it is in several segments.
    private MemorySegment segment;

    private @Nullable Rest rest;

    /// The registered memory the segment lies in, held while the request waits so that it cannot be
    /// freed; null for other memory, and where the request's only command holds it.
    private @Nullable Region region;

    /// Flags of the command (dword 12 bits 31:16); attributes of a deallocation.
    int flags;

    /// Whether its caller does nothing but wait for it.
    boolean blocking;

    /// Where it was handed over; null before.
    private @Nullable DeviceWorker worker;

    // From here on the owner's of the queue.

    /// How far on the line commands have been started.
    long started;

    /// Commands under way or waiting to be sent again.
    int parts;

    private boolean ended;

    /// The next in a list of requests that have ended.
    @Nullable DeviceRequest<?> next;

    /// Who waits in [#await]; the first one only.
    private volatile @Nullable Thread waiter;

    /// @param byteOffset position on the device
    /// @param length of the line, see above
    /// @param segment the data; empty for none
    public DeviceRequest(
            DeviceContext context, Kind kind, long byteOffset, long length, MemorySegment segment) {
        this.context = context;
        this.kind = kind;
        this.byteOffset = byteOffset;
        this.length = length;
        this.segment = segment;
    }

    private Rest rest() {
        Rest present = rest;
        if (present == null) {
            present = new Rest();
            rest = present;
        }
        return present;
    }

    /// Sets the flags of the command; attributes of a deallocation.
    public DeviceRequest<T> flags(int value) {
        flags = value;
        return this;
    }

    /// Its caller does nothing but wait for it, in [#await], as soon as it is handed over.
    public DeviceRequest<T> blocking() {
        blocking = true;
        return this;
    }

    /// Data in several segments.
    public DeviceRequest<T> scatter(Scatter value) {
        rest().scatter = value;
        return this;
    }

    /// Sets the ranges of a deallocation or copy.
    ///
    /// @param pairs first byte and byte count of each range
    public DeviceRequest<T> ranges(long[] pairs, boolean canBeRepeated) {
        rest().ranges = pairs;
        rest().repeatable = canBeRepeated;
        return this;
    }

    /// The data to write of a compare and write, which must not be repeated: its second run would
    /// find what the first has written.
    public DeviceRequest<T> second(MemorySegment value) {
        rest().second = value;
        rest().repeatable = false;
        return this;
    }

    /// A raw command, whose effect nobody here knows.
    ///
    /// @param submissionEntry 64 bytes that stay as they are
    public DeviceRequest<T> entry(MemorySegment submissionEntry) {
        rest().entry = submissionEntry;
        rest().repeatable = false;
        return this;
    }

    MemorySegment segment() {
        return segment;
    }

    @Nullable Scatter scatter() {
        return rest == null ? null : rest.scatter;
    }

    @Nullable Region region() {
        return region;
    }

    @Nullable MemorySegment second() {
        return rest == null ? null : rest.second;
    }

    @Nullable Region secondRegion() {
        return rest == null ? null : rest.secondRegion;
    }

    /// Pairs of first byte and byte count, for deallocation and copy.
    long[] ranges() {
        return rest == null ? NO_RANGES : rest.ranges;
    }

    /// A copy of a raw command's submission entry.
    @Nullable MemorySegment entry() {
        return rest == null ? null : rest.entry;
    }

    /// Whether doing it twice is the same as doing it once.
    boolean isRepeatable() {
        return rest == null || rest.repeatable;
    }

    /// Dwords 0 and 1 of the completion of its command.
    void result(long value) {
        if (kind == Kind.RAW) {
            rest().result = value;
        }
    }

    /// Looks for the data among the registered memory, and holds what is found.
    void hold(MemoryDomain memory) {
        region = Scatter.hold(memory, segment);
        Rest more = rest;
        if (more == null) {
            return;
        }
        if (more.scatter != null) {
            more.scatter.hold(memory);
        }
        if (more.second != null) {
            more.secondRegion = Scatter.hold(memory, more.second);
        }
    }

    /// Whether commands bring data for the caller's memory.
    boolean fillsMemory() {
        MemorySegment raw = entry();
        return kind == Kind.READ
                || (raw != null
                        && DataDirection.of(SubmissionEntry.opcode(raw, 0))
                                == DataDirection.CONTROLLER_TO_HOST);
    }

    boolean fullyStarted() {
        return started == length;
    }

    /// Notes a piece that is to be sent again by the request's next worker.
    void carry(long from, long to, int retries, int losses) {
        rest().carried = new Carried(from, to, retries, losses, rest().carried);
    }

    boolean isCarried() {
        return rest != null && rest.carried != null;
    }

    /// Takes the pieces that were noted.
    @Nullable Carried takeCarried() {
        Rest more = rest;
        if (more == null) {
            return null;
        }
        Carried first = more.carried;
        more.carried = null;
        return first;
    }

    /// Keeps the first error; the others say the same or follow from it. Nothing more is started.
    void failed(Exception e) {
        if (rest().error == null) {
            rest().error = e;
        }
        started = length;
    }

    boolean hasFailed() {
        return rest != null && rest.error != null;
    }

    boolean isOver() {
        return parts == 0 && started == length;
    }

    boolean hasEnded() {
        return ended;
    }

    /// None of its commands is left; [RequestEnds#completeAll] has to follow. Once only.
    void end() {
        ended = true;
        // The caller may keep the future for long; it should not keep his buffer alive.
        segment = MemorySegment.NULL;
        if (region != null) {
            region.release();
            region = null;
        }
        if (rest != null) {
            releaseRest(rest);
        }
    }

    private static void releaseRest(Rest more) {
        if (more.scatter != null) {
            more.scatter.release();
            more.scatter = null;
        }
        if (more.secondRegion != null) {
            more.secondRegion.release();
            more.secondRegion = null;
        }
        more.second = null;
        more.entry = null;
    }

    // Handing over, and the end.

    void worker(DeviceWorker value) {
        worker = value;
    }

    /// Whether a thread sleeps for it, or a stage is to run.
    boolean isAwaited() {
        return waiter != null || getNumberOfDependents() > 0;
    }

    /// Completes it as a future, and wakes who waits. Runs stages of users: not to be called by the
    /// owner of a queue.
    void completeNow() {
        Exception e = rest == null ? null : rest.error;
        try {
            if (e == null) {
                complete(value());
            } else {
                completeExceptionally(e);
            }
        } finally {
            Thread waiting = waiter;
            if (waiting != null) {
                LockSupport.unpark(waiting);
            }
        }
    }

    // Who makes a raw request makes it a future of a Long, any other one of Void.
    @SuppressWarnings({"unchecked", "NullAway"})
    private T value() {
        return kind == Kind.RAW ? (T) Long.valueOf(rest().result) : null;
    }

    /// Ends the request with an error; nothing was started, and nobody else knows of it.
    void refuse(IOException e) {
        failed(e);
        end();
        RequestEnds.completeAll(this);
    }

    // Waiting.

    /// Declares the calling thread the one to be woken at the end.
    ///
    /// @return false when another one waits already
    boolean tryWait() {
        return WAITER.compareAndSet(this, null, Thread.currentThread());
    }

    void endWait() {
        waiter = null;
    }

    /// Waits for the end without allocating.
    ///
    /// @throws InterruptedException when the thread is interrupted; the request goes on
    public void await() throws InterruptedException {
        DeviceWorker mine = worker;
        if (!isDone() && mine != null) {
            var _ = mine.callers().await(this, true, Long.MAX_VALUE);
        }
    }

    @Override
    public T join() {
        DeviceWorker mine = worker;
        if (!isDone() && mine != null) {
            try {
                var _ = mine.callers().await(this, false, Long.MAX_VALUE);
            } catch (InterruptedException e) {
                throw new AssertionError("This wait cannot be interrupted", e);
            }
        }
        return super.join();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        await();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit)
            throws InterruptedException, ExecutionException, TimeoutException {
        DeviceWorker mine = worker;
        long nanos = unit.toNanos(timeout);
        if (!isDone() && mine != null && nanos > 0) {
            long end = Time.nanoTime() + nanos;
            var _ = mine.callers().await(this, true, nanos);
            nanos = Math.max(0, end - Time.nanoTime());
        }
        return super.get(nanos, TimeUnit.NANOSECONDS);
    }
}

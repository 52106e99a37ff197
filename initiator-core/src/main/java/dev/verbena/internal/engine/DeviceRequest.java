package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.DataDirection;
import dev.verbena.nvme.SubmissionEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
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
/// Threads: filled by the caller, then owned by one worker; the future by both.
///
/// @param <T> of the future: Void, or Long for the result of a raw command
public final class DeviceRequest<T> extends CompletableFuture<T> {
    /// What is asked for.
    public enum Kind {
        READ("A read"),
        WRITE("A write"),
        COMPARE("A compare"),
        FLUSH("A flush"),
        WRITE_ZEROES("A write of zeroes"),
        DEALLOCATE("A deallocation"),
        COPY("A copy"),
        VERIFY("A verification"),
        WRITE_UNCORRECTABLE("A write of uncorrectable blocks"),
        COMPARE_AND_WRITE("A compare and write"),
        RAW("A raw command");

        final String label;

        Kind(String label) {
            this.label = label;
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

    private static final long[] NO_RANGES = {};

    final DeviceContext context;
    final Kind kind;

    /// Position on the device in bytes; of the destination for a copy.
    final long byteOffset;

    final long length;

    /// The data; empty for none, or where it is in several segments.
    private MemorySegment segment;

    /// The data where it is in several segments.
    private @Nullable Scatter scatter;

    /// The registered memory the segment lies in, held from the moment the request is accepted
    /// until it ends, so that it cannot be freed while the request waits; null for other memory.
    private @Nullable Region region;

    /// The data to write of a compare and write.
    private @Nullable MemorySegment second;

    private @Nullable Region secondRegion;

    /// Flags of the command (dword 12 bits 31:16); attributes of a deallocation.
    int flags;

    /// Pairs of first byte and byte count, for deallocation and copy.
    long[] ranges = NO_RANGES;

    /// A copy of a raw command's submission entry.
    @Nullable MemorySegment entry;

    /// Whether doing it twice is the same as doing it once.
    boolean repeatable = true;

    // From here on the worker's.

    /// How far on the line commands have been started.
    long started;

    /// Commands under way or waiting to be sent again.
    int parts;

    /// Pieces that were waiting to be sent again when the request changed its worker.
    @Nullable Carried carried;

    /// Of a raw command: dwords 0 and 1 of its completion.
    long result;

    private @Nullable Exception error;
    private boolean ended;

    /// Who waits in [#await].
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

    /// Sets the flags of the command; attributes of a deallocation.
    public DeviceRequest<T> flags(int value) {
        flags = value;
        return this;
    }

    /// Data in several segments.
    public DeviceRequest<T> scatter(Scatter value) {
        scatter = value;
        return this;
    }

    /// Sets the ranges of a deallocation or copy.
    ///
    /// @param pairs first byte and byte count of each range
    public DeviceRequest<T> ranges(long[] pairs, boolean canBeRepeated) {
        ranges = pairs;
        repeatable = canBeRepeated;
        return this;
    }

    /// The data to write of a compare and write, which must not be repeated: its second run would
    /// find what the first has written.
    public DeviceRequest<T> second(MemorySegment value) {
        second = value;
        repeatable = false;
        return this;
    }

    /// A raw command, whose effect nobody here knows.
    ///
    /// @param submissionEntry 64 bytes that stay as they are
    public DeviceRequest<T> entry(MemorySegment submissionEntry) {
        entry = submissionEntry;
        repeatable = false;
        return this;
    }

    MemorySegment segment() {
        return segment;
    }

    @Nullable Scatter scatter() {
        return scatter;
    }

    @Nullable Region region() {
        return region;
    }

    @Nullable MemorySegment second() {
        return second;
    }

    @Nullable Region secondRegion() {
        return secondRegion;
    }

    /// Looks for the data among the registered memory, and holds what is found.
    void hold(MemoryDomain memory) {
        region = Scatter.hold(memory, segment);
        if (scatter != null) {
            scatter.hold(memory);
        }
        if (second != null) {
            secondRegion = Scatter.hold(memory, second);
        }
    }

    /// Whether commands bring data for the caller's memory.
    boolean fillsMemory() {
        MemorySegment raw = entry;
        return kind == Kind.READ
                || (raw != null
                        && DataDirection.of(SubmissionEntry.opcode(raw, 0))
                                == DataDirection.CONTROLLER_TO_HOST);
    }

    boolean fullyStarted() {
        return started == length;
    }

    /// Keeps the first error; the others say the same or follow from it. Nothing more is started.
    void failed(Exception e) {
        if (error == null) {
            error = e;
        }
        started = length;
    }

    boolean hasFailed() {
        return error != null;
    }

    boolean isOver() {
        return parts == 0 && started == length;
    }

    boolean hasEnded() {
        return ended;
    }

    /// Ends a request none of whose commands is left. Once only.
    void end() {
        ended = true;
        releaseMemory();
        Exception e = error;
        if (e == null) {
            complete(value());
        } else {
            completeExceptionally(e);
        }
        Thread waiting = waiter;
        if (waiting != null) {
            LockSupport.unpark(waiting);
        }
        context.ended();
    }

    private void releaseMemory() {
        // The caller may keep the future for long; it should not keep his buffer alive.
        segment = MemorySegment.NULL;
        if (region != null) {
            region.release();
            region = null;
        }
        if (scatter != null) {
            scatter.release();
            scatter = null;
        }
        if (secondRegion != null) {
            secondRegion.release();
            secondRegion = null;
        }
        second = null;
        entry = null;
    }

    // Who makes a raw request makes it a future of a Long, any other one of Void.
    @SuppressWarnings({"unchecked", "NullAway"})
    private T value() {
        return kind == Kind.RAW ? (T) Long.valueOf(result) : null;
    }

    /// Ends the request with an error; nothing was started.
    void refuse(IOException e) {
        failed(e);
        end();
    }

    /// Waits for the end without allocating. For the one thread that made the request.
    ///
    /// @throws InterruptedException when the thread is interrupted; the request goes on
    public void await() throws InterruptedException {
        if (isDone()) {
            return;
        }
        waiter = Thread.currentThread();
        while (!isDone()) {
            LockSupport.park(this);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
    }
}

package dev.verbena;

import dev.verbena.internal.engine.CommandLimits;
import dev.verbena.internal.engine.DeviceContext;
import dev.verbena.internal.engine.DeviceQueues;
import dev.verbena.internal.engine.DeviceRequest;
import dev.verbena.internal.engine.DeviceRequest.Kind;
import dev.verbena.internal.engine.NamespaceLimits;
import dev.verbena.internal.engine.Scatter;
import dev.verbena.nvme.DataDirection;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Checks what the user of a block device asks for, and makes the request of it.
///
/// Threads: any.
final class BlockRequests {
    /// Ranges of one deallocation or copy at most.
    static final int RANGE_COUNT_MAX = 1 << 16;

    private final DeviceQueues queues;
    private final DeviceContext context;
    private final boolean blocking;

    /// @param blocking whether the requests are waited for at once
    BlockRequests(DeviceQueues queues, DeviceContext context, boolean blocking) {
        this.queues = queues;
        this.context = context;
        this.blocking = blocking;
    }

    private NamespaceLimits limits() {
        return context.lastLimits();
    }

    private <T> DeviceRequest<T> submitted(DeviceRequest<T> request) {
        queues.submit(blocking ? request.blocking() : request);
        return request;
    }

    // Data.

    DeviceRequest<Void> read(long offset, MemorySegment buffer) {
        checkRange(offset, buffer.byteSize());
        checkWritable(buffer);
        if (!canReach(buffer)) {
            throw new IllegalArgumentException(
                    "The buffer is confined to its thread; use a shared arena, a DmaArena or an"
                            + " array, or the blocking read");
        }
        return submitted(
                new DeviceRequest<>(context, Kind.READ, offset, buffer.byteSize(), buffer));
    }

    DeviceRequest<Void> read(long offset, List<MemorySegment> buffers) {
        Scatter scatter = new Scatter(buffers);
        checkRange(offset, scatter.byteSize());
        for (int i = 0; i < scatter.count(); i++) {
            checkWritable(scatter.segment(i));
            if (!canReach(scatter.segment(i))) {
                throw new IllegalArgumentException(
                        "Buffer "
                                + i
                                + " is confined to its thread; use a shared arena, a DmaArena or an"
                                + " array");
            }
        }
        return submitted(of(Kind.READ, offset, scatter));
    }

    DeviceRequest<Void> write(long offset, MemorySegment buffer, Durability durability) {
        checkRange(offset, buffer.byteSize());
        DeviceRequest<Void> request =
                new DeviceRequest<>(
                        context, Kind.WRITE, offset, buffer.byteSize(), reachable(buffer));
        return submitted(request.flags(flags(durability)));
    }

    DeviceRequest<Void> write(long offset, List<MemorySegment> buffers, Durability durability) {
        Scatter scatter = new Scatter(buffers);
        checkRange(offset, scatter.byteSize());
        for (int i = 0; i < scatter.count(); i++) {
            scatter.replace(i, reachable(scatter.segment(i)));
        }
        return submitted(of(Kind.WRITE, offset, scatter).flags(flags(durability)));
    }

    private DeviceRequest<Void> of(Kind kind, long offset, Scatter scatter) {
        return new DeviceRequest<Void>(
                        context, kind, offset, scatter.byteSize(), MemorySegment.NULL)
                .scatter(scatter);
    }

    private static int flags(Durability durability) {
        return durability == Durability.DURABLE ? NvmCommands.FORCE_UNIT_ACCESS : 0;
    }

    DeviceRequest<Void> compare(long offset, MemorySegment content) {
        limits().commands().require(CommandLimits.COMPARE);
        checkRange(offset, content.byteSize());
        return submitted(
                new DeviceRequest<>(
                        context, Kind.COMPARE, offset, content.byteSize(), reachable(content)));
    }

    DeviceRequest<Void> compareAndWrite(
            long offset, MemorySegment expected, MemorySegment content) {
        limits().commands().requireCompareAndWrite();
        checkRange(offset, content.byteSize());
        if (expected.byteSize() != content.byteSize()) {
            throw new IllegalArgumentException(
                    "Expected content of "
                            + expected.byteSize()
                            + " bytes and new content of "
                            + content.byteSize()
                            + "; both must be equally long");
        }
        long most = (long) limits().compareAndWriteBlocks() * limits().blockSize();
        if (content.byteSize() > most) {
            throw new IllegalArgumentException(
                    "A compare and write is one command, here of up to "
                            + most
                            + " bytes; "
                            + content.byteSize()
                            + " were given");
        }
        DeviceRequest<Void> request =
                new DeviceRequest<>(
                        context, Kind.COMPARE_AND_WRITE, offset, 1, reachable(expected));
        return submitted(request.second(reachable(content)));
    }

    // Blocks without data.

    DeviceRequest<Void> flush() {
        return submitted(new DeviceRequest<>(context, Kind.FLUSH, 0, 1, MemorySegment.NULL));
    }

    DeviceRequest<Void> writeZeroes(long offset, long length, boolean mayDeallocate) {
        limits().commands().require(CommandLimits.WRITE_ZEROES);
        return blocks(
                Kind.WRITE_ZEROES, offset, length, mayDeallocate ? NvmCommands.DEALLOCATE : 0);
    }

    DeviceRequest<Void> verify(long offset, long length) {
        limits().commands().require(CommandLimits.VERIFY);
        return blocks(Kind.VERIFY, offset, length, 0);
    }

    DeviceRequest<Void> writeUncorrectable(long offset, long length) {
        limits().commands().require(CommandLimits.WRITE_UNCORRECTABLE);
        return blocks(Kind.WRITE_UNCORRECTABLE, offset, length, 0);
    }

    private DeviceRequest<Void> blocks(Kind kind, long offset, long length, int flags) {
        checkRange(offset, length);
        return submitted(
                new DeviceRequest<Void>(context, kind, offset, length, MemorySegment.NULL)
                        .flags(flags));
    }

    DeviceRequest<Void> deallocate(List<ByteRange> ranges) {
        limits().commands().require(CommandLimits.DATASET_MANAGEMENT);
        long[] pairs = pairs(ranges);
        return submitted(
                new DeviceRequest<Void>(
                                context, Kind.DEALLOCATE, 0, total(pairs), MemorySegment.NULL)
                        .flags(NvmCommands.ATTRIBUTE_DEALLOCATE)
                        .ranges(pairs, true));
    }

    DeviceRequest<Void> copy(List<ByteRange> sources, long destination) {
        limits().commands().requireCopyFormat(0);
        if (limits().copyRanges() == 0) {
            throw new UnsupportedOperationException(
                    "The namespace allows no copies: its limits MSSRL or MCL are 0");
        }
        long[] pairs = pairs(sources);
        long total = total(pairs);
        checkRange(destination, total);
        boolean overlaps = false;
        for (int i = 0; i < pairs.length; i += 2) {
            overlaps |= pairs[i] < destination + total && destination < pairs[i] + pairs[i + 1];
        }
        return submitted(
                new DeviceRequest<Void>(context, Kind.COPY, destination, total, MemorySegment.NULL)
                        .ranges(pairs, !overlaps));
    }

    private long[] pairs(List<ByteRange> ranges) {
        if (ranges.isEmpty() || ranges.size() > RANGE_COUNT_MAX) {
            throw new IllegalArgumentException(
                    ranges.size() + " ranges; there must be 1.." + RANGE_COUNT_MAX);
        }
        long[] pairs = new long[2 * ranges.size()];
        int i = 0;
        for (ByteRange range : ranges) {
            checkRange(range.offset(), range.length());
            pairs[i++] = range.offset();
            pairs[i++] = range.length();
        }
        return pairs;
    }

    private static long total(long[] pairs) {
        long total = 0;
        for (int i = 1; i < pairs.length; i += 2) {
            total = Math.addExact(total, pairs[i]);
        }
        return total;
    }

    // Raw commands.

    DeviceRequest<Long> command(MemorySegment entry, @Nullable MemorySegment data) {
        if (entry.byteSize() != SubmissionEntry.SIZE) {
            throw new IllegalArgumentException(
                    "A command has " + SubmissionEntry.SIZE + " bytes, not " + entry.byteSize());
        }
        MemorySegment own = MemorySegment.ofArray(entry.toArray(ValueLayout.JAVA_BYTE));
        own.set(ValueLayout.JAVA_INT_UNALIGNED, 4, limits().namespaceId());
        MemorySegment buffer = data == null ? MemorySegment.NULL : data;
        int opcode = SubmissionEntry.opcode(own, 0);
        DataDirection direction = DataDirection.of(opcode);
        if (direction == DataDirection.NONE && buffer.byteSize() > 0) {
            throw new IllegalArgumentException(
                    NvmOpcode.name(opcode) + " moves no data (opcode bits 1:0), but has a buffer");
        }
        if (direction == DataDirection.BIDIRECTIONAL) {
            throw new IllegalArgumentException(
                    NvmOpcode.name(opcode)
                            + " moves data both ways (opcode bits 1:0), which one data pointer"
                            + " cannot describe");
        }
        if (direction == DataDirection.CONTROLLER_TO_HOST) {
            checkWritable(buffer);
        }
        int most = queues.transferBytesMax();
        if (buffer.byteSize() > most) {
            throw new IllegalArgumentException(
                    "A buffer of "
                            + buffer.byteSize()
                            + " bytes; one command to this controller can move "
                            + most);
        }
        if (!canReach(buffer)) {
            throw new IllegalArgumentException(
                    "The buffer is confined to its thread; use a shared arena or a DmaArena");
        }
        return submitted(new DeviceRequest<Long>(context, Kind.RAW, 0, 1, buffer).entry(own));
    }

    // Checks.

    /// Whether the threads of the queues can work with a segment.
    boolean canReach(MemorySegment segment) {
        return queues.canAccess(segment) || queues.isRegistered(segment);
    }

    private MemorySegment reachable(MemorySegment segment) {
        return canReach(segment) ? segment : heapCopy(segment, true);
    }

    static MemorySegment heapCopy(MemorySegment buffer, boolean withContent) {
        if (buffer.byteSize() > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(
                    "The buffer is confined to its thread and too large to copy; use a shared arena"
                            + " or a DmaArena");
        }
        return MemorySegment.ofArray(
                withContent
                        ? buffer.toArray(ValueLayout.JAVA_BYTE)
                        : new byte[(int) buffer.byteSize()]);
    }

    static void checkWritable(MemorySegment buffer) {
        if (buffer.isReadOnly()) {
            throw new IllegalArgumentException("The buffer of a read must not be read-only");
        }
    }

    void checkRange(long offset, long bytes) {
        NamespaceLimits limits = limits();
        int mask = limits.blockSize() - 1;
        if (offset < 0
                || bytes <= 0
                || ((offset | bytes) & mask) != 0
                || offset > limits.byteSize() - bytes) {
            throw new IllegalArgumentException(
                    bytes
                            + " bytes at "
                            + offset
                            + " do not fit a device of "
                            + limits.byteSize()
                            + " bytes; offset and length must be multiples of "
                            + limits.blockSize());
        }
    }
}

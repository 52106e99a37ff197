package dev.verbena.internal.engine;

import dev.verbena.internal.engine.BouncePool.Buffer;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.CopyRanges;
import dev.verbena.nvme.DatasetRanges;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Starts the next command of a request: as much of it as one command may do, with its data where
/// it is or copied to a bounce buffer.
///
/// Data is copied when its memory is not registered, and when it lies in more pieces than one
/// command may name: several small commands would cost more than the copy.
///
/// Threads: the queue's owner. Allocates nothing for data in one registered segment.
final class CommandStarter {
    /// No slot or no buffer is free at the moment; nothing has changed.
    static final long LATER = -1;

    /// A command for registered memory that ends early because the next piece of memory cannot be
    /// named moves at least this; less is copied together with what follows.
    static final int DIRECT_BYTES_MIN = 16 * 1024;

    private final IoCommands io;
    private final DataPlacement placement;
    private final BouncePool bounce;
    private final DeviceCounters counters;
    private final long timeoutNanos;
    private final CommandData data = new CommandData();
    private final CommandData second = new CommandData();

    CommandStarter(
            IoCommands io,
            DataPlacement placement,
            BouncePool bounce,
            DeviceCounters counters,
            long timeoutNanos) {
        this.io = io;
        this.placement = placement;
        this.bounce = bounce;
        this.counters = counters;
        this.timeoutNanos = timeoutNanos;
    }

    /// Starts a command for a piece of a request, or the beginning of it.
    ///
    /// @param part gets the buffers; its index becomes the command's token
    /// @return up to where the command reaches, or [#LATER]
    /// @throws RuntimeException when the memory cannot be used; nothing has changed
    long start(DeviceRequest<?> request, long from, long to, Part part) {
        return switch (request.kind) {
            case READ, WRITE, COMPARE -> transfer(request, from, to, part);
            case FLUSH -> io.tryFlush(namespaceId(request), part.index, timeoutNanos) ? to : LATER;
            case WRITE_ZEROES, VERIFY, WRITE_UNCORRECTABLE -> blocks(request, from, to, part);
            case DEALLOCATE -> deallocate(request, from, to, part);
            case COPY -> copy(request, from, to, part);
            case COMPARE_AND_WRITE -> compareAndWrite(request, to, part);
            case RAW -> raw(request, to, part);
        };
    }

    private static int namespaceId(DeviceRequest<?> request) {
        return request.context.limits().namespaceId();
    }

    // Commands that move blocks.

    private long transfer(DeviceRequest<?> request, long from, long to, Part part) {
        NamespaceLimits limits = request.context.limits();
        int bytes = pieceBytes(request, limits, from, to);
        data.clear();
        int direct = direct(request, limits, from, bytes);
        if (direct > 0) {
            return transferred(request, limits, from, direct, part);
        }
        int piece = Math.min(bytes, bounceBytesMax(limits));
        Buffer buffer = bounce.acquire(piece);
        if (buffer == null) {
            return LATER;
        }
        long reached = LATER;
        try {
            if (request.kind != DeviceRequest.Kind.READ) {
                copyIn(request, from, piece, buffer);
            }
            add(data, buffer.region(), buffer.address(), piece);
            reached = transferred(request, limits, from, piece, part);
        } finally {
            bounced(request, part, buffer, piece, reached != LATER);
        }
        return reached;
    }

    private void bounced(
            DeviceRequest<?> request, Part part, Buffer buffer, int bytes, boolean accepted) {
        if (accepted) {
            part.buffer = buffer;
            countBounced(request, bytes);
        } else {
            buffer.release();
        }
    }

    private void countBounced(DeviceRequest<?> request, int bytes) {
        counters.add(DeviceCounters.BOUNCED, 1);
        counters.add(DeviceCounters.BOUNCED_BYTES, bytes);
        request.context.bounced();
    }

    /// Most bytes of the next command: limits of the controller and of the namespace.
    private int pieceBytes(DeviceRequest<?> request, NamespaceLimits limits, long from, long to) {
        int shift = limits.blockShift();
        long most = Math.min(placement.transferBytesMax() >> shift, NvmCommands.BLOCK_COUNT_MAX);
        long bytes = Math.min(to - from, most << shift);
        int boundary = limits.boundaryBlocks();
        if (boundary > 0) {
            long boundaryBytes = (long) boundary << shift;
            bytes = Math.min(bytes, boundaryBytes - (request.byteOffset + from) % boundaryBytes);
        }
        if (bytes <= 0) {
            throw new IllegalStateException(
                    "a block of "
                            + limits.blockSize()
                            + " bytes does not fit a command of up to "
                            + placement.transferBytesMax());
        }
        return (int) Math.min(bytes, Integer.MAX_VALUE >> shift << shift);
    }

    private static int bounceBytesMax(NamespaceLimits limits) {
        return Math.max(BouncePool.LARGE_BYTES, limits.blockSize());
    }

    /// Adds registered memory of the request to the command's data.
    ///
    /// @return the bytes added, whole blocks; 0 when the data has to be copied
    private int direct(DeviceRequest<?> request, NamespaceLimits limits, long from, int bytes) {
        Scatter scatter = request.scatter();
        if (scatter == null) {
            Region region = request.region();
            if (region == null) {
                return 0;
            }
            add(data, region, request.segment().address() + from, bytes);
            return bytes;
        }
        int most = segmentsMax(request, bytes);
        int index = scatter.indexOf(from);
        int last = index;
        while (last < scatter.count()
                && last - index < most
                && scatter.region(last) != null
                && scatter.start(last) < from + bytes) {
            last++;
        }
        if (last == index) {
            return 0;
        }
        int run = (int) Math.min(bytes, scatter.end(last - 1) - from);
        run = run >> limits.blockShift() << limits.blockShift();
        if (run == 0 || (run < bytes && run < DIRECT_BYTES_MIN)) {
            return 0;
        }
        addRun(scatter, index, from, run);
        return run;
    }

    private int segmentsMax(DeviceRequest<?> request, int bytes) {
        return request.kind != DeviceRequest.Kind.READ && bytes <= placement.inCapsuleBytesMax()
                ? Math.max(placement.inCapsuleSegmentsMax(), placement.descriptorsMax())
                : placement.descriptorsMax();
    }

    private void addRun(Scatter scatter, int first, long from, int bytes) {
        try {
            long at = from;
            for (int i = first; at < from + bytes; i++) {
                long end = Math.min(scatter.end(i), from + bytes);
                long address = scatter.segment(i).address() + (at - scatter.start(i));
                add(data, Objects.requireNonNull(scatter.region(i)), address, (int) (end - at));
                at = end;
            }
        } catch (RuntimeException e) {
            data.release();
            throw e;
        }
    }

    /// Counts the command as a user of the region, which is given back with the command.
    private static void add(CommandData target, Region region, long address, int bytes) {
        if (!region.tryAcquire()) {
            throw new IllegalStateException("its registration has ended with the connection");
        }
        boolean added = false;
        try {
            var _ = target.add(region, address, bytes);
            added = true;
        } finally {
            if (!added) {
                region.release();
            }
        }
    }

    private static void copyIn(DeviceRequest<?> request, long from, int bytes, Buffer buffer) {
        Scatter scatter = request.scatter();
        if (scatter == null) {
            MemorySegment.copy(request.segment(), from, buffer.segment(), buffer.offset(), bytes);
        } else {
            scatter.gather(from, bytes, buffer.segment(), buffer.offset());
        }
    }

    /// Copies what a bounced command has read to where the caller wants it.
    static void copyOut(DeviceRequest<?> request, Part part, Buffer buffer) {
        Scatter scatter = request.scatter();
        long bytes =
                request.kind == DeviceRequest.Kind.RAW
                        ? request.segment().byteSize()
                        : part.to - part.from;
        if (scatter == null) {
            MemorySegment.copy(
                    buffer.segment(), buffer.offset(), request.segment(), part.from, bytes);
        } else {
            scatter.scatter(part.from, (int) bytes, buffer.segment(), buffer.offset());
        }
    }

    private long transferred(
            DeviceRequest<?> request, NamespaceLimits limits, long from, int bytes, Part part) {
        int shift = limits.blockShift();
        long lba = (request.byteOffset + from) >> shift;
        int count = bytes >> shift;
        int id = limits.namespaceId();
        boolean accepted = false;
        try {
            accepted =
                    io.tryRanged(
                            opcode(request.kind),
                            id,
                            lba,
                            count,
                            request.flags,
                            data,
                            part.index,
                            timeoutNanos);
        } finally {
            if (!accepted) {
                data.release();
            }
        }
        return accepted ? from + bytes : LATER;
    }

    // Commands that name blocks without moving them.

    private long blocks(DeviceRequest<?> request, long from, long to, Part part) {
        NamespaceLimits limits = request.context.limits();
        int shift = limits.blockShift();
        int most =
                switch (request.kind) {
                    case VERIFY -> limits.verifyBlocks();
                    case WRITE_UNCORRECTABLE -> limits.uncorrectableBlocks();
                    default ->
                            (request.flags & NvmCommands.DEALLOCATE) != 0
                                    ? limits.deallocatingZeroesBlocks()
                                    : limits.writeZeroesBlocks();
                };
        int count = (int) Math.min((to - from) >> shift, most);
        long lba = (request.byteOffset + from) >> shift;
        int id = limits.namespaceId();
        boolean accepted =
                io.tryRanged(
                        opcode(request.kind),
                        id,
                        lba,
                        count,
                        request.flags,
                        part.index,
                        timeoutNanos);
        return accepted ? from + ((long) count << shift) : LATER;
    }

    private static int opcode(DeviceRequest.Kind kind) {
        return switch (kind) {
            case READ -> NvmOpcode.READ;
            case WRITE -> NvmOpcode.WRITE;
            case VERIFY -> NvmOpcode.VERIFY;
            case WRITE_ZEROES -> NvmOpcode.WRITE_ZEROES;
            case WRITE_UNCORRECTABLE -> NvmOpcode.WRITE_UNCORRECTABLE;
            default -> NvmOpcode.COMPARE;
        };
    }

    private long deallocate(DeviceRequest<?> request, long from, long to, Part part) {
        Buffer buffer = bounce.acquire(DatasetRanges.BUFFER_SIZE);
        if (buffer == null) {
            return LATER;
        }
        boolean accepted = false;
        try {
            NamespaceLimits limits = request.context.limits();
            int shift = limits.blockShift();
            // All of it is sent, as Linux does: some controllers read beyond the ranges they are
            // told of.
            DatasetRanges.clear(buffer.segment(), buffer.offset());
            RangeCursor cursor = new RangeCursor(request.ranges, from);
            long left = limits.commands().datasetBlocksMax();
            long at = from;
            int count = 0;
            while (at < to && count < limits.commands().datasetRangesMax() && left > 0) {
                long most = Math.min(left, limits.deallocateRangeBlocks());
                long blocks = Math.min(Math.min(cursor.left(), to - at) >> shift, most);
                DatasetRanges.encode(
                        buffer.segment(),
                        buffer.offset(),
                        count++,
                        0,
                        cursor.position() >> shift,
                        blocks);
                cursor.advance(blocks << shift);
                at += blocks << shift;
                left -= blocks;
            }
            accepted = sendRanges(request, from, count, DatasetRanges.BUFFER_SIZE, part, buffer);
            return accepted ? at : LATER;
        } finally {
            if (!accepted) {
                buffer.release();
            }
        }
    }

    private long copy(DeviceRequest<?> request, long from, long to, Part part) {
        Buffer buffer = bounce.acquire(NamespaceLimits.COPY_RANGES_MAX * CopyRanges.size(0));
        if (buffer == null) {
            return LATER;
        }
        boolean accepted = false;
        try {
            NamespaceLimits limits = request.context.limits();
            int shift = limits.blockShift();
            RangeCursor cursor = new RangeCursor(request.ranges, from);
            long left = limits.copyBlocks();
            long at = from;
            int count = 0;
            while (at < to && count < limits.copyRanges() && left > 0) {
                long most = Math.min(left, limits.copyRangeBlocks());
                long blocks = Math.min(Math.min(cursor.left(), to - at) >> shift, most);
                CopyRanges.encode(
                        buffer.segment(),
                        buffer.offset(),
                        count++,
                        0,
                        0,
                        cursor.position() >> shift,
                        (int) blocks);
                cursor.advance(blocks << shift);
                at += blocks << shift;
                left -= blocks;
            }
            if (count == 0) {
                throw new UnsupportedOperationException("the controller does not copy any more");
            }
            accepted = sendRanges(request, from, count, count * CopyRanges.size(0), part, buffer);
            return accepted ? at : LATER;
        } finally {
            if (!accepted) {
                buffer.release();
            }
        }
    }

    private boolean sendRanges(
            DeviceRequest<?> request, long from, int count, int bytes, Part part, Buffer buffer) {
        NamespaceLimits limits = request.context.limits();
        data.clear();
        add(data, buffer.region(), buffer.address(), bytes);
        boolean accepted = false;
        try {
            accepted =
                    request.kind == DeviceRequest.Kind.COPY
                            ? io.tryCopy(
                                    limits.namespaceId(),
                                    (request.byteOffset + from) >> limits.blockShift(),
                                    count,
                                    0,
                                    request.flags,
                                    data,
                                    part.index,
                                    timeoutNanos)
                            : io.tryDataSetManagement(
                                    limits.namespaceId(),
                                    request.flags,
                                    count,
                                    data,
                                    part.index,
                                    timeoutNanos);
        } finally {
            if (!accepted) {
                data.release();
            }
        }
        if (accepted) {
            part.buffer = buffer;
        }
        return accepted;
    }

    // Requests that are one command.

    private long compareAndWrite(DeviceRequest<?> request, long to, Part part) {
        MemorySegment write = Objects.requireNonNull(request.second());
        NamespaceLimits limits = request.context.limits();
        if (io.depth() < 2) {
            // Waiting for room would be for ever.
            request.failed(RequestErrors.pairWithoutRoom(request, to));
            return to;
        }
        boolean accepted = false;
        data.clear();
        second.clear();
        try {
            if (whole(request, data, request.segment(), request.region(), true, part, false)
                    && whole(request, second, write, request.secondRegion(), true, part, true)) {
                accepted =
                        io.tryCompareAndWrite(
                                limits.namespaceId(),
                                request.byteOffset >> limits.blockShift(),
                                (int) (write.byteSize() >> limits.blockShift()),
                                request.flags,
                                data,
                                second,
                                part.index,
                                timeoutNanos);
            }
        } finally {
            if (!accepted) {
                data.release();
                second.release();
                part.releaseBuffers();
            }
        }
        return accepted ? to : LATER;
    }

    private long raw(DeviceRequest<?> request, long to, Part part) {
        boolean accepted = false;
        data.clear();
        try {
            MemorySegment segment = request.segment();
            if (segment.byteSize() == 0
                    || whole(
                            request,
                            data,
                            segment,
                            request.region(),
                            !request.fillsMemory(),
                            part,
                            false)) {
                accepted =
                        io.tryRaw(
                                Objects.requireNonNull(request.entry),
                                data,
                                part.index,
                                timeoutNanos);
            }
        } finally {
            if (!accepted) {
                data.release();
                part.releaseBuffers();
            }
        }
        return accepted ? to : LATER;
    }

    /// Adds a segment that cannot be cut, copied where it has to be.
    ///
    /// @return false when no buffer is free
    private boolean whole(
            DeviceRequest<?> request,
            CommandData target,
            MemorySegment segment,
            @Nullable Region region,
            boolean withContent,
            Part part,
            boolean isSecond) {
        int bytes = (int) segment.byteSize();
        if (region != null) {
            add(target, region, segment.address(), bytes);
            return true;
        }
        Buffer buffer = bounce.acquire(bytes);
        if (buffer == null) {
            return false;
        }
        if (isSecond) {
            part.second = buffer;
        } else {
            part.buffer = buffer;
        }
        if (withContent) {
            MemorySegment.copy(segment, 0, buffer.segment(), buffer.offset(), bytes);
        } else {
            // A controller may fill less than all of it; what an earlier command left there is
            // nobody's business.
            buffer.segment().asSlice(buffer.offset(), bytes).fill((byte) 0);
        }
        add(target, buffer.region(), buffer.address(), bytes);
        countBounced(request, bytes);
        return true;
    }
}

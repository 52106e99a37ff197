package dev.verbena.internal.engine;

import dev.verbena.internal.engine.BouncePool.Buffer;
import dev.verbena.nvme.CopyRanges;
import dev.verbena.nvme.DatasetRanges;

/// Starts commands that carry a list of ranges: deallocations and copies.
///
/// Threads: the queue's owner.
final class RangeStarter {
    private final CommandStart start;
    private final CommandData data = new CommandData();

    /// What one command may name.
    ///
    /// @param count ranges
    /// @param rangeBlocks blocks of one range
    /// @param blocks blocks of all together
    private record Most(int count, long rangeBlocks, long blocks) {}

    private interface Encoder {
        void encode(Buffer buffer, int index, long lba, long blocks);
    }

    /// The ranges that were encoded, and up to where on the line they reach.
    private record Encoded(int count, long reached) {}

    RangeStarter(CommandStart start) {
        this.start = start;
    }

    /// See [CommandStarter#start].
    long deallocate(
            DeviceRequest<?> request, NamespaceLimits limits, long from, long to, Part part) {
        CommandLimits commands = limits.commands();
        Most most =
                new Most(
                        commands.datasetRangesMax(),
                        limits.deallocateRangeBlocks(),
                        commands.datasetBlocksMax());
        Buffer buffer = start.bounce.acquire(DatasetRanges.BUFFER_SIZE);
        if (buffer == null) {
            return CommandStarter.LATER;
        }
        boolean accepted = false;
        data.clear();
        try {
            // All of it is sent, as Linux does: some controllers read beyond the ranges they are
            // told of.
            DatasetRanges.clear(buffer.segment(), buffer.offset());
            Encoded ranges =
                    encode(
                            request,
                            limits.blockShift(),
                            from,
                            to,
                            most,
                            buffer,
                            (b, i, lba, blocks) ->
                                    DatasetRanges.encode(
                                            b.segment(), b.offset(), i, 0, lba, blocks));
            place(buffer, DatasetRanges.BUFFER_SIZE);
            accepted =
                    start.io.tryDataSetManagement(
                            limits.namespaceId(),
                            request.flags,
                            ranges.count(),
                            data,
                            part.index,
                            start.timeoutNanos);
            return accepted ? ranges.reached() : CommandStarter.LATER;
        } finally {
            ended(part, buffer, accepted);
        }
    }

    /// See [CommandStarter#start].
    long copy(DeviceRequest<?> request, NamespaceLimits limits, long from, long to, Part part) {
        Most most = new Most(limits.copyRanges(), limits.copyRangeBlocks(), limits.copyBlocks());
        if (most.count() == 0 || most.blocks() == 0) {
            throw new UnsupportedOperationException("the controller does not copy any more");
        }
        Buffer buffer = start.bounce.acquire(NamespaceLimits.COPY_RANGES_MAX * CopyRanges.size(0));
        if (buffer == null) {
            return CommandStarter.LATER;
        }
        boolean accepted = false;
        data.clear();
        try {
            Encoded ranges =
                    encode(
                            request,
                            limits.blockShift(),
                            from,
                            to,
                            most,
                            buffer,
                            (b, i, lba, blocks) ->
                                    CopyRanges.encode(
                                            b.segment(), b.offset(), i, 0, 0, lba, (int) blocks));
            place(buffer, ranges.count() * CopyRanges.size(0));
            accepted =
                    start.io.tryCopy(
                            limits.namespaceId(),
                            (request.byteOffset + from) >> limits.blockShift(),
                            ranges.count(),
                            0,
                            request.flags,
                            data,
                            part.index,
                            start.timeoutNanos);
            return accepted ? ranges.reached() : CommandStarter.LATER;
        } finally {
            ended(part, buffer, accepted);
        }
    }

    private static Encoded encode(
            DeviceRequest<?> request,
            int shift,
            long from,
            long to,
            Most most,
            Buffer buffer,
            Encoder encoder) {
        RangeCursor cursor = new RangeCursor(request.ranges(), from);
        long left = most.blocks();
        long at = from;
        int count = 0;
        while (at < to && count < most.count() && left > 0) {
            long fitting = Math.min(left, most.rangeBlocks());
            long blocks = Math.min(Math.min(cursor.left(), to - at) >> shift, fitting);
            encoder.encode(buffer, count++, cursor.position() >> shift, blocks);
            cursor.advance(blocks << shift);
            at += blocks << shift;
            left -= blocks;
        }
        return new Encoded(count, at);
    }

    private void place(Buffer buffer, int bytes) {
        CommandStart.add(data, buffer.region(), buffer.address(), bytes);
    }

    private void ended(Part part, Buffer buffer, boolean accepted) {
        if (accepted) {
            part.buffer = buffer;
        } else {
            data.release();
            buffer.release();
        }
    }
}

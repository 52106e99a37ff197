package dev.verbena.internal.engine;

import dev.verbena.nvme.NvmCommands;

/// Starts the next command of a request: as much of it as one command may do, with its data where
/// it is or copied to a bounce buffer.
///
/// Threads: the queue's owner. Allocates nothing for data in one registered segment.
final class CommandStarter {
    /// No slot or no buffer is free at the moment; nothing has changed.
    static final long LATER = -1;

    private final CommandStart start;
    private final TransferStarter transfers;
    private final RangeStarter ranges;
    private final SingleStarter singles;

    CommandStarter(CommandStart start) {
        this.start = start;
        this.transfers = new TransferStarter(start);
        this.ranges = new RangeStarter(start);
        this.singles = new SingleStarter(start);
    }

    /// Starts a command for a piece of a request, or the beginning of it.
    ///
    /// @param limits of the namespace, from [DeviceContext#present] for this command: what is
    ///   started knows the namespace id from nowhere else
    /// @param part gets the buffers; its index becomes the command's token
    /// @return up to where the command reaches, or [#LATER]
    /// @throws RuntimeException when the memory cannot be used; nothing has changed
    long start(DeviceRequest<?> request, NamespaceLimits limits, long from, long to, Part part) {
        return switch (request.kind) {
            case READ, WRITE, COMPARE -> transfers.start(request, limits, from, to, part);
            case FLUSH -> flush(limits, to, part);
            case WRITE_ZEROES, VERIFY, WRITE_UNCORRECTABLE ->
                    blocks(request, limits, from, to, part);
            case DEALLOCATE -> ranges.deallocate(request, limits, from, to, part);
            case COPY -> ranges.copy(request, limits, from, to, part);
            case COMPARE_AND_WRITE -> singles.compareAndWrite(request, limits, to, part);
            case RAW -> singles.raw(request, limits, to, part);
        };
    }

    private long flush(NamespaceLimits limits, long to, Part part) {
        int id = limits.namespaceId();
        return start.io.tryFlush(id, part.index, start.timeoutNanos) ? to : LATER;
    }

    /// Commands that name blocks without moving them.
    private long blocks(
            DeviceRequest<?> request, NamespaceLimits limits, long from, long to, Part part) {
        int shift = limits.blockShift();
        int count = (int) Math.min((to - from) >> shift, blocksMax(request, limits));
        long lba = (request.byteOffset + from) >> shift;
        int id = limits.namespaceId();
        long timeout = start.timeoutNanos;
        boolean accepted =
                start.io.tryRanged(
                        request.kind.opcode(), id, lba, count, request.flags, part.index, timeout);
        return accepted ? from + ((long) count << shift) : LATER;
    }

    private static int blocksMax(DeviceRequest<?> request, NamespaceLimits limits) {
        return switch (request.kind) {
            case VERIFY -> limits.verifyBlocks();
            case WRITE_UNCORRECTABLE -> limits.uncorrectableBlocks();
            default ->
                    (request.flags & NvmCommands.DEALLOCATE) != 0
                            ? limits.deallocatingZeroesBlocks()
                            : limits.writeZeroesBlocks();
        };
    }
}

package dev.verbena.internal.engine;

import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.IdentifyNamespace;
import dev.verbena.nvme.NvmCommands;

/// What one command to a namespace may name, worked out once from what the controller claims.
///
/// All counts are blocks and at least 1 unless said otherwise.
///
/// @param commands which optional commands there are
/// @param blockSize bytes of a block, a power of two
/// @param blockCount blocks of the namespace
/// @param boundaryBlocks commands do not cross multiples of this (NOIOB); 0 for none
/// @param writeZeroesBlocks most blocks of one Write Zeroes (WZSL, else the transfer limit: the
///   specification would allow more, but controllers are tested with hosts that are careful)
/// @param deallocatingZeroesBlocks the same where the blocks may be deallocated (WZDSL)
/// @param verifyBlocks most blocks of one Verify (VSL)
/// @param uncorrectableBlocks most blocks of one Write Uncorrectable (WUSL)
/// @param deallocateRangeBlocks most blocks of one range of Dataset Management (DMRSL)
/// @param copyRanges most source ranges of one Copy (MSRC); 0 where nothing can be copied
/// @param copyRangeBlocks most blocks of one source range (MSSRL)
/// @param copyBlocks most blocks of one Copy (MCL)
/// @param compareAndWriteBlocks most blocks of one fused compare and write (ACWU, NACWU)
public record NamespaceLimits(
        int namespaceId,
        CommandLimits commands,
        int blockSize,
        long blockCount,
        int boundaryBlocks,
        int writeZeroesBlocks,
        int deallocatingZeroesBlocks,
        int verifyBlocks,
        int uncorrectableBlocks,
        long deallocateRangeBlocks,
        int copyRanges,
        int copyRangeBlocks,
        long copyBlocks,
        int compareAndWriteBlocks) {
    /// Ranges of one Copy at most: their descriptors then fit the smallest bounce buffer.
    static final int COPY_RANGES_MAX = 128;

    private static final long U32_MAX = 0xFFFF_FFFFL;

    /// NSFEAT: the atomic units of the namespace count (NSABP).
    private static final int NAMESPACE_ATOMICS = 2;

    /// Works the limits out.
    ///
    /// @param transferBytesMax most bytes one command may move, at least a block
    public static NamespaceLimits of(
            int namespaceId,
            IdentifyNamespace namespace,
            IdentifyController controller,
            CommandLimits commands,
            int transferBytesMax) {
        int blockSize = namespace.blockSize();
        int transferBlocks =
                Math.clamp(transferBytesMax / blockSize, 1, NvmCommands.BLOCK_COUNT_MAX);
        boolean copies =
                commands.has(CommandLimits.COPY)
                        && commands.hasCopyFormat(0)
                        && namespace.maximumCopyRangeBlocks() > 0
                        && namespace.maximumCopyBlocks() > 0;
        int ownUnit = (namespace.features() & NAMESPACE_ATOMICS) != 0 ? namespace.nacwu() : 0;
        int compareAndWrite = Math.max(controller.atomicCompareWriteUnit(), ownUnit) + 1;
        return new NamespaceLimits(
                namespaceId,
                commands,
                blockSize,
                namespace.sizeBlocks(),
                namespace.noiob(),
                zeroes(commands.writeZeroesBytesMax(), blockSize, transferBlocks),
                zeroes(commands.deallocatingZeroesBytesMax(), blockSize, transferBlocks),
                blocks(commands.verifyBytesMax(), blockSize),
                blocks(commands.writeUncorrectableBytesMax(), blockSize),
                Math.min(commands.datasetRangeBlocksMax(), U32_MAX),
                copies ? Math.min(namespace.maximumCopyRanges() + 1, COPY_RANGES_MAX) : 0,
                Math.min(namespace.maximumCopyRangeBlocks(), NvmCommands.BLOCK_COUNT_MAX),
                namespace.maximumCopyBlocks(),
                Math.min(compareAndWrite, transferBlocks));
    }

    /// For raw commands to a namespace nothing is known of.
    public static NamespaceLimits unknown(int namespaceId, CommandLimits commands) {
        return new NamespaceLimits(
                namespaceId, commands, 1, Long.MAX_VALUE, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1);
    }

    private static int zeroes(long bytes, int blockSize, int transferBlocks) {
        return bytes == Long.MAX_VALUE ? transferBlocks : blocks(bytes, blockSize);
    }

    private static int blocks(long bytes, int blockSize) {
        return (int) Math.clamp(bytes / blockSize, 1L, NvmCommands.BLOCK_COUNT_MAX);
    }

    /// Bytes of the namespace.
    public long byteSize() {
        return blockCount * blockSize;
    }

    /// Bytes of a block as a power of two.
    int blockShift() {
        return Integer.numberOfTrailingZeros(blockSize);
    }
}

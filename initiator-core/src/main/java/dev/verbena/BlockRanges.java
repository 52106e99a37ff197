package dev.verbena;

import dev.verbena.nvme.DatasetRanges;

/// Ranges of blocks for one Dataset Management command, such as those to deallocate.
///
/// Made once and filled again for every command; a queue copies it while a command is submitted.
///
/// Threads: one at a time. Allocates nothing after its construction.
public final class BlockRanges {
    /// Most ranges of one command.
    public static final int COUNT_MAX = DatasetRanges.COUNT_MAX;

    /// Most blocks of one range.
    public static final long BLOCK_COUNT_MAX = 0xFFFF_FFFFL;

    private final int[] attributes = new int[COUNT_MAX];
    private final long[] startingLbas = new long[COUNT_MAX];
    private final long[] blockCounts = new long[COUNT_MAX];
    private int count;
    private long totalBlocks;

    /// An empty list.
    public BlockRanges() {}

    /// Appends a range.
    ///
    /// @param startingLba first logical block
    /// @param blockCount 1..2^32 - 1
    /// @return this
    /// @throws IllegalStateException when the list holds [#COUNT_MAX] ranges
    public BlockRanges add(long startingLba, long blockCount) {
        return add(startingLba, blockCount, 0);
    }

    /// Appends a range with context attributes: hints how it will be used.
    ///
    /// @param contextAttributes as the specification has them (NVM Command Set, section 3.2.3)
    public BlockRanges add(long startingLba, long blockCount, int contextAttributes) {
        if (startingLba < 0 || blockCount < 1 || blockCount > BLOCK_COUNT_MAX) {
            throw new IllegalArgumentException(
                    blockCount
                            + " blocks at "
                            + startingLba
                            + ": a range has 1.."
                            + BLOCK_COUNT_MAX
                            + " blocks and starts at 0 or later");
        }
        if (count == COUNT_MAX) {
            throw new IllegalStateException("A command takes " + COUNT_MAX + " ranges at most");
        }
        attributes[count] = contextAttributes;
        startingLbas[count] = startingLba;
        blockCounts[count] = blockCount;
        count++;
        totalBlocks += blockCount;
        return this;
    }

    /// Empties the list.
    public void clear() {
        count = 0;
        totalBlocks = 0;
    }

    /// Ranges in the list, 0..256.
    public int size() {
        return count;
    }

    /// Blocks of all ranges together.
    public long totalBlocks() {
        return totalBlocks;
    }

    long startingLba(int index) {
        return startingLbas[index];
    }

    long blockCount(int index) {
        return blockCounts[index];
    }

    int contextAttributes(int index) {
        return attributes[index];
    }

    @Override
    public String toString() {
        return count + " ranges of " + totalBlocks + " blocks together";
    }
}

package dev.verbena.cli.perf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// Content of a block that says which block it is and which version of it: a block that is stale,
/// in the wrong place, or damaged is told apart.
///
/// Words of eight bytes, little-endian: a mark, the block's address, its generation, and then words
/// that follow from these three and their place. A pattern can be checked without knowing who wrote
/// it, as long as all blocks were written with the same seed.
final class BlockPattern {
    /// "VRBPERF1".
    private static final long MARK = 0x3146_5245_5042_5256L;

    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
    private static final ValueLayout.OfLong WORD =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int HEADER_BYTES = 3 * Long.BYTES;

    /// Version of a block that this run has not written.
    static final int ANY_GENERATION = 0;

    private final long seed;
    private final int blockSize;

    /// @param blockSize bytes of the namespace's blocks, a multiple of 8, at least 512
    BlockPattern(long seed, int blockSize) {
        this.seed = seed;
        this.blockSize = blockSize;
    }

    /// Fills whole blocks.
    ///
    /// @param lba of the first
    /// @param generation 1 or more
    void fill(MemorySegment buffer, long lba, int generation) {
        long blocks = buffer.byteSize() / blockSize;
        for (long block = 0; block < blocks; block++) {
            long at = block * blockSize;
            buffer.set(WORD, at, MARK);
            buffer.set(WORD, at + 8, lba + block);
            buffer.set(WORD, at + 16, generation);
            long word = first(lba + block, generation);
            for (long offset = HEADER_BYTES; offset < blockSize; offset += Long.BYTES) {
                buffer.set(WORD, at + offset, word);
                word += GOLDEN;
            }
        }
    }

    private long first(long lba, long generation) {
        long x = seed ^ lba * GOLDEN ^ Long.rotateLeft(generation, 40);
        x ^= x >>> 32;
        return x * 0xD6E8_FEB8_6659_FD93L;
    }

    /// Checks whole blocks.
    ///
    /// @param lba of the first
    /// @param generation what was written last, or [#ANY_GENERATION]
    /// @return null when all is as expected, else a sentence that says which block is wrong and how
    @Nullable String check(MemorySegment buffer, long lba, int generation) {
        long blocks = buffer.byteSize() / blockSize;
        for (long block = 0; block < blocks; block++) {
            String problem = checkBlock(buffer, block * blockSize, lba + block, generation);
            if (problem != null) {
                return "Wrong data in block " + (lba + block) + ": " + problem;
            }
        }
        return null;
    }

    private @Nullable String checkBlock(MemorySegment buffer, long at, long lba, int expected) {
        if (buffer.get(WORD, at) != MARK) {
            return "it holds no pattern of this command (is everything in the range written with"
                    + " --verify?)";
        }
        long foundLba = buffer.get(WORD, at + 8);
        long generation = buffer.get(WORD, at + 16);
        if (foundLba != lba) {
            return "it holds what was written to block "
                    + foundLba
                    + " (generation "
                    + generation
                    + ")";
        }
        if (expected != ANY_GENERATION && generation != expected) {
            return "it holds generation "
                    + generation
                    + ", the last one written is "
                    + expected
                    + (generation < expected ? " (stale data)" : "");
        }
        long word = first(lba, generation);
        for (long offset = HEADER_BYTES; offset < blockSize; offset += Long.BYTES) {
            if (buffer.get(WORD, at + offset) != word) {
                return String.format(
                        "word %d (byte %d of the block) is %016Xh, expected is %016Xh of generation"
                                + " %d (another --randseed, or damaged)",
                        offset / Long.BYTES,
                        offset,
                        buffer.get(WORD, at + offset),
                        word,
                        generation);
            }
            word += GOLDEN;
        }
        return null;
    }
}

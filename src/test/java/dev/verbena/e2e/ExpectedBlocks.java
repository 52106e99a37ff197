package dev.verbena.e2e;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// What a run of blocks has to hold.
///
/// A block's content follows from its number and from a version that no other write of it has, so
/// that old content is recognised. Version 0 is zeroes. A write that failed leaves two answers that
/// are both right; the first read tells which it is, and from then on it must stay so.
///
/// Threads: one, or guarded by the caller.
final class ExpectedBlocks {
    private final long firstBlock;
    private final int blockSize;

    /// Versions that were handed out, the highest of each block.
    private final int[] newest;

    private final int[] settled;

    /// The versions a block may hold after a write that failed; without entry it is certain.
    private final Map<Integer, int[]> possible = new HashMap<>();

    private long compared;

    /// @param firstBlock on the namespace
    ExpectedBlocks(long firstBlock, int count, int blockSize) {
        this.firstBlock = firstBlock;
        this.blockSize = blockSize;
        newest = new int[count];
        settled = new int[count];
    }

    int count() {
        return newest.length;
    }

    /// Blocks compared so far.
    long compared() {
        return compared;
    }

    /// Where a block begins on the namespace, in bytes.
    long byteOffset(int block) {
        return lba(block) * blockSize;
    }

    /// Number of a block on the namespace.
    long lba(int block) {
        return firstBlock + block;
    }

    /// Versions for a write of some blocks.
    int[] next(int first, int count) {
        int[] versions = new int[count];
        for (int i = 0; i < count; i++) {
            versions[i] = ++newest[first + i];
        }
        return versions;
    }

    /// Versions for zeroing some blocks.
    static int[] zeroes(int count) {
        return new int[count];
    }

    /// Fills a buffer with the content of blocks.
    void fill(MemorySegment buffer, int first, int[] versions) {
        for (int i = 0; i < versions.length; i++) {
            long at = (long) i * blockSize;
            for (int offset = 0; offset < blockSize; offset += Long.BYTES) {
                buffer.set(
                        ValueLayout.JAVA_LONG_UNALIGNED,
                        at + offset,
                        word(lba(first + i), versions[i], offset));
            }
        }
    }

    private static long word(long block, int version, int at) {
        if (version == 0) {
            return 0;
        }
        long x = block * 0x9E37_79B9_7F4A_7C15L + version * 0xC2B2_AE3D_27D4_EB4FL + at;
        x = (x ^ (x >>> 31)) * 0xBF58_476D_1CE4_E5B9L;
        return x ^ (x >>> 29);
    }

    /// A write has succeeded.
    void written(int first, int[] versions) {
        System.arraycopy(versions, 0, settled, first, versions.length);
        for (int i = 0; i < versions.length; i++) {
            possible.remove(first + i);
        }
    }

    /// A write has failed: each block holds what it held or what was written.
    void doubtful(int first, int[] versions) {
        for (int i = 0; i < versions.length; i++) {
            int block = first + i;
            int[] before = possible.getOrDefault(block, new int[] {settled[block]});
            int[] all = Arrays.copyOf(before, before.length + 1);
            all[before.length] = versions[i];
            possible.put(block, all);
        }
    }

    /// Compares what was read with what has to be there.
    ///
    /// @throws AssertionError when a block holds something else
    void check(MemorySegment content, int first, int count) {
        for (int i = 0; i < count; i++) {
            int block = first + i;
            MemorySegment one = content.asSlice((long) i * blockSize, blockSize);
            int[] candidates = possible.remove(block);
            if (candidates != null) {
                settled[block] = which(one, block, candidates);
            }
            int at = mismatch(one, lba(block), settled[block]);
            if (at >= 0) {
                throw new AssertionError(
                        "Block %d (%d of a read of %d) does not hold version %d of %d at byte %d but %x"
                                .formatted(
                                        lba(block),
                                        i,
                                        count,
                                        settled[block],
                                        newest[block],
                                        at,
                                        one.get(ValueLayout.JAVA_LONG_UNALIGNED, at)));
            }
            compared++;
        }
    }

    /// The first of the versions the content can be; any when it is none.
    private int which(MemorySegment one, int block, int[] candidates) {
        for (int version : candidates) {
            if (mismatch(one, lba(block), version) < 0) {
                return version;
            }
        }
        return candidates[0];
    }

    private int mismatch(MemorySegment one, long lba, int version) {
        for (int at = 0; at < blockSize; at += Long.BYTES) {
            if (one.get(ValueLayout.JAVA_LONG_UNALIGNED, at) != word(lba, version, at)) {
                return at;
            }
        }
        return -1;
    }
}

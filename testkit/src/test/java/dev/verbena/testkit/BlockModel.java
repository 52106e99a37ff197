package dev.verbena.testkit;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/// What each block has to contain, by the number of the write that filled it: 0 for zeroes. More
/// than one number where the outcome of a write is unknown.
final class BlockModel {
    private final Set<Integer>[] contents;
    private final int[] readers;
    private final boolean[] writing;
    private final int blockSize;

    @SuppressWarnings({"unchecked", "rawtypes"})
    BlockModel(int blockCount, int blockSize) {
        this.contents = new Set[blockCount];
        this.readers = new int[blockCount];
        this.writing = new boolean[blockCount];
        this.blockSize = blockSize;
        for (int i = 0; i < blockCount; i++) {
            contents[i] = Set.of(0);
        }
    }

    /// Whether a command that writes, or one that reads, can go ahead without a race.
    boolean isFree(int lba, int count, boolean write) {
        for (int i = lba; i < lba + count; i++) {
            if (writing[i] || (write && readers[i] > 0)) {
                return false;
            }
        }
        return true;
    }

    void begin(int lba, int count, boolean write) {
        for (int i = lba; i < lba + count; i++) {
            if (write) {
                writing[i] = true;
            } else {
                readers[i]++;
            }
        }
    }

    void endRead(int lba, int count) {
        for (int i = lba; i < lba + count; i++) {
            readers[i]--;
        }
    }

    /// A write has ended.
    ///
    /// @param certain whether it is known to have happened; otherwise it may have or not
    void endWrite(int lba, int count, int number, boolean certain) {
        for (int i = lba; i < lba + count; i++) {
            writing[i] = false;
            if (certain) {
                contents[i] = Set.of(number);
            } else {
                Set<Integer> both = new HashSet<>(contents[i]);
                both.add(number);
                contents[i] = both;
            }
        }
    }

    /// What a write puts into a block.
    byte[] data(int number, int lba) {
        byte[] data = new byte[blockSize];
        if (number != 0) {
            for (int i = 0; i < blockSize; i++) {
                data[i] = (byte) (number * 31 + lba * 7 + i);
            }
        }
        return data;
    }

    /// Whether a block that was read is one of those it may be.
    boolean matches(int lba, byte[] read) {
        return contents[lba].stream().anyMatch(number -> Arrays.equals(read, data(number, lba)));
    }

    boolean isCertain(int lba, int count) {
        for (int i = lba; i < lba + count; i++) {
            if (contents[i].size() > 1) {
                return false;
            }
        }
        return true;
    }

    /// The data a compare must find.
    byte[] expected(int lba) {
        return data(contents[lba].iterator().next(), lba);
    }

    @Override
    public String toString() {
        return "model of " + contents.length + " blocks";
    }
}

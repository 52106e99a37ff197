package dev.verbena.testkit;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongSupplier;

/// What each block has to contain, by the number of the write that filled it and the block it was
/// written to: 0 for zeroes. More than one where the outcome of a write is unknown.
///
/// A write without an outcome may also happen late: a target goes on with what it has received
/// until it has seen that the connection is gone, and a host that is back sooner can be overtaken.
final class BlockModel {
    /// How long a target of the simulation may take to see that.
    private static final long LATE_NANOS = 2_000_000;

    private final Set<Long>[] contents;

    /// Contents of writes without an outcome, which may still come until then.
    private final Set<Long>[] late;

    private final long[] lateUntil;
    private final long[] writeBegan;
    private final LongSupplier clock;
    private final int[] readers;
    private final boolean[] writing;
    private final int blockSize;

    @SuppressWarnings({"unchecked", "rawtypes"})
    BlockModel(int blockCount, int blockSize, LongSupplier clock) {
        this.contents = new Set[blockCount];
        this.late = new Set[blockCount];
        this.lateUntil = new long[blockCount];
        this.writeBegan = new long[blockCount];
        this.clock = clock;
        this.readers = new int[blockCount];
        this.writing = new boolean[blockCount];
        this.blockSize = blockSize;
        for (int i = 0; i < blockCount; i++) {
            contents[i] = Set.of(0L);
            late[i] = Set.of();
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
                writeBegan[i] = clock.getAsLong();
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

    private static long content(int number, int lba) {
        return number == 0 ? 0 : (long) number << 32 | lba;
    }

    /// A write has ended.
    ///
    /// @param number 0 for zeroes
    /// @param certain whether it is known to have happened; otherwise it may have or not
    void endWrite(int lba, int count, int number, boolean certain) {
        for (int i = lba; i < lba + count; i++) {
            end(i, content(number, i), certain);
        }
    }

    /// A write was never sent.
    void cancelWrite(int lba, int count) {
        for (int i = lba; i < lba + count; i++) {
            writing[i] = false;
        }
    }

    /// A copy has ended, of blocks whose contents are certain.
    void endCopy(int from, int to, int count, boolean certain) {
        for (int i = 0; i < count; i++) {
            end(to + i, contents[from + i].iterator().next(), certain);
            readers[from + i]--;
        }
    }

    private void end(int lba, long content, boolean certain) {
        writing[lba] = false;
        if (writeBegan[lba] >= lateUntil[lba]) {
            late[lba] = Set.of();
        }
        if (certain) {
            contents[lba] = with(late[lba], content);
        } else {
            contents[lba] = with(contents[lba], content);
            late[lba] = with(late[lba], content);
            lateUntil[lba] = clock.getAsLong() + LATE_NANOS;
        }
    }

    private static Set<Long> with(Set<Long> others, long content) {
        Set<Long> all = new HashSet<>(others);
        all.add(content);
        return all;
    }

    /// What a write puts into a block.
    byte[] data(int number, int lba) {
        return data(content(number, lba));
    }

    private byte[] data(long content) {
        byte[] data = new byte[blockSize];
        if (content != 0) {
            int start = (int) (content >>> 32) * 31 + (int) content * 7;
            for (int i = 0; i < blockSize; i++) {
                data[i] = (byte) (start + i);
            }
        }
        return data;
    }

    /// Whether a block that was read is one of those it may be.
    boolean matches(int lba, byte[] read) {
        return contents[lba].stream().anyMatch(content -> Arrays.equals(read, data(content)));
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
        return data(contents[lba].iterator().next());
    }

    @Override
    public String toString() {
        return "model of " + contents.length + " blocks";
    }
}

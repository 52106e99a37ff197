package dev.verbena.internal.engine;

/// Walks over ranges as if they were one after the other.
final class RangeCursor {
    private final long[] pairs;
    private int index;

    /// Bytes of the current range that lie behind the cursor.
    private long passed;

    /// @param pairs first byte and byte count of each range, none of them empty
    /// @param start where to begin in the whole, less than all bytes together
    RangeCursor(long[] pairs, long start) {
        this.pairs = pairs;
        this.passed = start;
        settle();
    }

    /// Where the cursor is on the device.
    long position() {
        return pairs[index] + passed;
    }

    /// Bytes from here to the end of the range.
    long left() {
        return pairs[index + 1] - passed;
    }

    void advance(long bytes) {
        passed += bytes;
        settle();
    }

    private void settle() {
        while (index < pairs.length && passed >= pairs[index + 1]) {
            passed -= pairs[index + 1];
            index += 2;
        }
    }
}

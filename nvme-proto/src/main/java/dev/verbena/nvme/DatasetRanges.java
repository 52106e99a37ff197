package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * The ranges of a Dataset Management command, 16 bytes each.
 *
 * <p>Linux transfers the full {@value #BUFFER_SIZE} bytes whatever the number of ranges, because
 * some controllers read beyond it: {@link #clear} a buffer of that size first to do the same.
 */
public final class DatasetRanges {
    /** Size of one range in bytes. */
    public static final int SIZE = 16;

    /** Most ranges of one command. */
    public static final int COUNT_MAX = 256;

    /** Size of a buffer for the most ranges, in bytes. */
    public static final int BUFFER_SIZE = SIZE * COUNT_MAX;

    private DatasetRanges() {}

    /** Clears {@value #BUFFER_SIZE} bytes. */
    public static void clear(MemorySegment segment, long offset) {
        // No slice: it would be allocated for each command.
        for (int at = 0; at < BUFFER_SIZE; at += Long.BYTES) {
            Wire.u64(segment, offset + at, 0);
        }
    }

    /**
     * Writes one range.
     *
     * @param offset of the first range
     * @param index of this range, 0 to 255
     * @param contextAttributes access hints, 0 for none
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount a count, 0 to 2^32 - 1
     */
    public static void encode(
            MemorySegment segment,
            long offset,
            int index,
            int contextAttributes,
            long startingLba,
            long blockCount) {
        Wire.inRange(index, 0, COUNT_MAX - 1, "index");
        Wire.inRange(blockCount, 0, 0xFFFF_FFFFL, "blockCount");
        long at = offset + (long) index * SIZE;
        Wire.u32(segment, at, contextAttributes);
        Wire.u32(segment, at + 4, (int) blockCount);
        Wire.u64(segment, at + 8, startingLba);
    }
}

package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * The source ranges of a Copy command (NVM Command Set Specification, section 3.2.2). Formats 0 and
 * 2 have 32 bytes each and a 32-bit reference tag; 1 and 3 have 40 bytes and tags of 80 bits; 2 and
 * 3 name the source's namespace.
 */
public final class CopyRanges {
    /** Most ranges of one command. */
    public static final int COUNT_MAX = 256;

    /** Highest descriptor format. */
    public static final int FORMAT_MAX = 3;

    /** Option of a range: fail rather than copy slowly (FCO). */
    public static final int FAST_COPY_ONLY = 1 << 15;

    private static final int NAMESPACE_FORMAT = 2;

    private CopyRanges() {}

    /** Size of one range in bytes. */
    public static int size(int format) {
        return (Wire.inRange(format, 0, FORMAT_MAX, "format") & 1) == 0 ? 32 : 40;
    }

    /**
     * Writes one range without protection information and with every byte it owns.
     *
     * @param offset of the first range
     * @param index of this range, 0 to 255
     * @param format 0 to 3, the same as in the command
     * @param namespaceId of the source, formats 2 and 3 only; 0 otherwise
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount 1 to 65536
     */
    public static void encode(
            MemorySegment segment,
            long offset,
            int index,
            int format,
            int namespaceId,
            long startingLba,
            int blockCount) {
        Wire.inRange(index, 0, COUNT_MAX - 1, "index");
        Wire.inRange(blockCount, 1, NvmCommands.BLOCK_COUNT_MAX, "blockCount");
        if (format < NAMESPACE_FORMAT && namespaceId != 0) {
            throw new IllegalArgumentException(
                    "namespaceId is "
                            + Integer.toUnsignedString(namespaceId)
                            + ", but format "
                            + format
                            + " has none");
        }
        int size = size(format);
        long at = offset + (long) index * size;
        // No slice: it would be an object for each range.
        for (int i = 0; i < size; i += Long.BYTES) {
            Wire.u64(segment, at + i, 0);
        }
        Wire.u32(segment, at, namespaceId);
        Wire.u64(segment, at + 8, startingLba);
        Wire.u16(segment, at + 16, blockCount - 1);
    }

    /**
     * Sets the source options of a range (SOPT).
     *
     * @param format 2 or 3; 0 and 1 have none
     * @param options {@link #FAST_COPY_ONLY}, 0 for none
     */
    public static void options(
            MemorySegment segment, long offset, int index, int format, int options) {
        Wire.inRange(index, 0, COUNT_MAX - 1, "index");
        Wire.inRange(format, NAMESPACE_FORMAT, FORMAT_MAX, "format");
        Wire.inRange(options, 0, 0xFFFF, "options");
        Wire.u16(segment, offset + (long) index * size(format) + 22, options);
    }

    /**
     * Adds the protection information expected of a range's blocks. Unlike all else, the tags are
     * big-endian here.
     *
     * @param tagsUpper bits 79:64 of storage tag and reference tag together, formats 1 and 3 only
     * @param tagsLower bits 63:0; at most 32 bits in formats 0 and 2
     * @param applicationTag 0 to 65535
     * @param applicationTagMask 0 to 65535; a bit of 0 is not checked
     */
    public static void protection(
            MemorySegment segment,
            long offset,
            int index,
            int format,
            int tagsUpper,
            long tagsLower,
            int applicationTag,
            int applicationTagMask) {
        Wire.inRange(index, 0, COUNT_MAX - 1, "index");
        Wire.inRange(applicationTag, 0, 0xFFFF, "applicationTag");
        Wire.inRange(applicationTagMask, 0, 0xFFFF, "applicationTagMask");
        int size = size(format);
        long at = offset + (long) index * size;
        if (size == 32) {
            Wire.inRange(tagsUpper, 0, 0, "tagsUpper");
            Wire.inRange(tagsLower, 0, 0xFFFF_FFFFL, "tagsLower");
            segment.set(BIG_INT, at + 24, (int) tagsLower);
        } else {
            Wire.inRange(tagsUpper, 0, 0xFFFF, "tagsUpper");
            segment.set(BIG_SHORT, at + 26, (short) tagsUpper);
            segment.set(BIG_LONG, at + 28, tagsLower);
        }
        Wire.u16(segment, at + size - 4, applicationTag);
        Wire.u16(segment, at + size - 2, applicationTagMask);
    }

    private static final java.lang.foreign.ValueLayout.OfInt BIG_INT =
            java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final java.lang.foreign.ValueLayout.OfShort BIG_SHORT =
            java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final java.lang.foreign.ValueLayout.OfLong BIG_LONG =
            java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
}

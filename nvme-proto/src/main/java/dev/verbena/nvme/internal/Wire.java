package dev.verbena.nvme.internal;

import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Layouts and checks for little-endian wire fields at any alignment. */
public final class Wire {
    public static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
    public static final ValueLayout.OfShort U16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfInt U32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    public static final ValueLayout.OfLong U64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Wire() {}

    public static int u8(MemorySegment segment, long offset) {
        return segment.get(U8, offset) & 0xFF;
    }

    public static int u16(MemorySegment segment, long offset) {
        return segment.get(U16, offset) & 0xFFFF;
    }

    public static int u32(MemorySegment segment, long offset) {
        return segment.get(U32, offset);
    }

    public static long u64(MemorySegment segment, long offset) {
        return segment.get(U64, offset);
    }

    public static void u8(MemorySegment segment, long offset, int value) {
        segment.set(U8, offset, (byte) value);
    }

    public static void u16(MemorySegment segment, long offset, int value) {
        segment.set(U16, offset, (short) value);
    }

    public static void u32(MemorySegment segment, long offset, int value) {
        segment.set(U32, offset, value);
    }

    public static void u64(MemorySegment segment, long offset, long value) {
        segment.set(U64, offset, value);
    }

    /** The value, or an {@link IllegalArgumentException} naming the argument and its range. */
    public static int inRange(int value, int min, int max, String name) {
        if (value < min || value > max) {
            throw outOfRange(value, min, max, name);
        }
        return value;
    }

    /** The value, or an {@link IllegalArgumentException} naming the argument and its range. */
    public static long inRange(long value, long min, long max, String name) {
        if (value < min || value > max) {
            throw outOfRange(value, min, max, name);
        }
        return value;
    }

    /**
     * The number of dwords in a number of bytes, or an {@link IllegalArgumentException} where it is
     * none or not whole.
     *
     * @param byteCount a multiple of 4, 4 or more
     */
    public static int dwords(int byteCount) {
        inRange(byteCount, 4, Integer.MAX_VALUE, "byteCount");
        if ((byteCount & 3) != 0) {
            throw new IllegalArgumentException(
                    "byteCount is " + byteCount + ", must be a multiple of 4");
        }
        return byteCount / 4;
    }

    private static IllegalArgumentException outOfRange(
            long value, long min, long max, String name) {
        return new IllegalArgumentException(
                name + " is " + value + ", must be between " + min + " and " + max);
    }

    /** Refuses a segment that is shorter than a structure of fixed size. */
    public static void requireSize(
            MemorySegment segment, long offset, long size, String structure) {
        if (offset < 0 || segment.byteSize() - offset < size) {
            throw new WireFormatException(
                    structure
                            + " at offset "
                            + offset
                            + " needs "
                            + size
                            + " bytes, the buffer holds "
                            + Math.max(0, segment.byteSize() - offset));
        }
    }
}

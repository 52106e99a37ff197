package dev.verbena.nvme.internal;

import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * An immutable copy of bytes that came from the wire, with typed reads.
 *
 * <p>A copy, because the buffer it was read from may be reused by the device at any time, and a
 * value checked twice must be the same value twice.
 */
public final class Bytes {
    private static final VarHandle U16 =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle U32 =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle U64 =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;

    private Bytes(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Copies exactly {@code size} bytes, or says which structure is too short. */
    public static Bytes copy(MemorySegment segment, long offset, int size, String structure) {
        Wire.requireSize(segment, offset, size, structure);
        byte[] copy = new byte[size];
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, copy, 0, size);
        return new Bytes(copy);
    }

    /** Copies an array. */
    public static Bytes copy(byte[] source) {
        return new Bytes(source.clone());
    }

    public int size() {
        return bytes.length;
    }

    public int u8(int offset) {
        return bytes[offset] & 0xFF;
    }

    public int u16(int offset) {
        return (short) U16.get(bytes, offset) & 0xFFFF;
    }

    public int u32(int offset) {
        return (int) U32.get(bytes, offset);
    }

    /** An unsigned 32-bit field as a non-negative long. */
    public long u32Long(int offset) {
        return Integer.toUnsignedLong(u32(offset));
    }

    public long u64(int offset) {
        return (long) U64.get(bytes, offset);
    }

    /** An unsigned little-endian field of any width. */
    public BigInteger unsigned(int offset, int size) {
        byte[] bigEndian = new byte[size];
        for (int i = 0; i < size; i++) {
            bigEndian[i] = bytes[offset + size - 1 - i];
        }
        return new BigInteger(1, bigEndian);
    }

    public BigInteger u128(int offset) {
        return unsigned(offset, 16);
    }

    public boolean bit(int offset, int bit) {
        return (bytes[offset + bit / 8] >>> (bit % 8) & 1) != 0;
    }

    public boolean isZero(int offset, int size) {
        for (int i = offset; i < offset + size; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    public byte[] array(int offset, int size) {
        return Arrays.copyOfRange(bytes, offset, offset + size);
    }

    public byte[] array() {
        return bytes.clone();
    }

    public Bytes slice(int offset, int size) {
        if (offset < 0 || size < 0 || size > bytes.length - offset) {
            throw new WireFormatException(
                    size + " bytes at offset " + offset + " lie outside " + bytes.length);
        }
        return new Bytes(array(offset, size));
    }

    /** Lower-case hexadecimal, two digits a byte, in wire order. */
    public String hex(int offset, int size) {
        return HexFormat.of().formatHex(bytes, offset, offset + size);
    }

    /**
     * An ASCII field, ended by its first NUL or its end, without trailing blanks. Bytes that are
     * not printable appear as {@code \xNN}, so that nothing is hidden and nothing can steer a
     * terminal.
     */
    public String ascii(int offset, int size) {
        return Text.printable(bytes, offset, fieldLength(offset, size));
    }

    /** As {@link #ascii}, but with its trailing blanks. */
    public String padded(int offset, int size) {
        return Text.printable(bytes, offset, lengthToNul(offset, size));
    }

    /** As {@link #ascii}, for a field that may hold UTF-8. */
    public String utf8(int offset, int size) {
        return utf8Of(offset, fieldLength(offset, size));
    }

    /** As {@link #utf8}, but with its trailing blanks. */
    public String utf8Padded(int offset, int size) {
        return utf8Of(offset, lengthToNul(offset, size));
    }

    private String utf8Of(int offset, int length) {
        try {
            String text =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes, offset, length))
                            .toString();
            return Text.printable(text);
        } catch (CharacterCodingException e) {
            return Text.printable(bytes, offset, length);
        }
    }

    private int lengthToNul(int offset, int size) {
        int length = 0;
        while (length < size && bytes[offset + length] != 0) {
            length++;
        }
        return length;
    }

    private int fieldLength(int offset, int size) {
        int length = lengthToNul(offset, size);
        while (length > 0 && bytes[offset + length - 1] == ' ') {
            length--;
        }
        return length;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return bytes.length + " bytes";
    }
}

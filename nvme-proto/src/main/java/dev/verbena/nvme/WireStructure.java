package dev.verbena.nvme;

import dev.verbena.nvme.internal.Bytes;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.Map;

/**
 * A data structure as a controller sent it: its bytes, and readings of them.
 *
 * <p>Immutable. Equal if class and bytes are equal. Rendering shows every field by the name that
 * nvme-cli gives it; reserved and unknown values are shown as they are.
 *
 * <p>May be extended for structures of a vendor.
 */
public abstract class WireStructure implements Rendered {
    private final Bytes bytes;

    /**
     * Copies the bytes of the structure.
     *
     * @param size in bytes
     * @param name for messages
     * @throws WireFormatException if fewer bytes follow the offset
     */
    protected WireStructure(MemorySegment segment, long offset, int size, String name) {
        this.bytes = Bytes.copy(segment, offset, size, name);
    }

    /** The structure as it came; a copy. */
    public final byte[] toByteArray() {
        return bytes.array();
    }

    /** Size in bytes. */
    public final int byteSize() {
        return bytes.size();
    }

    protected final int u8(int offset) {
        return bytes.u8(offset);
    }

    protected final int u16(int offset) {
        return bytes.u16(offset);
    }

    protected final int u32(int offset) {
        return bytes.u32(offset);
    }

    /** An unsigned 32-bit field as a non-negative long. */
    protected final long u32Long(int offset) {
        return bytes.u32Long(offset);
    }

    protected final long u64(int offset) {
        return bytes.u64(offset);
    }

    protected final BigInteger u128(int offset) {
        return bytes.u128(offset);
    }

    protected final boolean bit(int offset, int bit) {
        return bytes.bit(offset, bit);
    }

    protected final boolean isZero(int offset, int size) {
        return bytes.isZero(offset, size);
    }

    /** Lower-case hexadecimal, two digits a byte, in wire order. */
    protected final String hex(int offset, int size) {
        return bytes.hex(offset, size);
    }

    /** ASCII up to its first NUL, without trailing blanks; other bytes as escapes. */
    protected final String ascii(int offset, int size) {
        return bytes.ascii(offset, size);
    }

    /** As {@link #ascii}, for a field that may hold UTF-8. */
    protected final String utf8(int offset, int size) {
        return bytes.utf8(offset, size);
    }

    /** The fields of a table, in a new map that may be added to. */
    protected final Map<String, Object> values(FieldTable table) {
        return table.values(bytes, 0);
    }

    /** The fields of a table that repeats within the structure. */
    protected final Map<String, Object> values(FieldTable table, int base) {
        return table.values(bytes, base);
    }

    /** The fields of a table as lines. */
    protected final String text(FieldTable table, int width) {
        return table.text(bytes, 0, width);
    }

    /** The fields of a table that repeats within the structure, as lines. */
    protected final String text(FieldTable table, int base, int width) {
        return table.text(bytes, base, width);
    }

    @Override
    public final boolean equals(Object other) {
        return other instanceof WireStructure that
                && getClass() == that.getClass()
                && bytes.equals(that.bytes);
    }

    @Override
    public final int hashCode() {
        return bytes.hashCode();
    }
}

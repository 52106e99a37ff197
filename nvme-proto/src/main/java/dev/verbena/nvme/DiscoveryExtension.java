package dev.verbena.nvme;

import dev.verbena.nvme.internal.Bytes;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What follows the first {@value DiscoveryEntry#SIZE} bytes of an extended discovery log entry.
 *
 * @param totalLength length of the whole entry in bytes, the first part included (TEL)
 * @param attributes the extended attributes in the order they came
 */
public record DiscoveryExtension(long totalLength, List<Attribute> attributes) {
    /** Attribute type: host identifier. */
    public static final int TYPE_HOST_ID = 1;

    /** Attribute type: symbolic name. */
    public static final int TYPE_SYMBOLIC_NAME = 2;

    private static final int HEADER_SIZE = 8;
    private static final int ATTRIBUTE_HEADER_SIZE = 4;

    /**
     * One attribute.
     *
     * @param type as on the wire
     * @param value its bytes in hexadecimal, padding left out
     * @param text its bytes as text, with what is not printable as an escape
     */
    public record Attribute(int type, String value, String text) {}

    /** Copies the list. */
    public DiscoveryExtension {
        attributes = List.copyOf(attributes);
    }

    /**
     * Decodes the extension of an entry.
     *
     * @param entryOffset where the entry starts in the segment, in bytes
     * @throws WireFormatException if a length or count leads outside the entry or the segment
     */
    public static DiscoveryExtension decode(MemorySegment segment, long entryOffset) {
        long start = entryOffset + DiscoveryEntry.SIZE;
        Wire.requireSize(segment, start, HEADER_SIZE, "Extended Discovery Log entry");
        long total = Integer.toUnsignedLong(Wire.u32(segment, start));
        int count = Wire.u16(segment, start + 4);
        long size = total - DiscoveryEntry.SIZE;
        if (size < HEADER_SIZE || size > segment.byteSize() - start) {
            throw new WireFormatException(
                    "Extended Discovery Log entry: length at offset 1024 is "
                            + total
                            + ", expected "
                            + (DiscoveryEntry.SIZE + HEADER_SIZE)
                            + " to "
                            + (DiscoveryEntry.SIZE + segment.byteSize() - start));
        }
        if (size > Integer.MAX_VALUE) {
            throw new WireFormatException(
                    "Extended Discovery Log entry: length at offset 1024 is " + total);
        }
        Bytes bytes = Bytes.copy(segment, start, (int) size, "Extended Discovery Log entry");
        List<Attribute> attributes = new ArrayList<>();
        int at = HEADER_SIZE;
        for (int i = 0; i < count; i++) {
            at += attribute(bytes, at, i, attributes);
        }
        return new DiscoveryExtension(total, attributes);
    }

    /** Adds the attribute at an offset and returns how many bytes it takes. */
    private static int attribute(Bytes bytes, int at, int index, List<Attribute> attributes) {
        int left = bytes.size() - at;
        int length = left < ATTRIBUTE_HEADER_SIZE ? -1 : bytes.u16(at + 2);
        if (length < 0 || length > left - ATTRIBUTE_HEADER_SIZE) {
            throw new WireFormatException(
                    "Extended Discovery Log entry: attribute "
                            + index
                            + " at offset "
                            + (DiscoveryEntry.SIZE + at)
                            + (length < 0 ? " has no header" : " has " + length + " bytes")
                            + ", "
                            + left
                            + " bytes are left");
        }
        int value = at + ATTRIBUTE_HEADER_SIZE;
        attributes.add(
                new Attribute(bytes.u16(at), bytes.hex(value, length), bytes.utf8(value, length)));
        // Values are padded to dwords; the last one's padding may be cut off.
        return Math.min(left, ATTRIBUTE_HEADER_SIZE + (length + 3 & ~3));
    }
}

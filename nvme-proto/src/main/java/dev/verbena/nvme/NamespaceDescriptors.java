package dev.verbena.nvme;

import dev.verbena.nvme.internal.Bytes;
import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The identifiers of a namespace (CNS 03h, section 5.17.2.3): how the same namespace is recognised
 * through another controller.
 *
 * @param descriptors all descriptors in the order they came, unknown types included
 */
public record NamespaceDescriptors(List<Descriptor> descriptors) implements Rendered {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    /** Descriptor type: IEEE extended unique identifier, 8 bytes. */
    public static final int TYPE_EUI64 = 1;

    /** Descriptor type: namespace globally unique identifier, 16 bytes. */
    public static final int TYPE_NGUID = 2;

    /** Descriptor type: UUID, 16 bytes. */
    public static final int TYPE_UUID = 3;

    /** Descriptor type: command set, 1 byte. */
    public static final int TYPE_CSI = 4;

    private static final int HEADER_SIZE = 4;

    /**
     * One descriptor.
     *
     * @param type the type (NIDT)
     * @param value the identifier in hexadecimal, two digits a byte, in wire order
     */
    public record Descriptor(int type, String value) {
        private String typeName() {
            return switch (type) {
                case TYPE_EUI64 -> "eui64";
                case TYPE_NGUID -> "nguid";
                case TYPE_UUID -> "uuid";
                case TYPE_CSI -> "csi";
                default -> "unknown";
            };
        }

        private String shown() {
            return switch (type) {
                case TYPE_UUID -> uuidOf(value).toString();
                case TYPE_CSI -> Text.alternateHex(Integer.parseInt(value, 16));
                default -> value;
            };
        }
    }

    /** Copies the list. */
    public NamespaceDescriptors {
        descriptors = List.copyOf(descriptors);
    }

    /**
     * Decodes the list at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes, a descriptor
     *     does not end inside the list, or one of a known type has another length than its type
     */
    public static NamespaceDescriptors decode(MemorySegment segment) {
        Bytes bytes = Bytes.copy(segment, 0, SIZE, "Namespace Identification Descriptors");
        List<Descriptor> descriptors = new ArrayList<>();
        int offset = 0;
        while (offset + HEADER_SIZE <= SIZE) {
            int type = bytes.u8(offset);
            int length = bytes.u8(offset + 1);
            if (length == 0) {
                break;
            }
            if (length > SIZE - HEADER_SIZE - offset) {
                throw new WireFormatException(
                        "Namespace Identification Descriptors: length at offset "
                                + (offset + 1)
                                + " is "
                                + length
                                + ", only "
                                + (SIZE - HEADER_SIZE - offset)
                                + " bytes are left");
            }
            checkLength(type, length, offset);
            descriptors.add(new Descriptor(type, bytes.hex(offset + HEADER_SIZE, length)));
            offset += HEADER_SIZE + length;
        }
        return new NamespaceDescriptors(descriptors);
    }

    private static void checkLength(int type, int length, int offset) {
        int expected =
                switch (type) {
                    case TYPE_EUI64 -> 8;
                    case TYPE_NGUID, TYPE_UUID -> 16;
                    case TYPE_CSI -> 1;
                    default -> length;
                };
        if (length != expected) {
            throw new WireFormatException(
                    "Namespace Identification Descriptors: length at offset "
                            + (offset + 1)
                            + " is "
                            + length
                            + ", expected "
                            + expected
                            + " for type "
                            + type);
        }
    }

    /** The UUID, if one is reported. */
    public Optional<UUID> uuid() {
        return value(TYPE_UUID).map(NamespaceDescriptors::uuidOf);
    }

    private static UUID uuidOf(String hex) {
        ByteBuffer bytes = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
        return new UUID(bytes.getLong(), bytes.getLong());
    }

    /** The NGUID as 32 hexadecimal digits, if one is reported. */
    public Optional<String> nguid() {
        return value(TYPE_NGUID);
    }

    /** The EUI64 as 16 hexadecimal digits, if one is reported. */
    public Optional<String> eui64() {
        return value(TYPE_EUI64);
    }

    /** The command set, a value of {@link CommandSet}; NVM where none is reported. */
    public int commandSet() {
        return value(TYPE_CSI).map(hex -> Integer.parseInt(hex, 16)).orElse(CommandSet.NVM);
    }

    @Override
    public Map<String, Object> values() {
        List<Map<String, Object>> list = new ArrayList<>();
        int location = 0;
        for (Descriptor descriptor : descriptors) {
            Map<String, Object> entry = new LinkedHashMap<>();
            int length = descriptor.value().length() / 2;
            entry.put("loc", location);
            entry.put("nidt", descriptor.type());
            entry.put("nidl", length);
            entry.put("type", descriptor.typeName());
            entry.put(descriptor.typeName(), descriptor.shown());
            list.add(entry);
            location += HEADER_SIZE + length;
        }
        return Map.of("ns-descs", list);
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder("NVME Namespace Identification Descriptors:\n");
        for (Descriptor descriptor : descriptors) {
            text.append(Text.format("%-8s: %s\n", descriptor.typeName(), descriptor.shown()));
        }
        return text.toString();
    }

    private Optional<String> value(int type) {
        return descriptors.stream()
                .filter(descriptor -> descriptor.type() == type)
                .map(Descriptor::value)
                .findFirst();
    }
}

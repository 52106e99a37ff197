package dev.verbena.nvme.zns;

import dev.verbena.nvme.Rendered;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.internal.Bytes;
import dev.verbena.nvme.internal.Json;
import dev.verbena.nvme.internal.Text;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A report of zones, the answer to {@link ZoneCommands#managementReceive}.
 *
 * @param zoneCount zones that match, or those that are in the report where a partial one was asked
 *     for; unsigned
 * @param zones the zones that fit into the buffer
 */
public record ZoneReport(long zoneCount, List<Zone> zones) implements Rendered {
    /** Size of the header in bytes, and of each zone's descriptor. */
    public static final int DESCRIPTOR_SIZE = 64;

    /**
     * One zone.
     *
     * @param type 2 sequential write required
     * @param stateCode as on the wire, 0 to 15
     * @param attributes bits of its state (ZA)
     * @param attributesInformation details of the bits (ZAI)
     * @param capacityBlocks writable logical blocks
     * @param startLba its first logical block
     * @param writePointer where the next write goes; all ones where there is none
     * @param extension its descriptor extension in hexadecimal; empty where there is none
     */
    public record Zone(
            int type,
            int stateCode,
            int attributes,
            int attributesInformation,
            long capacityBlocks,
            long startLba,
            long writePointer,
            String extension) {
        /** The state by name. */
        public ZoneState state() {
            return ZoneState.of(stateCode);
        }
    }

    /** Copies the list. */
    public ZoneReport {
        zones = List.copyOf(zones);
    }

    /**
     * Decodes the report at the start of the segment.
     *
     * @param extensionSize bytes of a descriptor extension where an extended report was asked for:
     *     {@link ZonedIdentifyNamespace#descriptorExtensionBytes}; 0 otherwise
     * @throws WireFormatException if the segment is shorter than the header
     */
    public static ZoneReport decode(MemorySegment segment, int extensionSize) {
        Wire.inRange(extensionSize, 0, 255 * 64, "extensionSize");
        Wire.requireSize(segment, 0, DESCRIPTOR_SIZE, "Zone Report");
        long count = Wire.u64(segment, 0);
        int step = DESCRIPTOR_SIZE + extensionSize;
        long fitting = (segment.byteSize() - DESCRIPTOR_SIZE) / step;
        long listed = Long.compareUnsigned(count, fitting) < 0 ? count : fitting;
        List<Zone> zones = new ArrayList<>((int) listed);
        for (long i = 0; i < listed; i++) {
            zones.add(
                    zone(
                            Bytes.copy(segment, DESCRIPTOR_SIZE + i * step, step, "Zone Report"),
                            extensionSize));
        }
        return new ZoneReport(count, zones);
    }

    private static Zone zone(Bytes bytes, int extensionSize) {
        return new Zone(
                bytes.u8(0) & 15,
                bytes.u8(1) >>> 4,
                bytes.u8(2),
                bytes.u8(3),
                bytes.u64(8),
                bytes.u64(16),
                bytes.u64(24),
                bytes.hex(DESCRIPTOR_SIZE, extensionSize));
    }

    private static String typeName(int type) {
        return type == 2 ? "SEQWRITE_REQ" : "Unknown Type (" + type + ")";
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("nr_zones", Json.unsigned(zoneCount));
        List<Map<String, Object>> list = new ArrayList<>();
        for (Zone zone : zones) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("slba", Json.unsigned(zone.startLba()));
            entry.put("wp", Json.unsigned(zone.writePointer()));
            entry.put("cap", Json.unsigned(zone.capacityBlocks()));
            entry.put(
                    "state",
                    zone.state() == ZoneState.UNKNOWN
                            ? zone.state() + " (" + zone.stateCode() + ")"
                            : zone.state().toString());
            entry.put("type", typeName(zone.type()));
            entry.put("attrs", zone.attributes());
            if (zone.attributesInformation() != 0) {
                entry.put("attrs_info", zone.attributesInformation());
            }
            if (!zone.extension().isEmpty()) {
                entry.put("ext_data", zone.extension());
            }
            list.add(entry);
        }
        values.put("zone_list", list);
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder();
        text.append("nr_zones: ").append(Long.toUnsignedString(zoneCount)).append('\n');
        for (Zone zone : zones) {
            text.append(
                    Text.format(
                            "SLBA: %-10s WP: %-10s Cap: %-10s State: %-4s Type: %-4s Attrs: %-4s"
                                    + " AttrsInfo: %-4s\n",
                            Text.alternateHex(zone.startLba()),
                            Text.alternateHex(zone.writePointer()),
                            Text.alternateHex(zone.capacityBlocks()),
                            Text.alternateHex((long) zone.stateCode() << 4),
                            Text.alternateHex(zone.type()),
                            Text.alternateHex(zone.attributes()),
                            Text.alternateHex(zone.attributesInformation())));
            if (!zone.extension().isEmpty()) {
                text.append("Extension Data: ").append(zone.extension()).append('\n');
            }
        }
        return text.toString();
    }
}

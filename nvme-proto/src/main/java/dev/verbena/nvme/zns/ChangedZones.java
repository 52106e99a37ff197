package dev.verbena.nvme.zns;

import dev.verbena.nvme.Rendered;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.internal.Json;
import dev.verbena.nvme.internal.Text;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Changed zones of a namespace (log page BFh).
 *
 * @param zones first logical blocks of the zones, unsigned; empty where {@code all}
 * @param all more changed than the list can hold: report all zones
 */
public record ChangedZones(List<Long> zones, boolean all) implements Rendered {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    /** Most entries of the list. */
    public static final int ENTRIES_MAX = 511;

    private static final int TOO_MANY = 0xFFFF;

    /** Copies the list. */
    public ChangedZones {
        zones = List.copyOf(zones);
    }

    /**
     * Decodes the page at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes or the count
     *     is neither at most {@value #ENTRIES_MAX} nor FFFFh
     */
    public static ChangedZones decode(MemorySegment segment) {
        Wire.requireSize(segment, 0, SIZE, "Changed Zone List");
        int count = Wire.u16(segment, 0);
        if (count == TOO_MANY) {
            return new ChangedZones(List.of(), true);
        }
        if (count > ENTRIES_MAX) {
            throw new WireFormatException(
                    "Changed Zone List: count at offset 0 is "
                            + count
                            + ", expected at most "
                            + ENTRIES_MAX);
        }
        List<Long> zones = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            zones.add(Wire.u64(segment, 8 + 8L * i));
        }
        return new ChangedZones(zones, false);
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("all", all);
        values.put("zones", zones.stream().map(zone -> Json.unsigned(zone)).toList());
        return values;
    }

    @Override
    public String toText() {
        if (all) {
            return "nrzid:  65535\n";
        }
        StringBuilder text = new StringBuilder("nrzid:  ").append(zones.size()).append('\n');
        for (int i = 0; i < zones.size(); i++) {
            text.append(Text.format("zid %03d: %d\n", i, zones.get(i)));
        }
        return text.toString();
    }
}

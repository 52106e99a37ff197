package dev.verbena.nvme.log;

import dev.verbena.nvme.Rendered;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.internal.Text;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Changed namespaces (log page 04h): a hint what to look at. What is active, and how, only the
 * active namespace list tells.
 *
 * @param namespaceIds the namespaces, as {@code int}s to be read unsigned; empty where {@code all}
 * @param all more changed than the list can hold: look at every namespace
 */
public record ChangedNamespaces(List<Integer> namespaceIds, boolean all) implements Rendered {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    /** Most entries of the list. */
    public static final int ENTRIES_MAX = 1024;

    private static final int TOO_MANY = 0xFFFF_FFFF;

    /** Copies the list. */
    public ChangedNamespaces {
        namespaceIds = List.copyOf(namespaceIds);
    }

    /**
     * Decodes the page at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static ChangedNamespaces decode(MemorySegment segment) {
        Wire.requireSize(segment, 0, SIZE, "Changed Namespace List");
        if (Wire.u32(segment, 0) == TOO_MANY) {
            return new ChangedNamespaces(List.of(), true);
        }
        List<Integer> identifiers = new ArrayList<>();
        for (int i = 0; i < ENTRIES_MAX; i++) {
            int identifier = Wire.u32(segment, 4L * i);
            if (identifier == 0) {
                break;
            }
            identifiers.add(identifier);
        }
        return new ChangedNamespaces(identifiers, false);
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("all", all);
        values.put("namespaces", namespaceIds.stream().map(Integer::toUnsignedLong).toList());
        return values;
    }

    @Override
    public String toText() {
        if (all) {
            return "more than " + ENTRIES_MAX + " ns changed\n";
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < namespaceIds.size(); i++) {
            text.append(Text.format("[%4d]:%#x\n", i, namespaceIds.get(i)));
        }
        return text.toString();
    }
}

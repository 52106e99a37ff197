package dev.verbena.nvme;

import dev.verbena.nvme.internal.Json;
import dev.verbena.nvme.internal.Text;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A list of controller identifiers (CNS 12h and 13h; data of Namespace Attachment). */
public final class ControllerList {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    /** Most entries of one list. */
    public static final int ENTRIES_MAX = 2047;

    private ControllerList() {}

    /**
     * The identifiers of the list at the start of the segment, in the order they came.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes or the count
     *     is more than {@value #ENTRIES_MAX}
     */
    public static List<Integer> decode(MemorySegment segment) {
        Wire.requireSize(segment, 0, SIZE, "Controller List");
        int count = Wire.u16(segment, 0);
        if (count > ENTRIES_MAX) {
            throw new WireFormatException(
                    "Controller List: count at offset 0 is "
                            + count
                            + ", expected at most "
                            + ENTRIES_MAX);
        }
        List<Integer> identifiers = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            identifiers.add(Wire.u16(segment, 2 + 2L * i));
        }
        return List.copyOf(identifiers);
    }

    /**
     * Writes all {@value #SIZE} bytes of a list.
     *
     * @param controllerIds at most {@value #ENTRIES_MAX} identifiers, ascending as the
     *     specification asks
     */
    public static void encode(MemorySegment segment, long offset, int... controllerIds) {
        Wire.inRange(controllerIds.length, 0, ENTRIES_MAX, "number of controllers");
        segment.asSlice(offset, SIZE).fill((byte) 0);
        Wire.u16(segment, offset, controllerIds.length);
        for (int i = 0; i < controllerIds.length; i++) {
            Wire.u16(
                    segment,
                    offset + 2 + 2L * i,
                    Wire.inRange(controllerIds[i], 0, 0xFFFF, "controllerId"));
        }
    }

    /** The list as {@code nvme list-ctrl} prints it. */
    public static String toText(List<Integer> identifiers) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < identifiers.size(); i++) {
            text.append(Text.format("[%4d]:%#x\n", i, identifiers.get(i)));
        }
        return text.toString();
    }

    /** The list as JSON, with the names {@code nvme list-ctrl -o json} uses. */
    public static String toJson(List<Integer> identifiers) {
        return Json.write(
                Map.of(
                        "ctrl_list",
                        identifiers.stream().map(id -> Map.of("ctrl_id", id)).toList()));
    }
}

package dev.verbena.nvme;

import dev.verbena.nvme.internal.Json;
import dev.verbena.nvme.internal.Text;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A list of namespace identifiers: active (CNS 02h and 07h), allocated (CNS 10h) or changed (log
 * page 04h).
 */
public final class ActiveNamespaceList {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    /** Most entries of one list; where it is full, the next starts after its last entry. */
    public static final int ENTRIES_MAX = 1024;

    private ActiveNamespaceList() {}

    /**
     * The identifiers up to the first 0, in ascending order as {@code int}s to be read unsigned.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes or the
     *     identifiers do not ascend, which would make a reader of the next list go in circles
     */
    public static List<Integer> decode(MemorySegment segment) {
        Wire.requireSize(segment, 0, SIZE, "Namespace List");
        List<Integer> identifiers = new ArrayList<>();
        int previous = 0;
        for (int i = 0; i < ENTRIES_MAX; i++) {
            int identifier = Wire.u32(segment, 4L * i);
            if (identifier == 0) {
                break;
            }
            if (Integer.compareUnsigned(identifier, previous) <= 0) {
                throw new WireFormatException(
                        "Namespace List: entry at offset "
                                + 4 * i
                                + " is "
                                + Integer.toUnsignedString(identifier)
                                + ", expected more than the one before it, "
                                + Integer.toUnsignedString(previous));
            }
            identifiers.add(identifier);
            previous = identifier;
        }
        return List.copyOf(identifiers);
    }

    /** The list as {@code nvme list-ns} prints it. */
    public static String toText(List<Integer> identifiers) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < identifiers.size(); i++) {
            text.append(Text.format("[%4d]:%#x\n", i, identifiers.get(i)));
        }
        return text.toString();
    }

    /** The list as JSON, with the names {@code nvme list-ns -o json} uses. */
    public static String toJson(List<Integer> identifiers) {
        return Json.write(
                Map.of(
                        "nsid_list",
                        identifiers.stream()
                                .map(id -> Map.of("nsid", Integer.toUnsignedLong(id)))
                                .toList()));
    }
}

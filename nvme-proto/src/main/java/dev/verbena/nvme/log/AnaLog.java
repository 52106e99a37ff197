package dev.verbena.nvme.log;

import dev.verbena.nvme.Rendered;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.internal.Bytes;
import dev.verbena.nvme.internal.Json;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Asymmetric namespace access (log page 0Ch): which groups this controller reaches, and how.
 *
 * <p>Read in pieces it is one snapshot only if the change count is the same at the end.
 *
 * @param changeCount changes with every change of the log, unsigned
 * @param groups the groups in the order they came
 */
public record AnaLog(long changeCount, List<Group> groups) implements Rendered {
    /** Size of the header in bytes. */
    public static final int HEADER_SIZE = 16;

    /** Size of a group's descriptor without its namespaces, in bytes. */
    public static final int GROUP_SIZE = 32;

    /** Largest state on the wire: four bits. */
    private static final int STATE_MAX = 15;

    /**
     * One group.
     *
     * @param id 1 or more, unsigned 32 bits
     * @param changeCount of this group, unsigned; 0 where not reported
     * @param stateCode as on the wire, 1 to 15
     * @param namespaceIds as {@code int}s to be read unsigned; empty where only groups were asked
     *     for
     */
    public record Group(long id, long changeCount, int stateCode, List<Integer> namespaceIds) {
        /** Copies the list. */
        public Group {
            namespaceIds = List.copyOf(namespaceIds);
        }

        /** The state by name. */
        public AnaState state() {
            return AnaState.of(stateCode);
        }
    }

    /** Copies the list. */
    public AnaLog {
        groups = List.copyOf(groups);
    }

    /**
     * Size of a buffer that holds the whole log.
     *
     * @param groupCount {@code IdentifyController.anaGroupCount()}
     * @param namespaceCount {@code maximumAllocatedNamespaces()}, or where that is 0 {@code
     *     namespaceCount()}
     */
    public static long byteSizeMax(long groupCount, long namespaceCount) {
        return HEADER_SIZE + groupCount * GROUP_SIZE + 4 * namespaceCount;
    }

    /**
     * Decodes the log at the start of the segment.
     *
     * @param groupIdMaximum {@code IdentifyController.anaGroupIdMaximum()}
     * @throws WireFormatException if the log contradicts itself: it is cut off, a group's
     *     identifier is 0, more than the maximum, or there twice, a state is not 1 to 15, or a
     *     namespace's identifier is 0. Such a log must not be used at all.
     */
    public static AnaLog decode(MemorySegment segment, long groupIdMaximum) {
        if (segment.byteSize() > Integer.MAX_VALUE) {
            throw new WireFormatException("ANA Log: buffer of " + segment.byteSize() + " bytes");
        }
        Bytes bytes = Bytes.copy(segment, 0, (int) segment.byteSize(), "ANA Log");
        require(bytes, 0, HEADER_SIZE, "header");
        int groupCount = bytes.u16(8);
        List<Group> groups = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        int offset = HEADER_SIZE;
        for (int i = 0; i < groupCount; i++) {
            Group group = group(bytes, offset, i, groupIdMaximum);
            if (!seen.add(group.id())) {
                throw new WireFormatException(
                        "ANA Log: group "
                                + group.id()
                                + " at offset "
                                + offset
                                + " is there twice");
            }
            groups.add(group);
            offset += GROUP_SIZE + 4 * group.namespaceIds().size();
        }
        return new AnaLog(bytes.u64(0), groups);
    }

    private static Group group(Bytes bytes, int offset, int index, long groupIdMaximum) {
        require(bytes, offset, GROUP_SIZE, "group " + index);
        long id = bytes.u32Long(offset);
        if (id < 1 || id > groupIdMaximum) {
            throw new WireFormatException(
                    "ANA Log: group identifier at offset "
                            + offset
                            + " is "
                            + id
                            + ", expected 1 to "
                            + groupIdMaximum);
        }
        int state = bytes.u8(offset + 16);
        if (state < 1 || state > STATE_MAX) {
            throw new WireFormatException(
                    "ANA Log: state at offset "
                            + (offset + 16)
                            + " is "
                            + state
                            + ", expected 1 to "
                            + STATE_MAX);
        }
        long count = bytes.u32Long(offset + 4);
        require(bytes, offset + GROUP_SIZE, 4 * count, count + " namespaces of group " + index);
        List<Integer> identifiers = new ArrayList<>((int) count);
        for (int i = 0; i < count; i++) {
            int at = offset + GROUP_SIZE + 4 * i;
            if (bytes.u32(at) == 0) {
                throw new WireFormatException("ANA Log: namespace at offset " + at + " is 0");
            }
            identifiers.add(bytes.u32(at));
        }
        return new Group(id, bytes.u64(offset + 8), state, identifiers);
    }

    private static void require(Bytes bytes, int offset, long size, String what) {
        if (size > bytes.size() - offset) {
            throw new WireFormatException(
                    "ANA Log: "
                            + what
                            + " at offset "
                            + offset
                            + " needs "
                            + size
                            + " bytes, "
                            + (bytes.size() - offset)
                            + " are left");
        }
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("chgcnt", Json.unsigned(changeCount));
        values.put("ngrps", groups.size());
        List<Map<String, Object>> list = new ArrayList<>();
        for (Group group : groups) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("grpid", group.id());
            entry.put("nnsids", group.namespaceIds().size());
            entry.put("chgcnt", Json.unsigned(group.changeCount()));
            entry.put("state", stateText(group));
            entry.put(
                    "NSIDS",
                    group.namespaceIds().stream()
                            .map(id -> Map.of("nsid", Integer.toUnsignedLong(id)))
                            .toList());
            list.add(entry);
        }
        values.put("ANA DESC LIST", list);
        return values;
    }

    private static String stateText(Group group) {
        return group.state() == AnaState.UNKNOWN
                ? group.state() + " (" + group.stateCode() + ")"
                : group.state().toString();
    }

    @Override
    public String toText() {
        StringBuilder text =
                new StringBuilder("Asymmetric Namespace Access Log:\nANA LOG HEADER :-\n");
        text.append("chgcnt\t:\t").append(Long.toUnsignedString(changeCount)).append('\n');
        text.append("ngrps\t:\t").append(groups.size()).append("\nANA Log Desc :-\n");
        for (Group group : groups) {
            text.append("grpid\t:\t").append(group.id()).append('\n');
            text.append("nnsids\t:\t").append(group.namespaceIds().size()).append('\n');
            text.append("chgcnt\t:\t")
                    .append(Long.toUnsignedString(group.changeCount()))
                    .append('\n');
            text.append("state\t:\t").append(stateText(group)).append('\n');
            for (int id : group.namespaceIds()) {
                text.append("\tnsid\t:\t").append(Integer.toUnsignedString(id)).append('\n');
            }
            text.append('\n');
        }
        return text.toString();
    }
}

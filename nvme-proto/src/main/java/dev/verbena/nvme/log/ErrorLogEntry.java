package dev.verbena.nvme.log;

import dev.verbena.nvme.FieldTable;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.WireStructure;
import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One entry of the error information log (log page 01h), newest first. */
public final class ErrorLogEntry extends WireStructure {
    /** Size in bytes. */
    public static final int SIZE = 64;

    private static final FieldTable BEFORE_STATUS =
            FieldTable.of(
                    """
                    error_count 0 8 dec
                    sqid 8 2 dec
                    cmdid 10 2 hex
                    """);

    private static final FieldTable AFTER_STATUS =
            FieldTable.of(
                    """
                    parm_err_loc 14 2 hex
                    lba 16 8 hex
                    nsid 24 4 hex
                    vs 28 1 dec
                    trtype 29 1 dec
                    csi 30 1 dec later
                    opcode 31 1 hex later
                    cs 32 8 hex
                    trtype_spec_info 40 2 hex
                    log_page_version 63 1 dec later
                    """);

    private ErrorLogEntry(MemorySegment segment, long offset) {
        super(segment, offset, SIZE, "Error Log entry");
    }

    /**
     * Copies and decodes one entry.
     *
     * @throws WireFormatException if fewer than {@value #SIZE} bytes follow
     */
    public static ErrorLogEntry decode(MemorySegment segment, long offset) {
        return new ErrorLogEntry(segment, offset);
    }

    /** All entries of the page that fit into the segment, unused ones included. */
    public static List<ErrorLogEntry> decodeAll(MemorySegment segment) {
        List<ErrorLogEntry> entries = new ArrayList<>();
        for (long at = 0; at + SIZE <= segment.byteSize(); at += SIZE) {
            entries.add(decode(segment, at));
        }
        return List.copyOf(entries);
    }

    /** Number of this error since the controller was made; 0 for an unused entry; unsigned. */
    public long errorCount() {
        return u64(0);
    }

    /** The queue of the command, FFFFh where the error is not specific to one. */
    public int sqId() {
        return u16(8);
    }

    /** The command's identifier, FFFFh where the error is not specific to one. */
    public int commandId() {
        return u16(10);
    }

    /** The status the command was completed with. */
    public NvmeStatus status() {
        return new NvmeStatus(u16(12) >>> 1);
    }

    /** Byte (7:0) and bit (10:8) of the command's parameter in error; FFFFh for none. */
    public int parameterErrorLocation() {
        return u16(14);
    }

    /** The first logical block that failed. */
    public long lba() {
        return u64(16);
    }

    public int namespaceId() {
        return u32(24);
    }

    /** Command-specific information. */
    public long commandSpecific() {
        return u64(32);
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = values(BEFORE_STATUS);
        values.put("status_field", status().value());
        values.put("phase_tag", u16(12) & 1);
        values.putAll(values(AFTER_STATUS));
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder(text(BEFORE_STATUS, 16));
        int value = status().value();
        text.append("status_field    : ")
                .append(Text.alternateHex(value))
                .append('(')
                .append(status().name())
                .append(")\n");
        text.append("phase_tag       : ").append(u16(12) & 1).append('\n');
        return text.append(text(AFTER_STATUS, 16)).toString();
    }

    /** A list of entries by name, for JSON. */
    public static Map<String, Object> values(List<ErrorLogEntry> entries) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("errors", entries.stream().map(ErrorLogEntry::values).toList());
        return values;
    }

    /** A list of entries as text. */
    public static String toText(List<ErrorLogEntry> entries) {
        StringBuilder text =
                new StringBuilder("Error Log Entries entries:")
                        .append(entries.size())
                        .append("\n.................\n");
        for (int i = 0; i < entries.size(); i++) {
            text.append(" Entry[").append(i < 10 ? " " : "").append(i).append("]\n");
            text.append(".................\n")
                    .append(entries.get(i).toText())
                    .append(".................\n");
        }
        return text.toString();
    }
}

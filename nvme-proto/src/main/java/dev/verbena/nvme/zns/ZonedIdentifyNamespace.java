package dev.verbena.nvme.zns;

import dev.verbena.nvme.FieldTable;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.WireStructure;
import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The zoned part of a namespace (CNS 05h, CSI 02h). */
public final class ZonedIdentifyNamespace extends WireStructure {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    private static final int FORMATS_OFFSET = 2816;
    private static final int FORMATS_MAX = 64;
    private static final int FORMAT_SIZE = 16;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    zoc 0 2 dec
                    ozcs 2 2 dec
                    mar 4 4 hex
                    mor 8 4 hex
                    rrl 12 4 dec
                    frl 16 4 dec
                    rrl1 20 4 dec
                    rrl2 24 4 dec
                    rrl3 28 4 dec
                    frl1 32 4 dec
                    frl2 36 4 dec
                    frl3 40 4 dec
                    numzrwa 44 4 dec
                    zrwafg 48 2 dec
                    zrwasz 50 2 dec
                    zrwacap 52 1 dec
                    """);

    private ZonedIdentifyNamespace(MemorySegment segment) {
        super(segment, 0, SIZE, "ZNS Command Set Identify Namespace");
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static ZonedIdentifyNamespace decode(MemorySegment segment) {
        return new ZonedIdentifyNamespace(segment);
    }

    /** Whether a zone's capacity may change without the host's doing (ZOC bit 0). */
    public boolean variableCapacity() {
        return bit(0, 0);
    }

    /** Whether reads may cross zones (OZCS bit 0). */
    public boolean readAcrossZones() {
        return bit(2, 0);
    }

    /** Most active zones, {@link Long#MAX_VALUE} for no limit (MAR is one less). */
    public long maximumActiveZones() {
        return limit(u32(4));
    }

    /** Most open zones, {@link Long#MAX_VALUE} for no limit (MOR is one less). */
    public long maximumOpenZones() {
        return limit(u32(8));
    }

    private static long limit(int zeroBased) {
        return zeroBased == -1 ? Long.MAX_VALUE : Integer.toUnsignedLong(zeroBased) + 1;
    }

    /**
     * Size of a zone in logical blocks.
     *
     * @param formatIndex the namespace's format, 0 to 63
     */
    public long zoneSizeBlocks(int formatIndex) {
        return u64(FORMATS_OFFSET + FORMAT_SIZE * Objects.checkIndex(formatIndex, FORMATS_MAX));
    }

    /**
     * Bytes of a zone's descriptor extension, a multiple of 64; 0 for none.
     *
     * @param formatIndex the namespace's format, 0 to 63
     */
    public int descriptorExtensionBytes(int formatIndex) {
        Objects.checkIndex(formatIndex, FORMATS_MAX);
        return 64 * u8(FORMATS_OFFSET + FORMAT_SIZE * formatIndex + 8);
    }

    private int formatCount() {
        int count = FORMATS_MAX;
        while (count > 1 && isZero(FORMATS_OFFSET + FORMAT_SIZE * (count - 1), FORMAT_SIZE)) {
            count--;
        }
        return count;
    }

    @Override
    public Map<String, Object> values() {
        Map<String, Object> values = values(FIELDS);
        List<Map<String, Object>> list = new ArrayList<>();
        for (int i = 0; i < formatCount(); i++) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("zsze", zoneSizeBlocks(i));
            entry.put("zdes", u8(FORMATS_OFFSET + FORMAT_SIZE * i + 8));
            list.add(entry);
        }
        values.put("lbafe", list);
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text =
                new StringBuilder("ZNS Command Set Identify Namespace:\n").append(text(FIELDS, 8));
        for (int i = 0; i < formatCount(); i++) {
            text.append(
                    Text.format(
                            "lbafe %2d: zsze:%#x zdes:%d\n",
                            i, zoneSizeBlocks(i), u8(FORMATS_OFFSET + FORMAT_SIZE * i + 8)));
        }
        return text.toString();
    }
}

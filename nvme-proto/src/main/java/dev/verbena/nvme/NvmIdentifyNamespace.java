package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Protection information details of a namespace (CNS 05h, CSI 00h). */
public final class NvmIdentifyNamespace extends WireStructure {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    private static final int FORMATS_OFFSET = 12;
    private static final int FORMATS_MAX = 64;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    lbstm 0 8 hex
                    pic 8 1 hex
                    pifa 9 1 hex later
                    npdgl 268 4 dec later
                    nprg 272 4 dec later
                    npra 276 4 dec later
                    nors 280 4 dec later
                    npdal 284 4 dec later
                    lbapss 288 4 dec later
                    tlbaag 292 4 dec later
                    """);

    /**
     * What a format's protection information looks like.
     *
     * @param storageTagSize bits of the storage tag (STS)
     * @param guardFormat 0 16-bit, 1 32-bit, 2 64-bit guard, 3 see the qualified format (PIF)
     * @param qualifiedFormat format where the guard format is 3 (QPIF)
     */
    public record Protection(int storageTagSize, int guardFormat, int qualifiedFormat) {}

    private NvmIdentifyNamespace(MemorySegment segment) {
        super(segment, 0, SIZE, "NVMe Identify Namespace NVM");
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static NvmIdentifyNamespace decode(MemorySegment segment) {
        return new NvmIdentifyNamespace(segment);
    }

    /** Storage tag mask (LBSTM). */
    public long storageTagMask() {
        return u64(0);
    }

    /** Protection information capabilities (PIC). */
    public int protectionCapabilities() {
        return u8(8);
    }

    /**
     * The protection information of a format.
     *
     * @param formatIndex 0 to 63, as {@link IdentifyNamespace#formattedIndex()}
     */
    public Protection protection(int formatIndex) {
        java.util.Objects.checkIndex(formatIndex, FORMATS_MAX);
        int value = u32(FORMATS_OFFSET + 4 * formatIndex);
        return new Protection(value & 0x7F, value >>> 7 & 3, value >>> 9 & 15);
    }

    private int formatCount() {
        int count = FORMATS_MAX;
        while (count > 1 && isZero(FORMATS_OFFSET + 4 * (count - 1), 4)) {
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
            entry.put("sts", protection(i).storageTagSize());
            entry.put("pif", protection(i).guardFormat());
            entry.put("qpif", protection(i).qualifiedFormat());
            list.add(entry);
        }
        values.put("elbafs", list);
        return values;
    }

    @Override
    public String toText() {
        StringBuilder text =
                new StringBuilder("NVMe Identify Namespace NVM:\n").append(text(FIELDS, 6));
        for (int i = 0; i < formatCount(); i++) {
            Protection protection = protection(i);
            text.append(
                    Text.format(
                            "elbaf %2d : qpif:%d pif:%d sts:%d\n",
                            i,
                            protection.qualifiedFormat(),
                            protection.guardFormat(),
                            protection.storageTagSize()));
        }
        return text.toString();
    }
}

package dev.verbena.nvme.zns;

import dev.verbena.nvme.FieldTable;
import dev.verbena.nvme.TableStructure;
import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;

/** Limits of the zoned command set (CNS 06h, CSI 02h). */
public final class ZonedIdentifyController extends TableStructure {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    zasl 0 1 dec
                    """);

    private ZonedIdentifyController(MemorySegment segment) {
        super(segment, 0, SIZE, "NVMe ZNS Identify Controller", FIELDS, 8);
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static ZonedIdentifyController decode(MemorySegment segment) {
        return new ZonedIdentifyController(segment);
    }

    /**
     * Size limit of Zone Append as a power of two of pages; 0 for that of other transfers (ZASL).
     */
    public int appendSizeLimit() {
        return u8(0);
    }
}

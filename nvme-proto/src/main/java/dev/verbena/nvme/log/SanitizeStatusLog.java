package dev.verbena.nvme.log;

import dev.verbena.nvme.FieldTable;
import dev.verbena.nvme.TableStructure;
import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;

/** Progress and outcome of a sanitize operation (log page 81h). */
public final class SanitizeStatusLog extends TableStructure {
    /** Size in bytes. */
    public static final int SIZE = 512;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    sprog 0 2 dec
                    sstat 2 2 hex
                    cdw10_info 4 4 hex
                    time_over_write 8 4 dec
                    time_block_erase 12 4 dec
                    time_crypto_erase 16 4 dec
                    time_over_write_no_dealloc 20 4 dec
                    time_block_erase_no_dealloc 24 4 dec
                    time_crypto_erase_no_dealloc 28 4 dec
                    time_post_verification_dealloc 32 4 dec later
                    ssi 36 1 hex later
                    """);

    private SanitizeStatusLog(MemorySegment segment) {
        super(segment, 0, SIZE, "Sanitize Log", FIELDS, 30);
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static SanitizeStatusLog decode(MemorySegment segment) {
        return new SanitizeStatusLog(segment);
    }

    /** Progress of the running operation, in 65536ths (SPROG). */
    public int progress65536ths() {
        return u16(0);
    }

    /**
     * State of the last operation: 0 never, 1 completed, 2 in progress, 3 failed, 4 completed with
     * forced deallocation (SSTAT 2:0).
     */
    public int state() {
        return u16(2) & 7;
    }

    /** Completed passes of an overwrite (SSTAT 7:3). */
    public int overwritePassesCompleted() {
        return u16(2) >>> 3 & 31;
    }

    /** Whether nothing was written since the last successful operation (SSTAT bit 8). */
    public boolean globalDataErased() {
        return bit(2, 8);
    }
}

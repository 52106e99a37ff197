package dev.verbena.nvme.log;

import dev.verbena.nvme.FieldTable;
import dev.verbena.nvme.TableStructure;
import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;

/** Endurance group information (log page 09h). */
public final class EnduranceGroupLog extends TableStructure {
    /** Size in bytes. */
    public static final int SIZE = 512;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    critical_warning 0 1 dec
                    endurance_group_features 1 1 dec
                    avl_spare 3 1 dec
                    avl_spare_threshold 4 1 dec
                    percent_used 5 1 dec
                    domain_identifier 6 2 dec
                    endurance_estimate 32 16 big
                    data_units_read 48 16 big
                    data_units_written 64 16 big
                    media_units_written 80 16 big
                    host_read_cmds 96 16 big
                    host_write_cmds 112 16 big
                    media_data_integrity_err 128 16 big
                    num_err_info_log_entries 144 16 big
                    total_end_grp_cap 160 16 big
                    unalloc_end_grp_cap 176 16 big
                    """);

    private EnduranceGroupLog(MemorySegment segment) {
        super(segment, 0, SIZE, "Endurance Group Log", FIELDS, 24);
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static EnduranceGroupLog decode(MemorySegment segment) {
        return new EnduranceGroupLog(segment);
    }

    /** Critical warnings, one bit each; 0 is good. */
    public int criticalWarning() {
        return u8(0);
    }

    /** Spare capacity left in percent. */
    public int availableSparePercent() {
        return u8(3);
    }

    /** Estimate of the life used in percent, may exceed 100. */
    public int percentageUsed() {
        return u8(5);
    }

    /** Total capacity of the group in bytes. */
    public BigInteger totalCapacityBytes() {
        return u128(160);
    }

    /** Capacity of the group that is not allocated, in bytes. */
    public BigInteger unallocatedCapacityBytes() {
        return u128(176);
    }
}

package dev.verbena.nvme;

import java.lang.foreign.MemorySegment;

/**
 * Limits of the NVM command set (CNS 06h, CSI 00h). Limits are powers of two of the smallest memory
 * page; 0 is no limit reported.
 */
public final class NvmIdentifyController extends TableStructure {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    vsl 0 1 dec
                    wzsl 1 1 dec
                    wusl 2 1 dec
                    dmrl 3 1 dec
                    dmrsl 4 4 dec
                    dmsl 8 8 dec
                    kpiocap 16 1 hex later
                    wzdsl 17 1 dec later
                    aocs 18 2 hex later
                    ver 20 4 hex later
                    lbamqf 24 1 hex later
                    """);

    private NvmIdentifyController(MemorySegment segment) {
        super(segment, 0, SIZE, "NVMe Identify Controller NVM", FIELDS, 7);
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static NvmIdentifyController decode(MemorySegment segment) {
        return new NvmIdentifyController(segment);
    }

    /** Verify size limit as a power of two of pages, 0 for none (VSL). */
    public int verifySizeLimit() {
        return u8(0);
    }

    /** Write Zeroes size limit as a power of two of pages, 0 for none (WZSL). */
    public int writeZeroesSizeLimit() {
        return u8(1);
    }

    /** Write Uncorrectable size limit as a power of two of pages, 0 for none (WUSL). */
    public int writeUncorrectableSizeLimit() {
        return u8(2);
    }

    /** Most ranges of one Dataset Management, 0 for none reported (DMRL). */
    public int datasetRangesLimit() {
        return u8(3);
    }

    /** Most blocks of one range of Dataset Management, 0 for none reported (DMRSL). */
    public long datasetRangeBlocksLimit() {
        return u32Long(4);
    }

    /** Most blocks of one Dataset Management, 0 for none reported, unsigned (DMSL). */
    public long datasetBlocksLimit() {
        return u64(8);
    }

    /** Size limit of Write Zeroes with deallocation, as a power of two of pages (WZDSL). */
    public int writeZeroesDeallocateSizeLimit() {
        return u8(17);
    }

    /**
     * A limit in bytes.
     *
     * @param exponent one of the size limits above
     * @return {@link Long#MAX_VALUE} where none is reported
     */
    public static long limitBytes(int exponent, Capabilities capabilities) {
        // A page is at most 2^27 bytes; an exponent that would overflow limits nothing.
        return exponent == 0 || exponent > 35
                ? Long.MAX_VALUE
                : capabilities.memoryPageSizeMinimum() << exponent;
    }
}

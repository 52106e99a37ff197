package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Encoders of the NVM command set (NVM Command Set Specification, section 3). Each writes all 64
 * bytes of the entry with an SGL that says "no data"; where there is data, write the {@link Sgl}
 * afterwards.
 *
 * <p>A {@code blockCount} is a count, 1 to {@value #BLOCK_COUNT_MAX}; only the wire field is zero
 * based. {@code flags} are the bits of dword 12 named here.
 */
public final class NvmCommands {
    /** Most logical blocks one command can name. */
    public static final int BLOCK_COUNT_MAX = 1 << 16;

    /** Flag: the controller makes no unusual effort to recover (LR). */
    public static final int LIMITED_RETRY = 1 << 31;

    /** Flag: done only when the data is on non-volatile media (FUA). */
    public static final int FORCE_UNIT_ACCESS = 1 << 30;

    /** Flag: the controller inserts or strips protection information (PRACT). */
    public static final int PROTECTION_ACTION = 1 << 29;

    /** Flag: check the guard field of the protection information. */
    public static final int CHECK_GUARD = 1 << 28;

    /** Flag: check the application tag of the protection information. */
    public static final int CHECK_APPLICATION_TAG = 1 << 27;

    /** Flag: check the reference tag of the protection information. */
    public static final int CHECK_REFERENCE_TAG = 1 << 26;

    /** Flag of Write Zeroes: the blocks may be deallocated (DEAC). */
    public static final int DEALLOCATE = 1 << 25;

    /** Flag: check the storage tag (STC). */
    public static final int CHECK_STORAGE_TAG = 1 << 24;

    private static final int NLB_MASK = 0xFFFF;

    private NvmCommands() {}

    /**
     * Read, with data to the host.
     *
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount 1 to {@value #BLOCK_COUNT_MAX}
     * @param flags dword 12 bits 31:16, 0 for none
     */
    public static void read(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            long startingLba,
            int blockCount,
            int flags) {
        ranged(
                segment,
                offset,
                NvmOpcode.READ,
                commandId,
                namespaceId,
                startingLba,
                blockCount,
                flags);
    }

    /**
     * Write, with data from the host.
     *
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount 1 to {@value #BLOCK_COUNT_MAX}
     * @param flags dword 12 bits 31:16, 0 for none
     */
    public static void write(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            long startingLba,
            int blockCount,
            int flags) {
        ranged(
                segment,
                offset,
                NvmOpcode.WRITE,
                commandId,
                namespaceId,
                startingLba,
                blockCount,
                flags);
    }

    /**
     * Flush: makes completed writes durable.
     *
     * @param namespaceId the namespace, or {@code 0xFFFFFFFF} for all of the controller's
     */
    public static void flush(MemorySegment segment, long offset, int commandId, int namespaceId) {
        SubmissionEntry.begin(segment, offset, NvmOpcode.FLUSH, commandId, namespaceId);
    }

    private static void ranged(
            MemorySegment segment,
            long offset,
            int opcode,
            int commandId,
            int namespaceId,
            long startingLba,
            int blockCount,
            int flags) {
        Wire.inRange(blockCount, 1, BLOCK_COUNT_MAX, "blockCount");
        if ((flags & NLB_MASK) != 0) {
            throw new IllegalArgumentException(
                    "flags "
                            + Integer.toHexString(flags)
                            + "h use bits 15:0, which hold the count");
        }
        SubmissionEntry.begin(segment, offset, opcode, commandId, namespaceId);
        Wire.u64(segment, offset + 40, startingLba);
        Wire.u32(segment, offset + 48, blockCount - 1 | flags);
    }
}

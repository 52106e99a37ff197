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

    /** Flag of Write Zeroes: all blocks of the namespace, whatever the range says (NSZ). */
    public static final int WHOLE_NAMESPACE = 1 << 23;

    /** Flag of Copy: check the storage tag of the source as well (STCR). */
    public static final int COPY_CHECK_STORAGE_TAG_READ = 1 << 25;

    /** Attribute of Dataset Management: the ranges will be read as a whole. */
    public static final int ATTRIBUTE_INTEGRAL_READ = 1;

    /** Attribute of Dataset Management: the ranges will be written as a whole. */
    public static final int ATTRIBUTE_INTEGRAL_WRITE = 2;

    /** Attribute of Dataset Management: the ranges may be deallocated. */
    public static final int ATTRIBUTE_DEALLOCATE = 4;

    private static final int NLB_MASK = 0xFFFF;
    private static final int DIRECTIVE_TYPE_MASK = 15 << 20;

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
     * Read, Write or Compare with one buffer by remote key, which stays valid: what the methods of
     * these names and {@link Sgl#keyed} write, each byte once.
     *
     * @param opcode of {@link NvmOpcode}, one of the three
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount 1 to {@value #BLOCK_COUNT_MAX}
     * @param flags dword 12 bits 31:16, 0 for none
     * @param address of the buffer as the controller's NIC addresses it
     * @param length in bytes, 0 to {@link Sgl#KEYED_LENGTH_MAX}
     * @param key the remote key
     */
    public static void keyed(
            MemorySegment segment,
            long offset,
            int opcode,
            int commandId,
            int namespaceId,
            long startingLba,
            int blockCount,
            int flags,
            long address,
            int length,
            int key) {
        SubmissionEntry.begin(
                segment,
                offset,
                opcode,
                commandId,
                namespaceId,
                address,
                Sgl.keyedHigh(length, key, Sgl.TYPE_KEYED),
                startingLba,
                dwords12(blockCount, flags));
    }

    /**
     * Any command on a range of blocks, without data: what the methods named after the commands
     * write.
     *
     * @param opcode of {@link NvmOpcode}: Read, Write, Compare, Write Zeroes, Verify or Write
     *     Uncorrectable
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount 1 to {@value #BLOCK_COUNT_MAX}
     * @param flags dword 12 bits 31:16, 0 for none
     */
    public static void ranged(
            MemorySegment segment,
            long offset,
            int opcode,
            int commandId,
            int namespaceId,
            long startingLba,
            int blockCount,
            int flags) {
        SubmissionEntry.begin(
                segment,
                offset,
                opcode,
                commandId,
                namespaceId,
                startingLba,
                dwords12(blockCount, flags));
    }

    private static long dwords12(int blockCount, int flags) {
        Wire.inRange(blockCount, 1, BLOCK_COUNT_MAX, "blockCount");
        requireFlags(flags);
        return Integer.toUnsignedLong((blockCount - 1) | flags);
    }

    /**
     * Flush: makes completed writes durable.
     *
     * @param namespaceId the namespace, or {@code 0xFFFFFFFF} for all of the controller's
     */
    public static void flush(MemorySegment segment, long offset, int commandId, int namespaceId) {
        SubmissionEntry.begin(segment, offset, NvmOpcode.FLUSH, commandId, namespaceId);
    }

    /**
     * Compare, with data from the host; a difference is status Compare Failure.
     *
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount 1 to {@value #BLOCK_COUNT_MAX}
     * @param flags dword 12 bits 31:16, 0 for none
     */
    public static void compare(
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
                NvmOpcode.COMPARE,
                commandId,
                namespaceId,
                startingLba,
                blockCount,
                flags);
    }

    /**
     * Write Zeroes, without data.
     *
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount 1 to {@value #BLOCK_COUNT_MAX}
     * @param flags dword 12 bits 31:16, among them {@link #DEALLOCATE}; 0 for none
     */
    public static void writeZeroes(
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
                NvmOpcode.WRITE_ZEROES,
                commandId,
                namespaceId,
                startingLba,
                blockCount,
                flags);
    }

    /**
     * Write Uncorrectable: the blocks cannot be read until they are written.
     *
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount 1 to {@value #BLOCK_COUNT_MAX}
     */
    public static void writeUncorrectable(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            long startingLba,
            int blockCount) {
        ranged(
                segment,
                offset,
                NvmOpcode.WRITE_UNCORRECTABLE,
                commandId,
                namespaceId,
                startingLba,
                blockCount,
                0);
    }

    /**
     * Verify: the controller reads the blocks without transferring them.
     *
     * @param startingLba the first logical block, an unsigned 64-bit value
     * @param blockCount 1 to {@value #BLOCK_COUNT_MAX}
     * @param flags dword 12 bits 31:16, 0 for none
     */
    public static void verify(
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
                NvmOpcode.VERIFY,
                commandId,
                namespaceId,
                startingLba,
                blockCount,
                flags);
    }

    /**
     * Dataset Management, with {@link DatasetRanges} from the host.
     *
     * @param rangeCount 1 to 256
     * @param attributes {@link #ATTRIBUTE_DEALLOCATE} and its neighbours
     */
    public static void datasetManagement(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int rangeCount,
            int attributes) {
        Wire.inRange(rangeCount, 1, DatasetRanges.COUNT_MAX, "rangeCount");
        Wire.inRange(attributes, 0, 7, "attributes");
        SubmissionEntry.command(
                segment,
                offset,
                NvmOpcode.DATASET_MANAGEMENT,
                commandId,
                namespaceId,
                rangeCount - 1,
                attributes);
    }

    /**
     * Copy within the subsystem, with {@link CopyRanges} from the host.
     *
     * @param destinationLba where the first block goes, an unsigned 64-bit value
     * @param rangeCount 1 to 256
     * @param descriptorFormat format of the ranges, 0 to 3
     * @param readFlags checks on reading: bits 31:26 of {@code flags} in other commands, moved down
     *     to 3:0 (PRINFOR: 3 action, 2 guard, 1 application tag, 0 reference tag)
     * @param flags dword 12 bits 31:26, {@link #CHECK_STORAGE_TAG} and {@link
     *     #COPY_CHECK_STORAGE_TAG_READ}
     */
    public static void copy(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            long destinationLba,
            int rangeCount,
            int descriptorFormat,
            int readFlags,
            int flags) {
        Wire.inRange(rangeCount, 1, CopyRanges.COUNT_MAX, "rangeCount");
        Wire.inRange(descriptorFormat, 0, CopyRanges.FORMAT_MAX, "descriptorFormat");
        Wire.inRange(readFlags, 0, 15, "readFlags");
        requireFlags(flags);
        int dword12 = (rangeCount - 1) | (descriptorFormat << 8) | (readFlags << 12) | flags;
        SubmissionEntry.begin(
                segment,
                offset,
                NvmOpcode.COPY,
                commandId,
                namespaceId,
                destinationLba,
                Integer.toUnsignedLong(dword12));
    }

    /**
     * Cancel: asks to abort commands on I/O queues.
     *
     * @param sqId the queue, FFFFh for all
     * @param canceledCommandId the command, FFFFh for all
     * @param action 0 for the one command, 1 for all that match
     */
    public static void cancel(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int sqId,
            int canceledCommandId,
            int action) {
        Wire.inRange(sqId, 0, 0xFFFF, "sqId");
        Wire.inRange(canceledCommandId, 0, 0xFFFF, "canceledCommandId");
        Wire.inRange(action, 0, 3, "action");
        SubmissionEntry.command(
                segment,
                offset,
                NvmOpcode.CANCEL,
                commandId,
                namespaceId,
                sqId | (canceledCommandId << 16),
                action);
    }

    /**
     * Adds the write hints of dword 13 to a Read or Write.
     *
     * @param datasetHints access frequency 3:0, latency 5:4, sequential 6, incompressible 7
     * @param directiveType 0 none, 1 streams, 2 data placement; goes to dword 12
     * @param directiveSpecific stream or placement handle, 0 to 65535
     */
    public static void hints(
            MemorySegment segment,
            long offset,
            int datasetHints,
            int directiveType,
            int directiveSpecific) {
        Wire.inRange(datasetHints, 0, 0xFF, "datasetHints");
        Wire.inRange(directiveType, 0, 15, "directiveType");
        Wire.inRange(directiveSpecific, 0, 0xFFFF, "directiveSpecific");
        int dword12 = Wire.u32(segment, offset + 48) & ~DIRECTIVE_TYPE_MASK;
        Wire.u32(segment, offset + 48, dword12 | (directiveType << 20));
        Wire.u32(segment, offset + 52, datasetHints | (directiveSpecific << 16));
    }

    private static void requireFlags(int flags) {
        if ((flags & NLB_MASK) != 0) {
            throw new IllegalArgumentException(
                    "flags " + Integer.toHexString(flags) + "h use bits 15:0, which hold a count");
        }
    }
}

package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Fields of a 64-byte submission queue entry (section 3.3.3.1), for patching prepared commands and
 * for passing through commands this module does not know.
 */
public final class SubmissionEntry {
    /** Size of an entry in bytes. */
    public static final int SIZE = 64;

    /** Offset of the opcode, one byte. */
    public static final int OPCODE_OFFSET = 0;

    /** Offset of the flags (fused operation 1:0, data pointer type 7:6), one byte. */
    public static final int FLAGS_OFFSET = 1;

    /** Offset of the command identifier, two bytes. */
    public static final int COMMAND_ID_OFFSET = 2;

    /** Offset of the namespace identifier, four bytes; of the Fabrics command type, one byte. */
    public static final int NAMESPACE_ID_OFFSET = 4;

    /** Offset of the metadata pointer, eight bytes. */
    public static final int METADATA_POINTER_OFFSET = 16;

    /** Offset of the SGL descriptor, 16 bytes. */
    public static final int SGL_OFFSET = 24;

    /** Flags of every command on fabrics: data by SGL, metadata contiguous (PSDT 01b). */
    public static final int FLAGS_SGL = 0x40;

    /** Fused operation, in {@link #fused}: not fused. */
    public static final int FUSED_NONE = 0;

    /** Fused operation: first of two commands. */
    public static final int FUSED_FIRST = 1;

    /** Fused operation: second of two commands. */
    public static final int FUSED_SECOND = 2;

    private static final int FUSED_MASK = 3;

    private SubmissionEntry() {}

    /**
     * Writes a whole entry without data: opcode, identifiers, zeros, and the SGL that says "no
     * data".
     *
     * @param opcode 0 to 255
     * @param commandId 0 to 65535
     */
    public static void begin(
            MemorySegment segment, long offset, int opcode, int commandId, int namespaceId) {
        begin(segment, offset, opcode, commandId, namespaceId, 0, 0);
    }

    /** As the other, with dwords 10 and 11, and 12 and 13, so that nothing is written twice. */
    static void begin(
            MemorySegment segment,
            long offset,
            int opcode,
            int commandId,
            int namespaceId,
            long dwords10,
            long dwords12) {
        begin(
                segment,
                offset,
                opcode,
                commandId,
                namespaceId,
                0,
                (long) Sgl.TYPE_KEYED << 56,
                dwords10,
                dwords12);
    }

    /** As the other, with the two halves of descriptor 1. */
    static void begin(
            MemorySegment segment,
            long offset,
            int opcode,
            int commandId,
            int namespaceId,
            long descriptorLow,
            long descriptorHigh,
            long dwords10,
            long dwords12) {
        Wire.inRange(opcode, 0, 0xFF, "opcode");
        Wire.inRange(commandId, 0, 0xFFFF, "commandId");
        Wire.u64(
                segment,
                offset,
                opcode
                        | FLAGS_SGL << 8
                        | Integer.toUnsignedLong(commandId << 16)
                        | (long) namespaceId << 32);
        Wire.u64(segment, offset + 8, 0);
        Wire.u64(segment, offset + METADATA_POINTER_OFFSET, 0);
        Wire.u64(segment, offset + SGL_OFFSET, descriptorLow);
        Wire.u64(segment, offset + SGL_OFFSET + 8, descriptorHigh);
        Wire.u64(segment, offset + 40, dwords10);
        Wire.u64(segment, offset + 48, dwords12);
        Wire.u64(segment, offset + 56, 0);
    }

    /** As the first, with dwords 10 and 11. */
    static void command(
            MemorySegment segment,
            long offset,
            int opcode,
            int commandId,
            int namespaceId,
            int dword10,
            int dword11) {
        long dwords10 = Integer.toUnsignedLong(dword10) | (long) dword11 << 32;
        begin(segment, offset, opcode, commandId, namespaceId, dwords10, 0);
    }

    /** Sets the command identifier, 0 to 65535. */
    public static void commandId(MemorySegment segment, long offset, int commandId) {
        Wire.u16(
                segment,
                offset + COMMAND_ID_OFFSET,
                Wire.inRange(commandId, 0, 0xFFFF, "commandId"));
    }

    /** The command identifier, 0 to 65535. */
    public static int commandId(MemorySegment segment, long offset) {
        return Wire.u16(segment, offset + COMMAND_ID_OFFSET);
    }

    /** Sets the opcode, 0 to 255. */
    public static void opcode(MemorySegment segment, long offset, int opcode) {
        Wire.u8(segment, offset + OPCODE_OFFSET, Wire.inRange(opcode, 0, 0xFF, "opcode"));
    }

    /** The opcode, 0 to 255. */
    public static int opcode(MemorySegment segment, long offset) {
        return Wire.u8(segment, offset + OPCODE_OFFSET);
    }

    /** Sets the namespace identifier, an unsigned 32-bit value. */
    public static void namespaceId(MemorySegment segment, long offset, int namespaceId) {
        Wire.u32(segment, offset + NAMESPACE_ID_OFFSET, namespaceId);
    }

    /** The namespace identifier, an unsigned 32-bit value. */
    public static int namespaceId(MemorySegment segment, long offset) {
        return Wire.u32(segment, offset + NAMESPACE_ID_OFFSET);
    }

    /** Sets dword {@code n}, 0 to 15. Dwords 6 to 9 are the SGL descriptor. */
    public static void dword(MemorySegment segment, long offset, int n, int value) {
        Wire.u32(segment, offset + 4L * Wire.inRange(n, 0, 15, "dword number"), value);
    }

    /** Dword {@code n}, 0 to 15. */
    public static int dword(MemorySegment segment, long offset, int n) {
        return Wire.u32(segment, offset + 4L * Wire.inRange(n, 0, 15, "dword number"));
    }

    /** Sets the fused operation bits and leaves the other flags. */
    public static void fused(MemorySegment segment, long offset, int fused) {
        Wire.inRange(fused, FUSED_NONE, FUSED_SECOND, "fused");
        int flags = Wire.u8(segment, offset + FLAGS_OFFSET);
        Wire.u8(segment, offset + FLAGS_OFFSET, (flags & ~FUSED_MASK) | fused);
    }

    /** The fused operation bits, 0 to 3. */
    public static int fused(MemorySegment segment, long offset) {
        return Wire.u8(segment, offset + FLAGS_OFFSET) & FUSED_MASK;
    }

    /** Says that the data pointer is an SGL, and keeps the fused operation bits. */
    static void sglFlags(MemorySegment segment, long offset) {
        int flags = Wire.u8(segment, offset + FLAGS_OFFSET);
        // Every encoder has set them already; a store here would only delay the ones that follow.
        if ((flags & ~FUSED_MASK) != FLAGS_SGL) {
            Wire.u8(segment, offset + FLAGS_OFFSET, (flags & FUSED_MASK) | FLAGS_SGL);
        }
    }
}

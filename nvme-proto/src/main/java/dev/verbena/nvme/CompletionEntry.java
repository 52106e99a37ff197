package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Fields of a 16-byte completion queue entry, which is also a response capsule (section 3.3.3).
 *
 * <p>Reads only: nothing is checked here beyond the segment's bounds. The command identifier comes
 * from the peer and must be checked against what is outstanding before it is used as an index.
 */
public final class CompletionEntry {
    /** Size of an entry in bytes. */
    public static final int SIZE = 16;

    private CompletionEntry() {}

    /** Dword 0: the command-specific result. */
    public static int dword0(MemorySegment segment, long offset) {
        return Wire.u32(segment, offset);
    }

    /** Dword 1: the upper half of a 64-bit result. */
    public static int dword1(MemorySegment segment, long offset) {
        return Wire.u32(segment, offset + 4);
    }

    /** Dwords 0 and 1 as one value, as Property Get returns it. */
    public static long result64(MemorySegment segment, long offset) {
        return Wire.u64(segment, offset);
    }

    /**
     * Submission queue head pointer, 0 to 65535; 65535 in answer to a Connect: flow control off.
     */
    public static int sqHead(MemorySegment segment, long offset) {
        return Wire.u16(segment, offset + 8);
    }

    /** Submission queue identifier; reserved on fabrics. */
    public static int sqId(MemorySegment segment, long offset) {
        return Wire.u16(segment, offset + 10);
    }

    /** Command identifier, 0 to 65535, as the peer sent it. */
    public static int commandId(MemorySegment segment, long offset) {
        return Wire.u16(segment, offset + 12);
    }

    /**
     * The status field without the phase bit: 15 bits, SC 7:0, SCT 10:8, CRD 12:11, More 13, DNR
     * 14. Zero is success.
     */
    public static int status(MemorySegment segment, long offset) {
        return Wire.u16(segment, offset + 14) >>> 1;
    }

    /**
     * Writes an entry, for targets in tests.
     *
     * @param status 15 bits, as {@link #status} returns them
     */
    public static void encode(
            MemorySegment segment,
            long offset,
            long result,
            int sqHead,
            int sqId,
            int commandId,
            int status) {
        Wire.inRange(status, 0, 0x7FFF, "status");
        Wire.u64(segment, offset, result);
        Wire.u16(segment, offset + 8, Wire.inRange(sqHead, 0, 0xFFFF, "sqHead"));
        Wire.u16(segment, offset + 10, Wire.inRange(sqId, 0, 0xFFFF, "sqId"));
        Wire.u16(segment, offset + 12, Wire.inRange(commandId, 0, 0xFFFF, "commandId"));
        Wire.u16(segment, offset + 14, status << 1);
    }
}

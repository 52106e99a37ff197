package dev.verbena.nvme.zns;

import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.SubmissionEntry;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Encoders of the commands of zoned namespaces. Each writes all 64 bytes of the entry with an SGL
 * that says "no data"; where there is data, write the {@link dev.verbena.nvme.Sgl} afterwards.
 */
public final class ZoneCommands {
    /** Zone send action: close. */
    public static final int CLOSE = 0x01;

    /** Zone send action: finish, the zone becomes full. */
    public static final int FINISH = 0x02;

    /** Zone send action: open explicitly. */
    public static final int OPEN = 0x03;

    /** Zone send action: reset, the zone becomes empty. */
    public static final int RESET = 0x04;

    /** Zone send action: take a read-only zone offline. */
    public static final int OFFLINE = 0x05;

    /** Zone send action: set the descriptor extension, which is the command's data. */
    public static final int SET_DESCRIPTOR_EXTENSION = 0x10;

    /** Zone send action: flush the zone's random write area up to this block. */
    public static final int FLUSH_RANDOM_WRITE_AREA = 0x11;

    /** Zone receive action: report zones. */
    public static final int REPORT = 0;

    /** Zone receive action: report zones with their descriptor extensions. */
    public static final int REPORT_EXTENDED = 1;

    /** Report filter: all zones. Otherwise 1 empty, 2 implicitly open, up to 7 offline. */
    public static final int FILTER_ALL = 0;

    private ZoneCommands() {}

    /**
     * Zone Management Send.
     *
     * @param zoneStartLba first block of the zone, or for {@link #FLUSH_RANDOM_WRITE_AREA} the last
     *     block to flush; ignored with {@code all}
     * @param action {@link #CLOSE} and its neighbours
     * @param all whether all zones to which the action applies are meant
     * @param randomWriteArea with {@link #OPEN}: whether to allocate a random write area
     */
    public static void managementSend(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            long zoneStartLba,
            int action,
            boolean all,
            boolean randomWriteArea) {
        Wire.inRange(action, 0, 0xFF, "action");
        SubmissionEntry.begin(
                segment, offset, NvmOpcode.ZONE_MANAGEMENT_SEND, commandId, namespaceId);
        Wire.u64(segment, offset + 40, zoneStartLba);
        Wire.u32(
                segment, offset + 52, action | (all ? 1 << 8 : 0) | (randomWriteArea ? 1 << 9 : 0));
    }

    /**
     * Zone Management Receive; the data to the host is a {@link ZoneReport}.
     *
     * @param startingLba a block in the first zone to report
     * @param action {@link #REPORT} or {@link #REPORT_EXTENDED}
     * @param filter {@link #FILTER_ALL} or a zone state's filter, 0 to 7
     * @param partial whether the number of zones counts only those that fit into the buffer
     * @param byteCount size of the buffer, a multiple of 4, 4 or more
     */
    public static void managementReceive(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            long startingLba,
            int action,
            int filter,
            boolean partial,
            int byteCount) {
        Wire.inRange(action, 0, 0xFF, "action");
        Wire.inRange(filter, 0, 0xFF, "filter");
        int dwords = Wire.dwords(byteCount);
        SubmissionEntry.begin(
                segment, offset, NvmOpcode.ZONE_MANAGEMENT_RECEIVE, commandId, namespaceId);
        Wire.u64(segment, offset + 40, startingLba);
        Wire.u32(segment, offset + 48, dwords - 1);
        Wire.u32(segment, offset + 52, action | (filter << 8) | (partial ? 1 << 16 : 0));
    }

    /**
     * Zone Append, with data from the host: the controller chooses the place and returns it as the
     * 64-bit result.
     *
     * @param zoneStartLba first block of the zone
     * @param blockCount 1 to {@value NvmCommands#BLOCK_COUNT_MAX}
     * @param flags dword 12 bits 31:16, as in {@link NvmCommands}; bit 25 remaps the reference tag
     */
    public static void append(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            long zoneStartLba,
            int blockCount,
            int flags) {
        // All fields stand where those of Write do.
        NvmCommands.write(segment, offset, commandId, namespaceId, zoneStartLba, blockCount, flags);
        SubmissionEntry.opcode(segment, offset, NvmOpcode.ZONE_APPEND);
    }
}

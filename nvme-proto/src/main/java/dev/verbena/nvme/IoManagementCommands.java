package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Encoders of I/O Management Receive and I/O Management Send (NVM Command Set Specification), which
 * tell and change where the controller places data. Each writes all 64 bytes of the entry with an
 * SGL that says "no data"; write the {@link Sgl} afterwards.
 */
public final class IoManagementCommands {
    private IoManagementCommands() {}

    /**
     * I/O Management Receive, with data to the host.
     *
     * @param operation 1 for reclaim unit handle status (MO)
     * @param operationSpecific the operation's own field (MOS), 0 to 65535
     * @param byteCount size of the buffer, a multiple of 4, 4 or more
     */
    public static void receive(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int operation,
            int operationSpecific,
            int byteCount) {
        command(
                segment,
                offset,
                NvmOpcode.IO_MANAGEMENT_RECEIVE,
                commandId,
                namespaceId,
                operation,
                operationSpecific,
                Wire.dwords(byteCount) - 1);
    }

    /**
     * I/O Management Send, with data from the host.
     *
     * @param operation 1 for reclaim unit handle update (MO)
     * @param operationSpecific the operation's own field (MOS), 0 to 65535
     */
    public static void send(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int operation,
            int operationSpecific) {
        command(
                segment,
                offset,
                NvmOpcode.IO_MANAGEMENT_SEND,
                commandId,
                namespaceId,
                operation,
                operationSpecific,
                0);
    }

    private static void command(
            MemorySegment segment,
            long offset,
            int opcode,
            int commandId,
            int namespaceId,
            int operation,
            int operationSpecific,
            int dword11) {
        Wire.inRange(operation, 0, 0xFF, "operation");
        Wire.inRange(operationSpecific, 0, 0xFFFF, "operationSpecific");
        int dword10 = operation | (operationSpecific << 16);
        SubmissionEntry.command(segment, offset, opcode, commandId, namespaceId, dword10, dword11);
    }
}

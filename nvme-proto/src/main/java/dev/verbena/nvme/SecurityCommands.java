package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Encoders of Security Send and Security Receive (sections 5.25 and 5.26), which carry messages of
 * other protocols such as TCG's. Each writes all 64 bytes of the entry with an SGL that says "no
 * data"; write the {@link Sgl} afterwards.
 */
public final class SecurityCommands {
    private SecurityCommands() {}

    /**
     * Security Send, with data from the host.
     *
     * @param protocol security protocol (SECP), 0 to 255
     * @param protocolSpecific its own field (SPSP), 0 to 65535
     * @param nvmeSpecific NVMe's own field (NSSF), 0 to 255
     * @param byteCount length of the data
     */
    public static void send(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int protocol,
            int protocolSpecific,
            int nvmeSpecific,
            int byteCount) {
        SubmissionEntry.begin(segment, offset, AdminOpcode.SECURITY_SEND, commandId, namespaceId);
        fields(segment, offset, protocol, protocolSpecific, nvmeSpecific, byteCount);
    }

    /**
     * Security Receive, with data to the host.
     *
     * @param protocol security protocol (SECP), 0 to 255
     * @param protocolSpecific its own field (SPSP), 0 to 65535
     * @param nvmeSpecific NVMe's own field (NSSF), 0 to 255
     * @param byteCount size of the buffer
     */
    public static void receive(
            MemorySegment segment,
            long offset,
            int commandId,
            int namespaceId,
            int protocol,
            int protocolSpecific,
            int nvmeSpecific,
            int byteCount) {
        SubmissionEntry.begin(
                segment, offset, AdminOpcode.SECURITY_RECEIVE, commandId, namespaceId);
        fields(segment, offset, protocol, protocolSpecific, nvmeSpecific, byteCount);
    }

    private static void fields(
            MemorySegment segment,
            long offset,
            int protocol,
            int protocolSpecific,
            int nvmeSpecific,
            int byteCount) {
        Wire.inRange(protocol, 0, 0xFF, "protocol");
        Wire.inRange(protocolSpecific, 0, 0xFFFF, "protocolSpecific");
        Wire.inRange(nvmeSpecific, 0, 0xFF, "nvmeSpecific");
        Wire.inRange(byteCount, 0, Integer.MAX_VALUE, "byteCount");
        Wire.u32(segment, offset + 40, nvmeSpecific | (protocolSpecific << 8) | (protocol << 24));
        Wire.u32(segment, offset + 44, byteCount);
    }
}

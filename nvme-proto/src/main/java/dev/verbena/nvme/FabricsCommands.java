package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * Encoders of the Fabrics commands (section 6 of the base specification, before that NVMe over
 * Fabrics 1.1, section 3). Each writes all 64 bytes of the entry with an SGL that says "no data";
 * where there is data, write the {@link Sgl} afterwards.
 */
public final class FabricsCommands {
    /** Connect attribute: the host will not look at the submission queue head pointer. */
    public static final int CONNECT_DISABLE_SQ_FLOW_CONTROL = 1 << 2;

    /** Connect attribute: the host may delete single I/O queues with Disconnect. */
    public static final int CONNECT_INDIVIDUAL_QUEUE_DELETION = 1 << 3;

    /** Security protocol of DH-HMAC-CHAP messages. */
    public static final int SECURITY_PROTOCOL_NVME_AUTH = 0xE9;

    private static final int SPSP = 1;

    private FabricsCommands() {}

    /**
     * Connect: makes a queue pair of a transport connection. Its data is {@link ConnectData}.
     *
     * @param queueId 0 for the admin queue, 1 to 65535 for I/O queues
     * @param sqSizeZeroBased entries of the submission queue minus one, 1 to 65535
     * @param attributes {@code CONNECT_…} bits, and the priority class in bits 1:0
     * @param keepAliveMillis keep alive time-out in milliseconds, an unsigned 32-bit value, 0 for
     *     none; meaningful on the admin queue only
     */
    public static void connect(
            MemorySegment segment,
            long offset,
            int commandId,
            int queueId,
            int sqSizeZeroBased,
            int attributes,
            int keepAliveMillis) {
        Wire.inRange(queueId, 0, 0xFFFF, "queueId");
        Wire.inRange(sqSizeZeroBased, 1, 0xFFFF, "sqSizeZeroBased");
        Wire.inRange(attributes, 0, 0xFF, "attributes");
        begin(segment, offset, commandId, FabricsCommandType.CONNECT);
        // RECFMT (u16) stays 0.
        Wire.u16(segment, offset + 42, queueId);
        Wire.u16(segment, offset + 44, sqSizeZeroBased);
        Wire.u8(segment, offset + 46, attributes);
        Wire.u32(segment, offset + 48, keepAliveMillis);
    }

    /**
     * Property Get; the value comes back in {@link CompletionEntry#result64}.
     *
     * @param propertyOffset an offset from {@link Property}
     * @param eightBytes whether the property has 8 bytes instead of 4
     */
    public static void propertyGet(
            MemorySegment segment,
            long offset,
            int commandId,
            int propertyOffset,
            boolean eightBytes) {
        begin(segment, offset, commandId, FabricsCommandType.PROPERTY_GET);
        Wire.u8(segment, offset + 40, eightBytes ? 1 : 0);
        Wire.u32(segment, offset + 44, Wire.inRange(propertyOffset, 0, 0xFFFF, "propertyOffset"));
    }

    /**
     * Property Set.
     *
     * @param propertyOffset an offset from {@link Property}
     * @param eightBytes whether the property has 8 bytes instead of 4
     * @param value the new value; its upper half must be 0 for a property of 4 bytes
     */
    public static void propertySet(
            MemorySegment segment,
            long offset,
            int commandId,
            int propertyOffset,
            boolean eightBytes,
            long value) {
        if (!eightBytes) {
            Wire.inRange(value, 0L, 0xFFFF_FFFFL, "value of a 4-byte property");
        }
        begin(segment, offset, commandId, FabricsCommandType.PROPERTY_SET);
        Wire.u8(segment, offset + 40, eightBytes ? 1 : 0);
        Wire.u32(segment, offset + 44, Wire.inRange(propertyOffset, 0, 0xFFFF, "propertyOffset"));
        Wire.u64(segment, offset + 48, value);
    }

    /**
     * Authentication Send: a message from the host, in the data buffer.
     *
     * @param byteCount length of the message in bytes, 1 or more
     */
    public static void authenticationSend(
            MemorySegment segment, long offset, int commandId, int byteCount) {
        authentication(
                segment, offset, commandId, FabricsCommandType.AUTHENTICATION_SEND, byteCount);
    }

    /**
     * Authentication Receive: asks for a message from the controller, into the data buffer.
     *
     * @param byteCount size of the buffer in bytes, 1 or more
     */
    public static void authenticationReceive(
            MemorySegment segment, long offset, int commandId, int byteCount) {
        authentication(
                segment, offset, commandId, FabricsCommandType.AUTHENTICATION_RECEIVE, byteCount);
    }

    /**
     * Disconnect: deletes the I/O queue it is sent on. Needs OFCS bit 0 of the controller and
     * {@link #CONNECT_INDIVIDUAL_QUEUE_DELETION} in the queue's Connect.
     */
    public static void disconnect(MemorySegment segment, long offset, int commandId) {
        begin(segment, offset, commandId, FabricsCommandType.DISCONNECT);
    }

    private static void authentication(
            MemorySegment segment, long offset, int commandId, int type, int byteCount) {
        Wire.inRange(byteCount, 1, Integer.MAX_VALUE, "byteCount");
        begin(segment, offset, commandId, type);
        Wire.u8(segment, offset + 41, SPSP);
        Wire.u8(segment, offset + 42, SPSP);
        Wire.u8(segment, offset + 43, SECURITY_PROTOCOL_NVME_AUTH);
        Wire.u32(segment, offset + 44, byteCount);
    }

    private static void begin(MemorySegment segment, long offset, int commandId, int type) {
        // The command type is the lowest byte of the field that holds the NSID elsewhere.
        SubmissionEntry.begin(segment, offset, FabricsCommandType.OPCODE, commandId, type);
    }
}

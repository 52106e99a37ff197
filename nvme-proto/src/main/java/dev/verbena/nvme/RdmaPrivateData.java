package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Private data of the RDMA connection manager's messages (NVMe RDMA transport specification).
 *
 * <p>What a connection event reports as the length of private data is the capacity of the message
 * on some fabrics, so longer than the structure is normal and never an error.
 */
public final class RdmaPrivateData {
    /** Size of the request and accept structures in bytes. */
    public static final int SIZE = 32;

    /** Size of the reject structure in bytes. */
    public static final int REJECT_SIZE = 4;

    /** The only record format there is. */
    public static final int RECORD_FORMAT = 0;

    private RdmaPrivateData() {}

    /**
     * The private data of a connection request.
     *
     * @param queueId 0 for the admin queue, 1 to 65535 for I/O queues
     * @param hostReceiveQueueSize responses the host can take (HRQSIZE), a count, 1 to 65535
     * @param hostSendQueueSizeZeroBased capsules the host may send (HSQSIZE) minus one, 0 to 65535
     * @param controllerId the controller the I/O queue will belong to; 0 on the admin queue
     * @return {@value #SIZE} bytes
     */
    public static byte[] encodeRequest(
            int queueId,
            int hostReceiveQueueSize,
            int hostSendQueueSizeZeroBased,
            int controllerId) {
        return buffer(new byte[SIZE])
                .putShort((short) RECORD_FORMAT)
                .putShort((short) Wire.inRange(queueId, 0, 0xFFFF, "queueId"))
                .putShort(
                        (short)
                                Wire.inRange(
                                        hostReceiveQueueSize, 1, 0xFFFF, "hostReceiveQueueSize"))
                .putShort(
                        (short)
                                Wire.inRange(
                                        hostSendQueueSizeZeroBased,
                                        0,
                                        0xFFFF,
                                        "hostSendQueueSizeZeroBased"))
                .putShort((short) Wire.inRange(controllerId, 0, 0xFFFF, "controllerId"))
                .array();
    }

    /**
     * What a host sent in a connection request; for targets in tests.
     *
     * @param recordFormat 0
     * @param queueId 0 to 65535
     * @param hostReceiveQueueSize a count, 0 to 65535
     * @param hostSendQueueSizeZeroBased a count minus one, 0 to 65535
     * @param controllerId 0 to 65535
     */
    public record Request(
            int recordFormat,
            int queueId,
            int hostReceiveQueueSize,
            int hostSendQueueSizeZeroBased,
            int controllerId) {
        /**
         * Decodes a request; values are not judged.
         *
         * @throws WireFormatException if there are fewer than {@value #SIZE} bytes
         */
        public static Request decode(byte[] privateData) {
            requireSize(privateData, SIZE, "RDMA connection request");
            ByteBuffer data = buffer(privateData);
            return new Request(
                    u16(data, 0), u16(data, 2), u16(data, 4), u16(data, 6), u16(data, 8));
        }
    }

    /**
     * What the target sent when it accepted a connection.
     *
     * @param recordFormat always 0
     * @param controllerReceiveQueueSize capsules the controller has room for (CRQSIZE), a count, 0
     *     to 65535; the host should keep no more outstanding
     */
    public record Accept(int recordFormat, int controllerReceiveQueueSize) {
        /**
         * Decodes the private data of an established connection.
         *
         * @throws WireFormatException if it is too short or of another format
         */
        public static Accept decode(byte[] privateData) {
            requireSize(privateData, 4, "RDMA connection accept");
            ByteBuffer data = buffer(privateData);
            return new Accept(requireFormat(u16(data, 0), "RDMA connection accept"), u16(data, 2));
        }

        /** The {@value #SIZE} bytes of this answer, for targets in tests. */
        public byte[] encode() {
            return buffer(new byte[SIZE])
                    .putShort((short) recordFormat)
                    .putShort((short) controllerReceiveQueueSize)
                    .array();
        }
    }

    /**
     * What the target sent when it rejected a connection.
     *
     * @param recordFormat always 0
     * @param statusCode the status as sent, 0 to 65535
     * @param status the status by name
     */
    public record Reject(int recordFormat, int statusCode, RejectStatus status) {
        /**
         * Decodes the private data of a reject with the connection manager's reason 28 (consumer
         * defined).
         *
         * @throws WireFormatException if it is too short or of another format
         */
        public static Reject decode(byte[] privateData) {
            requireSize(privateData, REJECT_SIZE, "RDMA connection reject");
            ByteBuffer data = buffer(privateData);
            int format = requireFormat(u16(data, 0), "RDMA connection reject");
            int code = u16(data, 2);
            return new Reject(format, code, RejectStatus.of(code));
        }

        /** The {@value #REJECT_SIZE} bytes of this answer, for targets in tests. */
        public byte[] encode() {
            return buffer(new byte[REJECT_SIZE])
                    .putShort((short) recordFormat)
                    .putShort((short) statusCode)
                    .array();
        }
    }

    private static ByteBuffer buffer(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static int u16(ByteBuffer data, int offset) {
        return Short.toUnsignedInt(data.getShort(offset));
    }

    private static int requireFormat(int format, String structure) {
        if (format != RECORD_FORMAT) {
            throw new WireFormatException(
                    structure + ": record format at offset 0 is " + format + ", expected 0");
        }
        return format;
    }

    private static void requireSize(byte[] bytes, int size, String structure) {
        if (bytes.length < size) {
            throw new WireFormatException(
                    structure
                            + ": private data has "
                            + bytes.length
                            + " bytes, expected at least "
                            + size);
        }
    }
}

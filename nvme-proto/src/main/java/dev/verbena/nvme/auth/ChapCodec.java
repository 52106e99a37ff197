package dev.verbena.nvme.auth;

import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.internal.Bytes;
import dev.verbena.nvme.internal.Text;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What all messages have in common. */
final class ChapCodec {
    static final int PROTOCOL_DH_HMAC_CHAP = 1;

    /** Type in the lower, identifier in the upper byte. */
    static final int NEGOTIATE = 0x0000;

    static final int CHALLENGE = 0x0101;
    static final int REPLY = 0x0201;
    static final int SUCCESS1 = 0x0301;
    static final int SUCCESS2 = 0x0401;
    static final int FAILURE1 = 0xF100;
    static final int FAILURE2 = 0xF000;

    private static final int COMMON_SIZE = 8;

    private ChapCodec() {}

    static void begin(
            MemorySegment segment, long offset, int size, int message, int transactionId) {
        Wire.inRange(transactionId, 0, 0xFFFF, "transactionId");
        segment.asSlice(offset, size).fill((byte) 0);
        Wire.u16(segment, offset, message);
        Wire.u16(segment, offset + 4, transactionId);
    }

    static void put(MemorySegment segment, long offset, byte[] bytes) {
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }

    static void require(Bytes bytes, int size, String message) {
        if (bytes.size() < size) {
            throw new WireFormatException(
                    message + " needs " + size + " bytes, there are " + bytes.size());
        }
    }

    static ChapMessage decode(MemorySegment segment) {
        int size = (int) Math.min(segment.byteSize(), ChapMessage.BUFFER_SIZE);
        Bytes bytes = Bytes.copy(segment, 0, size, "Authentication message");
        require(bytes, COMMON_SIZE, "Authentication message");
        int message = bytes.u16(0);
        return switch (message) {
            case NEGOTIATE -> ChapMessage.Negotiate.decode(bytes);
            case CHALLENGE -> ChapMessage.Challenge.decode(bytes);
            case REPLY -> ChapMessage.Reply.decode(bytes);
            case SUCCESS1 -> ChapMessage.Success1.decode(bytes);
            case SUCCESS2 -> new ChapMessage.Success2(bytes.u16(4));
            case FAILURE1, FAILURE2 ->
                    new ChapMessage.Failure(bytes.u16(4), message == FAILURE1, bytes.u8(7));
            default ->
                    throw new WireFormatException(
                            Text.format(
                                    "Authentication message: type %02Xh, identifier %02Xh at"
                                            + " offset 0 is unknown",
                                    message & 0xFF, message >>> 8));
        };
    }
}

package dev.verbena.nvme.auth;

import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.internal.Bytes;
import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A message of DH-HMAC-CHAP. Arrays belong to the message and must not be changed; equality is that
 * of the arrays' identity.
 */
@SuppressWarnings("ArrayRecordComponent") // short-lived, and compared in constant time only
public sealed interface ChapMessage {
    /** Size of a buffer for any message, in bytes. */
    int BUFFER_SIZE = 4096;

    /** Writes the message and returns its length in bytes. */
    int encode(MemorySegment segment, long offset);

    /** The transaction it belongs to, 0 to 65535. */
    int transactionId();

    /**
     * Host to controller: what the host can do.
     *
     * @param secureChannel 0 for none (SC_C)
     * @param hashes identifiers of hash functions, best first, at most 30
     * @param groups identifiers of Diffie-Hellman groups, best first, at most 30
     */
    record Negotiate(
            int transactionId, int secureChannel, List<Integer> hashes, List<Integer> groups)
            implements ChapMessage {
        static final int SIZE = 72;
        static final int IDS_MAX = 30;

        /** Copies the lists. */
        public Negotiate {
            hashes = List.copyOf(hashes);
            groups = List.copyOf(groups);
            Wire.inRange(hashes.size(), 1, IDS_MAX, "number of hashes");
            Wire.inRange(groups.size(), 1, IDS_MAX, "number of groups");
        }

        @Override
        public int encode(MemorySegment segment, long offset) {
            ChapCodec.begin(segment, offset, SIZE, ChapCodec.NEGOTIATE, transactionId);
            Wire.u8(segment, offset + 6, secureChannel);
            Wire.u8(segment, offset + 7, 1);
            Wire.u8(segment, offset + 8, ChapCodec.PROTOCOL_DH_HMAC_CHAP);
            Wire.u8(segment, offset + 10, hashes.size());
            Wire.u8(segment, offset + 11, groups.size());
            for (int i = 0; i < hashes.size(); i++) {
                Wire.u8(segment, offset + 12 + i, hashes.get(i));
            }
            for (int i = 0; i < groups.size(); i++) {
                Wire.u8(segment, offset + 42 + i, groups.get(i));
            }
            return SIZE;
        }

        static Negotiate decode(Bytes bytes) {
            ChapCodec.require(bytes, SIZE, "Negotiate");
            if (bytes.u8(7) != 1 || bytes.u8(8) != ChapCodec.PROTOCOL_DH_HMAC_CHAP) {
                throw new WireFormatException(
                        "Negotiate: expected one descriptor of DH-HMAC-CHAP at offset 7");
            }
            return new Negotiate(bytes.u16(4), bytes.u8(6), ids(bytes, 10, 12), ids(bytes, 11, 42));
        }

        private static List<Integer> ids(Bytes bytes, int countOffset, int offset) {
            int count = bytes.u8(countOffset);
            if (count < 1 || count > IDS_MAX) {
                throw new WireFormatException(
                        "Negotiate: count at offset "
                                + countOffset
                                + " is "
                                + count
                                + ", expected 1 to "
                                + IDS_MAX);
            }
            List<Integer> ids = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ids.add(bytes.u8(offset + i));
            }
            return ids;
        }
    }

    /**
     * Controller to host: what it chose, and its challenge.
     *
     * @param hash identifier of the hash function
     * @param group identifier of the Diffie-Hellman group
     * @param publicValue of the group, empty for none
     */
    record Challenge(
            int transactionId,
            int hash,
            int group,
            int sequenceNumber,
            byte[] challenge,
            byte[] publicValue)
            implements ChapMessage {
        private static final int HEADER_SIZE = 16;

        @Override
        public int encode(MemorySegment segment, long offset) {
            int size = HEADER_SIZE + challenge.length + publicValue.length;
            ChapCodec.begin(segment, offset, size, ChapCodec.CHALLENGE, transactionId);
            Wire.u8(segment, offset + 6, challenge.length);
            Wire.u8(segment, offset + 8, hash);
            Wire.u8(segment, offset + 9, group);
            Wire.u16(segment, offset + 10, publicValue.length);
            Wire.u32(segment, offset + 12, sequenceNumber);
            ChapCodec.put(segment, offset + HEADER_SIZE, challenge);
            ChapCodec.put(segment, offset + HEADER_SIZE + challenge.length, publicValue);
            return size;
        }

        static Challenge decode(Bytes bytes) {
            ChapCodec.require(bytes, HEADER_SIZE, "Challenge");
            int length = bytes.u8(6);
            int publicLength = bytes.u16(10);
            ChapCodec.require(bytes, HEADER_SIZE + length + publicLength, "Challenge");
            return new Challenge(
                    bytes.u16(4),
                    bytes.u8(8),
                    bytes.u8(9),
                    bytes.u32(12),
                    bytes.array(HEADER_SIZE, length),
                    bytes.array(HEADER_SIZE + length, publicLength));
        }
    }

    /**
     * Host to controller: the answer, and perhaps a challenge in turn.
     *
     * @param challengeValid whether the host challenges the controller
     * @param challenge as long as the response; zeros where the host does not challenge
     * @param publicValue of the group, empty for none
     */
    record Reply(
            int transactionId,
            boolean challengeValid,
            int sequenceNumber,
            byte[] response,
            byte[] challenge,
            byte[] publicValue)
            implements ChapMessage {
        private static final int HEADER_SIZE = 16;

        @Override
        public int encode(MemorySegment segment, long offset) {
            int length = response.length;
            int size = HEADER_SIZE + 2 * length + publicValue.length;
            ChapCodec.begin(segment, offset, size, ChapCodec.REPLY, transactionId);
            Wire.u8(segment, offset + 6, length);
            Wire.u8(segment, offset + 8, challengeValid ? 1 : 0);
            Wire.u16(segment, offset + 10, publicValue.length);
            Wire.u32(segment, offset + 12, sequenceNumber);
            ChapCodec.put(segment, offset + HEADER_SIZE, response);
            ChapCodec.put(segment, offset + HEADER_SIZE + length, challenge);
            ChapCodec.put(segment, offset + HEADER_SIZE + 2L * length, publicValue);
            return size;
        }

        static Reply decode(Bytes bytes) {
            ChapCodec.require(bytes, HEADER_SIZE, "Reply");
            int length = bytes.u8(6);
            int publicLength = bytes.u16(10);
            ChapCodec.require(bytes, HEADER_SIZE + 2 * length + publicLength, "Reply");
            return new Reply(
                    bytes.u16(4),
                    (bytes.u8(8) & 1) != 0,
                    bytes.u32(12),
                    bytes.array(HEADER_SIZE, length),
                    bytes.array(HEADER_SIZE + length, length),
                    bytes.array(HEADER_SIZE + 2 * length, publicLength));
        }
    }

    /**
     * Controller to host: the host is authenticated; with an answer where it was challenged.
     *
     * @param responseValid whether there is an answer
     * @param response the answer; its length is told even where it is not valid
     */
    record Success1(int transactionId, boolean responseValid, byte[] response)
            implements ChapMessage {
        private static final int HEADER_SIZE = 16;

        @Override
        public int encode(MemorySegment segment, long offset) {
            int size = HEADER_SIZE + (responseValid ? response.length : 0);
            ChapCodec.begin(segment, offset, size, ChapCodec.SUCCESS1, transactionId);
            Wire.u8(segment, offset + 6, response.length);
            Wire.u8(segment, offset + 8, responseValid ? 1 : 0);
            if (responseValid) {
                ChapCodec.put(segment, offset + HEADER_SIZE, response);
            }
            return size;
        }

        static Success1 decode(Bytes bytes) {
            ChapCodec.require(bytes, HEADER_SIZE, "Success1");
            boolean valid = (bytes.u8(8) & 1) != 0;
            int length = bytes.u8(6);
            if (!valid) {
                return new Success1(bytes.u16(4), false, new byte[length]);
            }
            ChapCodec.require(bytes, HEADER_SIZE + length, "Success1");
            return new Success1(bytes.u16(4), true, bytes.array(HEADER_SIZE, length));
        }
    }

    /** Host to controller: the controller is authenticated too. */
    record Success2(int transactionId) implements ChapMessage {
        static final int SIZE = 16;

        @Override
        public int encode(MemorySegment segment, long offset) {
            ChapCodec.begin(segment, offset, SIZE, ChapCodec.SUCCESS2, transactionId);
            return SIZE;
        }
    }

    /**
     * Either way: the transaction has failed.
     *
     * @param fromController whether the controller sent it (Failure1) or the host (Failure2)
     * @param code the reason as on the wire
     */
    record Failure(int transactionId, boolean fromController, int code) implements ChapMessage {
        static final int SIZE = 8;

        @Override
        public int encode(MemorySegment segment, long offset) {
            ChapCodec.begin(
                    segment,
                    offset,
                    SIZE,
                    fromController ? ChapCodec.FAILURE1 : ChapCodec.FAILURE2,
                    transactionId);
            Wire.u8(segment, offset + 6, 1);
            Wire.u8(segment, offset + 7, code);
            return SIZE;
        }

        /** The reason by name. */
        public ChapFailure reason() {
            return ChapFailure.of(code);
        }
    }

    /**
     * Decodes the message at the start of the segment; what follows it is ignored.
     *
     * @throws WireFormatException if the message is unknown or cut off
     */
    static ChapMessage decode(MemorySegment segment) {
        return ChapCodec.decode(segment);
    }
}

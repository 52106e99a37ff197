package dev.verbena.verbs;

import dev.verbena.verbs.ffi.gen.rdma_conn_param;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// What one side brings to a connection (`struct rdma_conn_param`, `rdma_connect(3)`,
/// `rdma_accept(3)`).
///
/// @param privateData handed to the peer with the request or the answer. Over InfiniBand and RoCE
///   at most 56 bytes with a request and 196 with an answer; the array is copied
/// @param responderResources RDMA READs and atomics this side serves at once, 0 to 255
/// @param initiatorDepth RDMA READs and atomics this side has outstanding at once, 0 to 255
/// @param retryCount how often to repeat a packet nobody acknowledges, 0 to 7; ignored when
///   accepting
/// @param rnrRetryCount how often to repeat a message for which the peer had no receive, 0 to 7; 7
///   means without end
@SuppressWarnings("ArrayRecordComponent") // copied in and out, and compared by contents
public record ConnectParameters(
        byte[] privateData,
        int responderResources,
        int initiatorDepth,
        int retryCount,
        int rnrRetryCount) {
    private static final int BYTE_MAX = 255;
    private static final int RETRY_MAX = 7;

    /// Checks the ranges and copies the private data.
    public ConnectParameters {
        requireRange("privateData length", privateData.length, BYTE_MAX);
        requireRange("responderResources", responderResources, BYTE_MAX);
        requireRange("initiatorDepth", initiatorDepth, BYTE_MAX);
        requireRange("retryCount", retryCount, RETRY_MAX);
        requireRange("rnrRetryCount", rnrRetryCount, RETRY_MAX);
        privateData = privateData.clone();
    }

    private static void requireRange(String name, int value, int max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(name + " " + value + " is not within 0 to " + max);
        }
    }

    /// A copy of the private data.
    @Override
    public byte[] privateData() {
        return privateData.clone();
    }

    MemorySegment encode(Arena arena) {
        MemorySegment encoded = arena.allocate(rdma_conn_param.layout());
        if (privateData.length > 0) {
            rdma_conn_param.private_data(
                    encoded, arena.allocateFrom(ValueLayout.JAVA_BYTE, privateData));
        }
        rdma_conn_param.private_data_len(encoded, (byte) privateData.length);
        rdma_conn_param.responder_resources(encoded, (byte) responderResources);
        rdma_conn_param.initiator_depth(encoded, (byte) initiatorDepth);
        rdma_conn_param.flow_control(encoded, (byte) 1);
        rdma_conn_param.retry_count(encoded, (byte) retryCount);
        rdma_conn_param.rnr_retry_count(encoded, (byte) rnrRetryCount);
        return encoded;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ConnectParameters that
                && Arrays.equals(privateData, that.privateData)
                && responderResources == that.responderResources
                && initiatorDepth == that.initiatorDepth
                && retryCount == that.retryCount
                && rnrRetryCount == that.rnrRetryCount;
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(privateData) + (responderResources << 8 | initiatorDepth);
    }

    /// Without the private data, which may hold secrets of the protocol above.
    @Override
    public String toString() {
        return "ConnectParameters[privateData=%d bytes, responderResources=%d, initiatorDepth=%d, retryCount=%d, rnrRetryCount=%d]"
                .formatted(
                        privateData.length,
                        responderResources,
                        initiatorDepth,
                        retryCount,
                        rnrRetryCount);
    }
}

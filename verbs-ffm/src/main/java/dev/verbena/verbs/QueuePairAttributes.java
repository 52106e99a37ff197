package dev.verbena.verbs;

import dev.verbena.verbs.ffi.gen.ibv_qp_attr;
import java.lang.foreign.MemorySegment;

/// What a queue pair is set to (`struct ibv_qp_attr`, `ibv_query_qp(3)`). What the connection
/// manager negotiated is here after the connection stands.
///
/// @param state the present state
/// @param pathMtuBytes bytes of a packet's payload, 256 to 4096; 0 before it is set
/// @param port the device's port, counted from 1
/// @param peerNumber number of the queue pair at the other end
/// @param remoteAccess rights of [Access] that requests of the peer have on this queue pair
/// @param initiatorDepth RDMA READs and atomics this side may have outstanding
/// @param responderResources RDMA READs and atomics of the peer this side serves at once
/// @param minRnrTimer code of the time the peer waits when no receive is posted, see
///   [QueuePair#minRnrTimer(int)]
/// @param ackTimeout exponent: a packet counts as lost after 4.096 µs times two to this power
/// @param retryCount transmissions after a lost packet
/// @param rnrRetryCount transmissions after "no receive is posted"; 7: without end
public record QueuePairAttributes(
        QueuePairState state,
        int pathMtuBytes,
        int port,
        int peerNumber,
        int remoteAccess,
        int initiatorDepth,
        int responderResources,
        int minRnrTimer,
        int ackTimeout,
        int retryCount,
        int rnrRetryCount) {
    static final int STATE = 1;
    static final int ACCESS_FLAGS = 1 << 3;
    static final int PORT = 1 << 5;
    static final int PATH_MTU = 1 << 8;
    static final int TIMEOUT = 1 << 9;
    static final int RETRY_COUNT = 1 << 10;
    static final int RNR_RETRY = 1 << 11;
    static final int INITIATOR_DEPTH = 1 << 13;
    static final int MIN_RNR_TIMER = 1 << 15;
    static final int RESPONDER_RESOURCES = 1 << 17;
    static final int PEER_NUMBER = 1 << 20;

    /// Everything this record holds (`enum ibv_qp_attr_mask`).
    static final int ALL =
            STATE
                    | ACCESS_FLAGS
                    | PORT
                    | PATH_MTU
                    | TIMEOUT
                    | RETRY_COUNT
                    | RNR_RETRY
                    | INITIATOR_DEPTH
                    | MIN_RNR_TIMER
                    | RESPONDER_RESOURCES
                    | PEER_NUMBER;

    static QueuePairAttributes decode(MemorySegment a) {
        return new QueuePairAttributes(
                QueuePairState.of(ibv_qp_attr.qp_state(a)),
                PortAttributes.mtuBytes(ibv_qp_attr.path_mtu(a)),
                Byte.toUnsignedInt(ibv_qp_attr.port_num(a)),
                ibv_qp_attr.dest_qp_num(a),
                ibv_qp_attr.qp_access_flags(a),
                Byte.toUnsignedInt(ibv_qp_attr.max_rd_atomic(a)),
                Byte.toUnsignedInt(ibv_qp_attr.max_dest_rd_atomic(a)),
                Byte.toUnsignedInt(ibv_qp_attr.min_rnr_timer(a)),
                Byte.toUnsignedInt(ibv_qp_attr.timeout(a)),
                Byte.toUnsignedInt(ibv_qp_attr.retry_cnt(a)),
                Byte.toUnsignedInt(ibv_qp_attr.rnr_retry(a)));
    }
}

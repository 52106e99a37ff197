package dev.verbena.verbs;

import dev.verbena.verbs.ffi.gen.ibv_qp_cap;
import java.lang.foreign.MemorySegment;

/// What the device granted to a queue pair (`struct ibv_qp_cap`); at least what was asked for.
///
/// @param sendWorkRequestMax outstanding work requests of the send queue
/// @param receiveWorkRequestMax outstanding receives
/// @param sendSegmentMax scatter/gather elements of a send
/// @param receiveSegmentMax scatter elements of a receive
/// @param inlineBytesMax bytes of a send with [SendSlots#INLINE]
public record QueuePairLimits(
        int sendWorkRequestMax,
        int receiveWorkRequestMax,
        int sendSegmentMax,
        int receiveSegmentMax,
        int inlineBytesMax) {
    static QueuePairLimits decode(MemorySegment cap) {
        return new QueuePairLimits(
                ibv_qp_cap.max_send_wr(cap),
                ibv_qp_cap.max_recv_wr(cap),
                ibv_qp_cap.max_send_sge(cap),
                ibv_qp_cap.max_recv_sge(cap),
                ibv_qp_cap.max_inline_data(cap));
    }
}

package dev.verbena.verbs;

/// A connected reliable queue pair (`struct ibv_qp`).
///
/// One owner thread posts and drains; the rest may come from any thread that does not overlap with
/// [#close()]. Neither post allocates or waits.
public final class QueuePair implements AutoCloseable {
    private final NativeQueuePair pair;

    QueuePair(NativeQueuePair pair) {
        this.pair = pair;
    }

    /// Posts a send work request and those chained to it (`ibv_post_send(3)`).
    ///
    /// @return 0, or a positive errno value: ENOMEM when the send queue is full, EINVAL for a
    ///   request the device cannot do. Then [SendSlots#failedSlot()] tells how far the chain was
    ///   taken
    public int postSend(SendSlots slots, int firstSlot) {
        return pair.postSend(slots, firstSlot);
    }

    /// Posts a receive and those chained to it (`ibv_post_recv(3)`).
    ///
    /// @return 0, or a positive errno value: ENOMEM when the receive queue is full. Then
    ///   [ReceiveSlots#failedSlot()] tells how far the chain was taken
    public int postReceive(ReceiveSlots slots, int firstSlot) {
        return pair.postReceive(slots, firstSlot);
    }

    /// Puts the queue pair into error (`ibv_modify_qp(3)`): everything posted completes as flushed,
    /// the peer notices by unanswered packets. The way to get work requests back when the
    /// connection manager cannot help.
    public void error() {
        pair.error();
    }

    /// Puts the queue pair into error and waits until **everything** posted on it is reported: then
    /// the device touches none of that memory any more, and every work request has been seen.
    ///
    /// This polls the queue pair's completion queues itself, on the calling thread: nobody else may
    /// poll them meanwhile, nobody else may post on this queue pair. Whatever it takes, also of
    /// other queue pairs on the same completion queues, goes to `consumer` in its order; the two
    /// markers by which the end is known do not. Their ids are [#handle()] and that plus one, so
    /// the caller's ids must be others. The completion queues need room for two more entries.
    ///
    /// With a [SharedReceiveQueue] only the sends are waited for: the receives belong to that
    /// queue. Those this queue pair had taken from it come back as flushed before the event
    /// [AsyncEvent.QueuePairEventKind#LAST_WORK_REQUEST_REACHED].
    ///
    /// @param batch what to poll into
    /// @param consumer gets every completion but the markers; an exception of its ends the drain,
    ///   and the rest of that batch is lost
    /// @param timeoutNanos how long at most; 0 or less polls once
    /// @return true when all is reported. False when the time was not enough: the memory may still
    ///   be in use; drain again or close the queue pair
    /// @throws RdmaException when the device cannot do it any more, because it was removed for
    ///   example, or a completion queue is broken: close the queue pair
    public boolean drain(WorkCompletions batch, CompletionConsumer consumer, long timeoutNanos) {
        return pair.drain(batch, consumer, timeoutNanos);
    }

    /// Sets how long the peer waits before it sends again when no receive was posted here
    /// (`ibv_modify_qp(3)`, `min_rnr_timer`). The connection manager leaves it at 0, the longest.
    ///
    /// @param code 0 is 655.36 ms, 1 is 0.01 ms, 12 is 0.64 ms, 31 is 491.52 ms; see the man page
    public void minRnrTimer(int code) {
        if (code < 0 || code > 31) {
            throw new IllegalArgumentException("code " + code + " is not within 0 to 31");
        }
        pair.minRnrTimer(code);
    }

    /// Sets what requests of the peer may do on this queue pair, whatever their keys allow
    /// (`ibv_modify_qp(3)`, `qp_access_flags`).
    ///
    /// @param access remote rights of [Access]; 0 allows none
    public void remoteAccess(int access) {
        int remote = Access.REMOTE_READ | Access.REMOTE_WRITE | Access.REMOTE_ATOMIC;
        if ((access & ~remote) != 0) {
            throw new IllegalArgumentException(
                    "0x%x has other rights than remote ones".formatted(access));
        }
        pair.remoteAccess(access);
    }

    /// What the queue pair is set to, asked of the device (`ibv_query_qp(3)`).
    public QueuePairAttributes attributes() {
        return pair.attributes();
    }

    /// The present state, asked of the device (`ibv_query_qp(3)`).
    public QueuePairState state() {
        return pair.state();
    }

    /// The queue pair's number, 24 bits.
    public int number() {
        return pair.number();
    }

    /// What the device granted.
    public QueuePairLimits limits() {
        return pair.limits();
    }

    /// How many bytes a send with [SendSlots#INLINE] may carry.
    public int inlineBytesMax() {
        return pair.limits().inlineBytesMax();
    }

    /// The identifier of the connection.
    public CmId id() {
        return pair.id();
    }

    /// The `struct ibv_qp *`, for verbs this library does not wrap.
    public long handle() {
        return pair.handle();
    }

    /// Destroys the queue pair (`ibv_destroy_qp(3)`): when this returns, the device touches none of
    /// its memory any more, and work requests not reported yet never will be. Idempotent.
    @Override
    public void close() {
        pair.close();
    }

    @Override
    public String toString() {
        return pair.toString();
    }
}

package dev.verbena.verbs;

/// A connected reliable queue pair (`struct ibv_qp`).
///
/// One owner thread posts; [#error()] and [#state()] may come from any thread that does not overlap
/// with [#close()]. Neither post allocates or waits.
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

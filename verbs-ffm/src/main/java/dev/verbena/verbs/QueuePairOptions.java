package dev.verbena.verbs;

/// What a queue pair is made with (`struct ibv_qp_init_attr`). The device may grant more than is
/// asked.
///
/// @param sendCq where sends complete
/// @param receiveCq where receives complete; may be the same
/// @param sendWorkRequestMax outstanding work requests of the send queue, at least 1
/// @param receiveWorkRequestMax outstanding receives; ignored with a shared receive queue
/// @param sendSegmentMax scatter/gather elements of a send
/// @param receiveSegmentMax scatter elements of a receive
/// @param inlineBytesMax bytes that may be sent with [SendSlots#INLINE]; 0: none
/// @param signalAll every send completes with an entry in `sendCq`, whether [SendSlots#SIGNALED] or
///   not
/// @param criticalPosts posts are bound as critical calls, see [#withCriticalPosts(boolean)]
public record QueuePairOptions(
        CompletionQueue sendCq,
        CompletionQueue receiveCq,
        int sendWorkRequestMax,
        int receiveWorkRequestMax,
        int sendSegmentMax,
        int receiveSegmentMax,
        int inlineBytesMax,
        boolean signalAll,
        boolean criticalPosts) {

    /// Refuses negative counts.
    public QueuePairOptions {
        requireCount("sendWorkRequestMax", sendWorkRequestMax);
        requireCount("receiveWorkRequestMax", receiveWorkRequestMax);
        requireCount("sendSegmentMax", sendSegmentMax);
        requireCount("receiveSegmentMax", receiveSegmentMax);
        requireCount("inlineBytesMax", inlineBytesMax);
    }

    /// With ordinary posts, which suit every device.
    public QueuePairOptions(
            CompletionQueue sendCq,
            CompletionQueue receiveCq,
            int sendWorkRequestMax,
            int receiveWorkRequestMax,
            int sendSegmentMax,
            int receiveSegmentMax,
            int inlineBytesMax,
            boolean signalAll) {
        this(
                sendCq,
                receiveCq,
                sendWorkRequestMax,
                receiveWorkRequestMax,
                sendSegmentMax,
                receiveSegmentMax,
                inlineBytesMax,
                signalAll,
                false);
    }

    /// The same with posts bound as critical calls (`Linker.Option.critical`), or not.
    ///
    /// A critical call spares the thread-state transition, some six nanoseconds of each post, but
    /// the virtual machine cannot reach a safepoint while it runs: garbage collection of every
    /// thread waits for it. So it is only for providers whose posts write to the device from user
    /// space, such as mlx5, bnxt_re, irdma or efa. Not for soft devices: the posts of rdma_rxe are
    /// system calls that transmit, and those of siw likewise.
    public QueuePairOptions withCriticalPosts(boolean critical) {
        return new QueuePairOptions(
                sendCq,
                receiveCq,
                sendWorkRequestMax,
                receiveWorkRequestMax,
                sendSegmentMax,
                receiveSegmentMax,
                inlineBytesMax,
                signalAll,
                critical);
    }

    private static void requireCount(String name, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " " + value + " is negative");
        }
    }
}

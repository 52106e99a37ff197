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
public record QueuePairOptions(
        CompletionQueue sendCq,
        CompletionQueue receiveCq,
        int sendWorkRequestMax,
        int receiveWorkRequestMax,
        int sendSegmentMax,
        int receiveSegmentMax,
        int inlineBytesMax,
        boolean signalAll) {

    /// Refuses negative counts.
    public QueuePairOptions {
        requireCount("sendWorkRequestMax", sendWorkRequestMax);
        requireCount("receiveWorkRequestMax", receiveWorkRequestMax);
        requireCount("sendSegmentMax", sendSegmentMax);
        requireCount("receiveSegmentMax", receiveSegmentMax);
        requireCount("inlineBytesMax", inlineBytesMax);
    }

    private static void requireCount(String name, int value) {
        if (value < 0) {
            throw new IllegalArgumentException(name + " " + value + " is negative");
        }
    }
}

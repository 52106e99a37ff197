package dev.verbena.verbs;

/// A queue pair whose connection does not stand yet: receives may be posted, so that they are there
/// before the peer sends its first message; sends may not.
///
/// Belongs to one thread, which may hand it on.
public final class UnconnectedQueuePair implements AutoCloseable {
    private final NativeQueuePair pair;
    private boolean handedOn;

    UnconnectedQueuePair(NativeQueuePair pair) {
        this.pair = pair;
    }

    /// Posts a receive and those chained to it (`ibv_post_recv(3)`).
    ///
    /// @return 0 or a positive errno value, see [QueuePair#postReceive]
    public int postReceive(ReceiveSlots slots, int firstSlot) {
        requireHere();
        return pair.postReceive(slots, firstSlot);
    }

    /// Turns this object into the connected queue pair, which owns the native one from now on:
    /// closing this object does nothing any more.
    ///
    /// @param event of this queue pair's identifier
    /// @throws IllegalArgumentException for an event of another identifier
    public QueuePair connected(CmEvent.Established event) {
        requireHere();
        if (event.id() != pair.id()) {
            throw new IllegalArgumentException(
                    "the event is about " + event.id() + ", the queue pair about " + pair.id());
        }
        pair.lifecycle().requireOpen();
        handedOn = true;
        return new QueuePair(pair);
    }

    private void requireHere() {
        if (handedOn) {
            throw new IllegalStateException(pair + " is connected: use the connected object");
        }
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

    /// Destroys the queue pair unless it was handed on by [#connected]. Idempotent.
    @Override
    public void close() {
        if (!handedOn) {
            pair.close();
        }
    }

    @Override
    public String toString() {
        return pair.toString();
    }
}

package dev.verbena.internal.fabric;

import dev.verbena.internal.memory.Region;
import dev.verbena.internal.memory.VerbsMemoryDomain;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.RdmaException;
import dev.verbena.verbs.WorkCompletionStatus;
import dev.verbena.verbs.WorkCompletions;
import dev.verbena.verbs.raw.RawMemory;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A queue pair over libibverbs with its capsules ([SendRing]), its receives ([ReceiveRing]) and,
/// where commands bind keys of their own, its memory windows ([KeyWindows]).
///
/// A work request's `wr_id` tells everything about it: nothing that comes from the wire is needed
/// to know whose completion it is.
final class VerbsQueue implements FabricQueue {
    private static final System.Logger LOG = System.getLogger("dev.verbena.fabric");

    private static final AtomicReferenceFieldUpdater<VerbsQueue, @Nullable FabricFailure> FAILURE =
            AtomicReferenceFieldUpdater.newUpdater(
                    VerbsQueue.class, FabricFailure.class, "failure");

    private final int queueId;
    private final QueueParts parts;
    private final Consumer<VerbsQueue> onDestroyed;
    private final VerbsGroup group;
    private final SendRing sends;
    private final ReceiveRing receives;
    private final @Nullable KeyWindows windows;
    private final int number;

    /// Set once, by [#FAILURE]. In the object itself, not behind a reference: every command looks.
    private volatile @Nullable FabricFailure failure;

    private @Nullable QueuePair queuePair;

    /// Null until somebody has polled.
    private @Nullable FabricEvents events;

    private int depth;
    private boolean sendsLost;
    private boolean markerPending;
    private boolean closed;

    /// What [#close] found, for whoever calls it again.
    private boolean released;

    /// @param parts owned by this object from now on
    /// @param onDestroyed told once, when the device has let go of the queue
    VerbsQueue(int queueId, QueueParts parts, Consumer<VerbsQueue> onDestroyed) {
        this.onDestroyed = onDestroyed;
        this.queueId = queueId;
        this.parts = parts;
        this.group = parts.group();
        this.sends = parts.sends();
        this.receives = parts.receives();
        this.windows = parts.windows();
        this.number = parts.pairNumber();
        group.attach(this);
    }

    /// The connection stands.
    void established(CmEvent.Established event, int depth) {
        queuePair = parts.connected(event);
        this.depth = depth;
    }

    /// Something happened to the connection after it stood. Runs on the dispatcher's thread.
    void connectionEvent(CmEvent event) {
        switch (event) {
            case CmEvent.DeviceRemoval e ->
                    fail(FabricFailure.Kind.DEVICE_REMOVED, "its RDMA device was removed");
            case CmEvent.Disconnected e ->
                    fail(FabricFailure.Kind.DISCONNECTED, "the target disconnected");
            case CmEvent.AddressChange e ->
                    fail(
                            FabricFailure.Kind.DISCONNECTED,
                            "the local address moved to another device");
            case CmEvent.TimewaitExit e ->
                    fail(FabricFailure.Kind.DISCONNECTED, "the connection has ended");
            default -> LOG.log(Level.DEBUG, "Queue {0} ignores {1}", queueId, event);
        }
    }

    private void fail(FabricFailure.Kind kind, String message) {
        fail(new FabricFailure(kind, message));
    }

    @Override
    public void fail(FabricFailure reason) {
        if (FAILURE.compareAndSet(this, null, reason)) {
            wakeUp();
        }
    }

    @Override
    public @Nullable FabricFailure failure() {
        return failure;
    }

    @Override
    public int queueId() {
        return queueId;
    }

    /// The number of the queue pair.
    int number() {
        return number;
    }

    @Override
    public int depth() {
        return depth;
    }

    @Override
    public MemorySegment capsules() {
        return RawMemory.ALL;
    }

    @Override
    public long capsuleOffset(int slot) {
        return sends.capsule(slot);
    }

    @Override
    public int capsuleBytes() {
        return sends.capsuleBytes();
    }

    @Override
    public void segment(int slot, int index, long address, int bytes, int localKey) {
        sends.segment(slot, index, address, bytes, localKey);
    }

    @Override
    public boolean bindsKeys() {
        return windows != null;
    }

    private KeyWindows requireWindows() {
        KeyWindows present = windows;
        if (present == null) {
            throw new IllegalStateException("Queue " + queueId + " does not bind keys");
        }
        return present;
    }

    @Override
    public int bind(int slot, Region region, long address, int bytes, boolean controllerWrites) {
        return sends.bind(
                slot,
                requireWindows(),
                VerbsMemoryDomain.registration(region),
                address,
                bytes,
                controllerWrites);
    }

    @Override
    public void invalidate(int slot, int tag) {
        sends.invalidate(slot, tag, requireWindows().key(slot));
    }

    @Override
    public boolean stage(int slot, int tag, int headerBytes, int segmentCount) {
        return sends.stage(slot, tag, headerBytes, segmentCount);
    }

    @Override
    public void ring() {
        if (sends.isEmpty()) {
            return;
        }
        QueuePair pair = queuePair;
        if (pair == null || failure != null) {
            // Not posted: the engine completes these commands when it drains the queue.
            discard();
            return;
        }
        int errno = sends.post(pair);
        if (errno != 0) {
            // How many of the chain were taken is known only to the device; they are waited for by
            // destroying the pair.
            sendsLost = true;
            postFailed("ibv_post_send", errno);
        } else if (windows != null) {
            windows.posted();
        }
    }

    private void discard() {
        sends.discard();
        if (windows != null) {
            windows.discarded();
        }
    }

    private void postFailed(String operation, int errno) {
        fail(
                FabricFailure.Kind.TRANSPORT_ERROR,
                String.valueOf(new RdmaException(operation, errno).getMessage()));
    }

    @Override
    public boolean hasCompletions() {
        return group.hasCompletions();
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // that is the question here
    public int poll(FabricEvents receiver) {
        // Not written when it is the same: storing a reference has a price.
        if (events != receiver) {
            events = receiver;
        }
        return group.poll();
    }

    /// Work requests of this queue have completed.
    ///
    /// @param from first entry of the batch
    /// @param to behind the last one
    void completed(WorkCompletions batch, int from, int to) {
        for (int i = from; i < to; i++) {
            long wrId = batch.wrId(i);
            if (batch.status(i) != WorkCompletionStatus.SUCCESS_VALUE) {
                completedWithError(batch, i, wrId);
            } else if (ReceiveRing.isReceive(wrId)) {
                received(batch, i, wrId);
            } else {
                sent(wrId);
            }
        }
    }

    private void received(WorkCompletions batch, int index, long wrId) {
        int bytes = Math.min(batch.byteLength(index), RESPONSE_BYTES);
        long low = receives.low(wrId);
        long high = receives.high(wrId);
        // Posted again before anybody hears of it: a handler that submits at once finds a receive
        // behind every capsule it may have outstanding.
        if (receives.taken(wrId)) {
            postReceives(wrId);
        }
        FabricEvents receiver = events;
        if (receiver == null) {
            return;
        }
        if (batch.keyInvalidated(index)) {
            receiver.receivedInvalidating(low, high, bytes, batch.invalidatedKey(index));
        } else {
            receiver.received(low, high, bytes);
        }
    }

    private void postReceives(long wrId) {
        QueuePair pair = queuePair;
        if (pair == null || failure != null) {
            return;
        }
        int errno = receives.post(pair, wrId);
        if (errno != 0) {
            postFailed("ibv_post_recv", errno);
        }
    }

    private void sent(long wrId) {
        int slot = (int) wrId & 0xFFFF;
        int tag = (int) (wrId >>> 16) & 0xFFFF;
        FabricEvents receiver = events;
        if ((wrId & SendRing.MARKER) != 0) {
            markerPending = false;
        } else if ((wrId & SendRing.INVALIDATION) == 0) {
            sends.completed(slot);
            if (receiver != null) {
                receiver.sent(slot, tag);
            }
        } else if (receiver != null) {
            receiver.invalidated(slot, tag);
        }
    }

    private void completedWithError(WorkCompletions batch, int index, long wrId) {
        if (ReceiveRing.isReceive(wrId)) {
            receives.failed();
        } else if ((wrId & SendRing.MARKER) != 0) {
            markerPending = false;
        }
        int status = batch.status(index);
        if (status == WorkCompletionStatus.FLUSHED_VALUE) {
            // The consequence of an error or a disconnect, not its reason; the reason is on its way
            // or known.
            fail(FabricFailure.Kind.DISCONNECTED, "the connection was lost");
            return;
        }
        fail(
                FabricFailure.Kind.TRANSPORT_ERROR,
                nameOf(wrId)
                        + " failed on the RDMA connection: "
                        + WorkCompletionStatus.describe(status)
                        + " (vendor error "
                        + batch.vendorError(index)
                        + ")");
    }

    private static String nameOf(long wrId) {
        if (ReceiveRing.isReceive(wrId)) {
            return "a receive";
        }
        if ((wrId & SendRing.BIND) != 0) {
            return "binding a memory window";
        }
        return (wrId & SendRing.INVALIDATION) != 0 ? "invalidating a memory window" : "a send";
    }

    @Override
    public void arm() {
        group.arm();
    }

    @Override
    public void block(long timeoutNanos) {
        group.block(timeoutNanos);
    }

    @Override
    public void wakeUp() {
        group.wakeUp();
    }

    @Override
    public boolean drain(FabricEvents receiver, Deadline deadline) {
        fail(FabricFailure.Kind.CLOSED, "the queue is closed");
        QueuePair pair = queuePair;
        if (pair == null || closed) {
            return true;
        }
        // Both: the first tells the peer, the second works when there is no peer any more.
        parts.disconnect();
        if (!parts.quietly("ibv_modify_qp", pair::error) || sendsLost || !mark(pair)) {
            return false;
        }
        while (markerPending || receives.posted() > 0) {
            if (poll(receiver) == 0) {
                if (deadline.expired()) {
                    LOG.log(
                            Level.DEBUG,
                            "Queue {0} was not flushed in time: {1} receives left, sends {2}",
                            queueId,
                            receives.posted(),
                            markerPending ? "too" : "done");
                    return false;
                }
                LockSupport.parkNanos(50_000);
            }
        }
        // Nothing of this queue is under way; its keys must not outlive it, for they keep regions
        // from being deregistered.
        return windows == null || parts.quietly("releasing memory windows", windows::close);
    }

    /// Most sends leave no trace when they complete: one more, behind them, does.
    ///
    /// @return false when it cannot be posted
    private boolean mark(QueuePair pair) {
        if (!sends.isBehind()) {
            return true;
        }
        discard();
        markerPending = true;
        int errno = sends.postMarker(pair);
        if (errno != 0) {
            LOG.log(
                    Level.DEBUG,
                    "Queue {0} cannot be flushed by a marker (errno {1})",
                    queueId,
                    errno);
        }
        return errno == 0;
    }

    @Override
    public boolean close() {
        if (closed) {
            return released;
        }
        closed = true;
        fail(FabricFailure.Kind.CLOSED, "the queue is closed");
        if (queuePair != null) {
            parts.disconnect();
        }
        released = parts.release(this);
        if (released) {
            onDestroyed.accept(this);
        }
        return released;
    }
}

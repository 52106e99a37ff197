package dev.verbena.testkit.internal.wire;

import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricFailure.Kind;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.testkit.Fault;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// What a card does with one queue pair.
///
/// Capsules and in-capsule data are the card's until the send completion; a queue pair in the error
/// state flushes what was posted, and what was under way in that moment still reaches memory before
/// the flush is over.
///
/// Threads: the scheduler's; what the host calls is synchronized.
final class CardEnd {
    /// How long a card tries to reach a peer that is gone.
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(4);

    private final SimulatedQueue queue;
    private final Scheduler scheduler;
    private final SimulatedDevice device;
    private final TargetEnd target;
    private final boolean flushHangs;
    private final Deque<PostedSend> posted = new ArrayDeque<>();

    /// Invalidations that have not completed.
    private final List<WorkRequest.Invalidate> invalidating = new ArrayList<>();

    /// The queue pair is in the error state.
    private boolean erroneous;

    private boolean flushed;
    private boolean destroyed;
    private int dmaUnderWay;
    private long toTargetTime;
    private long fromTargetTime;
    private long doneTime;

    CardEnd(SimulatedQueue queue, SimulatedNetwork network, TargetPort port, boolean flushHangs) {
        this.queue = queue;
        this.scheduler = network.scheduler();
        this.device = network.device();
        this.flushHangs = flushHangs;
        this.target = new TargetEnd(queue.queueId(), queue.depth(), this, port, network);
    }

    synchronized void checkNotSending(int slot) {
        for (PostedSend send : posted) {
            if (send.slot == slot && !send.inline) {
                device.violation("slot " + slot + " was staged while its last send was under way");
            }
        }
    }

    void post(List<WorkRequest> requests) {
        for (WorkRequest request : requests) {
            switch (request) {
                case PostedSend send -> {
                    send.posted(device);
                    synchronized (this) {
                        posted.add(send);
                    }
                    toTarget("capsule, " + queue, () -> transmit(send));
                }
                case WorkRequest.Bind bind -> toTarget("bind, " + queue, () -> bind(bind));
                case WorkRequest.Invalidate invalidate -> {
                    synchronized (this) {
                        invalidating.add(invalidate);
                    }
                    toTarget("invalidate, " + queue, () -> invalidate(invalidate));
                }
            }
        }
    }

    private void bind(WorkRequest.Bind bind) {
        if (isStopped()) {
            return;
        }
        if (device.isWindowOpen(bind.oldKey())) {
            device.violation(
                    "the window of slot " + bind.slot() + " was bound while its key was valid");
        }
        device.bind(bind.key(), bind.part(), bind.use());
    }

    private void invalidate(WorkRequest.Invalidate invalidate) {
        if (isStopped()) {
            return;
        }
        try {
            device.invalidate(invalidate.key());
        } catch (AccessRefusedException e) {
            device.violation("a local invalidation was refused: " + e.getMessage());
            failed("a local invalidation", "memory window bind error");
            return;
        }
        later(
                "invalidated, " + queue,
                scheduler.jitterNanos(),
                () -> {
                    synchronized (this) {
                        if (!invalidating.remove(invalidate) || destroyed) {
                            return;
                        }
                    }
                    queue.complete(
                            events -> events.invalidated(invalidate.slot(), invalidate.tag()));
                });
    }

    /// Completions of one queue pair keep their order.
    private void later(String what, long delay, Runnable action) {
        doneTime = Math.max(doneTime + 1, scheduler.nanoTime() + delay);
        scheduler.schedule(what, doneTime - scheduler.nanoTime(), action);
    }

    private void transmit(PostedSend send) {
        byte[] capsule;
        try {
            synchronized (this) {
                if (!send.pending || erroneous || destroyed) {
                    return;
                }
                capsule = send.gather(device);
            }
        } catch (AccessRefusedException e) {
            if (device.isPresent()) {
                device.violation("a send on " + queue + " was refused: " + e.getMessage());
            }
            sendFailed(send, "local protection error");
            return;
        }
        if (!target.isUp()) {
            scheduler.schedule(
                    "retries exceeded, " + queue,
                    RETRY_NANOS,
                    () -> sendFailed(send, "transport retry counter exceeded"));
            return;
        }
        List<Fault> faults = target.faults(capsule);
        long delay = scheduler.jitterNanos();
        for (Fault fault : faults) {
            if (fault instanceof Fault.SendError) {
                sendFailed(send, "remote invalid request error");
                return;
            }
            if (fault instanceof Fault.DelaySendCompletion hold) {
                delay += hold.delay().toNanos();
            }
        }
        target.deliver(capsule, faults);
        later("sent, " + queue, delay, () -> sendDone(send));
    }

    private void sendDone(PostedSend send) {
        synchronized (this) {
            if (!send.pending || destroyed) {
                return;
            }
            if (device.isPresent()) {
                // The card could have been retransmitting until now.
                send.checkUnchanged(device);
            }
            send.pending = false;
            posted.remove(send);
        }
        if (!send.inline) {
            queue.complete(events -> events.sent(send.slot, send.tag));
        }
    }

    private void sendFailed(PostedSend send, String why) {
        synchronized (this) {
            if (!send.pending || destroyed) {
                return;
            }
            send.pending = false;
            posted.remove(send);
        }
        failed("a send", why);
    }

    private void failed(String what, String why) {
        String message = what + " failed on the RDMA connection: " + why;
        queue.complete(events -> queue.fail(new FabricFailure(Kind.TRANSPORT_ERROR, message)));
        error();
    }

    // The ways between the two ends: each keeps its order.

    private void toTarget(String what, Runnable action) {
        long delay;
        synchronized (this) {
            long now = scheduler.nanoTime();
            toTargetTime = Math.max(toTargetTime + 1, now + scheduler.jitterNanos());
            delay = toTargetTime - now;
        }
        scheduler.schedule(what, delay, action);
    }

    void fromTarget(String what, Runnable action) {
        long delay;
        synchronized (this) {
            long now = scheduler.nanoTime();
            fromTargetTime = Math.max(fromTargetTime + 1, now + scheduler.jitterNanos());
            delay = fromTargetTime - now;
        }
        scheduler.schedule(what, delay, action);
    }

    /// A response reaches a posted receive.
    ///
    /// @param bytes 16 of them, of which `length` were sent and the others lay there before
    void arrive(byte[] bytes, int length, boolean invalidate, int key) {
        if (isStopped()) {
            return;
        }
        if (invalidate) {
            try {
                device.invalidate(key);
            } catch (AccessRefusedException e) {
                broken("the target invalidated a key that is none: " + e.getMessage());
                return;
            }
        }
        byte[] all = Arrays.copyOf(bytes, FabricQueue.RESPONSE_BYTES);
        long low = number(all, 0);
        long high = number(all, Long.BYTES);
        queue.complete(events -> {
            if (invalidate) {
                events.receivedInvalidating(low, high, length, key);
            } else {
                events.received(low, high, length);
            }
        });
    }

    private static long number(byte[] bytes, int offset) {
        long value = 0;
        for (int i = Long.BYTES - 1; i >= 0; i--) {
            value = value << 8 | Byte.toUnsignedLong(bytes[offset + i]);
        }
        return value;
    }

    // What happens to the connection.

    void peerDisconnected() {
        fromTarget(
                "disconnected, " + queue,
                () -> queue.fail(new FabricFailure(Kind.DISCONNECTED, "the target disconnected")));
    }

    /// The card reports flushed work requests before anybody says why.
    void broken(String why) {
        fromTarget(
                "broken, " + queue,
                () -> {
                    scheduler.note(queue + " breaks: " + why);
                    lost();
                    error();
                });
    }

    private void lost() {
        queue.complete(events ->
                queue.fail(new FabricFailure(Kind.DISCONNECTED, "the connection was lost")));
    }

    void deviceRemoved() {
        error();
        queue.fail(new FabricFailure(Kind.DEVICE_REMOVED, "its RDMA device was removed"));
        target.endNow();
    }

    /// The queue pair stops: nothing new starts, what was posted is flushed.
    void error() {
        synchronized (this) {
            if (erroneous || destroyed) {
                return;
            }
            erroneous = true;
        }
        scheduler.schedule("peer sees the end, " + queue, scheduler.jitterNanos(), target::endNow);
        if (!flushHangs) {
            scheduler.schedule("flush, " + queue, scheduler.jitterNanos(), this::flush);
        }
    }

    private void flush() {
        synchronized (this) {
            if (destroyed) {
                return;
            }
            if (dmaUnderWay > 0) {
                scheduler.schedule("flush, " + queue, 1 + scheduler.jitterNanos(), this::flush);
                return;
            }
            posted.forEach(send -> send.pending = false);
            posted.clear();
            invalidating.clear();
            flushed = true;
        }
        lost();
        scheduler.changed(this);
    }

    synchronized boolean isFlushed() {
        return flushed;
    }

    /// Starts RDMA; false when the queue pair carries none any more.
    synchronized boolean beginDma() {
        if (erroneous || destroyed) {
            return false;
        }
        dmaUnderWay++;
        return true;
    }

    synchronized void endDma() {
        dmaUnderWay--;
    }

    synchronized void destroy() {
        destroyed = true;
        posted.forEach(send -> send.pending = false);
        posted.clear();
    }

    synchronized boolean isDestroyed() {
        return destroyed;
    }

    private synchronized boolean isStopped() {
        return erroneous || destroyed;
    }

    /// Whether neither side has given the connection up.
    boolean isUsable() {
        return !isStopped() && queue.failure() == null;
    }
}

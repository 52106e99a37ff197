package dev.verbena.testkit.internal.wire;

import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricEvents;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.fabric.QueueParameters;
import dev.verbena.internal.memory.Region;
import dev.verbena.testkit.Fault;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The host's end of a queue pair in memory.
///
/// Behaves like one on a card: capsules and in-capsule data are the card's until the send
/// completion, completions arrive in batches, [#arm] announces only what comes after it, a queue
/// pair in the error state flushes what was posted, and what was under way in that moment still
/// reaches memory before the flush is over.
///
/// Threads: as [FabricQueue]; the scheduler's thread is the card.
public final class SimulatedQueue implements FabricQueue {
    /// Events reported by one poll.
    public static final int BATCH = 32;

    /// How long a card tries to reach a peer that is gone.
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(4);

    private static final long DRAIN_UNIT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private static final ValueLayout.OfLong LITTLE_ENDIAN =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private interface Event {
        void deliver(FabricEvents events);
    }

    private final int queueId;
    private final int depth;
    private final int stride;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment capsules;
    private final SimulatedNetwork network;
    private final Scheduler scheduler;
    private final SimulatedDevice device;
    private final TargetEnd target;
    private final List<Fault> hostFaults;
    private final PostedSend.Piece[][] pieces;
    private final List<PostedSend> staged = new ArrayList<>();
    private final Deque<PostedSend> posted = new ArrayDeque<>();
    private final Deque<Event> completions = new ArrayDeque<>();
    private @Nullable FabricFailure failure;
    private boolean armed;
    private boolean notified;

    /// The queue pair is in the error state.
    private boolean erroneous;

    private boolean flushed;
    private boolean destroyed;
    private int dmaUnderWay;
    private long toTargetTime;
    private long fromTargetTime;
    private long sendDoneTime;

    SimulatedQueue(
            QueueParameters parameters,
            int depth,
            SimulatedNetwork network,
            TargetPort port,
            List<Fault> hostFaults) {
        this.queueId = parameters.queueId();
        this.depth = depth;
        this.stride = Math.ceilDiv(parameters.capsuleHeaderBytes(), 64) * 64;
        this.capsules = arena.allocate((long) stride * parameters.entryCount(), 64);
        this.pieces = new PostedSend.Piece[parameters.entryCount()][SEGMENTS_MAX];
        this.network = network;
        this.scheduler = network.scheduler();
        this.device = network.device();
        this.hostFaults = hostFaults;
        this.target = new TargetEnd(this, port, scheduler, device);
    }

    /// Pieces of in-capsule data this side can gather.
    static final int SEGMENTS_MAX = 16;

    @Override
    public int queueId() {
        return queueId;
    }

    @Override
    public int depth() {
        return depth;
    }

    @Override
    public MemorySegment capsules() {
        return capsules;
    }

    @Override
    public long capsuleOffset(int slot) {
        return (long) slot * stride;
    }

    @Override
    public int capsuleBytes() {
        return stride;
    }

    TargetEnd target() {
        return target;
    }

    // Posting.

    @Override
    public void segment(int slot, int index, long address, int bytes, int localKey) {
        pieces[slot][index] = new PostedSend.Piece(address, bytes, localKey);
    }

    @Override
    public boolean bindsKeys() {
        return false;
    }

    @Override
    public int bind(int slot, Region region, long address, int bytes, boolean controllerWrites) {
        throw new IllegalStateException("This device has no memory windows");
    }

    @Override
    public void invalidate(int slot, int tag) {
        throw new IllegalStateException("This device has no memory windows");
    }

    @Override
    public synchronized boolean stage(int slot, int tag, int headerBytes, int segmentCount) {
        if (headerBytes < 64 || headerBytes > stride) {
            throw new IllegalArgumentException(
                    "A header of " + headerBytes + " bytes in a slot of " + stride);
        }
        for (PostedSend send : posted) {
            if (send.slot == slot) {
                device.violation("slot " + slot + " was staged while its last send was under way");
            }
        }
        staged.add(
                new PostedSend(
                        slot,
                        tag,
                        capsules.asSlice(capsuleOffset(slot), headerBytes),
                        List.of(Arrays.copyOf(pieces[slot], segmentCount))));
        return true;
    }

    @Override
    public void ring() {
        List<PostedSend> now;
        synchronized (this) {
            now = List.copyOf(staged);
            staged.clear();
            if (destroyed || failure != null) {
                return;
            }
            posted.addAll(now);
        }
        for (PostedSend send : now) {
            send.posted(device);
            toTarget("capsule, " + this, () -> transmit(send));
        }
    }

    /// The card sends a capsule.
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
            device.violation("a send on " + this + " was refused: " + e.getMessage());
            sendFailed(send, "local protection error");
            return;
        }
        if (!target.isUp()) {
            scheduler.schedule(
                    "retries exceeded, " + this,
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
        sendDoneTime = Math.max(sendDoneTime + 1, scheduler.nanoTime() + delay);
        scheduler.schedule(
                "sent, " + this, sendDoneTime - scheduler.nanoTime(), () -> sendDone(send));
    }

    private synchronized void sendDone(PostedSend send) {
        if (!send.pending || destroyed) {
            return;
        }
        if (device.isPresent()) {
            // The card could have been retransmitting until now.
            send.checkUnchanged(device);
        }
        send.pending = false;
        posted.remove(send);
        complete(events -> events.sent(send.slot, send.tag));
    }

    private synchronized void sendFailed(PostedSend send, String why) {
        if (!send.pending || destroyed) {
            return;
        }
        send.pending = false;
        posted.remove(send);
        complete(events ->
                fail(
                        new FabricFailure(
                                FabricFailure.Kind.TRANSPORT_ERROR,
                                "a send failed on the RDMA connection: " + why)));
        error();
    }

    // The ways between the two ends: each keeps its order.

    private void toTarget(String what, Runnable action) {
        long time;
        synchronized (this) {
            toTargetTime =
                    Math.max(toTargetTime + 1, scheduler.nanoTime() + scheduler.jitterNanos());
            time = toTargetTime;
        }
        scheduler.schedule(what, time - scheduler.nanoTime(), action);
    }

    void fromTarget(String what, Runnable action) {
        long time;
        synchronized (this) {
            fromTargetTime =
                    Math.max(fromTargetTime + 1, scheduler.nanoTime() + scheduler.jitterNanos());
            time = fromTargetTime;
        }
        scheduler.schedule(what, time - scheduler.nanoTime(), action);
    }

    /// A response reaches a posted receive.
    synchronized void arrive(byte[] bytes, boolean invalidate, int key) {
        if (erroneous || destroyed) {
            return;
        }
        if (invalidate) {
            try {
                device.invalidate(key);
            } catch (AccessRefusedException e) {
                scheduler.note("remote invalidation refused: " + e.getMessage());
                broken("the target invalidated a key that is none: " + e.getMessage());
                return;
            }
        }
        MemorySegment response = MemorySegment.ofArray(Arrays.copyOf(bytes, RESPONSE_BYTES));
        long low = response.get(LITTLE_ENDIAN, 0);
        long high = response.get(LITTLE_ENDIAN, Long.BYTES);
        int length = Math.min(bytes.length, RESPONSE_BYTES);
        if (invalidate) {
            complete(events -> events.receivedInvalidating(low, high, length, key));
        } else {
            complete(events -> events.received(low, high, length));
        }
    }

    // What happens to the connection.

    void peerDisconnected() {
        fromTarget(
                "disconnected, " + this,
                () -> failNow(FabricFailure.Kind.DISCONNECTED, "the target disconnected"));
    }

    /// The card reports flushed work requests before anybody says why.
    void broken(String why) {
        fromTarget(
                "broken, " + this,
                () -> {
                    scheduler.note(this + " breaks: " + why);
                    synchronized (this) {
                        complete(events ->
                                fail(
                                        new FabricFailure(
                                                FabricFailure.Kind.DISCONNECTED,
                                                "the connection was lost")));
                    }
                    error();
                });
    }

    void deviceRemoved() {
        error();
        failNow(FabricFailure.Kind.DEVICE_REMOVED, "its RDMA device was removed");
    }

    private void failNow(FabricFailure.Kind kind, String message) {
        fail(new FabricFailure(kind, message));
    }

    /// The queue pair stops: nothing new starts, what was posted is flushed.
    private void error() {
        synchronized (this) {
            if (erroneous || destroyed) {
                return;
            }
            erroneous = true;
        }
        scheduler.schedule("peer sees the end, " + this, scheduler.jitterNanos(), target::hostGone);
        if (!has(Fault.HangFlush.class)) {
            scheduler.schedule("flush, " + this, scheduler.jitterNanos(), this::flush);
        }
    }

    private synchronized void flush() {
        if (destroyed) {
            return;
        }
        if (dmaUnderWay > 0) {
            scheduler.schedule("flush, " + this, 1 + scheduler.jitterNanos(), this::flush);
            return;
        }
        posted.forEach(send -> send.pending = false);
        posted.clear();
        flushed = true;
        complete(events ->
                fail(
                        new FabricFailure(
                                FabricFailure.Kind.DISCONNECTED, "the connection was lost")));
    }

    private boolean has(Class<? extends Fault> type) {
        return hostFaults.stream().anyMatch(type::isInstance);
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

    synchronized boolean isDestroyed() {
        return destroyed;
    }

    /// Whether neither side has given the connection up.
    synchronized boolean isUsable() {
        return !erroneous && !destroyed && failure == null;
    }

    private void complete(Event event) {
        completions.add(event);
        if (armed) {
            armed = false;
            notified = true;
        }
        scheduler.changed(this);
    }

    // Polling and waiting.

    @Override
    public int poll(FabricEvents receiver) {
        List<Event> batch = new ArrayList<>();
        synchronized (this) {
            requireOpen();
            while (batch.size() < BATCH && !completions.isEmpty()) {
                batch.add(completions.remove());
            }
        }
        batch.forEach(event -> event.deliver(receiver));
        return batch.size();
    }

    @Override
    public synchronized boolean hasCompletions() {
        requireOpen();
        return !completions.isEmpty();
    }

    private void requireOpen() {
        if (destroyed) {
            device.violation(this + " was used after it was closed");
            throw new IllegalStateException("The queue pair was used after it was destroyed");
        }
    }

    @Override
    public synchronized @Nullable FabricFailure failure() {
        return failure;
    }

    @Override
    public synchronized void fail(FabricFailure reason) {
        if (failure == null) {
            failure = reason;
            scheduler.note(this + " fails: " + reason.message());
            wakeUp();
        }
    }

    @Override
    public synchronized void arm() {
        requireOpen();
        armed = true;
    }

    @Override
    public void block(long timeoutNanos) {
        scheduler.await(this, this::isNotified, timeoutNanos);
        synchronized (this) {
            notified = false;
        }
    }

    private synchronized boolean isNotified() {
        return notified;
    }

    @Override
    public synchronized void wakeUp() {
        notified = true;
        scheduler.changed(this);
    }

    // The end.

    @Override
    public boolean drain(FabricEvents receiver, Deadline deadline) {
        requireOpen();
        fail(new FabricFailure(FabricFailure.Kind.CLOSED, "the queue is closed"));
        error();
        // The deadline is on the host's clock, the card's may be virtual: rounded, so that two runs
        // with the same seed wait for the same time.
        long left = Math.ceilDiv(deadline.remainingNanos(), DRAIN_UNIT_NANOS) * DRAIN_UNIT_NANOS;
        scheduler.await(this, this::isFlushed, left);
        boolean complete = isFlushed();
        while (poll(receiver) > 0) {
            // Whatever completed before the flush.
        }
        return complete;
    }

    private synchronized boolean isFlushed() {
        return flushed;
    }

    @Override
    public boolean close() {
        if (destroyed) {
            return !has(Fault.RefuseDestroy.class);
        }
        failNow(FabricFailure.Kind.CLOSED, "the queue is closed");
        error();
        if (has(Fault.RefuseDestroy.class)) {
            // The card keeps the queue pair, and everything under way goes on.
            return false;
        }
        synchronized (this) {
            destroyed = true;
            posted.forEach(send -> send.pending = false);
            posted.clear();
            completions.clear();
        }
        network.closed(this);
        arena.close();
        return true;
    }

    @Override
    public String toString() {
        return "q" + queueId;
    }
}

package dev.verbena.testkit.internal.wire;

import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricEvents;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.fabric.QueueParameters;
import dev.verbena.internal.memory.Region;
import dev.verbena.testkit.Fault;
import dev.verbena.testkit.internal.wire.SimulatedDevice.Use;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The host's end of a queue pair in memory: what the engine calls. What the card does with it is
/// in [CardEnd].
///
/// Threads: as [FabricQueue].
public final class SimulatedQueue implements FabricQueue {
    /// Pieces of in-capsule data this side can gather.
    static final int SEGMENTS_MAX = 16;

    private static final long DRAIN_UNIT_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final int VARIANT_MASK = 0xFF;

    private final int queueId;
    private final int depth;
    private final int stride;
    private final boolean strict;
    private final int inlineBytesMax;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment capsules;
    private final SimulatedNetwork network;
    private final Scheduler scheduler;
    private final SimulatedDevice device;
    private final CardEnd card;
    private final SimulatedGroup group;
    private final List<Fault> hostFaults;
    private final PostedSend.Piece[][] pieces;
    private final List<WorkRequest> staged = new ArrayList<>();

    /// The window key last bound for each slot.
    private final int[] keys;

    private FabricEvents events = new NoEvents();
    private @Nullable FabricFailure failure;
    private boolean closed;

    SimulatedQueue(
            QueueParameters parameters,
            int depth,
            boolean strict,
            SimulatedNetwork network,
            SimulatedGroup group,
            TargetPort port,
            List<Fault> hostFaults) {
        int entries = parameters.entryCount();
        this.queueId = parameters.queueId();
        this.depth = depth;
        this.strict = strict;
        this.inlineBytesMax = network.inlineBytesMax();
        this.stride = Math.ceilDiv(parameters.capsuleHeaderBytes(), 64) * 64;
        this.capsules = arena.allocate((long) stride * entries, 64);
        this.pieces = new PostedSend.Piece[entries][SEGMENTS_MAX];
        this.keys = new int[entries];
        this.network = network;
        this.scheduler = network.scheduler();
        this.device = network.device();
        this.group = group;
        this.hostFaults = hostFaults;
        for (int i = 0; strict && i < entries; i++) {
            keys[i] = device.newWindowIndex();
        }
        this.card = new CardEnd(this, network, port, has(Fault.HangFlush.class));
        group.attach();
    }

    private static final class NoEvents implements FabricEvents {
        @Override
        public void sent(int slot, int tag) {}

        @Override
        public void received(long low, long high, int byteLength) {}

        @Override
        public void receivedInvalidating(long low, long high, int byteLength, int key) {}

        @Override
        public void invalidated(int slot, int tag) {}
    }

    private boolean has(Class<? extends Fault> type) {
        return hostFaults.stream().anyMatch(type::isInstance);
    }

    CardEnd card() {
        return card;
    }

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
        requireOpen();
        return capsules;
    }

    @Override
    public long capsuleOffset(int slot) {
        requireOpen();
        return (long) Objects.checkIndex(slot, pieces.length) * stride;
    }

    @Override
    public int capsuleBytes() {
        return stride;
    }

    // Posting.

    @Override
    public void segment(int slot, int index, long address, int bytes, int localKey) {
        requireOpen();
        pieces[slot][index] = new PostedSend.Piece(address, bytes, localKey);
    }

    @Override
    public boolean bindsKeys() {
        return strict;
    }

    @Override
    public int bind(int slot, Region region, long address, int bytes, boolean controllerWrites) {
        requireOpen();
        if (!strict) {
            throw new IllegalStateException("Keys are not bound in this mode");
        }
        if (!region.contains(address, bytes)) {
            device.violation("a window was bound to memory outside its region");
        }
        int key = (keys[slot] & ~VARIANT_MASK) | (keys[slot] + 1 & VARIANT_MASK);
        MemorySegment part = region.segment().asSlice(address - region.address(), bytes);
        staged.add(
                new WorkRequest.Bind(
                        slot,
                        keys[slot],
                        key,
                        part,
                        controllerWrites ? Use.CONTROLLER_WRITES : Use.CONTROLLER_READS));
        keys[slot] = key;
        return key;
    }

    @Override
    public void invalidate(int slot, int tag) {
        requireOpen();
        staged.add(new WorkRequest.Invalidate(slot, tag, keys[slot]));
    }

    @Override
    public boolean stage(int slot, int tag, int headerBytes, int segmentCount) {
        requireOpen();
        if (headerBytes < 64 || headerBytes > stride) {
            throw new IllegalArgumentException(
                    "A header of " + headerBytes + " bytes in a slot of " + stride);
        }
        card.checkNotSending(slot);
        for (WorkRequest request : staged) {
            if (request instanceof PostedSend send && send.slot == slot) {
                device.violation("slot " + slot + " of " + this + " was staged twice");
            }
        }
        boolean inline = segmentCount == 0 && headerBytes <= inlineBytesMax;
        staged.add(
                new PostedSend(
                        slot,
                        tag,
                        inline,
                        capsules.asSlice(capsuleOffset(slot), headerBytes),
                        List.of(Arrays.copyOf(pieces[slot], segmentCount))));
        return !inline;
    }

    @Override
    public void ring() {
        List<WorkRequest> now = List.copyOf(staged);
        staged.clear();
        if (!closed && failure() == null) {
            card.post(now);
        }
    }

    // Polling and waiting.

    void deliver(SimulatedGroup.Event event) {
        event.deliver(events);
    }

    void complete(SimulatedGroup.Event event) {
        group.complete(this, event);
    }

    @Override
    public int poll(FabricEvents receiver) {
        requireOpen();
        events = receiver;
        return group.poll();
    }

    @Override
    public boolean hasCompletions() {
        requireOpen();
        return group.hasCompletions();
    }

    private void requireOpen() {
        if (closed) {
            device.violation(this + " was used after it was closed");
            throw new IllegalStateException("The queue pair was used after it was destroyed");
        }
    }

    @Override
    public synchronized @Nullable FabricFailure failure() {
        return failure;
    }

    @Override
    public void fail(FabricFailure reason) {
        synchronized (this) {
            if (failure != null) {
                return;
            }
            failure = reason;
        }
        scheduler.note(this + " fails: " + reason.message());
        wakeUp();
    }

    @Override
    public void arm() {
        requireOpen();
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

    // The end.

    @Override
    public boolean drain(FabricEvents receiver, Deadline deadline) {
        requireOpen();
        fail(new FabricFailure(FabricFailure.Kind.CLOSED, "the queue is closed"));
        card.error();
        // The deadline is on the host's clock, the card's may be virtual: rounded, so that two runs
        // with the same seed wait for the same time.
        long left = Math.ceilDiv(deadline.remainingNanos(), DRAIN_UNIT_NANOS) * DRAIN_UNIT_NANOS;
        scheduler.await(card, card::isFlushed, left);
        boolean complete = card.isFlushed();
        while (poll(receiver) > 0) {
            // Whatever completed before the flush.
        }
        return complete;
    }

    @Override
    public boolean close() {
        if (closed) {
            return !has(Fault.RefuseDestroy.class);
        }
        fail(new FabricFailure(FabricFailure.Kind.CLOSED, "the queue is closed"));
        card.error();
        closed = true;
        group.detach(this);
        if (has(Fault.RefuseDestroy.class)) {
            // The card keeps the queue pair, and everything under way goes on.
            return false;
        }
        card.destroy();
        for (int i = 0; strict && i < keys.length; i++) {
            // Its windows go with it.
            device.deregister(keys[i]);
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

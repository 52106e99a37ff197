package dev.verbena.fakes;

import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricEvents;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.CompletionEntry;
import dev.verbena.nvme.Sgl;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// A queue pair in memory. Events happen when a test, or a script set with [#target], says so.
///
/// Like a real one it refuses to be used after [#close], forgets what was staged when it has
/// failed, and reports in batches. Threads: as [FabricQueue]; what injects events may run anywhere.
public final class FakeFabricQueue implements FabricQueue {
    /// Events reported by one poll.
    public static final int BATCH = 32;

    /// Pieces of in-capsule data a capsule can be gathered from.
    public static final int PIECES_MAX = 16;

    private interface Event {
        void deliver(FabricEvents events);
    }

    private final int queueId;
    private final int depth;
    private final int stride;
    private final MemorySegment capsules;
    private final Deque<Event> events = new ArrayDeque<>();
    private final SentCapsule.@Nullable Piece[] pieces;
    private final List<SentCapsule> staged = new ArrayList<>();
    private final List<SentCapsule> sent = new ArrayList<>();
    private BiConsumer<FakeFabricQueue, SentCapsule> target = (queue, capsule) -> {};
    private @Nullable FabricFailure failure;
    private @Nullable RuntimeException pollFailure;
    private @Nullable RuntimeException drainFailure;
    private boolean autoSent = true;
    private boolean autoInvalidated = true;
    private boolean inlineSends;
    private @Nullable FakeMemoryDomain binding;
    private final int[] boundKeys;
    private final List<int[]> stagedInvalidations = new ArrayList<>();
    private int invalidationCount;
    private boolean drains = true;
    private boolean destroys = true;
    private boolean drained;
    private boolean woken;
    private boolean closed;
    private volatile Runnable onDrain = () -> {};
    private volatile @Nullable FakeFabricGroup group;
    private @Nullable FabricEvents lastReceiver;
    private int handledCount;
    private int drainCalls;
    private int closeCalls;
    private int ringCalls;
    private int blockCalls;
    private int armCalls;

    public FakeFabricQueue(int queueId, int depth) {
        this(queueId, depth, 64);
    }

    /// A queue whose capsules have room for a gap before in-capsule data.
    public FakeFabricQueue(int queueId, int depth, int headerBytes) {
        this.queueId = queueId;
        this.depth = depth;
        this.stride = Math.ceilDiv(headerBytes, 64) * 64;
        this.boundKeys = new int[depth];
        this.pieces = new SentCapsule.Piece[depth * PIECES_MAX];
        this.capsules = MemorySegment.ofArray(new byte[stride * depth]);
    }

    // What a test decides.

    /// What happens to every capsule that is sent; runs in [#ring], after the send completion was
    /// queued.
    public synchronized void target(BiConsumer<FakeFabricQueue, SentCapsule> script) {
        target = script;
    }

    /// Lets every command bind a key of its own, in that domain.
    public synchronized void bindKeys(FakeMemoryDomain domain) {
        binding = domain;
    }

    /// Whether every invalidation completes by itself; true at first.
    public synchronized void autoInvalidated(boolean value) {
        autoInvalidated = value;
    }

    /// Whether sends without in-capsule data are inline: never reported. False at first.
    public synchronized void inlineSends(boolean value) {
        inlineSends = value;
    }

    /// Whether every send completes by itself; true at first.
    public synchronized void autoSent(boolean value) {
        autoSent = value;
    }

    /// Whether [#drain] succeeds in time.
    public synchronized void drains(boolean value) {
        drains = value;
    }

    /// Told at the beginning of [#drain], on the thread that calls it.
    public void onDrain(Runnable task) {
        onDrain = task;
    }

    /// Whether [#close] can destroy the queue pair.
    public synchronized void destroys(boolean value) {
        destroys = value;
    }

    public synchronized void failDrain(@Nullable RuntimeException e) {
        drainFailure = e;
    }

    /// Lets polling throw, as a broken completion queue does.
    public synchronized void failPoll(@Nullable RuntimeException e) {
        pollFailure = e;
        notifyAll();
    }

    /// The device is done with a capsule.
    public void completeSend(SentCapsule capsule) {
        completeSend(capsule.slot(), capsule.tag());
    }

    public void completeSend(int slot, int tag) {
        add(e -> e.sent(slot, tag));
    }

    /// The target answers a command.
    public void respond(SentCapsule capsule, int status, long result) {
        respond(capsule.commandId(), status, result);
    }

    public void respond(int commandId, int status, long result) {
        byte[] bytes = new byte[CompletionEntry.SIZE];
        CompletionEntry.encode(
                MemorySegment.ofArray(bytes), 0, result, 0, queueId, commandId, status);
        receive(bytes, bytes.length);
    }

    /// The target sends anything.
    public void receive(byte[] bytes, int byteLength) {
        byte[] whole = Arrays.copyOf(bytes, CompletionEntry.SIZE);
        long low = MemorySegment.ofArray(whole).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        long high = MemorySegment.ofArray(whole).get(ValueLayout.JAVA_LONG_UNALIGNED, 8);
        add(e -> e.received(low, high, byteLength));
    }

    /// The target answers a command and invalidates a key with that, its own or another.
    public void respondInvalidating(SentCapsule capsule, int status, long result, int key) {
        FakeMemoryDomain domain = binding;
        if (domain != null) {
            domain.invalidate(key);
        }
        synchronized (this) {
            if (boundKeys[capsule.slot()] == key) {
                boundKeys[capsule.slot()] = 0;
            }
        }
        long high = (long) queueId << 16 | (long) capsule.commandId() << 32 | (long) status << 49;
        add(e -> e.receivedInvalidating(result, high, CompletionEntry.SIZE, key));
    }

    /// Answers as the command asks: with invalidation where it asks for that.
    public void respondAsAsked(SentCapsule capsule, int status, long result) {
        if (capsule.sglType() == Sgl.TYPE_KEYED_INVALIDATE) {
            respondInvalidating(capsule, status, result, capsule.sglKey());
        } else {
            respond(capsule, status, result);
        }
    }

    /// The device has ended a slot's key.
    public void completeInvalidation(int slot, int tag) {
        add(e -> e.invalidated(slot, tag));
    }

    private void add(Event event) {
        synchronized (this) {
            events.add(event);
            notifyAll();
        }
        FakeFabricGroup joined = group;
        if (joined != null) {
            joined.wakeUp();
        }
    }

    /// Completions go to a group from now on.
    void join(FakeFabricGroup value) {
        group = value;
    }

    /// What the group polls.
    int pollForGroup() {
        FabricEvents receiver = lastReceiver;
        return receiver == null || isClosed() ? 0 : pollThis(receiver);
    }

    // What a test looks at.

    /// Capsules sent so far, oldest first.
    public synchronized List<SentCapsule> sent() {
        return List.copyOf(sent);
    }

    public synchronized SentCapsule lastSent() {
        return sent.getLast();
    }

    /// Whether nothing can reach memory any more.
    public synchronized boolean isQuiet() {
        return drained || (closed && destroys);
    }

    public synchronized boolean isClosed() {
        return closed;
    }

    public synchronized int drainCalls() {
        return drainCalls;
    }

    public synchronized int closeCalls() {
        return closeCalls;
    }

    public synchronized int ringCalls() {
        return ringCalls;
    }

    public synchronized int blockCalls() {
        return blockCalls;
    }

    /// Times the owner found nothing to do: many of them without time passing are a spin.
    public synchronized int armCalls() {
        return armCalls;
    }

    /// Waits until that many capsules have been sent in all, and the target has seen them.
    public synchronized void awaitSent(int count) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (handledCount < count) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                throw new AssertionError(handledCount + " capsules were sent, wanted " + count);
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    // The queue.

    @Override
    public int queueId() {
        return queueId;
    }

    @Override
    public int depth() {
        return depth;
    }

    @Override
    public synchronized MemorySegment capsules() {
        requireOpen();
        return capsules;
    }

    @Override
    public synchronized long capsuleOffset(int slot) {
        requireOpen();
        return offset(slot);
    }

    private long offset(int slot) {
        return (long) Objects.checkIndex(slot, depth) * stride;
    }

    @Override
    public int capsuleBytes() {
        return stride;
    }

    @Override
    public synchronized void segment(int slot, int index, long address, int bytes, int localKey) {
        requireOpen();
        if (bytes <= 0) {
            throw new AssertionError("A piece of " + bytes + " bytes");
        }
        pieces[slot * PIECES_MAX + index] = new SentCapsule.Piece(address, bytes, localKey);
    }

    @Override
    public synchronized boolean bindsKeys() {
        return binding != null;
    }

    @Override
    public synchronized int bind(
            int slot, Region region, long address, int bytes, boolean controllerWrites) {
        requireOpen();
        FakeMemoryDomain domain = Objects.requireNonNull(binding, "this queue does not bind keys");
        if (boundKeys[slot] != 0) {
            throw new AssertionError("Slot " + slot + " is bound to a key still");
        }
        boundKeys[slot] = domain.bind(region, address, bytes, controllerWrites);
        return boundKeys[slot];
    }

    @Override
    public synchronized void invalidate(int slot, int tag) {
        requireOpen();
        if (boundKeys[slot] == 0) {
            throw new AssertionError("Slot " + slot + " is bound to no key");
        }
        stagedInvalidations.add(new int[] {slot, tag});
    }

    /// Keys this side has ended.
    public synchronized int invalidationCount() {
        return invalidationCount;
    }

    @Override
    public synchronized boolean stage(int slot, int tag, int headerBytes, int segmentCount) {
        requireOpen();
        for (SentCapsule other : staged) {
            if (other.slot() == slot) {
                throw new AssertionError("Slot " + slot + " is staged twice");
            }
        }
        if (headerBytes > stride) {
            throw new AssertionError("A header of " + headerBytes + " in a slot of " + stride);
        }
        byte[] header = capsules.asSlice(offset(slot), headerBytes).toArray(ValueLayout.JAVA_BYTE);
        List<SentCapsule.Piece> data = new ArrayList<>();
        for (int i = 0; i < segmentCount; i++) {
            data.add(Objects.requireNonNull(pieces[slot * PIECES_MAX + i]));
        }
        staged.add(new SentCapsule(slot, tag, header, List.copyOf(data)));
        return !(inlineSends && data.isEmpty());
    }

    @Override
    public void ring() {
        List<SentCapsule> now;
        BiConsumer<FakeFabricQueue, SentCapsule> script;
        synchronized (this) {
            if (staged.isEmpty() && stagedInvalidations.isEmpty()) {
                return;
            }
            ringCalls++;
            now = List.copyOf(staged);
            staged.clear();
            List<int[]> invalidations = List.copyOf(stagedInvalidations);
            stagedInvalidations.clear();
            script = target;
            if (failure != null || closed) {
                return;
            }
            invalidations.forEach(this::endKey);
            for (SentCapsule capsule : now) {
                sent.add(capsule);
                if (autoSent && !(inlineSends && capsule.dataBytes() == 0)) {
                    completeSend(capsule);
                }
            }
            notifyAll();
        }
        for (SentCapsule capsule : now) {
            script.accept(this, capsule);
            synchronized (this) {
                handledCount++;
                notifyAll();
            }
        }
    }

    private void endKey(int[] slotAndTag) {
        int slot = slotAndTag[0];
        Objects.requireNonNull(binding).invalidate(boundKeys[slot]);
        boundKeys[slot] = 0;
        invalidationCount++;
        if (autoInvalidated) {
            completeInvalidation(slot, slotAndTag[1]);
        }
    }

    @Override
    public int poll(FabricEvents receiver) {
        lastReceiver = receiver;
        FakeFabricGroup joined = group;
        return joined == null ? pollThis(receiver) : joined.poll();
    }

    private int pollThis(FabricEvents receiver) {
        List<Event> batch = new ArrayList<>();
        synchronized (this) {
            requireOpen();
            if (pollFailure != null) {
                throw pollFailure;
            }
            while (batch.size() < BATCH && !events.isEmpty()) {
                batch.add(events.remove());
            }
        }
        batch.forEach(event -> event.deliver(receiver));
        return batch.size();
    }

    @Override
    public synchronized boolean hasCompletions() {
        requireOpen();
        if (pollFailure != null) {
            throw pollFailure;
        }
        return !events.isEmpty();
    }

    private void requireOpen() {
        if (closed) {
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
            wakeUp();
        }
    }

    @Override
    public synchronized void arm() {
        requireOpen();
        armCalls++;
    }

    @Override
    public synchronized void block(long timeoutNanos) {
        requireOpen();
        blockCalls++;
        long deadline = System.nanoTime() + timeoutNanos;
        while (!woken && events.isEmpty() && pollFailure == null) {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
                return;
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException e) {
                // The native wait is not interruptible either.
            }
        }
        woken = false;
    }

    @Override
    public synchronized void wakeUp() {
        woken = true;
        notifyAll();
    }

    @Override
    public boolean drain(FabricEvents receiver, Deadline deadline) {
        onDrain.run();
        List<Event> rest;
        synchronized (this) {
            drainCalls++;
            requireOpen();
            fail(new FabricFailure(FabricFailure.Kind.CLOSED, "the queue is closed"));
            if (drainFailure != null) {
                throw drainFailure;
            }
            rest = List.copyOf(events);
            events.clear();
        }
        FakeFabricGroup joined = group;
        if (joined != null) {
            joined.poll();
        }
        rest.forEach(event -> event.deliver(receiver));
        synchronized (this) {
            drained = drains;
            return drains;
        }
    }

    @Override
    public synchronized boolean close() {
        closeCalls++;
        closed = true;
        return destroys;
    }
}

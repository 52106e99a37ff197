package dev.verbena.internal.fabric;

import dev.verbena.internal.memory.VerbsMemoryDomain;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairOptions;
import dev.verbena.verbs.RdmaContext;
import dev.verbena.verbs.RdmaException;
import dev.verbena.verbs.SendSlots;
import dev.verbena.verbs.UnconnectedQueuePair;
import dev.verbena.verbs.WorkCompletionStatus;
import dev.verbena.verbs.WorkCompletions;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A queue pair over libibverbs with its completion queue, its capsules and its receive ring.
///
/// A send's `wr_id` holds slot and tag, a receive's its position in the [ReceiveRing]: nothing that
/// comes from the wire is needed to know whose completion it is.
final class VerbsQueue implements FabricQueue {
    private static final System.Logger LOG = System.getLogger("dev.verbena.fabric");

    private static final int CACHE_LINE = 64;

    /// Completions taken per call into the library.
    private static final int BATCH = 32;

    private final CmDispatcher dispatcher;
    private final CmId id;
    private final int queueId;
    private final int entryCount;
    private final int capsuleStride;
    private final Arena arena = Arena.ofShared();
    private final AtomicReference<@Nullable FabricFailure> failure = new AtomicReference<>();

    /// Releases what has been created so far, newest first.
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    private final MemorySegment capsules;
    private final int capsulesKey;
    private final SendSlots sends;
    private final ReceiveRing receives;
    private final WorkCompletions completions;
    private final CompletionChannel channel;
    private final CompletionQueue completionQueue;
    private @Nullable UnconnectedQueuePair unconnected;
    private @Nullable QueuePair queuePair;

    private int depth;
    private int stagedFirst = -1;
    private int stagedLast = -1;
    private int stagedCount;
    private int sendsPosted;

    /// Completions in the batch that have not been reported yet.
    private int fetched;

    private boolean closed;

    /// What [#close] found, for whoever calls it again.
    private boolean released;

    /// @param id resolved; owned by this object from now on, also when the constructor fails
    VerbsQueue(
            CmDispatcher dispatcher,
            CmId id,
            VerbsMemoryDomain memory,
            QueueParameters parameters) {
        this.dispatcher = dispatcher;
        this.id = id;
        this.queueId = parameters.queueId();
        this.entryCount = parameters.entryCount();
        this.capsuleStride = roundUp(parameters.capsuleHeaderBytes(), CACHE_LINE);
        resources.push(arena);
        try {
            capsules = arena.allocate((long) capsuleStride * entryCount, CACHE_LINE);
            capsulesKey = keep(memory.protectionDomain().register(capsules, 0)).localKey();
            receives = keep(new ReceiveRing(arena, memory.protectionDomain(), entryCount, BATCH));
            RdmaContext context = id.context();
            channel = keep(context.createCompletionChannel());
            // Every send and every receive can be complete at the same time, and flushed receives
            // come on top of them.
            completionQueue = keep(context.createCompletionQueue(2 * entryCount, channel));
            UnconnectedQueuePair pair =
                    keep(id.createQueuePair(memory.protectionDomain(), options(context)));
            unconnected = pair;
            completions = WorkCompletions.allocate(arena, BATCH);
            sends = prepareSends(VerbsTransport.sendSegments(context.attributes()));
            int errno = receives.postAll(pair);
            if (errno != 0) {
                throw new RdmaException("ibv_post_recv", errno);
            }
        } catch (RuntimeException e) {
            release();
            throw e;
        }
    }

    private QueuePairOptions options(RdmaContext context) {
        return new QueuePairOptions(
                completionQueue,
                completionQueue,
                entryCount,
                entryCount,
                VerbsTransport.sendSegments(context.attributes()),
                1,
                0,
                true);
    }

    private SendSlots prepareSends(int segmentMax) {
        SendSlots slots = SendSlots.allocate(arena, entryCount, segmentMax);
        for (int i = 0; i < entryCount; i++) {
            slots.initialize(i, i, SendSlots.SEND, SendSlots.SIGNALED);
        }
        return slots;
    }

    /// The connection stands.
    void established(CmEvent.Established event, int depth) {
        UnconnectedQueuePair pair = unconnected;
        if (pair == null) {
            throw new IllegalStateException("Queue " + queueId + " is connected already");
        }
        QueuePair connected = pair.connected(event);
        // The connected object took the place of the unconnected one, which has nothing left to
        // close.
        resources.remove(pair);
        resources.push(connected);
        unconnected = null;
        queuePair = connected;
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
        if (failure.compareAndSet(null, reason)) {
            wakeUp();
        }
    }

    @Override
    public @Nullable FabricFailure failure() {
        return failure.get();
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
        return capsules;
    }

    @Override
    public long capsuleOffset(int slot) {
        return (long) slot * capsuleStride;
    }

    @Override
    public int capsuleBytes() {
        return capsuleStride;
    }

    @Override
    public void segment(int slot, int index, long address, int bytes, int localKey) {
        sends.segment(slot, index + 1, address, bytes, localKey);
    }

    @Override
    public void stage(int slot, int tag, int headerBytes, int segmentCount) {
        assert headerBytes <= capsuleStride;
        sends.wrId(slot, (long) tag << 16 | slot);
        sends.segment(slot, 0, capsules.address() + capsuleOffset(slot), headerBytes, capsulesKey);
        sends.segmentCount(slot, 1 + segmentCount);
        sends.next(slot, -1);
        if (stagedFirst < 0) {
            stagedFirst = slot;
        } else {
            sends.next(stagedLast, slot);
        }
        stagedLast = slot;
        stagedCount++;
    }

    @Override
    public void ring() {
        if (stagedFirst < 0) {
            return;
        }
        int first = stagedFirst;
        int count = stagedCount;
        stagedFirst = -1;
        stagedLast = -1;
        stagedCount = 0;
        QueuePair pair = queuePair;
        if (pair == null || failure.get() != null) {
            // Not posted: the engine completes these commands when it drains the queue.
            return;
        }
        int errno = pair.postSend(sends, first);
        if (errno == 0) {
            sendsPosted += count;
        } else {
            // How many of the chain were taken is known only to the device; they are waited for by
            // destroying the pair.
            sendsPosted = Integer.MAX_VALUE / 2;
            postFailed("ibv_post_send", errno);
        }
    }

    private void postFailed(String operation, int errno) {
        fail(
                FabricFailure.Kind.TRANSPORT_ERROR,
                String.valueOf(new RdmaException(operation, errno).getMessage()));
    }

    @Override
    public boolean hasCompletions() {
        if (fetched == 0) {
            fetched = completionQueue.poll(completions);
        }
        return fetched > 0;
    }

    @Override
    public int poll(FabricEvents events) {
        int count = fetched > 0 ? fetched : completionQueue.poll(completions);
        fetched = 0;
        if (count == 0) {
            return 0;
        }
        // First all receives are copied out and posted again, then anybody hears of them: a handler
        // that submits at once finds a receive behind every capsule it may have outstanding.
        repostReceives(count);
        for (int i = 0; i < count; i++) {
            long wrId = completions.wrId(i);
            if (completions.status(i) != WorkCompletionStatus.SUCCESS_VALUE) {
                completedWithError(i, wrId);
            } else if (ReceiveRing.isReceive(wrId)) {
                int bytes = Math.min(completions.byteLength(i), RESPONSE_BYTES);
                events.received(receives.copies(), ReceiveRing.copyOffset(i), bytes);
            } else {
                sendsPosted--;
                events.sent((int) wrId & 0xFFFF, (int) (wrId >>> 16));
            }
        }
        return count;
    }

    private void repostReceives(int count) {
        int first = receives.take(completions, count);
        QueuePair pair = queuePair;
        if (first < 0 || pair == null || failure.get() != null) {
            return;
        }
        int errno = receives.post(pair, first);
        if (errno != 0) {
            postFailed("ibv_post_recv", errno);
        }
    }

    private void completedWithError(int index, long wrId) {
        boolean receive = ReceiveRing.isReceive(wrId);
        if (!receive) {
            sendsPosted--;
        }
        int status = completions.status(index);
        if (status == WorkCompletionStatus.FLUSHED_VALUE) {
            // The consequence of an error or a disconnect, not its reason; the reason is on its way
            // or known.
            fail(FabricFailure.Kind.DISCONNECTED, "the connection was lost");
            return;
        }
        fail(
                FabricFailure.Kind.TRANSPORT_ERROR,
                (receive ? "a receive" : "a send")
                        + " failed on the RDMA connection: "
                        + WorkCompletionStatus.describe(status)
                        + " (vendor error "
                        + completions.vendorError(index)
                        + ")");
    }

    @Override
    public void arm() {
        completionQueue.requestNotification(false);
    }

    @Override
    public void block(long timeoutNanos) {
        channel.await(timeoutNanos);
    }

    @Override
    public void wakeUp() {
        channel.wakeUp();
    }

    @Override
    public boolean drain(FabricEvents events, Deadline deadline) {
        fail(FabricFailure.Kind.CLOSED, "the queue is closed");
        QueuePair pair = queuePair;
        if (pair == null || closed) {
            return true;
        }
        // Both: the first tells the peer, the second works when there is no peer any more.
        quietly("rdma_disconnect", id::disconnect);
        quietly("ibv_modify_qp", pair::error);
        while (sendsPosted + receives.posted() > 0) {
            if (poll(events) == 0) {
                if (deadline.expired()) {
                    LOG.log(
                            Level.DEBUG,
                            "Queue {0} was not flushed in time: {1} sends, {2} receives left",
                            queueId,
                            sendsPosted,
                            receives.posted());
                    return false;
                }
                LockSupport.parkNanos(50_000);
            }
        }
        return true;
    }

    @Override
    public boolean close() {
        if (closed) {
            return released;
        }
        closed = true;
        fail(FabricFailure.Kind.CLOSED, "the queue is closed");
        if (queuePair != null) {
            quietly("rdma_disconnect", id::disconnect);
        }
        released = release();
        return released;
    }

    /// Destroys newest first: queue pair, completion queue, channel, registrations, memory; the
    /// identifier after its queue pair. Memory under a registration that cannot be released is left
    /// allocated.
    private boolean release() {
        boolean complete = true;
        QueuePair pair = queuePair;
        UnconnectedQueuePair raw = unconnected;
        if (pair != null) {
            resources.remove(pair);
            complete = quietly("ibv_destroy_qp", pair::close);
        } else if (raw != null) {
            resources.remove(raw);
            complete = quietly("ibv_destroy_qp", raw::close);
        }
        if (!complete) {
            LOG.log(
                    Level.ERROR,
                    "Queue {0} cannot be destroyed; the memory it uses is set aside for ever",
                    queueId);
            return false;
        }
        complete = quietly("rdma_destroy_id", () -> dispatcher.close(id));
        while (!resources.isEmpty() && complete) {
            AutoCloseable resource = resources.pop();
            complete = quietly("releasing " + resource.getClass().getSimpleName(), resource::close);
        }
        return complete;
    }

    /// Something that may fail while taking down, without stopping the rest.
    private interface Step {
        void run() throws Exception;
    }

    private boolean quietly(String what, Step step) {
        try {
            step.run();
            return true;
        } catch (Exception e) {
            LOG.log(Level.WARNING, "Queue " + queueId + ": " + what + " failed", e);
            return false;
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.push(resource);
        return resource;
    }

    private static int roundUp(int value, int unit) {
        return Math.ceilDiv(value, unit) * unit;
    }
}

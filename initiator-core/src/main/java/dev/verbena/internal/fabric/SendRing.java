package dev.verbena.internal.fabric;

import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.SendSlots;
import dev.verbena.verbs.raw.RawMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// The capsules of a queue and the work requests that send them: prebuilt, chained as they are
/// staged, posted together.
///
/// A capsule that is a bare command is sent inline where the device can: it may be changed as soon
/// as it has been posted, so its completion is of no interest, and only some of these sends ask for
/// one, to give the send queue its entries back. A slot whose send does ask stays occupied until
/// the completion is there, which bounds the entries in use to [#LAG_MAX] beyond the slots.
///
/// The `wr_id` of a send holds its tag and slot below the bits that tell the kinds apart.
///
/// Threads: the queue's owner.
final class SendRing implements AutoCloseable {
    /// A send without completion at most so many times in a row.
    static final int SIGNAL_INTERVAL = 16;

    /// Entries of the send queue that may be waiting for a completion to give them back; with more,
    /// every send asks for one.
    static final int LAG_MAX = 2 * SIGNAL_INTERVAL;

    /// Kinds of work requests, in their `wr_id`.
    static final long BIND = 1L << 60;

    static final long INVALIDATION = 1L << 59;
    static final long MARKER = 1L << 58;

    private static final int COMMAND_BYTES = 64;
    private static final int CACHE_LINE = 64;

    /// Form of a slot's work request: a bare command, inline, without completion. The form of one
    /// with a completion is its header's length and, below, how many segments follow.
    private static final int BARE = -1;

    private static final int UNKNOWN = -2;
    private static final int FORM_SEGMENT_BITS = 8;

    private final int slotCount;
    private final int capsuleStride;
    private final long capsuleBase;
    private final MemoryRegion region;
    private final SendSlots requests;
    private final int[] forms;

    /// What [#total] was when a slot's signalled request was staged.
    private final long[] totals;

    private boolean inline;

    /// Requests staged so far.
    private long total;

    /// Those of them known to have left the send queue.
    private long reaped;

    private int sinceSignal;
    private int first = -1;
    private int last = -1;
    private boolean closed;

    /// @param arena lives longer than the queue pair
    /// @param binding whether each slot has a request to bind a key and one to invalidate it
    SendRing(
            Arena arena,
            ProtectionDomain domain,
            int slotCount,
            int capsuleBytes,
            int segmentMax,
            boolean binding) {
        this.slotCount = slotCount;
        this.capsuleStride = Math.ceilDiv(capsuleBytes, CACHE_LINE) * CACHE_LINE;
        MemorySegment capsules = arena.allocate((long) capsuleStride * slotCount, CACHE_LINE);
        this.capsuleBase = capsules.address();
        this.forms = new int[slotCount];
        this.totals = new long[slotCount];
        requests = SendSlots.allocate(arena, requestCount(slotCount, binding), segmentMax);
        region = domain.register(capsules, 0);
        for (int i = 0; i < slotCount; i++) {
            forms[i] = UNKNOWN;
            requests.initialize(i, i, SendSlots.SEND, 0);
            requests.segment(i, 0, capsuleBase + offset(i), COMMAND_BYTES, region.localKey());
            requests.segmentCount(i, 1);
            if (binding) {
                requests.initialize(bindRequest(i), BIND | i, SendSlots.BIND_MW, 0);
                requests.initialize(
                        invalidationRequest(i),
                        INVALIDATION,
                        SendSlots.LOCAL_INV,
                        SendSlots.SIGNALED);
            }
        }
        requests.initialize(marker(), MARKER, SendSlots.SEND, SendSlots.SIGNALED);
    }

    /// Requests of a queue: each slot's send, its bind and its invalidation, and one marker.
    private static int requestCount(int slotCount, boolean binding) {
        return (binding ? 3 : 1) * slotCount + 1;
    }

    /// Entries the send queue must have.
    static int entryCount(int slotCount, boolean binding) {
        return requestCount(slotCount, binding) + LAG_MAX;
    }

    /// Bytes that have to fit inline to send bare commands that way.
    static int inlineBytes() {
        return COMMAND_BYTES;
    }

    private int marker() {
        return requests.slotCount() - 1;
    }

    /// Says what the queue pair can send inline.
    void inlineBytesMax(int bytes) {
        inline = bytes >= COMMAND_BYTES;
    }

    private int bindRequest(int slot) {
        return slotCount + slot;
    }

    private int invalidationRequest(int slot) {
        return 2 * slotCount + slot;
    }

    /// Chains the request that binds a slot's window.
    ///
    /// @return the key it will have
    int bind(
            int slot,
            KeyWindows windows,
            MemoryRegion memory,
            long address,
            int bytes,
            boolean controllerWrites) {
        int request = bindRequest(slot);
        int key = windows.bind(slot, requests, request, memory, address, bytes, controllerWrites);
        chain(request);
        return key;
    }

    /// Chains the request that ends a slot's key.
    void invalidate(int slot, int tag, int key) {
        int request = invalidationRequest(slot);
        requests.wrId(request, INVALIDATION | (long) tag << 16 | slot);
        requests.invalidateKey(request, key);
        chain(request);
    }

    int capsuleBytes() {
        return capsuleStride;
    }

    private long offset(int slot) {
        return (long) slot * capsuleStride;
    }

    /// The address of a slot's capsule.
    long capsule(int slot) {
        if (closed) {
            throw new IllegalStateException("The queue is closed");
        }
        return RawMemory.address(capsuleBase + offset(Objects.checkIndex(slot, slotCount)));
    }

    void segment(int slot, int index, long address, int bytes, int localKey) {
        requests.segment(slot, index + 1, address, bytes, localKey);
    }

    /// Chains a slot's send.
    ///
    /// @return whether its completion will be reported
    boolean stage(int slot, int tag, int headerBytes, int segmentCount) {
        if (inline
                && headerBytes == COMMAND_BYTES
                && segmentCount == 0
                && ++sinceSignal < SIGNAL_INTERVAL
                && total - reaped < LAG_MAX) {
            if (forms[slot] != BARE) {
                build(slot, slot, SendSlots.INLINE, COMMAND_BYTES, 0);
                forms[slot] = BARE;
            }
            chain(slot);
            return false;
        }
        return stageSignalled(slot, tag, headerBytes, segmentCount);
    }

    private boolean stageSignalled(int slot, int tag, int headerBytes, int segmentCount) {
        long wrId = (long) tag << 16 | slot;
        int form = headerBytes << FORM_SEGMENT_BITS | segmentCount;
        if (forms[slot] == form) {
            requests.wrId(slot, wrId);
        } else {
            boolean bare = inline && headerBytes == COMMAND_BYTES && segmentCount == 0;
            int flags = bare ? SendSlots.INLINE | SendSlots.SIGNALED : SendSlots.SIGNALED;
            build(slot, wrId, flags, headerBytes, segmentCount);
            forms[slot] = form;
        }
        sinceSignal = 0;
        chain(slot);
        totals[slot] = total;
        return true;
    }

    private void build(int slot, long wrId, int flags, int headerBytes, int segmentCount) {
        assert headerBytes <= capsuleStride;
        requests.wrId(slot, wrId);
        requests.flags(slot, flags);
        requests.segment(slot, 0, capsuleBase + offset(slot), headerBytes, region.localKey());
        requests.segmentCount(slot, 1 + segmentCount);
    }

    /// Appends a request to what [#post] posts.
    private void chain(int request) {
        if (first < 0) {
            first = request;
        } else {
            requests.next(last, request);
        }
        last = request;
        total++;
    }

    boolean isEmpty() {
        return first < 0;
    }

    /// Forgets what is staged.
    void discard() {
        first = -1;
    }

    /// Posts what is staged, which must not be nothing.
    ///
    /// @return 0 or an errno; after an error only destroying the pair makes sure that no send is
    ///   under way
    int post(QueuePair pair) {
        requests.next(last, -1);
        int request = first;
        first = -1;
        return pair.postSend(requests, request);
    }

    /// A signalled send is complete, and with it all requests staged before.
    void completed(int slot) {
        reaped = totals[slot];
    }

    /// Whether requests have been staged that no completion has accounted for.
    boolean isBehind() {
        return total > reaped;
    }

    /// Posts a request whose completion says that no other is left. The queue pair must be in error
    /// already: the peer must not see it.
    ///
    /// @return 0 or an errno
    int postMarker(QueuePair pair) {
        requests.next(marker(), -1);
        return pair.postSend(requests, marker());
    }

    @Override
    public void close() {
        closed = true;
        region.close();
    }
}

package dev.verbena.internal.fabric;

import dev.verbena.verbs.Access;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.ReceiveSlots;
import dev.verbena.verbs.UnconnectedQueuePair;
import dev.verbena.verbs.raw.RawMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The posted receives of a queue pair, one response capsule each.
///
/// There are more of them than commands can be outstanding: those that have arrived are posted
/// again in batches, and still there is one behind every command.
///
/// A receive's `wr_id` holds its position with [#FLAG], which no send carries.
///
/// Threads: the queue's owner.
final class ReceiveRing implements AutoCloseable {
    private static final long FLAG = 1L << 62;
    private static final int BYTES = FabricQueue.RESPONSE_BYTES;
    private static final int CACHE_LINE = 64;
    private static final int BATCH_MAX = 32;

    private final int count;
    private final int batch;
    private final long responses;
    private final MemoryRegion region;
    private final ReceiveSlots slots;
    private int posted;

    /// The chain of receives that have arrived and are to be posted again.
    private int first = -1;

    private int last = -1;
    private int chained;

    /// @param arena lives longer than the queue pair
    /// @param commandCount commands that may be outstanding
    ReceiveRing(Arena arena, ProtectionDomain domain, int commandCount) {
        batch = batch(commandCount);
        count = entryCount(commandCount);
        MemorySegment memory = arena.allocate((long) BYTES * count, CACHE_LINE);
        responses = memory.address();
        slots = ReceiveSlots.allocate(arena, count, 1);
        region = domain.register(memory, Access.LOCAL_WRITE);
        for (int i = 0; i < count; i++) {
            slots.initialize(i, FLAG | i);
            slots.segment(i, 0, responses + (long) i * BYTES, BYTES, region.localKey());
            slots.segmentCount(i, 1);
            slots.next(i, i + 1 < count ? i + 1 : -1);
        }
    }

    private static int batch(int commandCount) {
        return Math.clamp(commandCount / 4, 1, BATCH_MAX);
    }

    /// Entries the receive queue must have.
    static int entryCount(int commandCount) {
        return commandCount + batch(commandCount);
    }

    /// Whether a completion belongs to a receive.
    static boolean isReceive(long wrId) {
        return (wrId & FLAG) != 0;
    }

    /// Receives whose completion is still to come.
    int posted() {
        return posted;
    }

    /// Posts all receives.
    ///
    /// @return 0 or an errno
    int postAll(UnconnectedQueuePair pair) {
        posted = count;
        return pair.postReceive(slots, 0);
    }

    /// A receive failed, or was flushed; it is not posted again.
    void failed() {
        posted--;
    }

    /// Bytes 0 to 7 of a response. Read once: the peer may be able to change them.
    ///
    /// @param wrId of the completion
    long low(long wrId) {
        return RawMemory.getLong(responses + (int) wrId * (long) BYTES);
    }

    /// Bytes 8 to 15 of a response.
    long high(long wrId) {
        return RawMemory.getLong(responses + (int) wrId * (long) BYTES + Long.BYTES);
    }

    /// A receive has arrived, and its response has been read.
    ///
    /// @return whether it is time to [#post]
    boolean taken(long wrId) {
        int position = (int) wrId;
        posted--;
        if (first < 0) {
            first = position;
        } else {
            slots.next(last, position);
        }
        last = position;
        return ++chained >= batch;
    }

    /// Posts again what has been taken.
    ///
    /// @return 0 or an errno; after an error only destroying the pair makes sure that no receive is
    ///   under way
    int post(QueuePair pair) {
        slots.next(last, -1);
        int start = first;
        first = -1;
        int errno = pair.postReceive(slots, start);
        // How many of the chain were taken when it failed is known only to the device.
        posted = errno == 0 ? posted + chained : Integer.MAX_VALUE / 2;
        chained = 0;
        return errno;
    }

    @Override
    public void close() {
        region.close();
    }
}

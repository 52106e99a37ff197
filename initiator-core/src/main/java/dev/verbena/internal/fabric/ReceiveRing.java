package dev.verbena.internal.fabric;

import dev.verbena.verbs.Access;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.ReceiveSlots;
import dev.verbena.verbs.UnconnectedQueuePair;
import dev.verbena.verbs.WorkCompletionStatus;
import dev.verbena.verbs.WorkCompletions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The posted receives of a queue pair, one response capsule each, and the copies that are
/// reported.
///
/// A receive's `wr_id` holds its position with [#FLAG], which no send carries.
///
/// Threads: the queue's owner.
final class ReceiveRing implements AutoCloseable {
    private static final long FLAG = 1L << 62;
    private static final int BYTES = FabricQueue.RESPONSE_BYTES;
    private static final int CACHE_LINE = 64;

    private final int count;
    private final MemorySegment responses;
    private final MemorySegment copies;
    private final MemoryRegion region;
    private final ReceiveSlots slots;
    private int posted;

    /// Receives in the chain that [#take] made.
    private int chained;

    /// @param arena lives longer than the queue pair
    /// @param batch completions that are handled together at most
    ReceiveRing(Arena arena, ProtectionDomain domain, int count, int batch) {
        this.count = count;
        responses = arena.allocate((long) BYTES * count, CACHE_LINE);
        copies = arena.allocate((long) BYTES * batch, CACHE_LINE);
        slots = ReceiveSlots.allocate(arena, count, 1);
        region = domain.register(responses, Access.LOCAL_WRITE);
        for (int i = 0; i < count; i++) {
            slots.initialize(i, FLAG | i);
            slots.segment(i, 0, responses.address() + (long) i * BYTES, BYTES, region.localKey());
            slots.segmentCount(i, 1);
            slots.next(i, i + 1 < count ? i + 1 : -1);
        }
    }

    /// Whether a completion belongs to a receive.
    static boolean isReceive(long wrId) {
        return (wrId & FLAG) != 0;
    }

    /// Receives whose completion is still to come.
    int posted() {
        return posted;
    }

    /// Where the copies of responses are: that of completion `i` of the batch at [#copyOffset].
    MemorySegment copies() {
        return copies;
    }

    static long copyOffset(int i) {
        return (long) i * BYTES;
    }

    /// Posts all receives.
    ///
    /// @return 0 or an errno
    int postAll(UnconnectedQueuePair pair) {
        posted = count;
        return pair.postReceive(slots, 0);
    }

    /// Copies the responses of a batch and chains their receives for the next [#post].
    ///
    /// @return the first position of the chain, -1 when there is nothing to post
    int take(WorkCompletions completions, int completionCount) {
        int first = -1;
        int last = -1;
        chained = 0;
        for (int i = 0; i < completionCount; i++) {
            long wrId = completions.wrId(i);
            if (!isReceive(wrId)) {
                continue;
            }
            posted--;
            if (completions.status(i) != WorkCompletionStatus.SUCCESS_VALUE) {
                continue;
            }
            int position = (int) wrId;
            MemorySegment.copy(responses, (long) position * BYTES, copies, (long) i * BYTES, BYTES);
            slots.next(position, -1);
            if (first < 0) {
                first = position;
            } else {
                slots.next(last, position);
            }
            last = position;
            chained++;
        }
        return first;
    }

    /// Posts the chain of [#take].
    ///
    /// @return 0 or an errno; after an error only destroying the pair makes sure that no receive is
    ///   under way
    int post(QueuePair pair, int first) {
        int errno = pair.postReceive(slots, first);
        // How many of the chain were taken when it failed is known only to the device.
        posted = errno == 0 ? posted + chained : Integer.MAX_VALUE / 2;
        return errno;
    }

    @Override
    public void close() {
        region.close();
    }
}

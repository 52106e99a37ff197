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
/// There are more of them than commands can be outstanding: they are chained in groups, and a group
/// is posted again when all of it has arrived. Receives arrive in the order they were posted, so
/// that one group at most is waiting for its rest, and still there is a receive behind every
/// command.
///
/// A receive's `wr_id` holds its position with [#FLAG], which no send carries.
///
/// Threads: the queue's owner.
final class ReceiveRing implements AutoCloseable {
    private static final long FLAG = 1L << 62;
    private static final int BYTES = FabricQueue.RESPONSE_BYTES;
    private static final int CACHE_LINE = 64;
    private static final int GROUP_MAX = 32;

    private final int groupBits;
    private final long responses;
    private final MemoryRegion region;
    private final ReceiveSlots slots;

    /// Of each group how many have arrived.
    private final int[] arrived;

    /// Receives whose completion is still to come.
    private int posted;

    /// @param arena lives longer than the queue pair
    /// @param commandCount commands that may be outstanding
    ReceiveRing(Arena arena, ProtectionDomain domain, int commandCount) {
        groupBits = groupBits(commandCount);
        int count = entryCount(commandCount);
        arrived = new int[count >> groupBits];
        MemorySegment memory = arena.allocate((long) BYTES * count, CACHE_LINE);
        responses = memory.address();
        slots = ReceiveSlots.allocate(arena, count, 1);
        region = domain.register(memory, Access.LOCAL_WRITE);
        for (int i = 0; i < count; i++) {
            slots.initialize(i, FLAG | i);
            slots.segment(i, 0, responses + (long) i * BYTES, BYTES, region.localKey());
            slots.segmentCount(i, 1);
            boolean last = (i + 1 & (1 << groupBits) - 1) == 0;
            slots.next(i, last ? -1 : i + 1);
        }
    }

    private static int groupBits(int commandCount) {
        int group = Math.min(Math.ceilDiv(commandCount, 4), GROUP_MAX);
        return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(group);
    }

    /// Entries the receive queue must have: whole groups, one more than the commands need.
    static int entryCount(int commandCount) {
        int bits = groupBits(commandCount);
        return (Math.ceilDiv(commandCount, 1 << bits) + 1) << bits;
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
        int errno = 0;
        for (int group = 0; group < arrived.length && errno == 0; group++) {
            errno = pair.postReceive(slots, group << groupBits);
            posted += 1 << groupBits;
        }
        return errno;
    }

    /// A receive failed, or was flushed; it is not posted again.
    void failed() {
        posted--;
    }

    /// Bytes 0 to 7 of a response. Read once: the peer may be able to change them.
    ///
    /// @param wrId of the completion
    long low(long wrId) {
        return RawMemory.ALL.get(RawMemory.LONG, response(wrId));
    }

    /// Bytes 8 to 15 of a response.
    long high(long wrId) {
        return RawMemory.ALL.get(RawMemory.LONG, response(wrId) + Long.BYTES);
    }

    private long response(long wrId) {
        return RawMemory.address(responses + (int) wrId * (long) BYTES);
    }

    /// A receive has arrived, and its response has been read.
    ///
    /// @return whether it is time to [#post] its group
    boolean taken(long wrId) {
        posted--;
        return ++arrived[(int) wrId >> groupBits] == 1 << groupBits;
    }

    /// Posts a group again.
    ///
    /// @param wrId of one of it
    /// @return 0 or an errno; after an error only destroying the pair makes sure that no receive is
    ///   under way
    int post(QueuePair pair, long wrId) {
        int group = (int) wrId >> groupBits;
        arrived[group] = 0;
        int errno = pair.postReceive(slots, group << groupBits);
        // How many of the chain were taken when it failed is known only to the device.
        posted = errno == 0 ? posted + (1 << groupBits) : Integer.MAX_VALUE / 2;
        return errno;
    }

    @Override
    public void close() {
        region.close();
    }
}

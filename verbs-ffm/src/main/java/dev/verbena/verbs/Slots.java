package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_send_wr;
import dev.verbena.verbs.ffi.gen.ibv_sge;
import java.lang.foreign.Arena;
import java.util.Objects;

/// What [SendSlots] and [ReceiveSlots] have in common: where slots lie, and the members with which
/// `struct ibv_send_wr` and `struct ibv_recv_wr` both begin.
///
/// In memory: one header with the cell for `bad_wr`, then per slot a work request and its
/// scatter/gather elements, each slot on a cache line of its own. Slot and segment numbers are
/// checked here and nowhere else; what is computed from them goes into unchecked memory.
abstract sealed class Slots permits SendSlots, ReceiveSlots {
    static final int SLOTS_MAX = 1 << 20;
    static final int SEGMENTS_MAX = 256;

    private static final long CACHE_LINE = 64;

    /// Before the slots: a cell where a failed post leaves the address of the request it stopped
    /// at.
    private static final long HEADER_BYTES = CACHE_LINE;

    // SlotsTest holds them against both structures.
    private static final long WR_ID = ibv_send_wr.wr_id$offset();
    private static final long NEXT = ibv_send_wr.next$offset();
    private static final long SG_LIST = ibv_send_wr.sg_list$offset();
    private static final long NUM_SGE = ibv_send_wr.num_sge$offset();

    private static final long SGE_BYTES = ibv_sge.sizeof();
    private static final long SGE_ADDR = ibv_sge.addr$offset();
    private static final long SGE_LENGTH = ibv_sge.length$offset();
    private static final long SGE_LKEY = ibv_sge.lkey$offset();

    private final int slotCount;
    private final int segmentsPerSlot;
    private final long stride;
    private final long base;

    /// From the start of a slot to its first scatter/gather element.
    private final long segmentsAt;

    /// @param workRequestBytes size of the work request's structure
    Slots(Arena arena, int slotCount, int segmentsPerSlot, long workRequestBytes) {
        if (slotCount < 1 || slotCount > SLOTS_MAX) {
            throw new IllegalArgumentException(
                    "slotCount " + slotCount + " is not within 1 to " + SLOTS_MAX);
        }
        if (segmentsPerSlot < 1 || segmentsPerSlot > SEGMENTS_MAX) {
            throw new IllegalArgumentException(
                    "segmentsPerSlot " + segmentsPerSlot + " is not within 1 to " + SEGMENTS_MAX);
        }
        long bytes = workRequestBytes + segmentsPerSlot * SGE_BYTES;
        this.slotCount = slotCount;
        this.segmentsPerSlot = segmentsPerSlot;
        this.segmentsAt = workRequestBytes;
        this.stride = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
        this.base =
                arena.allocate(HEADER_BYTES + slotCount * stride, CACHE_LINE).address()
                        + HEADER_BYTES;
    }

    /// How many slots there are.
    public final int slotCount() {
        return slotCount;
    }

    /// How many scatter/gather elements each slot has room for.
    public final int segmentsPerSlot() {
        return segmentsPerSlot;
    }

    /// Where a slot's work request is.
    final long address(int slot) {
        return base + Objects.checkIndex(slot, slotCount) * stride & Native.ADDRESS_MASK;
    }

    final long badCell() {
        return base - HEADER_BYTES;
    }

    /// The slot at which the last post that failed stopped: it and those chained after it were not
    /// posted, those before it were. Meaningful only right after a post returned an errno; -1 when
    /// the provider did not say.
    public final int failedSlot() {
        long offset = Native.MEMORY.get(Native.LONG, badCell()) - base;
        boolean ours = offset >= 0 && offset < slotCount * stride && offset % stride == 0;
        return ours ? (int) (offset / stride) : -1;
    }

    /// Empties a slot and sets its id. It has no segments and no successor then.
    ///
    /// @return the slot's address
    final long clear(int slot, long wrId) {
        long address = address(slot);
        for (long offset = 0; offset < stride; offset += Long.BYTES) {
            Native.MEMORY.set(Native.LONG, address + offset, 0L);
        }
        Native.MEMORY.set(Native.LONG, address + WR_ID, wrId);
        Native.MEMORY.set(Native.LONG, address + SG_LIST, address + segmentsAt);
        return address;
    }

    /// Sets the id that comes back with the completion.
    public final void wrId(int slot, long wrId) {
        Native.MEMORY.set(Native.LONG, address(slot) + WR_ID, wrId);
    }

    /// Sets how many of the slot's segments are used, 0 to [#segmentsPerSlot()].
    public final void segmentCount(int slot, int count) {
        Objects.checkIndex(count, segmentsPerSlot + 1);
        Native.MEMORY.set(Native.INT, address(slot) + NUM_SGE, count);
    }

    /// Sets a scatter/gather element.
    ///
    /// @param index below [#segmentsPerSlot()]
    /// @param length in bytes, taken as unsigned
    /// @param localKey of the region the bytes are in; for receives one with [Access#LOCAL_WRITE]
    public final void segment(int slot, int index, long address, int length, int localKey) {
        long element =
                address(slot) + segmentsAt + Objects.checkIndex(index, segmentsPerSlot) * SGE_BYTES;
        Native.MEMORY.set(Native.LONG, element + SGE_ADDR, address);
        Native.MEMORY.set(Native.INT, element + SGE_LENGTH, length);
        Native.MEMORY.set(Native.INT, element + SGE_LKEY, localKey);
    }

    /// Chains a slot to the one to be posted after it; -1 ends the chain.
    public final void next(int slot, int nextSlotOrMinusOne) {
        long successor = nextSlotOrMinusOne == -1 ? 0 : address(nextSlotOrMinusOne);
        Native.MEMORY.set(Native.LONG, address(slot) + NEXT, successor);
    }
}

package dev.verbena.verbs;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_recv_wr;
import dev.verbena.verbs.ffi.gen.ibv_sge;
import java.lang.foreign.Arena;
import java.util.Objects;

/// Prebuilt receive work requests (`struct ibv_recv_wr`, `ibv_post_recv(3)`) with their scatter
/// elements.
///
/// The same rules as for [SendSlots]: a slot may be changed when the post has returned, the memory
/// its segments name belongs to the device until the receive completes. Belongs to one thread; must
/// not be used after its arena is closed.
public final class ReceiveSlots {
    static final int SLOTS_MAX = 1 << 20;
    static final int SEGMENTS_MAX = 256;

    private static final long WR_ID = ibv_recv_wr.wr_id$offset();
    private static final long NEXT = ibv_recv_wr.next$offset();
    private static final long SG_LIST = ibv_recv_wr.sg_list$offset();
    private static final long NUM_SGE = ibv_recv_wr.num_sge$offset();
    private static final long SGE_BYTES = ibv_sge.sizeof();
    private static final long SGE_ADDR = ibv_sge.addr$offset();
    private static final long SGE_LENGTH = ibv_sge.length$offset();
    private static final long SGE_LKEY = ibv_sge.lkey$offset();

    private final int slotCount;
    private final int segmentsPerSlot;
    private final long stride;
    private final long base;
    private final long badCell;

    private ReceiveSlots(int slotCount, int segmentsPerSlot, long stride, long address) {
        this.slotCount = slotCount;
        this.segmentsPerSlot = segmentsPerSlot;
        this.stride = stride;
        this.badCell = address;
        this.base = address + SlotMemory.HEADER_BYTES;
    }

    /// Cuts slots from memory of `arena`, which must stay open as long as they are used.
    ///
    /// @param slotCount 1 to 1,048,576
    /// @param segmentsPerSlot scatter elements of each, 1 to 256
    public static ReceiveSlots allocate(Arena arena, int slotCount, int segmentsPerSlot) {
        SlotMemory.requireRanges(slotCount, SLOTS_MAX, segmentsPerSlot, SEGMENTS_MAX);
        long stride = SlotMemory.stride(ibv_recv_wr.sizeof(), segmentsPerSlot);
        ReceiveSlots slots =
                new ReceiveSlots(
                        slotCount,
                        segmentsPerSlot,
                        stride,
                        SlotMemory.allocate(arena, slotCount, stride));
        for (int i = 0; i < slotCount; i++) {
            slots.initialize(i, i);
        }
        return slots;
    }

    /// How many slots there are.
    public int slotCount() {
        return slotCount;
    }

    /// How many scatter elements each slot has room for.
    public int segmentsPerSlot() {
        return segmentsPerSlot;
    }

    private long slot(int slot) {
        return base + Objects.checkIndex(slot, slotCount) * stride;
    }

    long address(int slot) {
        return slot(slot);
    }

    long badCell() {
        return badCell;
    }

    /// See [SendSlots#failedSlot()].
    public int failedSlot() {
        return SlotMemory.failedSlot(badCell, base, stride, slotCount);
    }

    /// Empties a slot and sets its id. It has no segments and no successor then.
    ///
    /// @param wrId comes back with the completion
    public void initialize(int slot, long wrId) {
        long address = slot(slot);
        SlotMemory.clear(address, stride);
        Native.MEMORY.set(JAVA_LONG, address + WR_ID, wrId);
        Native.MEMORY.set(JAVA_LONG, address + SG_LIST, address + ibv_recv_wr.sizeof());
    }

    /// Sets the id that comes back with the completion.
    public void wrId(int slot, long wrId) {
        Native.MEMORY.set(JAVA_LONG, slot(slot) + WR_ID, wrId);
    }

    /// Sets how many of the slot's segments are used, 0 to [#segmentsPerSlot()].
    public void segmentCount(int slot, int count) {
        Objects.checkIndex(count, segmentsPerSlot + 1);
        Native.MEMORY.set(JAVA_INT, slot(slot) + NUM_SGE, count);
    }

    /// Sets a scatter element.
    ///
    /// @param index below [#segmentsPerSlot()]
    /// @param length in bytes, taken as unsigned
    /// @param localKey of a region with [Access#LOCAL_WRITE]
    public void segment(int slot, int index, long address, int length, int localKey) {
        long element =
                slot(slot)
                        + ibv_recv_wr.sizeof()
                        + Objects.checkIndex(index, segmentsPerSlot) * SGE_BYTES;
        Native.MEMORY.set(JAVA_LONG, element + SGE_ADDR, address);
        Native.MEMORY.set(JAVA_INT, element + SGE_LENGTH, length);
        Native.MEMORY.set(JAVA_INT, element + SGE_LKEY, localKey);
    }

    /// Chains a slot to the one to be posted after it; -1 ends the chain.
    public void next(int slot, int nextSlotOrMinusOne) {
        long successor = nextSlotOrMinusOne == -1 ? 0 : slot(nextSlotOrMinusOne);
        Native.MEMORY.set(JAVA_LONG, slot(slot) + NEXT, successor);
    }
}

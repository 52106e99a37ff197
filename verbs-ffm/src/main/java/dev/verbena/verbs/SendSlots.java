package dev.verbena.verbs;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_mw_bind_info;
import dev.verbena.verbs.ffi.gen.ibv_send_wr;
import dev.verbena.verbs.ffi.gen.ibv_sge;
import java.lang.foreign.Arena;
import java.util.Objects;

/// Prebuilt send work requests (`struct ibv_send_wr`, `ibv_post_send(3)`) with their scatter/gather
/// elements.
///
/// Fill a slot once with what stays, patch what changes, link slots with [#next(int, int)], and
/// post the first: [QueuePair#postSend] takes the whole chain. The device reads a slot only during
/// the post, so a slot may be changed as soon as that returns; the *memory its segments name*
/// belongs to the device until the work request is known to be complete. Belongs to one thread;
/// must not be used after its arena is closed. Nothing here allocates after [#allocate].
public final class SendSlots {
    /// Opcodes (`enum ibv_wr_opcode`).
    public static final int RDMA_WRITE = 0;

    public static final int RDMA_WRITE_WITH_IMM = 1;
    public static final int SEND = 2;
    public static final int SEND_WITH_IMM = 3;
    public static final int RDMA_READ = 4;
    public static final int LOCAL_INV = 7;
    public static final int BIND_MW = 8;
    public static final int SEND_WITH_INV = 9;

    /// Flags (`enum ibv_send_flags`): start only when all RDMA READs before it are complete.
    public static final int FENCE = 1;

    /// Report this one's completion. Without it, and without `signalAll`, only a failure is
    /// reported.
    public static final int SIGNALED = 1 << 1;

    /// Raise a solicited event at the receiver.
    public static final int SOLICITED = 1 << 2;

    /// Take the data during the post: the memory is free when the post returns, and needs no key.
    public static final int INLINE = 1 << 3;

    static final int SLOTS_MAX = 1 << 20;
    static final int SEGMENTS_MAX = 256;

    private static final long WR_ID = ibv_send_wr.wr_id$offset();
    private static final long NEXT = ibv_send_wr.next$offset();
    private static final long SG_LIST = ibv_send_wr.sg_list$offset();
    private static final long NUM_SGE = ibv_send_wr.num_sge$offset();
    private static final long OPCODE = ibv_send_wr.opcode$offset();
    private static final long SEND_FLAGS = ibv_send_wr.send_flags$offset();
    private static final long IMM_OR_KEY = ibv_send_wr.invalidate_rkey$offset();
    private static final long REMOTE_ADDR =
            ibv_send_wr.wr$offset() + ibv_send_wr.wr.rdma.remote_addr$offset();
    private static final long REMOTE_KEY =
            ibv_send_wr.wr$offset() + ibv_send_wr.wr.rdma.rkey$offset();
    private static final long BIND_WINDOW =
            ibv_send_wr.bind_mw$offset() + ibv_send_wr.bind_mw.mw$offset();
    private static final long BIND_KEY =
            ibv_send_wr.bind_mw$offset() + ibv_send_wr.bind_mw.rkey$offset();
    private static final long BIND_INFO =
            ibv_send_wr.bind_mw$offset() + ibv_send_wr.bind_mw.bind_info$offset();
    private static final long BIND_REGION = BIND_INFO + ibv_mw_bind_info.mr$offset();
    private static final long BIND_ADDRESS = BIND_INFO + ibv_mw_bind_info.addr$offset();
    private static final long BIND_LENGTH = BIND_INFO + ibv_mw_bind_info.length$offset();
    private static final long BIND_ACCESS = BIND_INFO + ibv_mw_bind_info.mw_access_flags$offset();

    private static final long SGE_BYTES = ibv_sge.sizeof();
    private static final long SGE_ADDR = ibv_sge.addr$offset();
    private static final long SGE_LENGTH = ibv_sge.length$offset();
    private static final long SGE_LKEY = ibv_sge.lkey$offset();

    private final int slotCount;
    private final int segmentsPerSlot;
    private final long stride;
    private final long base;

    /// One cell before the slots, where a failed post leaves the address of the request it stopped
    /// at.
    private final long badCell;

    private SendSlots(int slotCount, int segmentsPerSlot, long stride, long address) {
        this.slotCount = slotCount;
        this.segmentsPerSlot = segmentsPerSlot;
        this.stride = stride;
        this.badCell = address;
        this.base = address + SlotMemory.HEADER_BYTES;
    }

    /// Cuts slots from memory of `arena`, which must stay open as long as they are used.
    ///
    /// @param slotCount 1 to 1,048,576
    /// @param segmentsPerSlot scatter/gather elements of each, 1 to 256
    public static SendSlots allocate(Arena arena, int slotCount, int segmentsPerSlot) {
        SlotMemory.requireRanges(slotCount, SLOTS_MAX, segmentsPerSlot, SEGMENTS_MAX);
        long stride = SlotMemory.stride(ibv_send_wr.sizeof(), segmentsPerSlot);
        SendSlots slots =
                new SendSlots(
                        slotCount,
                        segmentsPerSlot,
                        stride,
                        SlotMemory.allocate(arena, slotCount, stride));
        for (int i = 0; i < slotCount; i++) {
            slots.initialize(i, i, SEND, 0);
        }
        return slots;
    }

    /// How many slots there are.
    public int slotCount() {
        return slotCount;
    }

    /// How many scatter/gather elements each slot has room for.
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

    /// The slot at which the last post that failed stopped: it and those chained after it were not
    /// posted, those before it were. Meaningful only right after a post returned an errno; -1 when
    /// the provider did not say.
    public int failedSlot() {
        return SlotMemory.failedSlot(badCell, base, stride, slotCount);
    }

    /// Empties a slot and sets what stays. It has no segments and no successor then.
    ///
    /// @param wrId comes back with the completion
    /// @param opcode a constant of this class
    /// @param flags of this class, combined with `|`
    public void initialize(int slot, long wrId, int opcode, int flags) {
        long address = slot(slot);
        SlotMemory.clear(address, stride);
        Native.MEMORY.set(JAVA_LONG, address + WR_ID, wrId);
        Native.MEMORY.set(JAVA_LONG, address + SG_LIST, address + ibv_send_wr.sizeof());
        Native.MEMORY.set(JAVA_INT, address + OPCODE, opcode);
        Native.MEMORY.set(JAVA_INT, address + SEND_FLAGS, flags);
    }

    /// Sets the id that comes back with the completion.
    public void wrId(int slot, long wrId) {
        Native.MEMORY.set(JAVA_LONG, slot(slot) + WR_ID, wrId);
    }

    /// Sets the opcode, a constant of this class.
    public void opcode(int slot, int opcode) {
        Native.MEMORY.set(JAVA_INT, slot(slot) + OPCODE, opcode);
    }

    /// Sets the flags, constants of this class.
    public void flags(int slot, int flags) {
        Native.MEMORY.set(JAVA_INT, slot(slot) + SEND_FLAGS, flags);
    }

    /// Sets how many of the slot's segments are used, 0 to [#segmentsPerSlot()].
    public void segmentCount(int slot, int count) {
        Objects.checkIndex(count, segmentsPerSlot + 1);
        Native.MEMORY.set(JAVA_INT, slot(slot) + NUM_SGE, count);
    }

    /// Sets a scatter/gather element.
    ///
    /// @param index below [#segmentsPerSlot()]
    /// @param length in bytes, taken as unsigned
    /// @param localKey of the region the bytes are in
    public void segment(int slot, int index, long address, int length, int localKey) {
        long element =
                slot(slot)
                        + ibv_send_wr.sizeof()
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

    /// Sets where RDMA READ takes from or RDMA WRITE goes to.
    ///
    /// @param remoteAddress in the peer's memory
    /// @param remoteKey the peer's key for it
    public void remote(int slot, long remoteAddress, int remoteKey) {
        long address = slot(slot);
        Native.MEMORY.set(JAVA_LONG, address + REMOTE_ADDR, remoteAddress);
        Native.MEMORY.set(JAVA_INT, address + REMOTE_KEY, remoteKey);
    }

    /// Sets the key to invalidate: the peer's for SEND_WITH_INV, this side's for LOCAL_INV.
    public void invalidateKey(int slot, int key) {
        Native.MEMORY.set(JAVA_INT, slot(slot) + IMM_OR_KEY, key);
    }

    /// Sets the value that SEND_WITH_IMM and RDMA_WRITE_WITH_IMM carry; the peer reads the same
    /// number.
    public void immediate(int slot, int value) {
        Native.MEMORY.set(JAVA_INT, slot(slot) + IMM_OR_KEY, Integer.reverseBytes(value));
    }

    /// Sets what BIND_MW does: gives peers access to a part of a region through a window.
    ///
    /// @param newKey the window's key from now on, from [MemoryWindow#nextKey()]
    /// @param address of the part; with `length` inside the region
    /// @param length in bytes, more than 0
    /// @param access remote rights of [Access]
    /// @throws IllegalArgumentException when the part is not inside the region
    public void bind(
            int slot,
            MemoryWindow window,
            int newKey,
            MemoryRegion region,
            long address,
            long length,
            int access) {
        if (length <= 0
                || address < region.address()
                || length > region.byteSize()
                || address - region.address() > region.byteSize() - length) {
            throw bindOutside(region, address, length);
        }
        long request = slot(slot);
        Native.MEMORY.set(JAVA_LONG, request + BIND_WINDOW, window.handle());
        Native.MEMORY.set(JAVA_INT, request + BIND_KEY, newKey);
        Native.MEMORY.set(JAVA_LONG, request + BIND_REGION, region.handle());
        Native.MEMORY.set(JAVA_LONG, request + BIND_ADDRESS, address);
        Native.MEMORY.set(JAVA_LONG, request + BIND_LENGTH, length);
        Native.MEMORY.set(JAVA_INT, request + BIND_ACCESS, access);
    }

    private static IllegalArgumentException bindOutside(
            MemoryRegion region, long address, long length) {
        return new IllegalArgumentException(
                "%d bytes at 0x%x are not inside the %s".formatted(length, address, region));
    }
}

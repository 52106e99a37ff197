package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_mw_bind_info;
import dev.verbena.verbs.ffi.gen.ibv_send_wr;
import java.lang.foreign.Arena;

/// Prebuilt send work requests (`struct ibv_send_wr`, `ibv_post_send(3)`) with their scatter/gather
/// elements.
///
/// Fill a slot once with what stays, patch what changes, link slots with [#next(int, int)], and
/// post the first: [QueuePair#postSend] takes the whole chain. The device reads a slot only during
/// the post, so a slot may be changed as soon as that returns; the *memory its segments name*
/// belongs to the device until the work request is known to be complete. Belongs to one thread;
/// must not be used after its arena is closed. Nothing here allocates after [#allocate].
public final class SendSlots extends Slots {
    /// Opcodes (`enum ibv_wr_opcode`).
    public static final int RDMA_WRITE = 0;

    public static final int RDMA_WRITE_WITH_IMM = 1;
    public static final int SEND = 2;
    public static final int SEND_WITH_IMM = 3;
    public static final int RDMA_READ = 4;
    public static final int ATOMIC_CMP_AND_SWP = 5;
    public static final int ATOMIC_FETCH_AND_ADD = 6;
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

    private static final long ATOMIC_ADDR =
            ibv_send_wr.wr$offset() + ibv_send_wr.wr.atomic.remote_addr$offset();
    private static final long ATOMIC_COMPARE_ADD =
            ibv_send_wr.wr$offset() + ibv_send_wr.wr.atomic.compare_add$offset();
    private static final long ATOMIC_SWAP =
            ibv_send_wr.wr$offset() + ibv_send_wr.wr.atomic.swap$offset();
    private static final long ATOMIC_KEY =
            ibv_send_wr.wr$offset() + ibv_send_wr.wr.atomic.rkey$offset();

    private SendSlots(Arena arena, int slotCount, int segmentsPerSlot) {
        super(arena, slotCount, segmentsPerSlot, ibv_send_wr.sizeof());
    }

    /// Cuts slots from memory of `arena`, which must stay open as long as they are used.
    ///
    /// @param slotCount 1 to 1,048,576
    /// @param segmentsPerSlot scatter/gather elements of each, 1 to 256
    public static SendSlots allocate(Arena arena, int slotCount, int segmentsPerSlot) {
        SendSlots slots = new SendSlots(arena, slotCount, segmentsPerSlot);
        for (int i = 0; i < slotCount; i++) {
            slots.initialize(i, i, SEND, 0);
        }
        return slots;
    }

    /// Empties a slot and sets what stays. It has no segments and no successor then.
    ///
    /// @param wrId comes back with the completion
    /// @param opcode a constant of this class
    /// @param flags of this class, combined with `|`
    public void initialize(int slot, long wrId, int opcode, int flags) {
        long address = clear(slot, wrId);
        Native.MEMORY.set(Native.INT, address + OPCODE, opcode);
        Native.MEMORY.set(Native.INT, address + SEND_FLAGS, flags);
    }

    /// Sets the opcode, a constant of this class.
    public void opcode(int slot, int opcode) {
        Native.MEMORY.set(Native.INT, address(slot) + OPCODE, opcode);
    }

    /// Sets the flags, constants of this class.
    public void flags(int slot, int flags) {
        Native.MEMORY.set(Native.INT, address(slot) + SEND_FLAGS, flags);
    }

    /// Sets where RDMA READ takes from or RDMA WRITE goes to.
    ///
    /// @param remoteAddress in the peer's memory
    /// @param remoteKey the peer's key for it
    public void remote(int slot, long remoteAddress, int remoteKey) {
        long address = address(slot);
        Native.MEMORY.set(Native.LONG, address + REMOTE_ADDR, remoteAddress);
        Native.MEMORY.set(Native.INT, address + REMOTE_KEY, remoteKey);
    }

    /// Sets what an atomic works on and with. Both work on eight aligned bytes of the peer's
    /// memory, as a number in the byte order of the peer's device, and bring what was there before
    /// into the slot's segment, which has eight bytes as well.
    ///
    /// @param remoteAddress in the peer's memory, a multiple of 8
    /// @param remoteKey of a region with [Access#REMOTE_ATOMIC]
    /// @param compareOrAdd for ATOMIC_CMP_AND_SWP what must be there, for ATOMIC_FETCH_AND_ADD what
    ///   is added
    /// @param swap for ATOMIC_CMP_AND_SWP what is stored then; else ignored
    public void atomic(int slot, long remoteAddress, int remoteKey, long compareOrAdd, long swap) {
        long request = address(slot);
        Native.MEMORY.set(Native.LONG, request + ATOMIC_ADDR, remoteAddress);
        Native.MEMORY.set(Native.LONG, request + ATOMIC_COMPARE_ADD, compareOrAdd);
        Native.MEMORY.set(Native.LONG, request + ATOMIC_SWAP, swap);
        Native.MEMORY.set(Native.INT, request + ATOMIC_KEY, remoteKey);
    }

    /// Sets the key to invalidate: the peer's for SEND_WITH_INV, this side's for LOCAL_INV.
    public void invalidateKey(int slot, int key) {
        Native.MEMORY.set(Native.INT, address(slot) + IMM_OR_KEY, key);
    }

    /// Sets the value that SEND_WITH_IMM and RDMA_WRITE_WITH_IMM carry; the peer reads the same
    /// number.
    public void immediate(int slot, int value) {
        Native.MEMORY.set(Native.INT, address(slot) + IMM_OR_KEY, Integer.reverseBytes(value));
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
        long request = address(slot);
        Native.MEMORY.set(Native.LONG, request + BIND_WINDOW, window.handle());
        Native.MEMORY.set(Native.INT, request + BIND_KEY, newKey);
        Native.MEMORY.set(Native.LONG, request + BIND_REGION, region.handle());
        Native.MEMORY.set(Native.LONG, request + BIND_ADDRESS, address);
        Native.MEMORY.set(Native.LONG, request + BIND_LENGTH, length);
        Native.MEMORY.set(Native.INT, request + BIND_ACCESS, access);
    }

    private static IllegalArgumentException bindOutside(
            MemoryRegion region, long address, long length) {
        return new IllegalArgumentException(
                "%d bytes at 0x%x are not inside the %s".formatted(length, address, region));
    }
}

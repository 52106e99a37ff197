package dev.verbena.verbs;

import dev.verbena.verbs.ffi.gen.ibv_recv_wr;
import java.lang.foreign.Arena;

/// Prebuilt receive work requests (`struct ibv_recv_wr`, `ibv_post_recv(3)`) with their scatter
/// elements.
///
/// The same rules as for [SendSlots]: a slot may be changed when the post has returned, the memory
/// its segments name belongs to the device until the receive completes. Belongs to one thread; must
/// not be used after its arena is closed.
public final class ReceiveSlots extends Slots {
    private ReceiveSlots(Arena arena, int slotCount, int segmentsPerSlot) {
        super(arena, slotCount, segmentsPerSlot, ibv_recv_wr.sizeof());
    }

    /// Cuts slots from memory of `arena`, which must stay open as long as they are used.
    ///
    /// @param slotCount 1 to 1,048,576
    /// @param segmentsPerSlot scatter elements of each, 1 to 256
    public static ReceiveSlots allocate(Arena arena, int slotCount, int segmentsPerSlot) {
        ReceiveSlots slots = new ReceiveSlots(arena, slotCount, segmentsPerSlot);
        for (int i = 0; i < slotCount; i++) {
            slots.initialize(i, i);
        }
        return slots;
    }

    /// Empties a slot and sets its id. It has no segments and no successor then.
    ///
    /// @param wrId comes back with the completion
    public void initialize(int slot, long wrId) {
        clear(slot, wrId);
    }
}

package dev.verbena.testkit.internal.wire;

import dev.verbena.testkit.internal.wire.SimulatedDevice.Use;
import java.lang.foreign.MemorySegment;

/// What can be posted to a send queue.
sealed interface WorkRequest permits PostedSend, WorkRequest.Bind, WorkRequest.Invalidate {
    /// Gives a slot's window a new key and a new place.
    ///
    /// @param oldKey has to be invalid by the time the card gets here
    record Bind(int slot, int oldKey, int key, MemorySegment part, Use use)
            implements WorkRequest {}

    /// Ends a slot's key.
    record Invalidate(int slot, int tag, int key) implements WorkRequest {}
}

package dev.verbena.internal.fabric;

import java.lang.foreign.MemorySegment;

/// What [FabricQueue#poll] reports. Called on the polling thread; must not throw.
public interface FabricEvents {
    /// The device is done with the capsule of a slot and with the in-capsule data that went with
    /// it.
    ///
    /// @param slot as staged
    /// @param tag what [FabricQueue#stage] was given
    void sent(int slot, int tag);

    /// A response capsule arrived. The bytes are a private copy, valid during the call, and come
    /// from an untrusted peer.
    ///
    /// @param byteLength what the peer sent, at most [FabricQueue#RESPONSE_BYTES]
    void received(MemorySegment response, long offset, int byteLength);
}

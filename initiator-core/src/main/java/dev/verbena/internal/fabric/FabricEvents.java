package dev.verbena.internal.fabric;

/// What [FabricQueue#poll] reports. Called on the polling thread; must not throw.
///
/// A response is handed over as two numbers, a private copy of the 16 bytes an untrusted peer sent:
/// bytes 0 to 7 and bytes 8 to 15, each little-endian.
public interface FabricEvents {
    /// The device is done with the capsule of a slot and with the in-capsule data that went with
    /// it.
    ///
    /// @param slot as staged
    /// @param tag what [FabricQueue#stage] was given
    void sent(int slot, int tag);

    /// A response capsule arrived.
    ///
    /// @param low bytes 0 to 7; meaningless beyond `byteLength`, as is `high`
    /// @param high bytes 8 to 15
    /// @param byteLength what the peer sent, at most [FabricQueue#RESPONSE_BYTES]
    void received(long low, long high, int byteLength);

    /// A response capsule arrived that invalidated a key on this side.
    ///
    /// @param key the one the peer named
    void receivedInvalidating(long low, long high, int byteLength, int key);

    /// The key of a slot, which [FabricQueue#invalidate] was asked to end, is invalid.
    ///
    /// @param tag what [FabricQueue#invalidate] was given
    void invalidated(int slot, int tag);
}

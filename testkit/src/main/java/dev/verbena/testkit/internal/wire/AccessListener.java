package dev.verbena.testkit.internal.wire;

/// Hears of every access of the device to registered memory, before it happens: where the canaries
/// sit.
@FunctionalInterface
public interface AccessListener {
    /// Called on the scheduler's thread.
    ///
    /// @param write whether the device writes
    void accessing(long address, long bytes, boolean write);
}

package dev.verbena.internal.memory;

import dev.verbena.MemoryMode;
import dev.verbena.verbs.DeviceAttributes;

/// Which memory mode a device gets.
///
/// A driver without hardware gets windows only where they are asked for: there a window costs a
/// context switch, and protects from nobody who could not do worse.
public final class MemoryModes {
    private MemoryModes() {}

    /// Decides what was asked for.
    ///
    /// @param deviceName for the message
    /// @return STRICT or SLAB
    /// @throws UnsupportedOperationException when STRICT was asked for, and the device cannot do it
    public static MemoryMode decide(MemoryMode wanted, DeviceAttributes device, String deviceName) {
        boolean windows = device.memoryWindowType2A() || device.memoryWindowType2B();
        boolean possible = windows && device.managementExtensions();
        return switch (wanted) {
            case SLAB -> MemoryMode.SLAB;
            case AUTO ->
                    possible && !Vendors.isSoftware(device) ? MemoryMode.STRICT : MemoryMode.SLAB;
            case STRICT -> {
                if (!possible) {
                    throw new UnsupportedOperationException(
                            "Memory mode STRICT is not possible on device "
                                    + deviceName
                                    + ", which has no "
                                    + (windows
                                            ? "remote invalidation (memory management extensions)"
                                            : "type 2 memory windows")
                                    + "; use AUTO or SLAB");
                }
                yield MemoryMode.STRICT;
            }
        };
    }
}

package dev.verbena;

/// What a controller can reach of this host's memory.
public enum MemoryMode {
    /// [#STRICT] where the device does it in hardware, else [#SLAB].
    AUTO,
    /// A command's key opens only that command's bytes, and is invalid when the command has ended.
    STRICT,
    /// A command's key opens the whole registered region, in the direction of the command, for as
    /// long as the region stays registered.
    SLAB
}

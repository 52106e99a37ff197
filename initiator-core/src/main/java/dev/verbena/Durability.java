package dev.verbena;

/// When a write counts as done.
public enum Durability {
    /// When the controller has the data, possibly in a volatile cache: see [BlockDevice#flush].
    CACHED,
    /// When the data is on non-volatile media (Force Unit Access).
    DURABLE
}

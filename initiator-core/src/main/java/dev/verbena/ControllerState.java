package dev.verbena;

/// Where a controller stands.
public enum ControllerState {
    /// Connected, enabled, usable.
    LIVE,
    /// Being closed.
    DELETING,
    /// Closed, or its connection was lost; it stays so.
    DEAD
}

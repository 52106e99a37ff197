package dev.verbena;

/// Where a controller stands. A user sees it in the status of the controller and in its events.
public enum ControllerState {
    /// Made, not yet being connected.
    NEW,
    /// Being connected: for the first time, or again after a loss or a reset. Between two attempts
    /// too; the status says when the next one comes.
    CONNECTING,
    /// Connected, enabled, usable.
    LIVE,
    /// Being taken down after a loss or for a reset; [#CONNECTING] follows.
    RESETTING,
    /// Reserved for waiting until an unreachable controller can no longer execute what it was sent
    /// (NVMe TP4129); not used.
    FENCING,
    /// Being closed.
    DELETING,
    /// Closed or given up; it stays so.
    DEAD
}

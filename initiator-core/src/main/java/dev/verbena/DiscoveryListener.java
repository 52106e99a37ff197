package dev.verbena;

/// Hears of changes of a discovery log.
@FunctionalInterface
public interface DiscoveryListener {
    /// The log has changed, or was read again after the controller had been lost. Threads and
    /// exceptions as for [ControllerListener].
    void onChange(DiscoverySession session, DiscoveryLog log);
}

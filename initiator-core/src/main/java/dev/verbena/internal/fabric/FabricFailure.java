package dev.verbena.internal.fabric;

/// Why a queue can carry nothing any more.
///
/// @param message one sentence for people
public record FabricFailure(Kind kind, String message) {
    /// What kind of end it was.
    public enum Kind {
        /// The peer, or this side, ended the connection.
        DISCONNECTED,
        /// The local device went away.
        DEVICE_REMOVED,
        /// A work request completed with an error.
        TRANSPORT_ERROR,
        /// The peer sent something the specification forbids.
        PROTOCOL_VIOLATION,
        /// The peer did not answer in time.
        TIMED_OUT,
        /// This side closed the queue.
        CLOSED
    }
}

package dev.verbena.internal.engine;

/// Told of the latency of every command of a queue, on its owner's thread.
@FunctionalInterface
public interface CommandObserver {
    /// A command has ended.
    ///
    /// @param opcode of the command
    /// @param latencyNanos from its submission to its completion
    void completed(int opcode, long latencyNanos);
}

package dev.verbena;

/// Takes the latency of every command of an [IoQueue], for a histogram of one's own.
///
/// Called from [IoQueue#poll], on the polling thread, right before the completion handler. It must
/// be quick, and must not throw.
@FunctionalInterface
public interface LatencyRecorder {
    /// A command has ended.
    ///
    /// @param opcode of the command; [dev.verbena.nvme.NvmOpcode] names it
    /// @param latencyNanos from its acceptance by the queue to this moment
    void record(int opcode, long latencyNanos);
}

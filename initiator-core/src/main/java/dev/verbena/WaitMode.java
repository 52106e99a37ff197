package dev.verbena;

/// How the thread that owns a queue waits for completions.
public enum WaitMode {
    /// Polls while busy, sleeps when idle.
    ADAPTIVE,
    /// Polls for ever: least latency, one processor per queue.
    POLL,
    /// Sleeps at once: least processor time.
    EVENT
}

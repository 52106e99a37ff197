package dev.verbena.internal.engine;

/// When the command of each slot has to be answered.
///
/// Threads: the queue's owner.
final class Deadlines {
    /// Longest time to wait, some centuries: what is longer would overflow the clock.
    static final long TIMEOUT_NANOS_MAX = Long.MAX_VALUE / 4;

    private final long[] nanos;

    /// Time-outs that begin to run at the next look; 0 for those that run.
    private final long[] notStarted;

    Deadlines(int slotCount) {
        nanos = new long[slotCount];
        notStarted = new long[slotCount];
    }

    /// Sets a deadline on the scale of [System#nanoTime].
    void at(int slot, long deadlineNanos) {
        nanos[slot] = deadlineNanos;
        notStarted[slot] = 0;
    }

    /// Sets a time-out that begins to run when somebody looks at it for the first time, which saves
    /// a look at the clock here.
    void within(int slot, long timeoutNanos) {
        notStarted[slot] = Math.clamp(timeoutNanos, 1, TIMEOUT_NANOS_MAX);
    }

    /// The deadline of a slot.
    long of(int slot, long nowNanos) {
        long timeout = notStarted[slot];
        if (timeout != 0) {
            at(slot, nowNanos + timeout);
        }
        return nanos[slot];
    }
}

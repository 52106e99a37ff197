package dev.verbena.internal.time;

import java.time.Duration;

/// How often something may happen: some times at once, then once in each interval. Whatever follows
/// from what a target sends has one, because a target can send as often as it likes.
///
/// A calculation only; who asks brings the time.
///
/// Threads: one at a time.
public final class Pace {
    private final long intervalNanos;
    private final long headStartNanos;

    /// When the next one would be due if all had come at their interval; meaningless before the
    /// first.
    private long dueNanos;

    private boolean began;

    /// @param atOnce times it may happen without a pause in between, 1 or more
    /// @param interval between two when it has happened that often
    public Pace(int atOnce, Duration interval) {
        this.intervalNanos = interval.toNanos();
        this.headStartNanos = (atOnce - 1) * intervalNanos;
    }

    /// Whether it may happen now; counts it if so.
    public boolean tryTake(long nowNanos) {
        if (leftNanos(nowNanos) > 0) {
            return false;
        }
        boolean late = !began || dueNanos - nowNanos < 0;
        dueNanos = (late ? nowNanos : dueNanos) + intervalNanos;
        began = true;
        return true;
    }

    /// Nanoseconds until it may happen; 0 for now.
    public long leftNanos(long nowNanos) {
        return began ? Math.max(0, dueNanos - nowNanos - headStartNanos) : 0;
    }
}

package dev.verbena.internal.fabric;

import dev.verbena.internal.time.Time;
import java.time.Duration;

/// A moment on the monotonic clock by which something has to be over.
///
/// @param nanoTime in the scale of [System#nanoTime]
public record Deadline(long nanoTime) {
    public static Deadline after(Duration duration) {
        return new Deadline(Time.nanoTime() + duration.toNanos());
    }

    /// Nanoseconds left, never negative.
    public long remainingNanos() {
        return Math.max(0, nanoTime - Time.nanoTime());
    }

    /// Milliseconds left, rounded up, for calls that count in milliseconds; 0 only when expired.
    public int remainingMillis() {
        return (int) Math.min(Integer.MAX_VALUE, (remainingNanos() + 999_999) / 1_000_000);
    }

    public boolean expired() {
        return nanoTime - Time.nanoTime() <= 0;
    }

    /// The earlier of this deadline and `duration` from now.
    public Deadline atMost(Duration duration) {
        Deadline other = after(duration);
        return other.nanoTime - nanoTime < 0 ? other : this;
    }
}

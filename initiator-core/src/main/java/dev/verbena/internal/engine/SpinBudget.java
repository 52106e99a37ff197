package dev.verbena.internal.engine;

import java.util.concurrent.TimeUnit;

/// How long to look again and again before going to sleep, as experience says.
///
/// A spin that fails halves the next, down to nothing, which is tried again in full once in a
/// while; one that succeeds restores it.
///
/// Threads: one owner; several that share one without a lock only make it a little less exact.
final class SpinBudget {
    /// Waits without a spin before one is tried again.
    static final int WAITS_PER_PROBE = 64;

    /// A spin that would be shorter is none.
    private static final long NANOS_LEAST = TimeUnit.MICROSECONDS.toNanos(1);

    private final long nanosMax;
    private long nanos;
    private int waitsWithout;

    /// @param nanosMax longest spin, 0 or more
    SpinBudget(long nanosMax) {
        if (nanosMax < 0) {
            throw new IllegalArgumentException("A spin of " + nanosMax + " ns");
        }
        this.nanosMax = nanosMax;
        this.nanos = nanosMax;
    }

    long nanosMax() {
        return nanosMax;
    }

    /// The present length of a spin.
    long nanos() {
        return nanos;
    }

    /// Nanoseconds to spin now, 0 for not at all. [#succeeded] or [#failed] follows if not.
    long next() {
        if (nanos >= NANOS_LEAST) {
            return nanos;
        }
        if (nanosMax == 0 || ++waitsWithout < WAITS_PER_PROBE) {
            return 0;
        }
        waitsWithout = 0;
        return nanosMax;
    }

    void succeeded() {
        if (nanos != nanosMax) {
            nanos = nanosMax;
        }
    }

    void failed() {
        nanos /= 2;
    }
}

package dev.verbena.internal.control;

import java.time.Duration;
import java.util.random.RandomGenerator;

/// How long to wait before the next attempt to connect: short at first, doubling up to a bound, and
/// spread at random, so that the hosts of a target that comes back do not all arrive at once.
final class Backoff {
    /// Wait that the first attempt stays below, and that doubles from there.
    static final Duration FIRST = Duration.ofMillis(250);

    /// Doublings that are counted; the bound is reached long before.
    private static final int DOUBLINGS_MAX = 30;

    private final long longestNanos;
    private final RandomGenerator random;

    Backoff(Duration longest, RandomGenerator random) {
        this.longestNanos = longest.toNanos();
        this.random = random;
    }

    /// The wait before the next attempt.
    ///
    /// @param failures attempts that have failed already
    /// @return nanoseconds: for the first attempt 0 up to [#FIRST], later between half and all of
    ///   the doubled wait
    long delayNanos(int failures) {
        long first = Math.min(FIRST.toNanos(), longestNanos);
        if (failures == 0) {
            return (long) (first * random.nextDouble());
        }
        int doublings = Math.min(failures, DOUBLINGS_MAX);
        long wait = first > longestNanos >> doublings ? longestNanos : first << doublings;
        return wait / 2 + (long) (wait / 2.0 * random.nextDouble());
    }
}

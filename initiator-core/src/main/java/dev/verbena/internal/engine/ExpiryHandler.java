package dev.verbena.internal.engine;

import dev.verbena.TimeoutPolicy;

/// Decides what happens with a command that was not answered in its time.
@FunctionalInterface
public interface ExpiryHandler {
    /// Takes the queue down: the way by which the command's memory becomes safe at once.
    long FAIL = 0;

    /// Leaves the command alone from now on.
    long WAIT_ON = CommandSlots.TIMEOUT_NANOS_MAX;

    /// What a policy says about a command that has expired.
    ///
    /// @param asked whether the controller was asked to abort it before: it had its chance
    /// @param timeoutNanos how long it has for that
    /// @param abort asks it
    /// @return as [#expired]
    static long decide(TimeoutPolicy policy, boolean asked, long timeoutNanos, Runnable abort) {
        return switch (policy) {
            case RECOVER -> FAIL;
            case REPORT_ONLY -> WAIT_ON;
            case ABORT_THEN_RECOVER -> {
                if (asked) {
                    yield FAIL;
                }
                abort.run();
                yield timeoutNanos;
            }
        };
    }

    /// Commands that would expire within so many nanoseconds are asked about at once when another
    /// one takes the queue down.
    default long earlyNanos() {
        return 0;
    }

    /// A command has expired. It is still under way, and owns its memory.
    ///
    /// @param token what it was submitted with
    /// @param slot it runs in
    /// @return how many nanoseconds more it is given; [#FAIL] for none
    long expired(long token, int slot);
}

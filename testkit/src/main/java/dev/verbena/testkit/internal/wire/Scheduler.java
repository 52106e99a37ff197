package dev.verbena.testkit.internal.wire;

import java.util.function.BooleanSupplier;

/// Decides when things happen on the network and in the target.
///
/// Everything below the initiator runs as an action of a scheduler, one action at a time.
public interface Scheduler {
    /// The scheduler's clock.
    long nanoTime();

    /// Runs an action later.
    ///
    /// @param what for the trace; names nothing that differs between two runs
    void schedule(String what, long delayNanos, Runnable action);

    /// A delay of the scheduler's choice for one step on the way of a message, 0 or more.
    long jitterNanos();

    /// Waits until a condition holds or the time is over. Not called from an action.
    ///
    /// @param monitor guards what the condition looks at; [#changed] is called on it
    void await(Object monitor, BooleanSupplier condition, long timeoutNanos);

    /// What a condition looks at may have changed.
    void changed(Object monitor);

    /// Writes something the host did into the trace.
    void note(String what);
}

package dev.verbena.internal.control;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;

/// Time, threads and chance for everything in this package; the real ones, or a simulation's.
public interface ControlRuntime extends AutoCloseable {
    /// Something that was started and can be stopped.
    interface Handle {
        /// Stops a timer that has not fired, or interrupts a step. Idempotent.
        void cancel();
    }

    /// Monotonic, in nanoseconds.
    long nanoTime();

    /// For people.
    Instant wallTime();

    RandomGenerator random();

    /// Runs something short on the control thread, after what was posted before.
    void post(Runnable event);

    /// Posts something after a while.
    Handle schedule(Duration delay, Runnable event);

    /// Runs something that may block, on a thread of its own. [Handle#cancel] interrupts it.
    /// Throws, an [OutOfMemoryError] usually, when no thread can be started.
    Handle start(String name, Runnable step);

    /// Calls the application, in order, on a thread where it holds up nothing but other calls to
    /// the application.
    void deliver(Runnable call);

    /// Nothing more is posted, scheduled, started or delivered.
    @Override
    void close();
}

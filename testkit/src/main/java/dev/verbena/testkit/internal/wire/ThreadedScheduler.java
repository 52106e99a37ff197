package dev.verbena.testkit.internal.wire;

import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Real time and one thread for everything below the initiator, which has threads of its own.
///
/// Threads: any.
public final class ThreadedScheduler implements Scheduler, AutoCloseable {
    private final ScheduledExecutorService executor;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    public ThreadedScheduler() {
        ScheduledThreadPoolExecutor pool =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().name("verbena-test-fabric").daemon().factory());
        pool.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        executor = Executors.unconfigurableScheduledExecutorService(pool);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void schedule(String what, long delayNanos, Runnable action) {
        try {
            var _ = executor.schedule(() -> run(what, action), delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // The fabric is closed: nothing happens on it any more.
        }
    }

    private void run(String what, Runnable action) {
        try {
            action.run();
        } catch (Throwable e) {
            failure.compareAndSet(null, new IllegalStateException("The fabric broke: " + what, e));
        }
    }

    /// What went wrong inside the fabric or the target, which is a defect of the testkit; null when
    /// nothing did.
    public @Nullable Throwable failure() {
        return failure.get();
    }

    @Override
    public long jitterNanos() {
        return 0;
    }

    @Override
    public void await(Object monitor, BooleanSupplier condition, long timeoutNanos) {
        long end = System.nanoTime() + Math.min(timeoutNanos, Long.MAX_VALUE / 2);
        synchronized (monitor) {
            while (!condition.getAsBoolean()) {
                long left = end - System.nanoTime();
                if (left <= 0) {
                    return;
                }
                try {
                    TimeUnit.NANOSECONDS.timedWait(monitor, left);
                } catch (InterruptedException e) {
                    // What waits here in earnest is a native call, which an interrupt does not
                    // end.
                }
            }
        }
    }

    @Override
    public void changed(Object monitor) {
        synchronized (monitor) {
            monitor.notifyAll();
        }
    }

    @Override
    public void note(String what) {
        // With threads no two runs are alike: there is no trace.
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}

package dev.verbena.internal.control;

import dev.verbena.internal.time.Time;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/// The real time and real threads: one for control, one that calls the application, one for each
/// step that blocks. All of them daemons; none runs application code but the second.
public final class ControlThreads implements ControlRuntime {
    /// Events an application may be behind; then the oldest are dropped.
    static final int DELIVERIES_MAX = 1024;

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    private final ScheduledThreadPoolExecutor control;
    private final ThreadPoolExecutor application;
    private final RandomGenerator random = RandomGenerator.getDefault();

    public ControlThreads() {
        control =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().name("verbena-control").daemon().factory());
        control.setRemoveOnCancelPolicy(true);
        control.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        application =
                new ThreadPoolExecutor(
                        1,
                        1,
                        0,
                        TimeUnit.SECONDS,
                        new ArrayBlockingQueue<>(DELIVERIES_MAX),
                        Thread.ofPlatform().name("verbena-events").daemon().factory(),
                        new ThreadPoolExecutor.DiscardOldestPolicy());
        try {
            // Now, where a failure has somebody to tell: later, an event would be lost with it.
            control.prestartAllCoreThreads();
            application.prestartAllCoreThreads();
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    @Override
    public long nanoTime() {
        return Time.nanoTime();
    }

    @Override
    public Instant wallTime() {
        return Instant.now();
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    @Override
    public void post(Runnable event) {
        try {
            control.execute(guarded(event));
        } catch (RejectedExecutionException e) {
            // Closed: nobody is left whom it could concern.
            LOG.log(Level.DEBUG, "An event came after the end", e);
        }
    }

    @Override
    public Handle schedule(Duration delay, Runnable event) {
        try {
            Future<?> future =
                    control.schedule(guarded(event), delay.toNanos(), TimeUnit.NANOSECONDS);
            return () -> future.cancel(false);
        } catch (RejectedExecutionException e) {
            LOG.log(Level.DEBUG, "A timer was set after the end", e);
            return () -> {};
        }
    }

    @Override
    public Handle start(String name, Runnable step) {
        Thread thread = Thread.ofPlatform().name("verbena-" + name).daemon().start(guarded(step));
        return thread::interrupt;
    }

    @Override
    public void deliver(Runnable call) {
        application.execute(guarded(call));
    }

    private static Runnable guarded(Runnable task) {
        return () -> {
            try {
                task.run();
            } catch (Throwable e) {
                // Errors too: the thread serves others as well.
                LOG.log(Level.ERROR, "Something failed on " + Thread.currentThread().getName(), e);
            }
        };
    }

    /// Does not wait: a step or a call of the application may still be running.
    @Override
    public void close() {
        control.shutdown();
        application.shutdown();
    }
}

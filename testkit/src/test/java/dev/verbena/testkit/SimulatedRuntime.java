package dev.verbena.testkit;

import dev.verbena.internal.control.ControlRuntime;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Time, threads and chance of the control plane in a simulation.
final class SimulatedRuntime implements ControlRuntime {
    /// Runs what it is given, in order, on a thread of its own.
    private final class Loop {
        private final Deque<Runnable> tasks = new ArrayDeque<>();
        private final Thread thread;

        Loop(String name) {
            thread = threads.start(name, this::run);
        }

        void add(Runnable task) {
            if (!closed) {
                tasks.add(task);
                LockSupport.unpark(thread);
            }
        }

        private void run() {
            while (!closed || !tasks.isEmpty()) {
                Runnable task = tasks.poll();
                if (task == null) {
                    LockSupport.park(this);
                } else {
                    task.run();
                }
            }
        }
    }

    /// Threads that hold no lock when they post.
    private static final List<String> STEPS =
            List.of("verbena-connect-1", "verbena-teardown", "verbena-finish", "user", "act");

    private static final int PAUSE_NANOS_MAX = 200_000;

    private final SimulatedThreads threads;
    private final SteppedScheduler scheduler;
    private final Random random;
    private final Loop control;
    private final Loop application;
    private boolean closed;

    SimulatedRuntime(SimulatedThreads threads, long seed) {
        this.threads = threads;
        this.scheduler = threads.scheduler();
        this.random = new Random(seed);
        this.control = new Loop("verbena-control");
        this.application = new Loop("verbena-events");
    }

    @Override
    public long nanoTime() {
        return threads.nanoTime();
    }

    @Override
    public Instant wallTime() {
        return Instant.EPOCH.plusNanos(scheduler.nanoTime());
    }

    @Override
    public RandomGenerator random() {
        return random;
    }

    /// Whoever posts can be held up before, as long as others run: the runtime may be closed then.
    @Override
    public void post(Runnable event) {
        String name = Thread.currentThread().getName();
        if (threads.isOwn() && STEPS.stream().anyMatch(name::startsWith)) {
            threads.parkNanos(this, 1 + random.nextInt(PAUSE_NANOS_MAX));
        }
        control.add(event);
    }

    @Override
    public Handle schedule(Duration delay, Runnable event) {
        Timer timer = new Timer(event);
        timer.scheduled =
                scheduler.scheduleCancellable("timer", delay.toNanos(), () -> post(timer));
        return timer;
    }

    private static final class Timer implements Handle, Runnable {
        private final Runnable event;
        private @Nullable Runnable scheduled;
        private boolean cancelled;

        Timer(Runnable event) {
            this.event = event;
        }

        @Override
        public void run() {
            if (!cancelled) {
                event.run();
            }
        }

        @Override
        public void cancel() {
            cancelled = true;
            if (scheduled != null) {
                scheduled.run();
            }
        }
    }

    @Override
    public Handle start(String name, Runnable step) {
        return threads.start("verbena-" + name, step)::interrupt;
    }

    @Override
    public void deliver(Runnable call) {
        application.add(call);
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(control.thread);
        LockSupport.unpark(application.thread);
    }
}

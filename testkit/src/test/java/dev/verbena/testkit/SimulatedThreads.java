package dev.verbena.testkit;

import dev.verbena.internal.time.Time;
import dev.verbena.testkit.internal.wire.Scheduler;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The threads of a simulation: real code that blocks as it pleases, one thread at a time, in
/// virtual time, in an order that follows from the seed.
///
/// Each is a virtual thread whose executor is the stepped scheduler: whenever the JDK finds that it
/// can go on (a lock is free, a future complete, a permit there), its next piece becomes an event
/// among those of the fabric. What waits for a time comes here through [Time]. A look at the clock
/// moves it a little, so that a loop that spins on it ends.
///
/// Threads: the test's, which carries all the others.
final class SimulatedThreads implements Scheduler, Time.Source, AutoCloseable {
    /// What a look at the clock costs.
    private static final long LOOK_NANOS = 50;

    private static final Method FACTORY = factory();

    /// A thread of the simulation.
    private static final class Member {
        private final long number;
        private final String name;
        private final @Nullable Object owner;
        private boolean started;
        private boolean ended;

        Member(long number, String name, @Nullable Object owner) {
            this.number = number;
            this.name = name;
            this.owner = owner;
        }
    }

    private final SteppedScheduler scheduler;
    private final Thread carrier = Thread.currentThread();
    private final Map<Thread, Member> members = new LinkedHashMap<>();
    private final IdentityHashMap<Object, List<Thread>> waiting = new IdentityHashMap<>();
    private final List<String> problems = new ArrayList<>();
    private long looks;
    private long memberCount;
    private Predicate<String> refusal = name -> false;

    SimulatedThreads(SteppedScheduler scheduler) {
        this.scheduler = scheduler;
        Time.simulate(this);
    }

    /// The JDK has virtual threads with another scheduler than its own for its tests only, so far.
    private static Method factory() {
        try {
            Method method =
                    Class.forName("java.lang.ThreadBuilders")
                            .getDeclaredMethod(
                                    "newVirtualThread",
                                    Executor.class,
                                    String.class,
                                    int.class,
                                    Runnable.class);
            method.setAccessible(true);
            return method;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "Needs --add-opens java.base/java.lang=dev.verbena.testkit, and a JDK that still has"
                            + " the method",
                    e);
        }
    }

    /// Lets threads fail to start, as when a limit on processes is reached.
    ///
    /// @param which by their names
    void refuse(Predicate<String> which) {
        refusal = which;
    }

    SteppedScheduler scheduler() {
        return scheduler;
    }

    @Override
    public boolean isOwn() {
        Thread current = Thread.currentThread();
        return current.equals(carrier) || members.containsKey(current);
    }

    @Override
    public Thread newThread(String name, Runnable task, @Nullable Object owner) {
        Member member = new Member(++memberCount, name, owner);
        Executor executor =
                piece -> {
                    if (!member.started && refusal.test(name)) {
                        member.ended = true;
                        scheduler.note("no thread for " + name);
                        throw new OutOfMemoryError("unable to create native thread (simulated)");
                    }
                    member.started = true;
                    if (!isOwn()) {
                        // Only a monitor that somebody waited for does this: in real time.
                        problems.add(name + " waited for a monitor, which is not simulated");
                    }
                    scheduler.schedule("run " + name, scheduler.jitterNanos(), piece);
                };
        Runnable guarded =
                () -> {
                    try {
                        task.run();
                    } catch (Throwable e) {
                        problems.add(name + " died of " + trace(e.toString(), e.getStackTrace()));
                    } finally {
                        member.ended = true;
                        changed(member);
                    }
                };
        try {
            Thread thread = (Thread) FACTORY.invoke(null, executor, name, 0, guarded);
            members.keySet().removeIf(other -> other.getState() == Thread.State.TERMINATED);
            members.put(thread, member);
            return thread;
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public @Nullable Object owner() {
        Member member = members.get(Thread.currentThread());
        return member == null ? null : member.owner;
    }

    /// Numbers of the JDK differ from run to run.
    @Override
    public long threadNumber() {
        Member member = members.get(Thread.currentThread());
        return member == null ? 0 : member.number;
    }

    // Time.

    @Override
    public long nanoTime() {
        looks++;
        scheduler.tick(LOOK_NANOS);
        return scheduler.nanoTime();
    }

    @Override
    public void parkNanos(Object blocker, long nanos) {
        if (nanos <= 0) {
            return;
        }
        Runnable timer = alarm(nanos);
        LockSupport.park(blocker);
        timer.run();
    }

    /// Wakes the calling thread after a while.
    private Runnable alarm(long nanos) {
        Thread thread = Thread.currentThread();
        return scheduler.scheduleCancellable(
                "time is over for " + thread.getName(), nanos, () -> LockSupport.unpark(thread));
    }

    @SuppressWarnings("WaitNotInLoop") // the caller's loop
    @Override
    public long awaitNanos(Lock lock, Condition condition, long nanos) throws InterruptedException {
        long end = scheduler.nanoTime() + nanos;
        if (nanos > 0) {
            Runnable timer =
                    scheduler.scheduleCancellable(
                            "time is over for " + Thread.currentThread().getName(),
                            nanos,
                            () -> newThread("alarm", () -> signal(lock, condition), null).start());
            try {
                condition.await();
            } finally {
                timer.run();
            }
        }
        return end - scheduler.nanoTime();
    }

    private static void signal(Lock lock, Condition condition) {
        lock.lock();
        try {
            condition.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean join(Thread thread, Duration most) {
        Member member = members.get(thread);
        if (member != null) {
            await(member, () -> member.ended, most.toNanos());
        }
        return member == null || member.ended;
    }

    @Override
    public void await(Object monitor, BooleanSupplier condition, long timeoutNanos) {
        Thread thread = Thread.currentThread();
        if (thread.equals(carrier)) {
            scheduler.await(monitor, condition, timeoutNanos);
            return;
        }
        long end = scheduler.nanoTime();
        end += Math.min(timeoutNanos, Long.MAX_VALUE - end);
        boolean interrupted = false;
        while (!condition.getAsBoolean() && scheduler.nanoTime() < end) {
            waiting.computeIfAbsent(monitor, key -> new ArrayList<>()).add(thread);
            parkNanos(monitor, end - scheduler.nanoTime());
            List<Thread> others = waiting.get(monitor);
            if (others != null && others.remove(thread) && others.isEmpty()) {
                waiting.remove(monitor);
            }
            // What waits here in earnest is a native call, which an interrupt does not end.
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            thread.interrupt();
        }
    }

    @Override
    public void changed(Object monitor) {
        waiting.getOrDefault(monitor, List.of()).forEach(LockSupport::unpark);
    }

    @Override
    public void schedule(String what, long delayNanos, Runnable action) {
        scheduler.schedule(what, delayNanos, action);
    }

    @Override
    public long jitterNanos() {
        return scheduler.jitterNanos();
    }

    @Override
    public void note(String what) {
        scheduler.note(what);
    }

    // Running.

    /// Starts a thread.
    Thread start(String name, Runnable task) {
        Thread thread = newThread(name, task, null);
        thread.start();
        return thread;
    }

    /// Runs until something holds.
    ///
    /// @return false when it does not until then, or nothing happens any more
    boolean runUntil(BooleanSupplier condition, long nanosMax, long stepsMax) {
        long end = scheduler.nanoTime() + nanosMax;
        for (long step = 0; !condition.getAsBoolean(); step++) {
            if (step == stepsMax || scheduler.nextTime() > end || !scheduler.step()) {
                return false;
            }
        }
        return true;
    }

    /// Threads that have not ended, with where they are.
    List<String> alive() {
        return members.entrySet().stream()
                .filter(entry -> !entry.getValue().ended)
                .map(entry -> trace(entry.getValue().name, entry.getKey().getStackTrace()))
                .toList();
    }

    private static String trace(String name, StackTraceElement[] frames) {
        StringBuilder text = new StringBuilder(name);
        for (StackTraceElement frame : frames) {
            if (frame.getClassName().startsWith("dev.verbena")) {
                text.append("\n    at ").append(frame);
            }
        }
        return text.toString();
    }

    /// How often a thread has looked at the clock.
    long lookCount() {
        return looks;
    }

    /// What went wrong with threads.
    List<String> problems() {
        return problems;
    }

    @Override
    public void close() {
        Time.simulate(null);
    }
}

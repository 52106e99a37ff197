package dev.verbena.internal.time;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The clock, waiting for a time, and threads: the JDK's, or in a simulation those of virtual time.
///
/// Only what depends on time or makes a thread goes through here. Waiting without a limit (locks,
/// futures, [Thread#join]) needs no help: in a simulation the threads are virtual ones that one
/// thread carries, so that the JDK itself hands over.
///
/// Without the system property `verbena.simulated` nothing can be simulated, and each method is
/// what it stands for: the property is a constant to the compiler.
///
/// Threads: any.
public final class Time {
    /// What a simulation does instead, for its own threads.
    public interface Source {
        /// Whether the calling thread is one of the simulation's.
        boolean isOwn();

        /// See [System#nanoTime].
        long nanoTime();

        /// See [LockSupport#parkNanos(Object, long)].
        void parkNanos(Object blocker, long nanos);

        /// See [Condition#awaitNanos].
        long awaitNanos(Lock lock, Condition condition, long nanos) throws InterruptedException;

        /// See [Thread#join(Duration)].
        boolean join(Thread thread, Duration most) throws InterruptedException;

        /// See [Time#newThread].
        Thread newThread(String name, Runnable task, @Nullable Object owner);

        /// See [Time#threadNumber].
        long threadNumber();

        /// See [Time#owner].
        @Nullable Object owner();
    }

    /// A thread that knows whom it works for.
    private static final class OwnedThread extends Thread {
        private final Object owner;

        OwnedThread(Runnable task, String name, Object owner) {
            super(null, task, name, 0, false);
            this.owner = owner;
            setDaemon(true);
        }
    }

    private static final boolean SIMULATED = Boolean.getBoolean("verbena.simulated");

    private static volatile @Nullable Source simulation;

    private Time() {}

    /// Lets a simulation serve its threads from now on; null for none.
    ///
    /// @throws IllegalStateException when this JVM was started without `-Dverbena.simulated=true`
    public static void simulate(@Nullable Source source) {
        if (!SIMULATED) {
            throw new IllegalStateException(
                    "Simulations need a JVM that is started with -Dverbena.simulated=true");
        }
        simulation = source;
    }

    private static @Nullable Source simulation() {
        Source source = SIMULATED ? simulation : null;
        return source != null && source.isOwn() ? source : null;
    }

    /// The monotonic clock, in nanoseconds.
    public static long nanoTime() {
        Source source = simulation();
        return source == null ? System.nanoTime() : source.nanoTime();
    }

    /// Waits for a permit, no longer than that; may return early.
    public static void parkNanos(Object blocker, long nanos) {
        Source source = simulation();
        if (source == null) {
            LockSupport.parkNanos(blocker, nanos);
        } else {
            source.parkNanos(blocker, nanos);
        }
    }

    /// Waits for a signal, no longer than that; may return early.
    ///
    /// @param lock the condition's, held by the caller
    /// @return nanoseconds left, 0 or less when the time is over
    @SuppressWarnings("WaitNotInLoop") // the caller's loop
    public static long awaitNanos(Lock lock, Condition condition, long nanos)
            throws InterruptedException {
        Source source = simulation();
        return source == null
                ? condition.awaitNanos(nanos)
                : source.awaitNanos(lock, condition, nanos);
    }

    /// Waits for the end of a thread.
    ///
    /// @return whether it has ended
    public static boolean join(Thread thread, Duration most) throws InterruptedException {
        Source source = simulation();
        return source == null ? thread.join(most) : source.join(thread, most);
    }

    /// Lets time pass.
    ///
    /// @throws InterruptedException when the thread is interrupted before or meanwhile
    public static void sleep(Duration time) throws InterruptedException {
        Source source = simulation();
        if (source == null) {
            Thread.sleep(time);
            return;
        }
        long end = source.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = end - source.nanoTime()) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            source.parkNanos(Time.class, left);
        }
    }

    /// A thread of this library, not started: a daemon that inherits no thread locals.
    public static Thread newThread(String name, Runnable task) {
        Source source = simulation();
        return source == null
                ? Thread.ofPlatform()
                        .name(name)
                        .daemon()
                        .inheritInheritableThreadLocals(false)
                        .unstarted(task)
                : source.newThread(name, task, null);
    }

    /// The same, for somebody that [#owner] finds.
    public static Thread newThread(String name, Runnable task, Object owner) {
        Source source = simulation();
        return source == null
                ? new OwnedThread(task, name, owner)
                : source.newThread(name, task, owner);
    }

    /// A number of the calling thread that no other has: [Thread#threadId].
    public static long threadNumber() {
        Source source = simulation();
        return source == null ? Thread.currentThread().threadId() : source.threadNumber();
    }

    /// Whom the calling thread works for; null when it is none of [#newThread(String, Runnable,
    /// Object)], or works for something else.
    public static <T> @Nullable T owner(Class<T> type) {
        Object owner = Thread.currentThread() instanceof OwnedThread own ? own.owner : null;
        Source source = simulation();
        if (source != null) {
            owner = source.owner();
        }
        return type.isInstance(owner) ? type.cast(owner) : null;
    }
}

package dev.verbena.internal.engine;

import dev.verbena.internal.time.Time;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Looks for the answers of callers that sleep while the worker, whose task that is, runs stages of
/// users: those may take long, or wait for something that such a caller has.
///
/// One thread for all workers of some queues. It begins with the first caller that sleeps, sleeps
/// itself while none does, and works with a queue only while its worker runs stages: whoever waits
/// pays nothing for it.
///
/// Threads: any.
final class Lookout {
    /// How much later than its answer a caller may be woken while a stage runs.
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    /// Looks without a caller that sleeps before the thread sleeps: so long nobody has to wake it.
    private static final int QUIET_LOOKS_MAX = 100;

    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    private final DeviceQueues queues;
    private final String name;
    private final ReentrantLock lock = new ReentrantLock();

    /// Guarded by the lock.
    private @Nullable Thread thread;

    /// Whether the thread has to be started or woken; set before it looks at the callers for the
    /// last time.
    private volatile boolean idle = true;

    private volatile boolean ended;

    Lookout(DeviceQueues queues, String name) {
        this.queues = queues;
        this.name = name;
    }

    /// A caller is about to sleep, and has counted itself.
    void needed() {
        if (idle) {
            begin();
        }
    }

    private void begin() {
        lock.lock();
        try {
            if (!idle || ended) {
                return;
            }
            idle = false;
            Thread present = thread;
            if (present == null) {
                present = Time.newThread(name, this::run);
                present.start();
                thread = present;
            }
            LockSupport.unpark(present);
        } catch (Throwable e) {
            // No thread to be had: callers sleep until stages have ended.
            LOG.log(Level.WARNING, "The thread " + name + " cannot be started", e);
        } finally {
            lock.unlock();
        }
    }

    /// The thread ends soon.
    void end() {
        lock.lock();
        try {
            ended = true;
            LockSupport.unpark(thread);
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        int quiet = 0;
        while (!ended) {
            quiet = look() ? 0 : quiet + 1;
            if (quiet < QUIET_LOOKS_MAX) {
                Time.parkNanos(this, LOOK_NANOS);
                continue;
            }
            idle = true;
            if (!anySleeper() && !ended) {
                Time.parkNanos(this, IDLE_NANOS);
            }
            idle = false;
            quiet = 0;
        }
    }

    /// @return whether callers sleep
    private boolean look() {
        boolean sleepers = false;
        for (DeviceWorker worker : queues.routed()) {
            if (worker.callers().sleeperCount() > 0) {
                sleepers = true;
                help(worker);
            }
        }
        return sleepers;
    }

    private static void help(DeviceWorker worker) {
        try {
            if (worker.runsStages()) {
                var _ = worker.turns().help();
            }
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "Looking for answers failed", e);
        }
    }

    private boolean anySleeper() {
        for (DeviceWorker worker : queues.routed()) {
            if (worker.callers().sleeperCount() > 0) {
                return true;
            }
        }
        return false;
    }
}

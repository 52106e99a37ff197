package dev.verbena.internal.engine;

import dev.verbena.WaitMode;
import dev.verbena.internal.time.Time;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// What a caller does that waits for a request: works with the queue for a while, as the worker
/// would, so that an answer that comes soon crosses no threads; then sleeps until whoever finds the
/// answer wakes it.
///
/// The while is short, shorter on a virtual thread, which keeps others from its carrier, and none
/// where it has not paid lately or the wait mode says so. A thread holds the queue only for single
/// looks: it never waits while it holds it.
///
/// Threads: any.
final class CallerWait {
    /// Looks before the clock is asked.
    private static final int LOOKS_AT_ONCE = 4;

    /// Looks between two offers of the processor to others.
    private static final int LOOKS_PER_YIELD = 16;

    /// Longest time a virtual thread looks. Others may want its carrier.
    private static final long VIRTUAL_SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(10);

    /// How often a worker looks that waits on its own thread.
    private static final long WORKER_LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    private final DeviceWorker worker;
    private final CallerTurns turns;
    private final boolean looks;
    private final SpinBudget platformSpins;
    private final SpinBudget virtualSpins;
    private final AtomicInteger sleepers = new AtomicInteger();

    CallerWait(DeviceWorker worker, CallerTurns turns, WaitMode mode) {
        this.worker = worker;
        this.turns = turns;
        this.looks = mode != WaitMode.EVENT;
        this.platformSpins = new SpinBudget(looks ? WaitPolicy.SPIN_NANOS_DEFAULT : 0);
        this.virtualSpins = new SpinBudget(looks ? VIRTUAL_SPIN_NANOS : 0);
    }

    /// Callers that sleep, or are about to: an answer has to wake the worker.
    int sleeperCount() {
        return sleepers.get();
    }

    /// Waits for a request's end.
    ///
    /// @param nanosMax longest time; [Long#MAX_VALUE] for any
    /// @return whether it is done; if not, time is over, or another thread waits already and this
    ///   one has to wait as for any future
    /// @throws InterruptedException when that is allowed; the request goes on
    boolean await(DeviceRequest<?> request, boolean interruptible, long nanosMax)
            throws InterruptedException {
        if (Thread.currentThread().equals(worker.thread())) {
            return awaitOnWorker(request, nanosMax);
        }
        return look(request, nanosMax) || sleep(request, interruptible, nanosMax);
    }

    @SuppressWarnings("ThreadPriorityCheck") // on few processors the other side needs this one
    private boolean look(DeviceRequest<?> request, long nanosMax) {
        for (int i = 0; i < LOOKS_AT_ONCE; i++) {
            turns.help();
            if (request.isDone()) {
                return true;
            }
            if (!looks) {
                return false;
            }
            Thread.onSpinWait();
        }
        SpinBudget spins = Thread.currentThread().isVirtual() ? virtualSpins : platformSpins;
        long most = Math.min(spins.next(), nanosMax);
        if (most <= 0) {
            return false;
        }
        long start = Time.nanoTime();
        int count = 0;
        do {
            turns.help();
            if (request.isDone()) {
                spins.succeeded();
                return true;
            }
            if (++count % LOOKS_PER_YIELD == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        } while (Time.nanoTime() - start < most);
        spins.failed();
        return false;
    }

    private boolean sleep(DeviceRequest<?> request, boolean interruptible, long nanosMax)
            throws InterruptedException {
        // Before the worker is asked for: it looks here before it goes to sleep.
        sleepers.incrementAndGet();
        worker.queues().lookout().needed();
        boolean waits = request.tryWait();
        try {
            turns.watchFor(request);
            return waits && park(request, interruptible, nanosMax);
        } finally {
            if (waits) {
                request.endWait();
            }
            sleepers.decrementAndGet();
        }
    }

    private static boolean park(DeviceRequest<?> request, boolean interruptible, long nanosMax)
            throws InterruptedException {
        long start = nanosMax == Long.MAX_VALUE ? 0 : Time.nanoTime();
        boolean interrupted = false;
        while (!request.isDone()) {
            if (nanosMax == Long.MAX_VALUE) {
                LockSupport.park(request);
            } else {
                long left = nanosMax - (Time.nanoTime() - start);
                if (left <= 0) {
                    break;
                }
                Time.parkNanos(request, left);
            }
            if (Thread.interrupted()) {
                if (interruptible) {
                    throw new InterruptedException();
                }
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return request.isDone();
    }

    /// A stage that waits, against what its user was told: nobody else may look at the queue.
    private boolean awaitOnWorker(DeviceRequest<?> request, long nanosMax) {
        long start = Time.nanoTime();
        while (!request.isDone() && Time.nanoTime() - start < nanosMax) {
            if (!turns.help() && !worker.isServing()) {
                throw new IllegalStateException(
                        "A stage on the thread of a device's queue waits for a request that needs"
                                + " this thread, because the connection is away. Attach such stages"
                                + " with an executor");
            }
            Time.parkNanos(request, WORKER_LOOK_NANOS);
        }
        return request.isDone();
    }

    @Override
    public @Nullable String toString() {
        return sleepers + " callers sleep";
    }
}

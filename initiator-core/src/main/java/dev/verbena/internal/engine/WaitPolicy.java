package dev.verbena.internal.engine;

import dev.verbena.WaitMode;
import dev.verbena.internal.time.Time;
import java.util.concurrent.TimeUnit;

/// How the owner of completions waits for the next: spinning, sleeping, or the one before the
/// other.
///
/// Adaptive waiting spins for up to a limit before it sleeps, because waking up a thread costs more
/// than most answers take on a fast network. Where spinning does not pay (answers take longer, or
/// the spinning thread keeps the other side from the processor), the time spent spinning is halved
/// down to nothing, and tried again in full once in a while.
///
/// Threads: the owner's.
public final class WaitPolicy {
    /// What is waited for.
    public interface Source {
        /// Whether there is something to collect; cheap, called in a loop.
        boolean isReady();

        /// Asks for a wake-up at the next completion.
        void arm();

        /// Sleeps until woken up or the time is over.
        void block(long timeoutNanos);
    }

    /// Longest spin before sleeping, where nothing else is asked for.
    public static final long SPIN_NANOS_DEFAULT = TimeUnit.MICROSECONDS.toNanos(50);

    /// Longest time one call spins in poll mode: its caller has deadlines to look at.
    static final long POLL_SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /// Waits without a spin before one is tried again.
    static final int WAITS_PER_PROBE = SpinBudget.WAITS_PER_PROBE;

    /// Looks between two offers of the processor to others.
    private static final int LOOKS_PER_YIELD = 16;

    private final WaitMode mode;
    private final SpinBudget spins;

    /// @param spinNanosMax longest spin of adaptive waiting, 0 or more
    public WaitPolicy(WaitMode mode, long spinNanosMax) {
        this.mode = mode;
        this.spins = new SpinBudget(spinNanosMax);
    }

    /// How this policy waits.
    public WaitMode mode() {
        return mode;
    }

    /// Longest spin of adaptive waiting.
    public long spinNanosMax() {
        return spins.nanosMax();
    }

    /// The present length of a spin.
    long spinNanos() {
        return spins.nanos();
    }

    /// Waits until there may be something to collect, or the time is over; may return early.
    ///
    /// @return whether the thread slept
    public boolean await(Source source, long timeoutNanos) {
        if (timeoutNanos <= 0) {
            return false;
        }
        switch (mode) {
            case POLL -> {
                spin(source, Math.min(timeoutNanos, POLL_SLICE_NANOS));
                return false;
            }
            case ADAPTIVE -> {
                if (adaptiveSpin(source, timeoutNanos)) {
                    return false;
                }
            }
            case EVENT -> {}
        }
        source.arm();
        // What completed before arming wakes nobody.
        if (source.isReady()) {
            return false;
        }
        source.block(timeoutNanos);
        return true;
    }

    private boolean adaptiveSpin(Source source, long timeoutNanos) {
        long now = spins.next();
        if (now == 0) {
            return false;
        }
        if (spin(source, Math.min(now, timeoutNanos))) {
            spins.succeeded();
            return true;
        }
        spins.failed();
        return false;
    }

    @SuppressWarnings("ThreadPriorityCheck") // on few processors the other side needs this one
    private static boolean spin(Source source, long nanos) {
        long start = Time.nanoTime();
        int looks = 0;
        do {
            if (source.isReady()) {
                return true;
            }
            if (++looks % LOOKS_PER_YIELD == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        } while (Time.nanoTime() - start < nanos);
        return false;
    }
}

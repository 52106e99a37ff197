package dev.verbena.channel;

import dev.verbena.internal.time.Time;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Lets writes to the same blocks wait for each other when one of them reads first. First come,
/// first served; what has to wait gets a future. When [#WAITING_MAX] writes wait already, the
/// caller is blocked until one of them can go on.
///
/// Writes of whole blocks do not wait for one another: their order is the caller's business.
///
/// Threads: any.
final class BlockLocks {
    /// Writes that can wait.
    static final int WAITING_MAX = 1024;

    /// Longest a caller that waits for a place sleeps before it looks again.
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// Holds the calling thread is about to grant; null while it does not. A write that was granted
    /// its range may fail and release it at once, and so may the next: granting them one inside the
    /// other would need stack for all that wait.
    private static final ThreadLocal<@Nullable ArrayDeque<Hold>> GRANTING = new ThreadLocal<>();

    /// A range of blocks somebody writes, or waits to write. A link in a list, so that taking it
    /// out costs nothing.
    final class Hold {
        private final long first;
        private final long last;
        private final boolean readsFirst;
        private final CompletableFuture<Hold> granted = new CompletableFuture<>();

        /// Earlier ones it waits for.
        private int blockers;

        /// Later ones that wait for it, in order.
        private List<Hold> blocked = List.of();

        private boolean released;
        private @Nullable Hold before;
        private @Nullable Hold after;

        private Hold(long first, long last, boolean readsFirst) {
            this.first = first;
            this.last = last;
            this.readsFirst = readsFirst;
        }

        private boolean conflictsWith(Hold other) {
            return (readsFirst || other.readsFirst) && first <= other.last && other.first <= last;
        }

        /// Whether everything earlier that conflicts with the other one conflicts with this too.
        private boolean standsFor(Hold other) {
            return readsFirst && first <= other.first && other.last <= last;
        }

        /// Gives the range back, once. Those that can go on do so on this thread: before this
        /// returns, unless it is called by one of them.
        void release() {
            List<Hold> free;
            lock.lock();
            try {
                if (released) {
                    return;
                }
                released = true;
                free = remove(this);
            } finally {
                lock.unlock();
            }
            // Not under the lock: what follows may take or release other ranges.
            if (!free.isEmpty()) {
                grant(free);
            }
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition place = lock.newCondition();
    private @Nullable Hold newest;

    /// Holds of writes that read first, waiting or not.
    private int readingCount;

    private int waitingCount;

    /// Asks for a range of blocks.
    ///
    /// @param readsFirst whether the blocks are read, changed and written back
    /// @param mayBlock whether the caller can wait for a place among those that wait
    /// @return completes when the range may be used, which then has to be released; fails when
    ///   there is no place, or the caller is interrupted while it waits for one
    CompletableFuture<Hold> acquire(long first, long last, boolean readsFirst, boolean mayBlock) {
        Hold hold = new Hold(first, last, readsFirst);
        lock.lock();
        try {
            IOException refusal = awaitPlace(hold, mayBlock);
            if (refusal != null) {
                return CompletableFuture.failedFuture(refusal);
            }
            append(hold);
            if (hold.blockers > 0) {
                return hold.granted;
            }
        } finally {
            lock.unlock();
        }
        hold.granted.complete(hold);
        return hold.granted;
    }

    /// @return why there is none
    private @Nullable IOException awaitPlace(Hold hold, boolean mayBlock) {
        while (waitingCount >= WAITING_MAX && conflicts(hold)) {
            if (!mayBlock) {
                return new IOException(
                        "The write was not accepted: it would have to wait for another one of this"
                                + " channel to the same block, and "
                                + WAITING_MAX
                                + " are waiting already");
            }
            try {
                // Bounded by the time-outs of the device for the writes that wait.
                var _ = Time.awaitNanos(lock, place, LOOK_NANOS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new InterruptedIOException(
                        "Interrupted while waiting for a place among the writes that wait");
            }
        }
        return null;
    }

    /// The usual case, writes of whole blocks only, looks at nobody.
    private boolean mayConflict(Hold hold) {
        return hold.readsFirst || readingCount > 0;
    }

    private boolean conflicts(Hold hold) {
        if (mayConflict(hold)) {
            for (Hold other = newest; other != null; other = other.before) {
                if (hold.conflictsWith(other)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void append(Hold hold) {
        Hold last = newest;
        if (mayConflict(hold)) {
            waitForOthers(hold, last);
        }
        hold.before = last;
        if (last != null) {
            last.after = hold;
        }
        newest = hold;
        readingCount += hold.readsFirst ? 1 : 0;
        waitingCount += hold.blockers > 0 ? 1 : 0;
    }

    /// Makes a hold wait for those it conflicts with, from `from` back to the oldest: but for none
    /// that another one of them waits for in its place.
    private static void waitForOthers(Hold hold, @Nullable Hold from) {
        for (Hold other = from; other != null; other = other.before) {
            if (hold.conflictsWith(other)) {
                if (other.blocked.isEmpty()) {
                    other.blocked = new ArrayList<>(1);
                }
                other.blocked.add(hold);
                hold.blockers++;
                if (other.standsFor(hold)) {
                    return;
                }
            }
        }
    }

    /// @return those that can go on
    private List<Hold> remove(Hold hold) {
        Hold before = hold.before;
        Hold after = hold.after;
        if (before != null) {
            before.after = after;
        }
        if (after == null) {
            newest = before;
        } else {
            after.before = before;
        }
        readingCount -= hold.readsFirst ? 1 : 0;
        List<Hold> free = hold.blocked;
        hold.blocked = List.of();
        if (free.isEmpty()) {
            return free;
        }
        free.removeIf(other -> --other.blockers > 0);
        waitingCount -= free.size();
        place.signalAll();
        return free;
    }

    private static void grant(List<Hold> free) {
        ArrayDeque<Hold> outer = GRANTING.get();
        if (outer != null) {
            // Further down on this stack.
            outer.addAll(free);
            return;
        }
        ArrayDeque<Hold> queue = new ArrayDeque<>(free);
        GRANTING.set(queue);
        try {
            for (Hold hold = queue.poll(); hold != null; hold = queue.poll()) {
                hold.granted.complete(hold);
            }
        } finally {
            GRANTING.remove();
        }
    }
}

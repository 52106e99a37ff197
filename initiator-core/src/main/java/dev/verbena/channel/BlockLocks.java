package dev.verbena.channel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Lets writes to the same blocks wait for each other when one of them reads first. First come,
/// first served; nobody is blocked, what has to wait gets a future.
///
/// Writes of whole blocks do not wait for one another: their order is the caller's business.
///
/// Threads: any.
final class BlockLocks {
    /// A range of blocks somebody writes, or waits to write. A link in a list, so that taking it
    /// out costs nothing.
    final class Hold {
        private final long first;
        private final long last;
        private final boolean readsFirst;
        private final CompletableFuture<Hold> granted = new CompletableFuture<>();
        private boolean waiting;
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

        /// Gives the range back; those that can go on do so on this thread.
        void release() {
            List<Hold> free;
            lock.lock();
            try {
                remove(this);
                free = readingCount + waitingCount == 0 ? List.of() : grantable();
            } finally {
                lock.unlock();
            }
            // Not under the lock: what follows may take or release other ranges.
            for (Hold hold : free) {
                hold.granted.complete(hold);
            }
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Hold oldest;
    private @Nullable Hold newest;

    /// Holds of writes that read first, waiting or not.
    private int readingCount;

    private int waitingCount;

    /// Asks for a range of blocks.
    ///
    /// @param readsFirst whether the blocks are read, changed and written back
    /// @return completes when the range may be used; it then has to be released
    CompletableFuture<Hold> acquire(long first, long last, boolean readsFirst) {
        Hold hold = new Hold(first, last, readsFirst);
        lock.lock();
        try {
            // The usual case, writes of whole blocks only, looks at nobody.
            hold.waiting = (readsFirst || readingCount > 0) && hasConflict(hold, newest);
            append(hold);
        } finally {
            lock.unlock();
        }
        if (!hold.waiting) {
            hold.granted.complete(hold);
        }
        return hold.granted;
    }

    /// Whether a hold conflicts with one that came earlier, from `from` back to the oldest.
    private static boolean hasConflict(Hold hold, @Nullable Hold from) {
        for (Hold other = from; other != null; other = other.before) {
            if (hold.conflictsWith(other)) {
                return true;
            }
        }
        return false;
    }

    private List<Hold> grantable() {
        List<Hold> free = new ArrayList<>();
        for (Hold hold = oldest; hold != null; hold = hold.after) {
            if (hold.waiting && !hasConflict(hold, hold.before)) {
                hold.waiting = false;
                waitingCount--;
                free.add(hold);
            }
        }
        return free;
    }

    private void append(Hold hold) {
        Hold last = newest;
        hold.before = last;
        if (last == null) {
            oldest = hold;
        } else {
            last.after = hold;
        }
        newest = hold;
        readingCount += hold.readsFirst ? 1 : 0;
        waitingCount += hold.waiting ? 1 : 0;
    }

    private void remove(Hold hold) {
        Hold before = hold.before;
        Hold after = hold.after;
        if (before == null) {
            oldest = after;
        } else {
            before.after = after;
        }
        if (after == null) {
            newest = before;
        } else {
            after.before = before;
        }
        readingCount -= hold.readsFirst ? 1 : 0;
    }
}

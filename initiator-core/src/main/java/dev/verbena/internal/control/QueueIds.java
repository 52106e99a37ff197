package dev.verbena.internal.control;

import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.time.Time;
import java.time.Duration;
import java.util.BitSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The ids of a connection's I/O queues: which are in use, and how many queues are just being
/// connected.
///
/// Threads: any.
final class QueueIds {
    /// What [#take] says when there is nothing to take.
    static final int NONE = 0;

    private final int count;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition connected = lock.newCondition();

    /// Guarded by the lock, as is what follows.
    private final BitSet taken = new BitSet();

    /// Ids of queues that have been connected and closed.
    private final BitSet released = new BitSet();

    private int connecting;
    private boolean ending;

    /// @param count ids there are, from 1
    QueueIds(int count) {
        this.count = count;
    }

    int count() {
        return count;
    }

    /// Takes the lowest free id for a queue that is about to be connected; [#connected] follows.
    ///
    /// @return [#NONE] when all are in use, or no queue is to be connected any more
    int take() {
        lock.lock();
        try {
            int id = taken.nextClearBit(1);
            if (ending || id > count) {
                return NONE;
            }
            taken.set(id);
            connecting++;
            return id;
        } finally {
            lock.unlock();
        }
    }

    /// The attempt to connect a queue has ended.
    ///
    /// @param success without, the id is free again
    void connected(int id, boolean success) {
        lock.lock();
        try {
            connecting--;
            if (!success) {
                taken.clear(id);
            }
            connected.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// A queue is closed; its id can be used again.
    void release(int id) {
        lock.lock();
        try {
            taken.clear(id);
            released.set(id);
        } finally {
            lock.unlock();
        }
    }

    /// Whether an earlier queue had this id; the controller may not have noticed its end yet.
    boolean wasReleased(int id) {
        lock.lock();
        try {
            return released.get(id);
        } finally {
            lock.unlock();
        }
    }

    int freeCount() {
        lock.lock();
        try {
            return count - taken.cardinality();
        } finally {
            lock.unlock();
        }
    }

    /// No id is given out any more.
    void end() {
        lock.lock();
        try {
            ending = true;
        } finally {
            lock.unlock();
        }
    }

    boolean isEnding() {
        lock.lock();
        try {
            return ending;
        } finally {
            lock.unlock();
        }
    }

    /// After [#end], waits until no queue is being connected any more. An interrupt does not end
    /// the wait, and is not lost.
    void awaitConnected(Duration most) {
        Deadline deadline = Deadline.after(most);
        boolean interrupted = false;
        lock.lock();
        try {
            while (connecting > 0 && !deadline.expired()) {
                try {
                    var _ = Time.awaitNanos(lock, connected, deadline.remainingNanos());
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            lock.unlock();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

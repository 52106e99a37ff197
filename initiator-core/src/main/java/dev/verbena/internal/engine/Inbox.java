package dev.verbena.internal.engine;

import dev.verbena.internal.time.Time;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// A bounded queue of requests from any thread to one.
///
/// A ring: producers claim a place by moving the tail, then publish the request in it; the consumer
/// takes what is published, in the order of the claims. Nothing is allocated and no lock is taken,
/// except where a producer has to wait for a place.
///
/// Threads: [#offer] and [#awaitRoom] any; the rest one at a time.
final class Inbox {
    private static final VarHandle SLOT =
            MethodHandles.arrayElementVarHandle(DeviceRequest[].class);
    private static final VarHandle TAKEN;

    static {
        try {
            TAKEN = MethodHandles.lookup().findVarHandle(Inbox.class, "taken", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /// Longest a producer sleeps before it looks again by itself.
    private static final long LOOK_NANOS = 10_000_000;

    private final @Nullable DeviceRequest<?>[] slots;
    private final int mask;
    private final AtomicLong tail = new AtomicLong();

    /// Requests taken so far; written by the consumer only.
    private volatile long head;

    /// The consumer's own copy of the head, ahead of it within a batch. Written by the consumer
    /// only; others read it in [#isEmpty].
    private long taken;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition room = lock.newCondition();

    /// Producers that wait for a place; guarded by the lock, read without.
    private volatile int waiters;

    /// @param capacity a power of two
    Inbox(int capacity) {
        if (Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException(capacity + " is not a power of two");
        }
        slots = new DeviceRequest<?>[capacity];
        mask = capacity - 1;
    }

    int capacity() {
        return slots.length;
    }

    /// Puts a request in; false when the inbox is full. What the caller reads afterwards is newer
    /// than what it wrote: whoever saw the inbox empty has already said that he sleeps.
    boolean offer(DeviceRequest<?> request) {
        long place;
        do {
            place = tail.get();
            if (place - head > mask) {
                return false;
            }
        } while (!tail.compareAndSet(place, place + 1));
        SLOT.setVolatile(slots, (int) place & mask, request);
        return true;
    }

    /// Waits until there may be room, or a short time has passed.
    void awaitRoom(long nanosMax) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            setWaiters(1);
            if (tail.get() - head > mask) {
                var _ = Time.awaitNanos(lock, room, Math.min(nanosMax, LOOK_NANOS));
            }
        } finally {
            setWaiters(-1);
            lock.unlock();
        }
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
    private void setWaiters(int change) {
        waiters += change;
    }

    /// Whether nothing is published.
    boolean isEmpty() {
        return SLOT.getVolatile(slots, (int) (long) TAKEN.getAcquire(this) & mask) == null;
    }

    /// Takes the oldest request, or null. Its place can be used again after [#settle].
    @Nullable DeviceRequest<?> poll() {
        int index = (int) taken & mask;
        DeviceRequest<?> request = (DeviceRequest<?>) SLOT.getAcquire(slots, index);
        if (request != null) {
            slots[index] = null;
            // Whoever reads it looks at the next slot, or sees this one empty.
            TAKEN.setRelease(this, taken + 1);
        }
        return request;
    }

    /// Frees the places of what was taken, and wakes who waits for one.
    void settle() {
        if (head == taken) {
            return;
        }
        head = taken;
        if (waiters > 0) {
            lock.lock();
            try {
                room.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }
}

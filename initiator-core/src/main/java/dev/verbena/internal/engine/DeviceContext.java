package dev.verbena.internal.engine;

import dev.verbena.internal.memory.ThreadBarrier;
import dev.verbena.internal.time.Time;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/// One open block device, as its requests see it: the limits of its namespace, whether it may still
/// be used, and how many requests it has.
///
/// Threads: any.
public final class DeviceContext {
    /// Requests that one queue has accepted. Written by the queue's owner only, without the atomic
    /// instruction of a count that several threads share.
    ///
    /// The owner counts a request, then looks whether requests are refused; who refuses them does
    /// the reverse. For one of the two to notice the other, a store must be visible before a later
    /// load; instead of a fence per request, [DeviceContext#refuse] makes every thread pass one.
    static final class Tally {
        private static final VarHandle COUNT;

        static {
            try {
                COUNT = MethodHandles.lookup().findVarHandle(Tally.class, "count", long.class);
            } catch (ReflectiveOperationException e) {
                throw new ExceptionInInitializerError(e);
            }
        }

        private final SharedQueue queue;
        private long count;

        private Tally(SharedQueue queue) {
            this.queue = queue;
        }

        void add() {
            COUNT.setRelease(this, count + 1);
            // Keeps the compiler from moving a later load above the store.
            VarHandle.releaseFence();
        }

        private long get() {
            return (long) COUNT.getAcquire(this);
        }
    }

    /// How often somebody who waits for the last request looks.
    private static final long LOOK_NANOS = 1_000_000;

    private volatile NamespaceLimits limits;
    private volatile @Nullable String refusal;
    private final LongAdder accepted = new LongAdder();
    private final List<Tally> tallies = new CopyOnWriteArrayList<>();
    private final LongAdder ended = new LongAdder();
    private final LongAdder bounced = new LongAdder();

    public DeviceContext(NamespaceLimits limits) {
        this.limits = limits;
    }

    public NamespaceLimits limits() {
        return limits;
    }

    /// The namespace was resized; requests that were checked against the old size go on, and the
    /// controller decides.
    public void limits(NamespaceLimits value) {
        limits = value;
    }

    /// From now on requests fail with this sentence; the first one stays. Requests that were
    /// accepted go on.
    public void refuse(String why) {
        if (refusal == null) {
            refusal = why;
        }
        ThreadBarrier.pass();
    }

    /// Whether requests are refused.
    public boolean isRefusing() {
        return refusal != null;
    }

    /// Why requests are refused; null while they are not.
    @Nullable IOException refusal() {
        String why = refusal;
        return why == null ? null : new IOException(why);
    }

    /// Counts a request that is about to be handed over. Whoever asks [#refusal] afterwards sees
    /// it, or [#awaitEnded] sees the request.
    void accepted() {
        accepted.increment();
    }

    void ended(int count) {
        ended.add(count);
    }

    /// The count of one queue; made when there is none. For its owner.
    Tally tally(SharedQueue queue) {
        for (Tally tally : tallies) {
            if (tally.queue == queue) {
                return tally;
            }
        }
        Tally made = new Tally(queue);
        tallies.add(made);
        return made;
    }

    void bounced() {
        bounced.increment();
    }

    /// Commands whose data was copied.
    public long bouncedCount() {
        return bounced.sum();
    }

    /// Requests that have not ended.
    public long outstandingCount() {
        // In this order: the difference can be too high for a moment, never too low.
        long over = ended.sum();
        long all = accepted.sum();
        for (Tally tally : tallies) {
            all += tally.get();
        }
        return all - over;
    }

    /// Waits for the requests that were accepted; to be called after [#refuse].
    ///
    /// @return false when some are left at the end of the time
    public boolean awaitEnded(long nanos) {
        long deadline = Time.nanoTime() + nanos;
        boolean interrupted = false;
        while (outstandingCount() > 0 && deadline - Time.nanoTime() > 0) {
            Time.parkNanos(this, LOOK_NANOS);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return outstandingCount() <= 0;
    }
}

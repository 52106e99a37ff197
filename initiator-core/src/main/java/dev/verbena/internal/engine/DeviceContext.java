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

    /// What commands may name; null while none may be sent. What starts a command gets its limits,
    /// and the namespace id with them, from here only, so that none is started without the question
    /// whether the namespace is still there.
    private volatile @Nullable NamespaceLimits present;

    /// The limits as they were last known, whether commands may be sent or not.
    private volatile NamespaceLimits last;

    /// Why requests that were accepted fail; null while their commands are sent, or wait for the
    /// namespace.
    private volatile @Nullable String withheld;

    /// Why new requests fail; null while they are taken.
    private volatile @Nullable String refusal;

    /// Guarded by this, as is what follows.
    private @Nullable String closed;

    private boolean gone;

    private final LongAdder accepted = new LongAdder();
    private final List<Tally> tallies = new CopyOnWriteArrayList<>();
    private final LongAdder ended = new LongAdder();
    private final LongAdder bounced = new LongAdder();

    /// The device of a namespace that is there.
    public DeviceContext(NamespaceLimits limits) {
        this.last = limits;
        this.present = limits;
    }

    /// The limits as they were last known: for checks of what users ask for, and for messages. Not
    /// for starting commands, see [#present].
    public NamespaceLimits lastLimits() {
        return last;
    }

    /// The limits for a command that is about to be started.
    ///
    /// @return null when it must not be: [#loss] says whether its request fails or waits
    @Nullable NamespaceLimits present() {
        return present;
    }

    /// Why a request fails whose command must not be started.
    ///
    /// @return null when it waits: the namespace may come back
    @Nullable IOException loss() {
        String why = withheld;
        return why == null ? null : new IOException(why);
    }

    /// Whether commands may be sent.
    public boolean isPresent() {
        return present != null;
    }

    /// Whether the namespace is gone for good.
    public synchronized boolean isGone() {
        return gone;
    }

    // Who calls one of these lets the queues look at their requests then: DeviceQueues.reconsider.

    /// The namespace is there. It may have another size than before; requests that were checked
    /// against the old one go on, and the controller decides.
    public synchronized void found(NamespaceLimits limits) {
        if (gone) {
            return;
        }
        last = limits;
        withheld = null;
        refusal = closed;
        present = limits;
    }

    /// The limits have changed, and nothing else.
    public synchronized void refresh(NamespaceLimits limits) {
        last = limits;
        if (present != null) {
            present = limits;
        }
    }

    /// The namespace is not there, and may come back: nothing is sent, requests wait.
    public synchronized void away() {
        if (!gone) {
            present = null;
        }
    }

    /// The same, but requests fail with this sentence instead of waiting.
    public synchronized void awayTooLong(String why) {
        if (!gone && present == null) {
            withheld = why;
            refusal = why;
        }
    }

    /// The namespace is gone for good: from now on all requests fail with this sentence, those
    /// included that were accepted. The first one stays.
    public synchronized void gone(String why) {
        if (gone) {
            return;
        }
        gone = true;
        withheld = why;
        refusal = why;
        present = null;
        ThreadBarrier.pass();
    }

    /// From now on new requests fail with this sentence; the first one stays. Requests that were
    /// accepted go on.
    public synchronized void refuse(String why) {
        if (closed == null) {
            closed = why;
        }
        if (refusal == null) {
            refusal = closed;
        }
        ThreadBarrier.pass();
    }

    /// Why new requests are refused; null while they are not.
    public @Nullable IOException refusal() {
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

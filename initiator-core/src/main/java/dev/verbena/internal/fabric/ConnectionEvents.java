package dev.verbena.internal.fabric;

import java.lang.System.Logger.Level;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The events of one connection: kept for the thread that connects, until something takes over that
/// wants every event as it comes.
///
/// One lock decides where an event goes. With two steps, "has anybody taken over?" and "put it
/// away", an event that arrives at the moment of taking over would be put away for nobody.
///
/// Threads: any. The taker runs under the lock: it records and wakes, nothing else.
///
/// @param <E> an event
final class ConnectionEvents<E> {
    /// More than a connection can produce; what does not fit is dropped and the step times out.
    static final int EVENTS_MAX = 16;

    private static final System.Logger LOG = System.getLogger("dev.verbena.fabric");

    private final BlockingQueue<E> waiting;

    /// Guarded by this.
    private @Nullable Consumer<E> taker;

    ConnectionEvents() {
        this(new ArrayBlockingQueue<>(EVENTS_MAX));
    }

    ConnectionEvents(BlockingQueue<E> waiting) {
        this.waiting = waiting;
    }

    /// Something happened. Runs on the dispatcher's thread.
    synchronized void add(E event) {
        if (taker != null) {
            taker.accept(event);
        } else if (!waiting.offer(event)) {
            LOG.log(Level.WARNING, "{0} is one event too many for a connection", event);
        }
    }

    /// The next event for the thread that connects.
    ///
    /// @return null after the time-out
    @Nullable E poll(long timeoutNanos) throws InterruptedException {
        return waiting.poll(timeoutNanos, TimeUnit.NANOSECONDS);
    }

    /// What has not been polled goes to `newTaker` at once, and so does all that comes from now on.
    synchronized void handOver(Consumer<E> newTaker) {
        taker = newTaker;
        for (E late = waiting.poll(); late != null; late = waiting.poll()) {
            newTaker.accept(late);
        }
    }
}

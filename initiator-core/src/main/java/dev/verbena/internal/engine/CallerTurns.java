package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.time.Time;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The turns that callers take at the queue of a worker: they hand over requests, and look for
/// answers, on their own threads, whenever nobody else holds the queue.
///
/// Threads: any. A worker's own thread hands over requests by the same way, but waits for nothing.
final class CallerTurns {
    /// Attempts of a caller to take the queue before it leaves it to the worker.
    private static final int WATCH_ATTEMPTS = 64;

    private final DeviceWorker worker;
    private final DeviceQueues queues;
    private final SharedQueue queue;
    private final RequestEnds ends;
    private final MemoryDomain memory;
    private final DeviceSettings settings;
    private final LongAdder inboxWaits = new LongAdder();

    CallerTurns(
            DeviceWorker worker,
            DeviceQueues queues,
            SharedQueue queue,
            RequestEnds ends,
            MemoryDomain memory,
            DeviceSettings settings) {
        this.worker = worker;
        this.queues = queues;
        this.queue = queue;
        this.ends = ends;
        this.memory = memory;
        this.settings = settings;
    }

    /// How often a caller found the inbox full.
    long inboxWaitCount() {
        return inboxWaits.sum();
    }

    /// Hands a request over: the calling thread starts it, if nobody else works with the queue;
    /// else it goes to the inbox. Waits while that is full, but never on a worker's thread. The
    /// request's future tells the outcome, also of failures found here.
    void submit(DeviceRequest<?> request) {
        request.worker(worker);
        boolean own = Thread.currentThread().equals(worker.thread());
        if (queue.tryTake()) {
            boolean accepted = false;
            boolean wake = false;
            boolean done = false;
            DeviceRequest<?> over = null;
            try {
                if (queue.isUsable() && hasRoom(own)) {
                    accepted = true;
                    accept(request, own);
                    wake = !request.blocking && queue.mustWakeFromDoze();
                }
                done = true;
            } finally {
                over = queue.endTurn();
                if (!done) {
                    // Whatever is thrown here, others are told of the ends of their requests.
                    ends.finish(over);
                }
            }
            if (accepted) {
                ends.finish(settle(over));
                if (wake) {
                    worker.wake();
                }
                return;
            }
        }
        enqueue(request, own);
    }

    private boolean hasRoom(boolean own) {
        // Whoever is first in the inbox shall not be overtaken by all others.
        return own
                ? queue.requests().hasRoomForOwn()
                : queue.requests().hasRoom() && queue.inbox().isEmpty();
    }

    private void accept(DeviceRequest<?> request, boolean own) {
        try {
            queue.accept(request, own);
        } catch (Throwable e) {
            // Errors too, such as that the caller's stack is at its end: nobody else knows of the
            // request, perhaps, and everybody of the queue.
            queue.broken(e);
            queue.requests().refuse(request, RequestErrors.memory(e));
        }
    }

    private void enqueue(DeviceRequest<?> request, boolean own) {
        DeviceContext context = request.context;
        context.accepted();
        IOException refusal = context.refusal();
        if (refusal != null) {
            request.refuse(refusal);
            return;
        }
        request.hold(memory);
        if (own) {
            addOwn(request);
            return;
        }
        try {
            if (!offer(request)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            request.refuse(
                    new InterruptedIOException(
                            "Interrupted while waiting for a place in the device's queue"));
            return;
        }
        offered();
        if (queue.isDozing() && !request.blocking) {
            worker.wake();
        }
    }

    /// Something was put into the inbox: it is taken out by whoever holds the queue, or else here.
    private void offered() {
        ends.finish(settle(null));
        if (worker.isSleeping()) {
            worker.wake();
        }
        if (worker.hasEnded()) {
            // It ended between the check and the offer; nobody else will look into the inbox.
            failInbox(queues::refusalOrClosed);
        }
    }

    private void addOwn(DeviceRequest<?> request) {
        IOException refusal = queues.refusal();
        queue.take();
        try {
            if (refusal == null && !queue.requests().hasRoomForOwn()) {
                refusal = RequestErrors.full();
            }
            if (refusal == null) {
                queue.requests().add(request);
            } else {
                queue.requests().refuse(request, refusal);
            }
        } finally {
            DeviceRequest<?> over = queue.endTurn();
            ends.finish(settle(over));
        }
    }

    /// @return false when the request was refused
    private boolean offer(DeviceRequest<?> request) throws InterruptedException {
        long left = settings.ioTimeout().toNanos();
        boolean counted = false;
        while (true) {
            IOException refusal = queues.refusal();
            if (refusal == null && queue.inbox().offer(request)) {
                return true;
            }
            if (refusal == null && (left <= 0 || DeviceWorker.current() != null)) {
                refusal = RequestErrors.full();
            }
            if (refusal != null) {
                request.refuse(refusal);
                return false;
            }
            if (!counted) {
                counted = true;
                inboxWaits.increment();
            }
            long before = Time.nanoTime();
            queue.inbox().awaitRoom(left);
            if (queues.isRunning()) {
                // While the connection is away its time-outs decide.
                left -= Time.nanoTime() - before;
            }
        }
    }

    /// Takes a request of another worker; false when there is no room.
    boolean forward(DeviceRequest<?> request) {
        request.worker(worker);
        if (!queue.inbox().offer(request)) {
            return false;
        }
        worker.wake();
        if (worker.hasEnded()) {
            failInbox(queues::refusalOrClosed);
        }
        return true;
    }

    /// Works with the queue, if nobody else does.
    ///
    /// @return whether that was possible
    boolean help() {
        if (!queue.tryTake()) {
            return false;
        }
        boolean usable = queue.isUsable();
        DeviceRequest<?> over = usable ? serveAndGive(false) : queue.endTurn();
        ends.finish(usable ? settle(over) : over);
        return usable;
    }

    /// After a hold: looks into the inbox once more.
    ///
    /// @param over requests that have ended
    /// @return these, and those that have ended meanwhile
    @Nullable DeviceRequest<?> settle(@Nullable DeviceRequest<?> over) {
        DeviceRequest<?> all = over;
        while (queue.isAskedFor() && queue.tryTake()) {
            if (!queue.isUsable()) {
                // The worker's matter, which is awake when this changes.
                return RequestEnds.link(all, queue.endTurn());
            }
            all = RequestEnds.link(all, serveAndGive(false));
        }
        return all;
    }

    /// Serves the queue that the calling thread has taken, as a caller, and gives it.
    ///
    /// @param sleeps whether the caller goes to sleep
    /// @return requests that have ended
    private @Nullable DeviceRequest<?> serveAndGive(boolean sleeps) {
        boolean wake = false;
        DeviceRequest<?> over;
        try {
            if (sleeps && !queue.isAttended()) {
                wake = queue.mustWake();
                // First this: what has completed before wakes nobody.
                queue.arm();
            }
            wake |= queue.serveAsCaller();
        } catch (Throwable e) {
            queue.broken(e);
        } finally {
            over = queue.endTurn();
        }
        if (wake) {
            worker.wake();
        }
        return over;
    }

    /// Sees to it that a caller that goes to sleep is woken: an answer will wake the worker, or the
    /// worker is awake.
    void watchFor(DeviceRequest<?> request) {
        for (int i = 0; i < WATCH_ATTEMPTS && !request.isDone(); i++) {
            if (queue.tryTake()) {
                DeviceRequest<?> over = queue.isUsable() ? serveAndGive(true) : queue.endTurn();
                ends.finish(settle(over));
                return;
            }
            Thread.onSpinWait();
        }
        if (!request.isDone()) {
            worker.wake();
        }
    }

    /// Refuses what is in the inbox.
    void failInbox(Supplier<IOException> why) {
        DeviceRequest<?> over;
        queue.take();
        try {
            Inbox inbox = queue.inbox();
            for (DeviceRequest<?> r = inbox.poll(); r != null; r = inbox.poll()) {
                queue.requests().refuse(r, why.get());
            }
            inbox.settle();
        } finally {
            over = queue.endTurn();
            ends.finish(over);
        }
    }
}

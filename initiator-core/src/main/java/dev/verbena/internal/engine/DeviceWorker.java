package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.time.Time;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The thread that stands behind one I/O queue of block devices: does what callers do not do
/// themselves ([SharedQueue]), runs the stages of users, and begins and ends the queue. It outlives
/// its queue: while there is none it keeps the requests, and goes on with the next.
///
/// Threads: [#submit], [#help], [#finish], [#assign] and [#wake] any; the rest its own.
final class DeviceWorker {
    /// Requests that can wait; a caller that finds the inbox full waits for a place.
    static final int INBOX_MAX = 1024;

    /// Cycles between two looks at the deadlines while the device is busy.
    private static final int CYCLES_PER_DEADLINE_CHECK = 4096;

    private static final long IDLE_SLEEP_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// How long a worker without a queue waits before it tries again to hand over its requests.
    private static final long FORWARD_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /// Attempts of a caller to take the queue before it leaves it to the worker.
    private static final int WATCH_ATTEMPTS = 64;

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    /// A queue on its way to its worker.
    ///
    /// @param mode it may be used in, or in state CLOSED
    record Assignment(CommandQueue commands, DataPlacement placement, DeviceQueues.Mode mode) {}

    private final DeviceQueues queues;
    private final DeviceSettings settings;
    private final LongAdder inboxWaits = new LongAdder();
    private final SharedQueue queue;
    private final MemoryDomain memory;
    private final CallerWait callers;
    private final Thread thread;
    private final AtomicReference<@Nullable Assignment> assigned = new AtomicReference<>();

    /// Requests that others have completed and whose stages run on this thread, the youngest first.
    private final AtomicReference<@Nullable DeviceRequest<?>> handedOver = new AtomicReference<>();

    /// What a sleeping worker has to be woken by; null while it has no queue.
    private volatile @Nullable CommandQueue current;

    private volatile boolean attached;

    /// Whether it sleeps without a queue.
    private volatile boolean sleeping;

    /// Set before the worker looks into the inbox for the last time: whoever puts a request there
    /// afterwards has to look himself.
    private volatile boolean ended;

    /// Requests it has completed since its last rest for somebody who did not look himself.
    private long awaited;

    /// Whether stages of users run at this moment.
    private boolean finishing;

    DeviceWorker(DeviceQueues queues, String name, MemoryDomain memory, DeviceSettings settings) {
        this.queues = queues;
        this.settings = settings;
        this.memory = memory;
        this.queue = new SharedQueue(queues, memory, settings);
        this.callers = new CallerWait(this, settings.waitMode());
        this.thread = Time.newThread(name, this::run, this);
    }

    void startThread() {
        thread.start();
    }

    /// The worker whose thread this is; null on any other. A worker's thread must not wait for a
    /// place in an inbox: it may be its own, or that of a worker that waits for this one.
    static @Nullable DeviceWorker current() {
        return Time.owner(DeviceWorker.class);
    }

    DeviceQueues queues() {
        return queues;
    }

    Thread thread() {
        return thread;
    }

    CallerWait callers() {
        return callers;
    }

    DeviceCounters counters() {
        return queue.counters();
    }

    long inboxWaitCount() {
        return inboxWaits.sum();
    }

    /// Whether the worker has a queue, or has not let go of it yet.
    boolean isAttached() {
        return attached || assigned.get() != null;
    }

    /// Whether there is a queue that can be worked with.
    boolean isServing() {
        return current != null && queues.isRunning();
    }

    /// Gives the worker a queue, its own from now on.
    ///
    /// @return one that it was given earlier and has not taken; the caller's again
    @Nullable Assignment assign(@Nullable Assignment next) {
        Assignment untaken = assigned.getAndSet(next);
        wake();
        return untaken;
    }

    /// Lets the thread look at everything again.
    void wake() {
        CommandQueue present = current;
        if (present != null) {
            present.wakeUp();
        }
        LockSupport.unpark(thread);
    }

    /// Where the thread is at this moment, for people.
    String trace() {
        StringBuilder text = new StringBuilder(thread.getName());
        for (StackTraceElement frame : thread.getStackTrace()) {
            text.append("\n    at ").append(frame);
        }
        return text.toString();
    }

    String blockedMessage() {
        return "The thread of a queue of block devices does not end: a stage attached to one of"
                + " their futures blocks it. Attach such stages with an executor.\n"
                + trace();
    }

    // What callers do.

    /// Hands a request over: the calling thread starts it, if nobody else works with the queue;
    /// else it goes to the inbox. Waits while that is full, but never on a worker's thread. The
    /// request's future tells the outcome, also of failures found here.
    void submit(DeviceRequest<?> request) {
        request.worker(this);
        boolean own = Thread.currentThread().equals(thread);
        if (queue.tryTake()) {
            boolean accepted = false;
            boolean wake = false;
            DeviceRequest<?> over = null;
            try {
                if (queue.isUsable() && hasRoom(own)) {
                    accepted = true;
                    accept(request, own);
                    wake = !request.blocking && queue.mustWakeFromDoze();
                }
            } finally {
                over = queue.requests().takeEnded();
                queue.give();
            }
            if (accepted) {
                finish(settle(over));
                if (wake) {
                    wake();
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
            wake();
        }
    }

    /// Something was put into the inbox: it is taken out by whoever holds the queue, or else here.
    private void offered() {
        finish(settle(null));
        if (sleeping) {
            wake();
        }
        if (ended) {
            // It ended between the check and the offer; nobody else will look into the inbox.
            failInbox(queues::refusalOrClosed);
        }
    }

    private void addOwn(DeviceRequest<?> request) {
        IOException refusal = queues.refusal();
        queue.take();
        try {
            if (refusal == null && !queue.requests().hasRoomForOwn()) {
                refusal = full();
            }
            if (refusal == null) {
                queue.requests().add(request);
            } else {
                queue.requests().refuse(request, refusal);
            }
        } finally {
            DeviceRequest<?> over = queue.requests().takeEnded();
            queue.give();
            finish(settle(over));
        }
    }

    private static IOException full() {
        return new IOException(
                "The device did not take the request in time: "
                        + INBOX_MAX
                        + " others are waiting");
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
            if (refusal == null && (left <= 0 || current() != null)) {
                refusal = full();
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
        request.worker(this);
        if (!queue.inbox().offer(request)) {
            return false;
        }
        wake();
        if (ended) {
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
        DeviceRequest<?> over = usable ? serveAndGive(false) : giveUnused();
        finish(usable ? settle(over) : over);
        return usable;
    }

    /// After a hold: looks into the inbox once more.
    ///
    /// @param over requests that have ended
    /// @return these, and those that have ended meanwhile
    private @Nullable DeviceRequest<?> settle(@Nullable DeviceRequest<?> over) {
        DeviceRequest<?> all = over;
        while (queue.isAskedFor() && queue.tryTake()) {
            if (!queue.isUsable()) {
                // The worker's matter, which is awake when this changes.
                return DeviceRequest.link(all, giveUnused());
            }
            all = DeviceRequest.link(all, serveAndGive(false));
        }
        return all;
    }

    private @Nullable DeviceRequest<?> giveUnused() {
        DeviceRequest<?> over = queue.requests().takeEnded();
        queue.give();
        return over;
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
            over = queue.requests().takeEnded();
            queue.give();
        }
        if (wake) {
            wake();
        }
        return over;
    }

    /// Sees to it that a caller that goes to sleep is woken: an answer will wake the worker, or the
    /// worker is awake.
    void watchFor(DeviceRequest<?> request) {
        for (int i = 0; i < WATCH_ATTEMPTS && !request.isDone(); i++) {
            if (queue.tryTake()) {
                DeviceRequest<?> over = queue.isUsable() ? serveAndGive(true) : giveUnused();
                finish(settle(over));
                return;
            }
            Thread.onSpinWait();
        }
        if (!request.isDone()) {
            wake();
        }
    }

    /// Completes requests that have ended. Stages that users have attached run on the worker's own
    /// thread: there they find no lock but their own.
    void finish(@Nullable DeviceRequest<?> over) {
        if (over == null) {
            return;
        }
        if (Thread.currentThread().equals(thread) && !finishing) {
            finishing = true;
            try {
                DeviceRequest.completeAll(over);
            } finally {
                finishing = false;
            }
            return;
        }
        DeviceRequest<?> withStages = DeviceRequest.completeAllWithoutStages(over);
        if (withStages != null && handOver(withStages)) {
            wake();
        }
    }

    /// @return whether the worker has to be woken: whoever was first has done it for the others
    private boolean handOver(DeviceRequest<?> list) {
        boolean first = false;
        DeviceRequest<?> request = list;
        while (request != null) {
            DeviceRequest<?> after = request.next;
            DeviceRequest<?> before;
            do {
                before = handedOver.get();
                request.next = before;
            } while (!handedOver.compareAndSet(before, request));
            first |= before == null;
            request = after;
        }
        if (ended) {
            finishHandedOver();
        }
        return first;
    }

    boolean hasHandedOver() {
        return handedOver.get() != null;
    }

    private void finishHandedOver() {
        DeviceRequest<?> reversed = handedOver.getAndSet(null);
        DeviceRequest<?> list = null;
        while (reversed != null) {
            DeviceRequest<?> before = reversed.next;
            reversed.next = list;
            list = reversed;
            reversed = before;
        }
        DeviceRequest.completeAll(list);
    }

    // The thread.

    private void run() {
        try {
            for (Assignment next = awaitQueue(); next != null; next = awaitQueue()) {
                serve(next);
            }
        } catch (Throwable e) {
            // Errors too: a thread that ends silently would leave every caller waiting.
            LOG.log(Level.ERROR, "A device's queue ends because of an error in Verbena", e);
        } finally {
            end();
        }
    }

    /// Waits for a queue.
    ///
    /// @return null when there will be none
    private @Nullable Assignment awaitQueue() {
        while (true) {
            finishHandedOver();
            Assignment next = takeAssignment();
            DeviceQueues.Mode mode = queues.mode();
            if (next != null || mode.state() == DeviceQueues.State.CLOSED) {
                // Also when it is to close: what was accepted is to be carried out first.
                return next;
            }
            IOException why = mode.why();
            if (why != null) {
                failAll(why);
            }
            boolean spare = mode.state() == DeviceQueues.State.RUNNING && !queues.uses(this);
            boolean stuck = spare && !forwardAll();
            boolean keeps = !spare && why == null;
            sleeping = true;
            if (assigned.get() == null
                    && queues.mode() == mode
                    && !hasHandedOver()
                    && (keeps || stuck || queue.inbox().isEmpty())) {
                Time.parkNanos(this, stuck ? FORWARD_NANOS : IDLE_SLEEP_NANOS);
            }
            sleeping = false;
        }
    }

    private @Nullable Assignment takeAssignment() {
        if (assigned.get() == null) {
            return null;
        }
        // Before it is taken: at no moment does it look as if nobody had it.
        attached = true;
        Assignment next = assigned.getAndSet(null);
        if (next == null) {
            letGo();
        }
        return next;
    }

    private void letGo() {
        attached = false;
        queues.left();
    }

    /// Hands everything to the workers that have a queue.
    ///
    /// @return false when something is left
    private boolean forwardAll() {
        queue.take();
        try {
            List<DeviceRequest<?>> waiting = queue.requests().takeWaiting();
            Inbox inbox = queue.inbox();
            for (DeviceRequest<?> r = inbox.poll(); r != null; r = inbox.poll()) {
                waiting.add(r);
            }
            inbox.settle();
            int done = 0;
            while (done < waiting.size() && queues.forward(waiting.get(done), this)) {
                done++;
            }
            waiting.subList(done, waiting.size()).forEach(queue.requests()::add);
            return done == waiting.size();
        } finally {
            DeviceRequest<?> over = queue.requests().takeEnded();
            queue.give();
            finish(over);
        }
    }

    private void serve(Assignment assignment) {
        CommandQueue commands = assignment.commands();
        queue.take();
        try {
            queue.attach(commands, assignment.placement(), assignment.mode());
        } finally {
            queue.give();
        }
        current = commands;
        WorkerRest rest =
                new WorkerRest(
                        this, queues, queue, commands, assignment.mode(), settings.waitMode());
        try {
            cycle(commands, assignment.mode(), rest);
        } catch (Throwable e) {
            queue.broken(e);
        }
        FabricFailure failure = leave();
        if (failure != null) {
            queues.lost(assignment.mode(), failure);
        }
    }

    private void cycle(CommandQueue commands, DeviceQueues.Mode own, WorkerRest rest) {
        int cycles = 0;
        while (commands.failure() == null) {
            DeviceQueues.Mode mode = queues.mode();
            boolean closing = mode.state() == DeviceQueues.State.CLOSED;
            if (mode != own && !closing) {
                return;
            }
            boolean looks = ++cycles == CYCLES_PER_DEADLINE_CHECK;
            int work = work(looks);
            if (looks) {
                cycles = 0;
            }
            if (hasHandedOver()) {
                finishHandedOver();
                work++;
            }
            if (work == 0) {
                if (closing && hasFinished()) {
                    return;
                }
                rest.rest(awaited);
                awaited = 0;
            }
        }
        // Tears the queue down: what is under way completes.
        var _ = work(false);
    }

    /// One look at the queue.
    ///
    /// @return the number of steps and events
    private int work(boolean deadlines) {
        int work = 0;
        DeviceRequest<?> over;
        queue.take();
        try {
            if (deadlines) {
                queue.lookAround();
            }
            work = queue.serve();
        } finally {
            over = queue.requests().takeEnded();
            if (over != null) {
                queue.unattended();
            }
            queue.give();
        }
        if (over != null) {
            awaited += DeviceRequest.awaitedCount(over);
            finish(settle(over));
            queue.take();
            queue.attended();
            queue.give();
        }
        return work;
    }

    /// The worker slept.
    void slept() {
        queue.counters().add(DeviceCounters.WAITS, 1);
    }

    /// Whether nothing is left to do for a worker that shall end.
    boolean hasFinished() {
        if (queues.isCloseOverdue()) {
            return true;
        }
        queue.take();
        try {
            return queue.inbox().isEmpty() && queue.requests().isIdle() && !hasHandedOver();
        } finally {
            queue.give();
        }
    }

    /// Lets go of the queue: everything under way completes, to wait for the next queue or to fail.
    ///
    /// @return why it was lost; null when that was wanted
    private @Nullable FabricFailure leave() {
        FabricFailure failure;
        DeviceRequest<?> over;
        queue.take();
        try {
            DeviceQueues.Mode mode = queues.mode();
            failure = queue.failure();
            IOException why = mode.why();
            if (why != null) {
                queue.requests().giveUp();
            }
            if (failure == null && mode.state() != DeviceQueues.State.CLOSED) {
                queue.fail(
                        new FabricFailure(
                                FabricFailure.Kind.DISCONNECTED,
                                why == null ? "the connection is reset" : "" + why.getMessage()));
            }
            queue.detach();
        } finally {
            over = queue.requests().takeEnded();
            queue.give();
        }
        current = null;
        finish(over);
        letGo();
        return failure;
    }

    private void failAll(IOException why) {
        failWaiting(() -> RequestErrors.unusable(why));
        failInbox(() -> RequestErrors.unusable(why));
    }

    private void failWaiting(Supplier<IOException> why) {
        DeviceRequest<?> over;
        queue.take();
        try {
            queue.requests().failWaiting(why);
        } finally {
            over = queue.requests().takeEnded();
            queue.give();
        }
        finish(over);
    }

    private void end() {
        try {
            failWaiting(queues::refusalOrClosed);
            queue.requests().close();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "The end of a device's queue: releasing its buffers failed", e);
        }
        ended = true;
        failInbox(queues::refusalOrClosed);
        finishHandedOver();
    }

    /// Refuses what is in the inbox.
    private void failInbox(Supplier<IOException> why) {
        DeviceRequest<?> over;
        queue.take();
        try {
            Inbox inbox = queue.inbox();
            for (DeviceRequest<?> r = inbox.poll(); r != null; r = inbox.poll()) {
                queue.requests().refuse(r, why.get());
            }
            inbox.settle();
        } finally {
            over = queue.requests().takeEnded();
            queue.give();
        }
        finish(over);
    }
}

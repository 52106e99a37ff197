package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.time.Time;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The thread that stands behind one I/O queue of block devices: does what callers do not do
/// themselves ([CallerTurns]), runs the stages of users, and begins and ends the queue. It outlives
/// its queue: while there is none it keeps the requests, and goes on with the next.
///
/// Threads: [#assign], [#wake] and what tells its state any; the rest its own.
final class DeviceWorker {
    /// Cycles between two looks at the deadlines while the device is busy.
    private static final int CYCLES_PER_DEADLINE_CHECK = 4096;

    private static final long IDLE_SLEEP_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// How long a worker without a queue waits before it tries again to hand over its requests.
    private static final long FORWARD_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    /// A queue on its way to its worker.
    ///
    /// @param mode it may be used in, or in state CLOSED
    record Assignment(CommandQueue commands, DataPlacement placement, DeviceQueues.Mode mode) {}

    private final DeviceQueues queues;
    private final DeviceSettings settings;
    private final SharedQueue queue;
    private final RequestEnds ends = new RequestEnds(this);
    private final CallerTurns turns;
    private final CallerWait callers;
    private final Thread thread;
    private final AtomicReference<@Nullable Assignment> assigned = new AtomicReference<>();

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

    DeviceWorker(DeviceQueues queues, String name, MemoryDomain memory, DeviceSettings settings) {
        this.queues = queues;
        this.settings = settings;
        this.queue = new SharedQueue(queues, memory, settings);
        this.turns = new CallerTurns(this, queues, queue, ends, memory, settings);
        this.callers = new CallerWait(this, turns, settings.waitMode());
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

    /// Where callers hand over requests.
    CallerTurns turns() {
        return turns;
    }

    /// Whether the thread sleeps without a queue.
    boolean isSleeping() {
        return sleeping;
    }

    /// Whether nobody looks into the inbox any more but whoever puts something there.
    boolean hasEnded() {
        return ended;
    }

    /// Whether the worker has a queue, or has not let go of it yet.
    boolean isAttached() {
        return attached || assigned.get() != null;
    }

    /// Whether there is a queue that can be worked with.
    boolean isServing() {
        return current != null && queues.isRunning();
    }

    /// Whether the thread runs stages of users at this moment.
    boolean runsStages() {
        return ends.isRunning();
    }

    /// Whether stages of users wait for the thread.
    boolean hasStagesToRun() {
        return ends.isHandedOver();
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
            ends.runHandedOver();
            // A stage may have left it so: no sleep would last.
            var _ = Thread.interrupted();
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
                    && !ends.isHandedOver()
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
            DeviceRequest<?> over = queue.endTurn();
            ends.finish(over);
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
        FabricFailure failure = leave(assignment.mode());
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
            if (ends.isHandedOver()) {
                runHandedOver();
                work++;
            }
            if (work == 0) {
                if (closing && hasFinished()) {
                    return;
                }
                // A stage may have left it so: no sleep would last.
                var _ = Thread.interrupted();
                rest.rest(awaited);
                awaited = 0;
            }
        }
        // Tears the queue down: what is under way completes.
        var _ = work(false);
    }

    /// Runs stages. Meanwhile nobody else's command may wait for this thread to ring.
    private void runHandedOver() {
        queue.take();
        queue.unattended();
        queue.give();
        ends.runHandedOver();
        queue.take();
        queue.attended();
        queue.give();
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
        } catch (Throwable e) {
            // The queue's end; what has ended before is told all the same.
            queue.broken(e);
        } finally {
            over = queue.requests().takeEnded();
            if (over != null) {
                queue.unattended();
            }
            queue.give();
        }
        if (over != null) {
            awaited += RequestEnds.awaitedCount(over);
            ends.finish(turns.settle(over));
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
            return queue.inbox().isEmpty() && queue.requests().isIdle() && !ends.isHandedOver();
        } finally {
            queue.give();
        }
    }

    /// Lets go of the queue: everything under way completes, to wait for the next queue or to fail.
    ///
    /// @return why it was lost; null when that was wanted
    private @Nullable FabricFailure leave(DeviceQueues.Mode own) {
        FabricFailure failure = null;
        DeviceRequest<?> over;
        queue.take();
        try {
            DeviceQueues.Mode mode = queues.mode();
            failure = queue.failure();
            IOException why = mode.why();
            if (why != null) {
                queue.requests().giveUp();
            }
            if (failure == null && own.hasTimedOut()) {
                queue.expireWithOthers();
            }
            if (failure == null && mode.state() != DeviceQueues.State.CLOSED) {
                queue.fail(
                        new FabricFailure(
                                FabricFailure.Kind.DISCONNECTED,
                                why == null ? "the connection is reset" : "" + why.getMessage()));
            }
            queue.detach();
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "The end of a device's queue failed", e);
        } finally {
            over = queue.endTurn();
        }
        current = null;
        ends.finish(over);
        letGo();
        return failure;
    }

    /// The namespace of some device is gone, or away, or back. Any thread that does not hold the
    /// queue; takes its turn.
    void reconsider() {
        DeviceRequest<?> over;
        queue.take();
        try {
            queue.reconsider();
        } catch (Throwable e) {
            queue.broken(e);
        } finally {
            over = queue.endTurn();
        }
        ends.finish(over);
        wake();
    }

    private void failAll(IOException why) {
        failWaiting(() -> RequestErrors.unusable(why));
        turns.failInbox(() -> RequestErrors.unusable(why));
    }

    private void failWaiting(Supplier<IOException> why) {
        DeviceRequest<?> over;
        queue.take();
        try {
            queue.requests().failWaiting(why);
        } finally {
            over = queue.endTurn();
            ends.finish(over);
        }
    }

    private void end() {
        try {
            failWaiting(queues::refusalOrClosed);
            queue.requests().close();
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "The end of a device's queue: releasing its buffers failed", e);
        }
        ended = true;
        turns.failInbox(queues::refusalOrClosed);
        ends.runHandedOver();
    }
}

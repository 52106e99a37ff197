package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.time.Time;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// One I/O queue of block devices, shared by taking turns: whoever holds it, its worker's thread or
/// a caller that submits or waits, is the owner that level 1 asks for, and works for everybody.
///
/// A caller that finds it free submits, and may poll, without any other thread. One that finds it
/// held leaves its request in the inbox, which every owner empties, and looks into once more after
/// letting go. What an owner completes is told to its callers after that too, so that no stage of a
/// user runs while a queue is held.
///
/// Every hold of a caller is short: a batch of completions and what they make room for. Only the
/// end of a queue takes longer (flushing it, [CommandQueue#DRAIN_TIMEOUT]): that is the worker's.
///
/// Threads: any for what needs no hold; [#serve] and what is said to need one its owner. The owner
/// need not stay on its carrier, if it is a virtual thread.
final class SharedQueue {
    /// Requests that can wait; a caller that finds the inbox full waits for a place.
    static final int INBOX_MAX = 1024;

    /// Commands that may wait for a doorbell while other commands are under way.
    static final int STAGED_MAX = 16;

    /// Looks of a thread that has to have the queue, between two of which it does not sleep.
    private static final int LOOKS_BEFORE_SLEEP = 64;

    /// How long it sleeps then.
    private static final long TAKE_SLEEP_NANOS = 20_000;

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");
    private static final VarHandle HELD;

    static {
        try {
            HELD = MethodHandles.lookup().findVarHandle(SharedQueue.class, "held", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final DeviceQueues queues;
    private final MemoryDomain memory;
    private final Inbox inbox = new Inbox(INBOX_MAX);
    private final DeviceCounters counters = new DeviceCounters();
    private final RequestRunner requests;

    /// 1 while somebody works with the queue.
    private volatile int held;

    /// Whether there is room for requests from the inbox; written by the owner.
    private volatile boolean room = true;

    /// Whether the worker sleeps longer than deadlines allow, for nothing was under way; written by
    /// the owner.
    private volatile boolean dozing;

    // From here on the owner's.

    private @Nullable CommandQueue commands;
    private @Nullable IoCommands io;
    private DeviceQueues.@Nullable Mode mode;
    private @Nullable DeviceContext lastContext;
    private DeviceContext.@Nullable Tally lastTally;

    /// Whether the worker looks at the queue again very soon, without being woken.
    private boolean attended;

    /// Whether the worker looks at the queue again after [WorkerRest#WATCH_NANOS] at most.
    private boolean watched;

    /// Whether somebody wakes the sleeping worker, which may take its time on a busy machine.
    private boolean waking;

    /// Whether a wake-up was asked for that has not come yet, as far as is known.
    private boolean armed;

    /// Events that callers have found.
    private long callerEvents;

    SharedQueue(DeviceQueues queues, MemoryDomain memory, DeviceSettings settings) {
        this.queues = queues;
        this.memory = memory;
        this.requests = new RequestRunner(memory, settings, counters);
    }

    Inbox inbox() {
        return inbox;
    }

    DeviceCounters counters() {
        return counters;
    }

    /// Needs a hold, or that there is no queue.
    RequestRunner requests() {
        return requests;
    }

    // Holding.

    /// Takes the queue if nobody has it.
    boolean tryTake() {
        return held == 0 && HELD.compareAndSet(this, 0, 1);
    }

    /// Takes the queue when it is free; for the worker, and for tests.
    void take() {
        int looks = 0;
        while (!tryTake()) {
            if (++looks < LOOKS_BEFORE_SLEEP) {
                Thread.onSpinWait();
            } else {
                Time.parkNanos(this, TAKE_SLEEP_NANOS);
            }
        }
    }

    /// Lets go, without looking into the inbox: [#isAskedFor] has to follow.
    void give() {
        boolean has = requests.hasRoom();
        if (room != has) {
            // Seldom: a volatile store costs as much as taking the queue.
            room = has;
        }
        // Before the inbox is looked into: whoever puts something there afterwards finds the queue
        // free.
        HELD.setVolatile(this, 0);
    }

    /// Lets go, as above.
    ///
    /// @return requests that have ended, for [RequestEnds#finish]; null for none
    @Nullable DeviceRequest<?> endTurn() {
        try {
            return requests.takeEnded();
        } finally {
            give();
        }
    }

    /// Whether requests wait that nobody may be about to take.
    boolean isAskedFor() {
        return room && !inbox.isEmpty();
    }

    /// Whether it can be worked with, and is not about to be given up. Needs a hold.
    boolean isUsable() {
        CommandQueue present = commands;
        return present != null && queues.mode() == mode && present.failure() == null;
    }

    // What needs a hold.

    void attach(CommandQueue queue, DataPlacement placement, DeviceQueues.Mode own) {
        DataPlacement fitting = queue.bindsKeys() ? placement.withOneKey() : placement;
        IoCommands front = new IoCommands(queue, fitting);
        requests.attach(queue, front, fitting, memory, own.connection());
        io = front;
        mode = own;
        attended();
        commands = queue;
    }

    /// The queue's end: everything under way completes, to wait for the next queue or to fail.
    void detach() {
        IoCommands front = io;
        if (front != null) {
            try {
                front.close(requests);
            } catch (Throwable e) {
                LOG.log(Level.ERROR, "Closing a device's queue failed", e);
            }
        }
        commands = null;
        io = null;
        mode = null;
        requests.detach();
    }

    /// Takes a request and starts what can be started of it.
    ///
    /// @param returns whether the caller comes back at once to ring, or to see to it
    void accept(DeviceRequest<?> request, boolean returns) {
        DeviceContext context = request.context;
        tally(context).add();
        IOException refusal = context.refusal();
        if (refusal != null) {
            requests.refuse(request, refusal);
            return;
        }
        if (!requests.startWhole(request)) {
            request.hold(memory);
            requests.add(request);
            var _ = requests.start();
        }
        if (request.blocking) {
            ring();
            callerEvents += pollAndStart(false);
        } else if (!mayWait(returns)) {
            ring();
        }
    }

    @SuppressWarnings("ReferenceEquality") // that is the question here
    private DeviceContext.Tally tally(DeviceContext context) {
        DeviceContext.Tally tally = lastTally;
        if (tally == null || lastContext != context) {
            tally = context.tally(this);
            lastContext = context;
            lastTally = tally;
        }
        return tally;
    }

    /// Whether staged commands may wait for the next: somebody is sure to ring soon.
    private boolean mayWait(boolean returns) {
        int staged = requests.stagedCount();
        if (staged >= STAGED_MAX) {
            return false;
        }
        return attended || returns || (watched && requests.runningCount() > staged);
    }

    /// Does what can be done: takes requests, starts commands, looks for answers.
    ///
    /// @return the number of steps and events
    int serve() {
        return serve(true);
    }

    /// @param ends whether a failed queue is torn down, which takes its time: the worker's task
    private int serve(boolean ends) {
        int steps = takeRequests() + requests.start();
        ring();
        return steps + pollAndStart(ends);
    }

    private int pollAndStart(boolean ends) {
        int events = poll(ends);
        if (events > 0 && requests.start() > 0) {
            ring();
        }
        return events;
    }

    /// The same for a caller.
    ///
    /// @return whether the worker has to be woken, because a command is to be sent again later, or
    ///   the queue has failed
    boolean serveAsCaller() {
        int delayed = requests.delayedCount();
        callerEvents += serve(false);
        return (requests.delayedCount() > delayed && !attended) || failure() != null;
    }

    /// The namespace of some device is gone, or away, or back: looks at all requests once more.
    /// What was started before leaves now, so that nothing leaves after its user was told.
    void reconsider() {
        requests.reconsider();
        ring();
    }

    private int takeRequests() {
        int taken = 0;
        while (requests.hasRoom()) {
            DeviceRequest<?> request = inbox.poll();
            if (request == null) {
                break;
            }
            taken++;
            add(request);
        }
        if (taken > 0) {
            inbox.settle();
        }
        return taken;
    }

    private void add(DeviceRequest<?> request) {
        try {
            requests.add(request);
        } catch (Throwable e) {
            // Nobody else knows of it.
            requests.refuse(request, RequestErrors.internal(e));
            throw e;
        }
    }

    private void ring() {
        CommandQueue present = commands;
        if (present != null && requests.stagedCount() > 0) {
            present.ring();
            requests.rung();
        }
    }

    private int poll(boolean ends) {
        IoCommands front = io;
        if (front == null) {
            return 0;
        }
        int events = front.poll(requests, ends);
        counters.add(DeviceCounters.POLLS, 1);
        if (events == 0) {
            counters.add(DeviceCounters.EMPTY_POLLS, 1);
        }
        return events;
    }

    /// Whether [#serve] would find something.
    boolean hasWork() {
        CommandQueue present = commands;
        return present != null
                && ((requests.hasRoom() && !inbox.isEmpty())
                        || requests.stagedCount() > 0
                        || present.hasCompletions());
    }

    /// Asks for a wake-up of the worker, unless that has been done; what has completed before has
    /// to be looked for.
    void arm() {
        CommandQueue present = commands;
        if (present != null && !armed) {
            present.arm();
            armed = true;
        }
    }

    /// An error in Verbena itself.
    void broken(Throwable e) {
        LOG.log(Level.ERROR, "A device's queue ends because of an error in Verbena", e);
        fail(new FabricFailure(FabricFailure.Kind.TRANSPORT_ERROR, "an internal error: " + e));
    }

    /// The worker is awake, and looks at the queue again and again.
    void attended() {
        attended = true;
        watched = false;
        armed = false;
        dozing = false;
        waking = false;
    }

    /// The worker goes elsewhere: to sleep, or to run what users have attached to their futures.
    void unattended() {
        attended = false;
    }

    /// The worker sleeps until it is woken, for nothing is under way.
    void dozes() {
        attended = false;
        dozing = true;
    }

    /// The worker sleeps for a moment.
    void watched() {
        attended = false;
        watched = true;
    }

    boolean isAttended() {
        return attended;
    }

    /// Whether a caller that goes to sleep has to wake the worker, though an event would: the first
    /// who asks has to, and does.
    boolean mustWake() {
        boolean must = (watched || dozing) && !waking;
        waking |= must;
        return must;
    }

    /// The same for a caller that has given a dozing worker deadlines to look at.
    boolean mustWakeFromDoze() {
        return dozing && mustWake();
    }

    /// Needs no hold.
    boolean isDozing() {
        return dozing;
    }

    long callerEvents() {
        return callerEvents;
    }

    /// Why the queue is unusable; null while it works, or while there is none.
    @Nullable FabricFailure failure() {
        CommandQueue present = commands;
        return present == null ? null : present.failure();
    }

    /// Makes the queue unusable.
    void fail(FabricFailure failure) {
        CommandQueue present = commands;
        if (present != null) {
            present.fail(failure);
        }
    }

    /// Looks at what is not looked at with every command: whether the time of one is over, and
    /// whether a JFR recording wants to know of slow ones from now on, or no longer.
    void lookAround() {
        CommandQueue present = commands;
        IoCommands front = io;
        if (present != null && front != null) {
            front.refresh();
            present.checkDeadlines(Time.nanoTime(), requests);
        }
    }

    /// Another queue of the connection has ended because a command was not answered: those that
    /// were handed over together with that one have expired too.
    void expireWithOthers() {
        CommandQueue present = commands;
        if (present != null) {
            present.checkDeadlines(Time.nanoTime() + requests.earlyNanos(), requests);
        }
    }
}

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
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The thread that owns one I/O queue of block devices: takes requests from any thread, cuts them
/// into commands, waits for answers. It outlives its queue: while there is none it keeps the
/// requests, and goes on with the next.
///
/// Threads: [#submit], [#assign] and [#wake] any; the rest its own.
final class DeviceWorker {
    /// Requests that can wait; a caller that finds the inbox full waits for a place.
    static final int INBOX_MAX = 1024;

    /// Cycles between two looks at the deadlines while the device is busy.
    private static final int CYCLES_PER_DEADLINE_CHECK = 4096;

    /// Longest sleep with commands under way, whose deadlines have to be looked at.
    private static final long BUSY_SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

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
    private final DeviceCounters counters = new DeviceCounters();
    private final LongAdder inboxWaits = new LongAdder();
    private final Inbox inbox = new Inbox(INBOX_MAX);
    private final RequestRunner requests;
    private final Thread thread;
    private final AtomicReference<@Nullable Assignment> assigned = new AtomicReference<>();

    /// What a sleeping worker has to be woken by; null while it has no queue.
    private volatile @Nullable CommandQueue current;

    private volatile boolean attached;
    private volatile boolean sleeping;

    /// Set before the worker looks into the inbox for the last time: whoever puts a request there
    /// afterwards has to look himself.
    private volatile boolean ended;

    private final ReentrantLock sweep = new ReentrantLock();

    DeviceWorker(DeviceQueues queues, String name, MemoryDomain memory, DeviceSettings settings) {
        this.queues = queues;
        this.settings = settings;
        this.requests = new RequestRunner(memory, settings, counters);
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

    DeviceCounters counters() {
        return counters;
    }

    long inboxWaitCount() {
        return inboxWaits.sum();
    }

    /// Whether the worker has a queue, or has not let go of it yet.
    boolean isAttached() {
        return attached || assigned.get() != null;
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
        CommandQueue queue = current;
        if (queue != null) {
            queue.wakeUp();
        }
        LockSupport.unpark(thread);
    }

    /// Hands a request over; waits while the inbox is full, but never on a worker's thread. The
    /// request's future tells the outcome, also of failures found here.
    void submit(DeviceRequest<?> request) {
        if (Thread.currentThread().equals(thread)) {
            submitOwn(request);
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
        if (sleeping) {
            wake();
        }
        if (ended) {
            // It ended between the check and the offer; nobody else will look into the inbox.
            failInbox();
        }
    }

    private void submitOwn(DeviceRequest<?> request) {
        IOException refusal = queues.refusal();
        if (refusal != null) {
            request.refuse(refusal);
        } else if (!requests.hasRoomForOwn()) {
            request.refuse(full());
        } else {
            requests.add(request);
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
            if (refusal == null && inbox.offer(request)) {
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
            inbox.awaitRoom(left);
            if (queues.isRunning()) {
                // While the connection is away its time-outs decide.
                left -= Time.nanoTime() - before;
            }
        }
    }

    /// Takes a request of another worker; false when there is no room.
    boolean forward(DeviceRequest<?> request) {
        if (!inbox.offer(request)) {
            return false;
        }
        if (sleeping) {
            wake();
        }
        if (ended) {
            failInbox();
        }
        return true;
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
                    && (keeps || stuck || inbox.isEmpty())) {
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
        List<DeviceRequest<?>> waiting = requests.takeWaiting();
        for (DeviceRequest<?> r = inbox.poll(); r != null; r = inbox.poll()) {
            waiting.add(r);
        }
        inbox.settle();
        int done = 0;
        while (done < waiting.size() && queues.forward(waiting.get(done), this)) {
            done++;
        }
        waiting.subList(done, waiting.size()).forEach(requests::add);
        return done == waiting.size();
    }

    private void serve(Assignment assignment) {
        CommandQueue commands = assignment.commands();
        DataPlacement placement =
                commands.bindsKeys() ? assignment.placement().withOneKey() : assignment.placement();
        IoCommands io = new IoCommands(commands, placement);
        requests.attach(commands, io, placement);
        current = commands;
        try {
            cycle(commands, io, assignment.mode());
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "A device's queue ends because of an error in Verbena", e);
            commands.fail(
                    new FabricFailure(
                            FabricFailure.Kind.TRANSPORT_ERROR, "an internal error: " + e));
        }
        FabricFailure failure = leave(commands, io);
        if (failure != null) {
            queues.lost(assignment.mode(), failure);
        }
    }

    private void cycle(CommandQueue commands, IoCommands io, DeviceQueues.Mode own) {
        WaitPolicy policy = new WaitPolicy(settings.waitMode(), WaitPolicy.SPIN_NANOS_DEFAULT);
        Sleep sleep = new Sleep(commands, own);
        int cycles = 0;
        while (commands.failure() == null) {
            DeviceQueues.Mode mode = queues.mode();
            boolean closing = mode.state() == DeviceQueues.State.CLOSED;
            if (mode != own && !closing) {
                return;
            }
            if (++cycles == CYCLES_PER_DEADLINE_CHECK) {
                cycles = 0;
                commands.checkDeadlines(Time.nanoTime(), requests);
            }
            int work = takeRequests() + requests.start();
            if (work > 0) {
                commands.ring();
            }
            int events = io.poll(requests);
            counters.add(DeviceCounters.POLLS, 1);
            if (work + events == 0) {
                counters.add(DeviceCounters.EMPTY_POLLS, 1);
                if (closing && hasFinished()) {
                    return;
                }
                commands.checkDeadlines(Time.nanoTime(), requests);
                if (policy.await(sleep, sleepNanos())) {
                    counters.add(DeviceCounters.WAITS, 1);
                }
                sleeping = false;
            }
        }
        // Tears the queue down: what is under way completes.
        var _ = io.poll(requests);
    }

    /// What the worker waits for: completions, requests it can take, the end of its queue, another
    /// mode.
    private final class Sleep implements WaitPolicy.Source {
        private final CommandQueue commands;
        private final DeviceQueues.Mode own;

        Sleep(CommandQueue commands, DeviceQueues.Mode own) {
            this.commands = commands;
            this.own = own;
        }

        @Override
        public boolean isReady() {
            // Requests that cannot be taken yet are no reason to stay awake: a completion has to
            // make room for them.
            return (requests.hasRoom() && !inbox.isEmpty())
                    || commands.failure() != null
                    || (queues.mode() != own && (!isClosing() || requests.isIdle()))
                    || commands.hasCompletions();
        }

        private boolean isClosing() {
            return queues.mode().state() == DeviceQueues.State.CLOSED;
        }

        @Override
        public void arm() {
            commands.arm();
            // What completed or was asked for before this moment wakes nobody: the policy looks
            // again.
            sleeping = true;
        }

        @Override
        public void block(long timeoutNanos) {
            commands.block(timeoutNanos);
        }
    }

    /// Whether nothing is left to do for a worker that shall end.
    private boolean hasFinished() {
        return queues.isCloseOverdue() || (inbox.isEmpty() && requests.isIdle());
    }

    private long sleepNanos() {
        long most = requests.runningCount() > 0 ? BUSY_SLEEP_NANOS : IDLE_SLEEP_NANOS;
        long due = requests.delayNanos();
        return Math.min(most, due);
    }

    private int takeRequests() {
        int taken = 0;
        while (requests.hasRoom()) {
            DeviceRequest<?> request = inbox.poll();
            if (request == null) {
                break;
            }
            requests.add(request);
            taken++;
        }
        if (taken > 0) {
            inbox.settle();
        }
        return taken;
    }

    /// Lets go of the queue: everything under way completes, to wait for the next queue or to fail.
    ///
    /// @return why it was lost; null when that was wanted
    private @Nullable FabricFailure leave(CommandQueue commands, IoCommands io) {
        DeviceQueues.Mode mode = queues.mode();
        FabricFailure failure = commands.failure();
        IOException why = mode.why();
        if (why != null) {
            requests.giveUp();
        }
        if (failure == null && mode.state() != DeviceQueues.State.CLOSED) {
            commands.fail(
                    new FabricFailure(
                            FabricFailure.Kind.DISCONNECTED,
                            why == null ? "the connection is reset" : "" + why.getMessage()));
        }
        try {
            io.close(requests);
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "Closing a device's queue failed", e);
        }
        current = null;
        requests.detach();
        letGo();
        return failure;
    }

    private void failAll(IOException why) {
        requests.failWaiting(request -> RequestErrors.unusable(why));
        for (DeviceRequest<?> r = inbox.poll(); r != null; r = inbox.poll()) {
            r.refuse(RequestErrors.unusable(why));
        }
        inbox.settle();
    }

    private void end() {
        try {
            requests.failWaiting(request -> queues.refusalOrClosed());
            requests.close();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "The end of a device's queue: releasing its buffers failed", e);
        }
        ended = true;
        failInbox();
    }

    /// Refuses what is in the inbox; the worker has ended, or is about to.
    private void failInbox() {
        sweep.lock();
        try {
            for (DeviceRequest<?> r = inbox.poll(); r != null; r = inbox.poll()) {
                r.refuse(queues.refusalOrClosed());
            }
            inbox.settle();
        } finally {
            sweep.unlock();
        }
    }
}

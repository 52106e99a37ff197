package dev.verbena.internal.engine;

import dev.verbena.DeviceStatistics;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.time.Time;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The I/O queues that all block devices of a controller share, each with a thread that owns it.
///
/// Survives the loss of the connection: between [#suspend] and the next [#start] requests wait,
/// those included whose commands were under way and may be repeated.
///
/// ```
///            start                suspend
/// SUSPENDED ───────▶ RUNNING ───────────────▶ SUSPENDED
///     │  fail           │  fail
///     └─────▶ FAILED ◀──┘     FAILED ── start ─▶ RUNNING      any ── close ─▶ CLOSED
/// ```
///
/// Threads: [#submit] any. The others any, one after the other; a worker's own thread may call them
/// and does not wait for itself.
public final class DeviceQueues {
    /// What a queue is for.
    public enum Kind {
        /// Reads, and writes too where there is no other.
        DEFAULT,
        /// Requests that change blocks.
        WRITE
    }

    /// A queue to work with.
    public record QueueOf(Kind kind, CommandQueue commands) {}

    /// Where the queues stand.
    enum State {
        SUSPENDED,
        RUNNING,
        FAILED,
        CLOSED
    }

    /// A state, and why requests are refused in it. A new object with each change: two are never
    /// equal.
    static final class Mode {
        private final State state;
        private final @Nullable IOException why;
        private final Consumer<FabricFailure> onLoss;

        private Mode(State state, @Nullable IOException why, Consumer<FabricFailure> onLoss) {
            this.state = state;
            this.why = why;
            this.onLoss = onLoss;
        }

        private Mode(State state, @Nullable IOException why) {
            this(state, why, failure -> {});
        }

        State state() {
            return state;
        }

        @Nullable IOException why() {
            return why;
        }
    }

    /// Which workers take requests.
    private static final class Route {
        private final DeviceWorker[] all;
        private final DeviceWorker[] readers;
        private final DeviceWorker[] writers;

        Route(DeviceWorker[] all, DeviceWorker[] readers, DeviceWorker[] writers) {
            this.all = all;
            this.readers = readers;
            this.writers = writers;
        }
    }

    /// How much longer than the time-outs of its commands and of its queue's end a worker may take
    /// to end.
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final DeviceWorker[] NONE = {};

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    private final String name;
    private final MemoryDomain memory;
    private final DeviceSettings settings;

    /// Guards changes of mode, route and workers.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition workerLeft = lock.newCondition();
    private final List<DeviceWorker> workers = new ArrayList<>();
    private volatile Mode mode = new Mode(State.SUSPENDED, null);
    private volatile Route route = new Route(NONE, NONE, NONE);

    /// By when an orderly end has to be over; meaningful in state CLOSED.
    private volatile long closeDeadlineNanos;

    /// @param name of the threads; a number follows
    public DeviceQueues(String name, MemoryDomain memory, DeviceSettings settings) {
        this.name = name;
        this.memory = memory;
        this.settings = settings;
    }

    /// Goes to work on new queues, which belong to their workers from now on: also when this
    /// throws.
    ///
    /// @param queues at least one of kind DEFAULT; their number may differ from the last time
    /// @param onLoss told when one of these queues was lost, on the thread of its worker, once per
    ///   queue
    /// @throws IllegalStateException when the queues are closed
    public void start(
            List<QueueOf> queues, DataPlacement placement, Consumer<FabricFailure> onLoss) {
        lock.lock();
        try {
            if (mode.state() == State.CLOSED || queues.stream().noneMatch(DeviceQueues::reads)) {
                queues.forEach(queue -> discard(queue.commands()));
                throw new IllegalStateException(
                        mode.state() == State.CLOSED
                                ? "The device queues are closed"
                                : "There is no queue to read on");
            }
            while (workers.size() < queues.size()) {
                DeviceWorker worker =
                        new DeviceWorker(this, name + (workers.size() + 1), memory, settings);
                workers.add(worker);
                worker.startThread();
            }
            route = routeOf(queues);
            mode = new Mode(State.RUNNING, null, onLoss);
            for (int i = 0; i < workers.size(); i++) {
                discard(
                        workers.get(i)
                                .assign(
                                        i < queues.size()
                                                ? new DeviceWorker.Assignment(
                                                        queues.get(i).commands(), placement, mode)
                                                : null));
            }
        } finally {
            lock.unlock();
        }
    }

    private static boolean reads(QueueOf queue) {
        return queue.kind() == Kind.DEFAULT;
    }

    private Route routeOf(List<QueueOf> queues) {
        List<DeviceWorker> readers = new ArrayList<>();
        List<DeviceWorker> writers = new ArrayList<>();
        for (int i = 0; i < queues.size(); i++) {
            (reads(queues.get(i)) ? readers : writers).add(workers.get(i));
        }
        DeviceWorker[] reading = readers.toArray(NONE);
        return new Route(
                workers.subList(0, queues.size()).toArray(NONE),
                reading,
                writers.isEmpty() ? reading : writers.toArray(NONE));
    }

    private static void discard(DeviceWorker.@Nullable Assignment assignment) {
        if (assignment != null) {
            discard(assignment.commands());
        }
    }

    private static void discard(CommandQueue commands) {
        commands.close((token, slot, status, result) -> {});
    }

    /// The connection is lost: the workers let go of their queues. Requests wait for the next
    /// [#start], except those under way that must not be repeated, which fail. Returns at once; see
    /// [#awaitGone].
    public void suspend() {
        change(State.SUSPENDED, null);
    }

    /// The connection is given up: the workers let go of their queues, everything fails, and so
    /// does every new request until the next [#start]. Returns at once; see [#awaitGone].
    public void fail(IOException why) {
        change(State.FAILED, why);
    }

    private void change(State state, @Nullable IOException why) {
        lock.lock();
        try {
            if (mode.state() == State.RUNNING
                    || (mode.state() == State.SUSPENDED && state == State.FAILED)) {
                mode = new Mode(state, why);
            }
            workers.forEach(DeviceWorker::wake);
        } finally {
            lock.unlock();
        }
    }

    /// After [#suspend] or [#fail], waits until no queue is used any more; some seconds at most,
    /// for a user's stage may keep a worker from it. Does not wait for the worker it is called on.
    ///
    /// @return whether all queues are gone
    public boolean awaitGone() {
        lock.lock();
        try {
            Mode wanted = mode;
            long left = CommandQueue.DRAIN_TIMEOUT.plus(PATIENCE).toNanos();
            boolean interrupted = false;
            while (left > 0 && mode == wanted && workers.stream().anyMatch(this::keepsQueue)) {
                try {
                    left = Time.awaitNanos(lock, workerLeft, left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return workers.stream().noneMatch(this::keepsQueue);
        } finally {
            lock.unlock();
        }
    }

    private boolean keepsQueue(DeviceWorker worker) {
        return worker.isAttached() && !Thread.currentThread().equals(worker.thread());
    }

    /// Ends: the workers finish what they have, within the time-outs of the commands; without a
    /// queue everything fails. Then the queues are closed and the threads end. Idempotent.
    ///
    /// A user's stage that blocks a worker's thread is waited for no longer than that; then its
    /// trace is logged, and the thread ends when the stage does. On a worker's own thread, it only
    /// starts to end.
    public void close() {
        List<DeviceWorker> all;
        lock.lock();
        try {
            if (mode.state() != State.CLOSED) {
                closeDeadlineNanos =
                        Time.nanoTime() + settings.ioTimeout().plus(PATIENCE).toNanos();
                mode = new Mode(State.CLOSED, RequestErrors.closed());
            }
            all = List.copyOf(workers);
        } finally {
            lock.unlock();
        }
        all.forEach(DeviceWorker::wake);
        boolean interrupted = false;
        for (DeviceWorker worker : all) {
            interrupted |= join(worker);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// @return whether the caller was interrupted meanwhile
    private boolean join(DeviceWorker worker) {
        Thread thread = worker.thread();
        Duration patience = CommandQueue.DRAIN_TIMEOUT.plus(PATIENCE);
        long deadline = closeDeadlineNanos + patience.toNanos();
        boolean interrupted = false;
        while (thread.isAlive() && !Thread.currentThread().equals(thread)) {
            long left = deadline - Time.nanoTime();
            if (left <= 0) {
                LOG.log(Level.WARNING, blockedMessage(thread));
                break;
            }
            try {
                var _ = Time.join(thread, Duration.ofNanos(left));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        return interrupted;
    }

    private static String blockedMessage(Thread thread) {
        return "The thread of a queue of block devices does not end: a stage attached to one of"
                + " their futures blocks it. Attach such stages with an executor.\n"
                + trace(thread);
    }

    private static String trace(Thread thread) {
        StringBuilder text = new StringBuilder(thread.getName());
        for (StackTraceElement frame : thread.getStackTrace()) {
            text.append("\n    at ").append(frame);
        }
        return text.toString();
    }

    /// Where the workers' threads are at this moment, for people.
    public String describeThreads() {
        StringBuilder text = new StringBuilder();
        for (DeviceWorker worker : route.all) {
            text.append(trace(worker.thread())).append('\n');
        }
        return text.toString();
    }

    /// Hands a request over; see [DeviceWorker#submit]. Its future tells the outcome.
    public void submit(DeviceRequest<?> request) {
        DeviceContext context = request.context;
        context.accepted();
        IOException refusal = context.refusal();
        if (refusal != null) {
            request.refuse(refusal);
            return;
        }
        Route current = route;
        DeviceWorker[] takers = request.kind.writes() ? current.writers : current.readers;
        if (takers.length == 0) {
            request.refuse(refusalOrClosed());
            return;
        }
        request.hold(memory);
        pick(takers).submit(request);
    }

    /// By the calling thread, so that the requests of one thread keep to one queue. A stage on a
    /// worker's thread stays there: it must not wait for another.
    private DeviceWorker pick(DeviceWorker[] takers) {
        DeviceWorker own = DeviceWorker.current();
        if (own != null && own.queues() == this && uses(own)) {
            return own;
        }
        return takers.length == 1 ? takers[0] : takers[(int) (Time.threadNumber() % takers.length)];
    }

    /// Whether a segment can be used from the workers' threads.
    public boolean canAccess(MemorySegment segment) {
        DeviceWorker[] all = route.all;
        return all.length == 0 || segment.isAccessibleBy(all[0].thread());
    }

    /// Whether a segment is registered with the connection.
    public boolean isRegistered(MemorySegment segment) {
        return segment.isNative() && memory.find(segment.address(), segment.byteSize()) != null;
    }

    /// Whether the caller runs on the thread of a worker, in a stage attached to a request's
    /// future.
    public boolean isWorkerThread() {
        DeviceWorker own = DeviceWorker.current();
        return own != null && own.queues() == this;
    }

    /// Counts of all workers since the first start.
    public DeviceStatistics statistics() {
        List<DeviceWorker> all;
        lock.lock();
        try {
            all = List.copyOf(workers);
        } finally {
            lock.unlock();
        }
        return new DeviceStatistics(
                sum(all, DeviceCounters.REQUESTS),
                sum(all, DeviceCounters.FAILED),
                sum(all, DeviceCounters.COMMANDS),
                sum(all, DeviceCounters.BOUNCED),
                sum(all, DeviceCounters.BOUNCED_BYTES),
                sum(all, DeviceCounters.RETRIED),
                sum(all, DeviceCounters.REPEATED),
                sum(all, DeviceCounters.RETRY_REFUSED),
                sum(all, DeviceCounters.RETRY_BUDGET),
                sum(all, DeviceCounters.WAITS),
                sum(all, DeviceCounters.POLLS),
                sum(all, DeviceCounters.EMPTY_POLLS),
                (int) all.stream().filter(DeviceWorker::isAttached).count(),
                all.stream().mapToLong(DeviceWorker::inboxWaitCount).sum());
    }

    private static long sum(List<DeviceWorker> workers, int counter) {
        return workers.stream().mapToLong(worker -> worker.counters().get(counter)).sum();
    }

    // For the workers.

    Mode mode() {
        return mode;
    }

    boolean isRunning() {
        return mode.state() == State.RUNNING;
    }

    /// Why no request is taken; null while they are.
    @Nullable IOException refusal() {
        Mode current = mode;
        IOException why = current.why();
        if (why == null) {
            return null;
        }
        return current.state() == State.CLOSED
                ? RequestErrors.closed()
                : RequestErrors.unusable(why);
    }

    IOException refusalOrClosed() {
        IOException refusal = refusal();
        return refusal == null ? RequestErrors.closed() : refusal;
    }

    boolean isCloseOverdue() {
        return closeDeadlineNanos - Time.nanoTime() <= 0;
    }

    /// Whether requests are routed to a worker.
    boolean uses(DeviceWorker worker) {
        for (DeviceWorker one : route.all) {
            if (one == worker) {
                return true;
            }
        }
        return false;
    }

    /// Gives a request of a worker that has no queue to one that has.
    ///
    /// @return false when none has room
    boolean forward(DeviceRequest<?> request, DeviceWorker from) {
        Route current = route;
        for (DeviceWorker taker : request.kind.writes() ? current.writers : current.readers) {
            if (taker != from && taker.forward(request)) {
                return true;
            }
        }
        return false;
    }

    /// A worker has let go of its queue.
    void left() {
        lock.lock();
        try {
            workerLeft.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// A worker's queue was lost.
    ///
    /// @param of the mode it was started in
    void lost(Mode of, FabricFailure failure) {
        try {
            of.onLoss.accept(failure);
        } catch (RuntimeException e) {
            // The worker has to go on whatever its controller makes of it.
            LOG.log(Level.ERROR, "Reporting the loss of a device's queue failed", e);
        }
    }
}

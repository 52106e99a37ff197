package dev.verbena.internal.engine;

import dev.verbena.DeviceStatistics;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.Disposition;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
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
    public record QueueOf(Kind kind, CommandQueue commands) {
        boolean reads() {
            return kind == Kind.DEFAULT;
        }
    }

    /// What the workers tell of the connection their queues belong to. Quick: a queue is held
    /// meanwhile, except for [#lost].
    public interface Connection {
        /// A queue was lost; on the thread of its worker, once per queue.
        void lost(FabricFailure failure);

        /// A command was not answered in its time.
        default void expired(String command, int queueId, int commandId) {}

        /// The controller is to be asked to abort a command.
        default void abort(int queueId, int commandId) {}

        /// A command's status says that something else has changed too; quick.
        default void followUp(Disposition.FollowUp what) {}
    }

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
        private final Connection connection;

        /// Whether a queue was lost because a command was not answered.
        private volatile boolean timedOut;

        private Mode(State state, @Nullable IOException why, Connection connection) {
            this.state = state;
            this.why = why;
            this.connection = connection;
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

        Connection connection() {
            return connection;
        }

        boolean hasTimedOut() {
            return timedOut;
        }
    }

    /// How much longer than the time-outs of its commands and of its queue's end a worker may take
    /// to end.
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    private final String name;
    private final MemoryDomain memory;
    private final DeviceSettings settings;

    /// Guards changes of mode, route and workers.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition workerLeft = lock.newCondition();
    private final List<DeviceWorker> workers = new ArrayList<>();
    private final Lookout lookout;
    private volatile Mode mode = new Mode(State.SUSPENDED, null);
    private volatile DeviceRoute route = DeviceRoute.NONE;

    /// Most bytes of one command on the last queues.
    private volatile int transferBytesMax = Integer.MAX_VALUE;

    /// By when an orderly end has to be over; meaningful in state CLOSED.
    private volatile long closeDeadlineNanos;

    /// @param name of the threads; a number follows
    public DeviceQueues(String name, MemoryDomain memory, DeviceSettings settings) {
        this.name = name;
        this.memory = memory;
        this.settings = settings;
        this.lookout = new Lookout(this, name + "lookout");
    }

    /// Goes to work on new queues, which belong to their workers from now on: also when this
    /// throws.
    ///
    /// @param queues at least one of kind DEFAULT; their number may differ from the last time
    /// @param connection they belong to
    /// @throws IllegalStateException when the queues are closed
    /// @throws OutOfMemoryError when a worker's thread cannot be started
    public void start(List<QueueOf> queues, DataPlacement placement, Connection connection) {
        lock.lock();
        try {
            if (mode.state() == State.CLOSED || queues.stream().noneMatch(QueueOf::reads)) {
                queues.forEach(queue -> discard(queue.commands()));
                throw new IllegalStateException(
                        mode.state() == State.CLOSED
                                ? "The device queues are closed"
                                : "There is no queue to read on");
            }
            while (workers.size() < queues.size()) {
                DeviceWorker worker =
                        new DeviceWorker(this, name + (workers.size() + 1), memory, settings);
                try {
                    worker.startThread();
                } catch (Throwable e) {
                    // A worker without a thread would take requests and never serve them.
                    queues.forEach(queue -> discard(queue.commands()));
                    throw e;
                }
                workers.add(worker);
            }
            route = DeviceRoute.of(workers, queues);
            transferBytesMax = placement.transferBytesMax();
            mode = new Mode(State.RUNNING, null, connection);
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
    /// does every new request until the next [#start]. Returns at once; see [#awaitGone]. After
    /// [#close], which waits for what is under way, it does not wait any longer.
    public void fail(IOException why) {
        change(State.FAILED, why);
    }

    private void change(State state, @Nullable IOException why) {
        lock.lock();
        try {
            if (mode.state() == State.RUNNING
                    || (mode.state() == State.SUSPENDED && state == State.FAILED)) {
                mode = new Mode(state, why);
            } else if (mode.state() == State.CLOSED && state == State.FAILED && !isCloseOverdue()) {
                closeDeadlineNanos = Time.nanoTime();
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
        lookout.end();
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
                LOG.log(Level.WARNING, worker.blockedMessage());
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

    /// Where the workers' threads are at this moment, for people.
    public String describeThreads() {
        StringBuilder text = new StringBuilder();
        for (DeviceWorker worker : route.all()) {
            text.append(worker.trace()).append('\n');
        }
        return text.toString();
    }

    /// Hands a request over; see [CallerTurns#submit]. Its future tells the outcome.
    public void submit(DeviceRequest<?> request) {
        DeviceWorker worker = route.pick(request.kind.writes(), this);
        if (worker != null) {
            worker.turns().submit(request);
        } else {
            request.context.accepted();
            request.refuse(refusalOrClosed());
        }
    }

    /// The namespace of some device is gone, or away, or back ([DeviceContext]): afterwards no
    /// command of it is sent any more, or what waited for it is. Takes a turn at each queue.
    public void reconsider() {
        for (DeviceWorker worker : allWorkers()) {
            worker.reconsider();
        }
    }

    private List<DeviceWorker> allWorkers() {
        lock.lock();
        try {
            return List.copyOf(workers);
        } finally {
            lock.unlock();
        }
    }

    /// Most bytes one command can move, as far as is known.
    public int transferBytesMax() {
        return transferBytesMax;
    }

    /// Whether a segment can be used from the workers' threads.
    public boolean canAccess(MemorySegment segment) {
        DeviceWorker[] all = route.all();
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

    /// Whether the caller runs on the thread of a worker of any queues: such a thread must not be
    /// made to wait for what workers do.
    public static boolean isAnyWorkerThread() {
        return DeviceWorker.current() != null;
    }

    /// Counts of all workers since the first start.
    public DeviceStatistics statistics() {
        return DeviceCounters.statistics(allWorkers());
    }

    // For the workers.

    Lookout lookout() {
        return lookout;
    }

    /// Workers that have, or had, a queue.
    DeviceWorker[] routed() {
        return route.all();
    }

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
        return route.uses(worker);
    }

    /// Gives a request of a worker that has no queue to one that has.
    ///
    /// @return false when none has room
    boolean forward(DeviceRequest<?> request, DeviceWorker from) {
        for (DeviceWorker taker : route.takers(request.kind.writes())) {
            if (taker != from && taker.turns().forward(request)) {
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
        if (failure.kind() == FabricFailure.Kind.TIMED_OUT) {
            // First: the others let go of their queues as soon as the loss is told.
            of.timedOut = true;
        }
        try {
            of.connection.lost(failure);
        } catch (RuntimeException e) {
            // The worker has to go on whatever its controller makes of it.
            LOG.log(Level.ERROR, "Reporting the loss of a device's queue failed", e);
        }
    }
}

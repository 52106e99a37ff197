package dev.verbena.internal.engine;

import dev.verbena.TimeoutPolicy;
import dev.verbena.internal.engine.BouncePool.Buffer;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.nvme.Disposition;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.StatusContext;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Cuts requests into commands, puts their answers together again, and decides which commands are
/// sent a second time. Outlives the queue: what was under way when one is lost waits for the next.
///
/// What has ended is kept until the owner takes it ([#takeEnded]), to tell its callers when the
/// queue is not his any more.
///
/// Threads: the queue's owner.
final class RequestRunner implements CommandHandler, ExpiryHandler {
    /// Two looks at the deadlines of an idle queue.
    private static final long EARLY_NANOS_MAX = 200_000_000;

    /// Nothing was started, for the namespace is away; see [DeviceContext#away].
    private static final long AWAY = -2;

    private final DeviceSettings settings;
    private final DeviceCounters counters;
    private final BouncePool bounce;
    private final Repeats repeats;
    private final PartPool parts = new PartPool();

    /// What waits for its namespace to come back.
    private final AwayRequests away = new AwayRequests();

    /// Requests of which not all commands have been started.
    private final Deque<DeviceRequest<?>> starting = new ArrayDeque<>();

    private @Nullable CommandQueue commands;
    private @Nullable CommandStarter starter;
    private DeviceQueues.@Nullable Connection connection;
    private @Nullable WholeStarter wholes;
    private int depth;
    private int runningCount;

    /// Commands that wait for a doorbell.
    private int stagedCount;

    /// Parts whose requests have ended well; the oldest first. Numbers, for the garbage collector
    /// has to hear of every reference that is stored.
    private int[] succeeded = {};

    private int succeededCount;

    /// Other requests that have ended, the youngest first.
    private @Nullable DeviceRequest<?> ended;

    /// Whether what the queue loses is not sent again.
    private boolean givenUp;

    RequestRunner(MemoryDomain memory, DeviceSettings settings, DeviceCounters counters) {
        this.settings = settings;
        this.counters = counters;
        this.bounce = new BouncePool(memory);
        this.repeats = new Repeats(settings, counters);
    }

    /// Takes a queue to send commands on.
    ///
    /// @param of the connection it belongs to
    void attach(
            CommandQueue queue,
            IoCommands io,
            DataPlacement placement,
            MemoryDomain memory,
            DeviceQueues.Connection of) {
        commands = queue;
        connection = of;
        CommandStart start =
                new CommandStart(io, placement, bounce, counters, settings.ioTimeout().toNanos());
        starter = new CommandStarter(start);
        wholes = new WholeStarter(queue, memory, start, parts);
        depth = queue.depth();
        parts.grow(2 * depth);
        succeeded = new int[depth];
        givenUp = false;
        away.giveBack(starting, repeats);
    }

    /// The queue is gone; all of its commands have completed.
    void detach() {
        rung();
        commands = null;
        starter = null;
        connection = null;
        wholes = null;
        bounce.quarantine();
    }

    /// From now on commands the queue loses are not sent again.
    void giveUp() {
        givenUp = true;
    }

    /// Whether [#add] takes another request. As many as the queue has slots are enough to keep it
    /// full.
    boolean hasRoom() {
        return starting.size() < depth;
    }

    /// Whether there is room for a request made by a stage on the worker's own thread: one for each
    /// command that can complete, and many more.
    boolean hasRoomForOwn() {
        return starting.size() < Math.max(SharedQueue.INBOX_MAX, 4 * depth);
    }

    /// Whether nothing is under way and nothing waits.
    boolean isIdle() {
        return runningCount == 0 && starting.isEmpty() && repeats.isEmpty() && away.isEmpty();
    }

    /// Commands under way.
    int runningCount() {
        return runningCount;
    }

    /// Commands under way that wait for a doorbell.
    int stagedCount() {
        return stagedCount;
    }

    /// The doorbell was rung.
    void rung() {
        counters.add(DeviceCounters.COMMANDS, stagedCount);
        stagedCount = 0;
    }

    /// Commands that are sent again later.
    int delayedCount() {
        return repeats.delayedCount();
    }

    /// Nanoseconds until one of them is due; [Long#MAX_VALUE] when there is none.
    long delayNanos() {
        return repeats.delayNanos();
    }

    /// Starts a request at once if it is a single command on registered memory and nothing else
    /// waits: what most requests are.
    ///
    /// @return false when [#add] has to take it
    boolean startWhole(DeviceRequest<?> request) {
        WholeStarter current = wholes;
        if (current == null
                || !starting.isEmpty()
                || !repeats.isEmpty()
                || !current.start(request)) {
            return false;
        }
        runningCount++;
        stagedCount++;
        return true;
    }

    void add(DeviceRequest<?> request) {
        for (DeviceRequest.Carried c = request.takeCarried(); c != null; c = c.next()) {
            Part part = parts.take();
            part.begin(request, c.from(), c.to());
            part.retries = c.retries();
            part.losses = c.losses();
            repeats.add(part);
        }
        if (!request.fullyStarted()) {
            starting.add(request);
        } else {
            endIfOver(request);
        }
    }

    /// Starts what can be started at the moment; the caller rings.
    ///
    /// @return the number of steps taken
    int start() {
        int steps = 0;
        while (true) {
            Part part = repeats.peek();
            if (part != null) {
                if (!restart(part)) {
                    return steps;
                }
            } else {
                DeviceRequest<?> request = starting.peek();
                if (request == null || !startNext(request)) {
                    return steps;
                }
            }
            steps++;
        }
    }

    /// Sends a piece again.
    ///
    /// @return false when that is not possible at the moment
    private boolean restart(Part part) {
        DeviceRequest<?> request = part.owner();
        if (request.hasFailed()) {
            repeats.remove();
            leave(part, request);
            return true;
        }
        long to = part.to;
        long reached = tryStart(request, part.from, to, part);
        if (reached == CommandStarter.LATER) {
            return false;
        }
        repeats.remove();
        if (reached == AWAY) {
            away.add(part);
            return true;
        }
        if (request.hasFailed()) {
            leave(part, request);
            return true;
        }
        if (reached < to) {
            // The limits are tighter than they were. The rest is a piece of its own.
            Part rest = parts.take();
            rest.begin(request, reached, to);
            rest.retries = part.retries;
            rest.losses = part.losses;
            rest.accessWaits = part.accessWaits;
            rest.accessSinceNanos = part.accessSinceNanos;
            request.parts++;
            repeats.addFirst(rest);
        }
        started(part, reached);
        return true;
    }

    /// Starts the next command of the head of [#starting].
    ///
    /// @return false when that is not possible at the moment
    private boolean startNext(DeviceRequest<?> request) {
        if (request.fullyStarted()) {
            starting.remove();
            endIfOver(request);
            return true;
        }
        if (repeats.delayedCount() >= depth) {
            // A controller that wants many commands later gets no new ones meanwhile.
            return false;
        }
        Part part = parts.take();
        long from = request.started;
        long reached = tryStart(request, from, request.length, part);
        if (reached == CommandStarter.LATER || request.hasFailed()) {
            parts.give(part);
            return reached != CommandStarter.LATER;
        }
        if (reached == AWAY) {
            parts.give(part);
            starting.remove();
            if (!away.add(request)) {
                request.failed(RequestErrors.full());
                endIfOver(request);
            }
            return true;
        }
        part.begin(request, from, reached);
        request.parts++;
        request.started = reached;
        if (request.fullyStarted()) {
            starting.remove();
        }
        started(part, reached);
        return true;
    }

    /// The one way, besides [WholeStarter], on which commands are started: for the first time, for
    /// the rest of a request, or once more.
    ///
    /// @return as [CommandStarter#start], or [#AWAY]; when the memory cannot be used, or the
    ///   namespace is gone, the request has failed
    private long tryStart(DeviceRequest<?> request, long from, long to, Part part) {
        NamespaceLimits limits = request.context.present();
        if (limits == null) {
            return failIfLost(request) ? to : AWAY;
        }
        CommandStarter current = starter;
        CommandQueue queue = commands;
        if (current == null || queue == null || queue.freeCount() == 0) {
            return CommandStarter.LATER;
        }
        try {
            return current.start(request, limits, from, to, part);
        } catch (RuntimeException | OutOfMemoryError e) {
            // The caller's memory is gone, or cannot be registered: an error of this request only.
            request.failed(RequestErrors.memory(e));
            return to;
        } catch (Throwable e) {
            // Nobody knows what has happened so far: the queue's end. But not again for this.
            request.failed(RequestErrors.internal(e));
            throw e;
        }
    }

    /// @return whether it has failed because its namespace is gone, or away for too long
    private static boolean failIfLost(DeviceRequest<?> request) {
        IOException loss = request.context.loss();
        if (loss == null) {
            return false;
        }
        request.failed(loss);
        return true;
    }

    /// The namespace of some device is gone, or away, or back. What waits for one that is back is
    /// to be started again. What belongs to one that is gone fails, whether it waits or is under
    /// way: nobody knows any more which content an answer is about.
    void reconsider() {
        away.giveBack(starting, repeats);
        for (int i = 0; i < parts.count(); i++) {
            Part part = parts.get(i);
            DeviceRequest<?> request = part.request;
            if (request != null && failIfLost(request)) {
                part.whole = false;
            }
        }
        repeats.removeFailed(part -> leave(part, part.owner()));
        starting.removeIf(request -> {
            boolean over = failIfLost(request) || request.hasFailed();
            if (over) {
                endIfOver(request);
            }
            return over;
        });
    }

    private void started(Part part, long reached) {
        part.to = reached;
        part.expired = false;
        runningCount++;
        stagedCount++;
    }

    /// Queues are looked at one after the other, and not all the time: commands that were handed
    /// over together expire some moments apart.
    @Override
    public long earlyNanos() {
        return Math.min(EARLY_NANOS_MAX, settings.ioTimeout().toNanos() / 8);
    }

    /// A command was not answered in time. Unless the policy is to wait on, its caller shall be
    /// told so, and not wait for a repeat.
    @Override
    public long expired(long token, int slot) {
        Part part = parts.get((int) token);
        CommandQueue queue = commands;
        DeviceQueues.Connection of = connection;
        if (queue == null || of == null) {
            return FAIL;
        }
        boolean asked = part.expired;
        int queueId = queue.queueId();
        int commandId = queue.commandId(slot);
        if (!asked) {
            counters.add(DeviceCounters.EXPIRED, 1);
            CommandExpiredEvent.report(queueId, commandId, token);
            of.expired(
                    RequestErrors.describe(part.owner(), part.from, part.to), queueId, commandId);
        }
        TimeoutPolicy policy = settings.timeoutPolicy();
        part.expired = policy != TimeoutPolicy.REPORT_ONLY;
        return ExpiryHandler.decide(
                policy, asked, settings.ioTimeout().toNanos(), () -> of.abort(queueId, commandId));
    }

    @Override
    public void completed(long token, int slot, int status, long result) {
        Part part = parts.get((int) token);
        if (part.request == null) {
            // Its start was interrupted by an error, and has failed.
            return;
        }
        runningCount--;
        if (status == 0 && part.whole) {
            repeats.succeeded();
            succeeded[succeededCount++] = part.index;
        } else {
            completedInPart(part, status, result);
        }
    }

    private void completedInPart(Part part, int status, long result) {
        DeviceRequest<?> request = part.owner();
        if (Reauthentication.isAskedFor(status)) {
            askedToAuthenticate();
        }
        try {
            if (status == 0) {
                succeeded(part, request, result);
            } else if (!request.hasFailed() && goesAgain(part, request, status)) {
                followUp(status);
                part.releaseBuffers();
                return;
            } else {
                followUp(status);
                request.failed(
                        RequestErrors.of(
                                request, part.from, part.to, status, failure(), part.expired));
            }
        } catch (Throwable e) {
            // The queue's end, but not one of a request that nobody is told of.
            request.failed(RequestErrors.internal(e));
            if (repeats.contains(part)) {
                throw e;
            }
            leave(part, request);
            throw e;
        }
        leave(part, request);
    }

    private void followUp(int status) {
        DeviceQueues.Connection of = connection;
        Disposition.FollowUp what =
                Disposition.of(new NvmeStatus(status), StatusContext.IO).followUp();
        if (of != null && what != Disposition.FollowUp.NONE) {
            of.followUp(what);
        }
    }

    private void askedToAuthenticate() {
        CommandQueue queue = commands;
        if (queue != null) {
            queue.fail(Reauthentication.failure());
        }
    }

    private void succeeded(Part part, DeviceRequest<?> request, long result) {
        repeats.succeeded();
        request.result(result);
        Buffer buffer = part.buffer;
        if (buffer != null && request.fillsMemory()) {
            try {
                TransferStarter.copyOut(request, part, buffer);
            } catch (RuntimeException e) {
                request.failed(RequestErrors.memory(e));
            }
        }
    }

    private @Nullable FabricFailure failure() {
        CommandQueue queue = commands;
        return queue == null ? null : queue.failure();
    }

    /// Puts the piece among those that are sent again, if its status and its request allow it.
    private boolean goesAgain(Part part, DeviceRequest<?> request, int status) {
        // What took too long is not sent again: its caller is told in time.
        if (part.expired || !request.isRepeatable() || failIfLost(request)) {
            return false;
        }
        boolean again;
        boolean refused = Reauthentication.isAskedFor(status);
        if ((status == CommandQueue.STATUS_HOST_ABORTED || refused) && failure() != null) {
            again = !givenUp && repeats.lost(part);
        } else {
            again = repeats.failed(part, status);
        }
        if (again && part.whole) {
            // So far its command alone held the memory.
            part.whole = false;
            request.hold(bounce.memory());
        }
        return again;
    }

    /// A piece is over.
    private void leave(Part part, DeviceRequest<?> request) {
        part.releaseBuffers();
        parts.give(part);
        request.parts--;
        endIfOver(request);
    }

    private void endIfOver(DeviceRequest<?> request) {
        if (request.isOver() && !request.hasEnded()) {
            request.end();
            request.next = ended;
            ended = request;
        }
    }

    /// Ends a request that was not added, or none of whose commands was started.
    void refuse(DeviceRequest<?> request, IOException why) {
        request.failed(why);
        endIfOver(request);
    }

    /// What has ended since the last call, in order, linked by [DeviceRequest#next]; null for
    /// nothing. Whoever takes it has to complete each ([RequestEnds#completeAll]).
    @Nullable DeviceRequest<?> takeEnded() {
        DeviceRequest<?> chain = null;
        int count = succeededCount;
        for (int i = count - 1; i >= 0; i--) {
            Part part = parts.get(succeeded[i]);
            DeviceRequest<?> request = part.owner();
            parts.give(part);
            request.end();
            request.next = chain;
            chain = request;
        }
        succeededCount = 0;
        int failed = 0;
        DeviceRequest<?> other = ended;
        ended = null;
        while (other != null) {
            DeviceRequest<?> before = other.next;
            failed += other.hasFailed() ? 1 : 0;
            count++;
            other.next = chain;
            chain = other;
            other = before;
        }
        if (count > 0) {
            counters.add(DeviceCounters.REQUESTS, count);
            counters.add(DeviceCounters.FAILED, failed);
        }
        return chain;
    }

    /// Fails everything that waits; nothing is under way.
    void failWaiting(Supplier<IOException> why) {
        for (DeviceRequest<?> request : takeWaiting()) {
            var _ = request.takeCarried();
            request.parts = 0;
            refuse(request, why.get());
        }
    }

    /// Takes everything that waits, oldest first, for another worker. Nothing is under way.
    List<DeviceRequest<?>> takeWaiting() {
        away.giveBack(starting, repeats);
        List<DeviceRequest<?>> taken = new ArrayList<>();
        // From the back, so that each chain begins with the oldest piece.
        for (Part part = repeats.takeLast(); part != null; part = repeats.takeLast()) {
            DeviceRequest<?> request = part.owner();
            if (!request.isCarried() && request.fullyStarted()) {
                taken.addFirst(request);
            }
            request.carry(part.from, part.to, part.retries, part.losses);
            parts.give(part);
        }
        for (DeviceRequest<?> request : starting) {
            // A failed one whose pieces were just taken is there already.
            if (!request.fullyStarted() || request.parts == 0) {
                taken.add(request);
            }
        }
        starting.clear();
        return taken;
    }

    /// Frees the buffers; there is no queue any more.
    void close() {
        bounce.close();
    }
}

package dev.verbena.internal.engine;

import dev.verbena.internal.engine.BouncePool.Buffer;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.Disposition;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.StatusContext;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Cuts requests into commands, puts their answers together again, and decides which commands are
/// sent a second time. Outlives the queue: what was under way when one is lost waits for the next.
///
/// Threads: the worker's.
final class RequestRunner implements CommandHandler, ExpiryHandler {
    /// Times one command is sent again because the connection broke under it.
    static final int LOSSES_MAX = 32;

    /// Longest delay before a command is sent again, whatever the controller asks for.
    static final long RETRY_DELAY_NANOS_MAX = 60_000_000_000L;

    /// First delay where a command shall be sent later and the controller does not say when; it
    /// grows with every time.
    static final long RETRY_DELAY_NANOS = 100_000_000;

    private final DeviceSettings settings;
    private final DeviceCounters counters;
    private final BouncePool bounce;
    private final RetryBudget budget = new RetryBudget();
    private final PartPool parts = new PartPool();

    /// Requests of which not all commands have been started.
    private final Deque<DeviceRequest<?>> starting = new ArrayDeque<>();

    /// Pieces to send again, before anything new.
    private final Deque<Part> again = new ArrayDeque<>();

    /// Pieces to send again later.
    private final List<Part> delayed = new ArrayList<>();

    /// When the first of them is due.
    private long nextDueNanos;

    private @Nullable CommandQueue commands;
    private @Nullable CommandStarter starter;
    private int depth;
    private int runningCount;

    /// Whether what the queue loses is not sent again.
    private boolean givenUp;

    RequestRunner(MemoryDomain memory, DeviceSettings settings, DeviceCounters counters) {
        this.settings = settings;
        this.counters = counters;
        this.bounce = new BouncePool(memory);
        counters.set(DeviceCounters.RETRY_BUDGET, budget.left());
    }

    /// Takes a queue to send commands on.
    void attach(CommandQueue queue, IoCommands io, DataPlacement placement) {
        commands = queue;
        starter =
                new CommandStarter(io, placement, bounce, counters, settings.ioTimeout().toNanos());
        depth = queue.depth();
        parts.grow(2 * depth);
        givenUp = false;
    }

    /// The queue is gone; all of its commands have completed.
    void detach() {
        commands = null;
        starter = null;
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
        return starting.size() < Math.max(DeviceWorker.INBOX_MAX, 4 * depth);
    }

    /// Whether nothing is under way and nothing waits.
    boolean isIdle() {
        return runningCount == 0 && starting.isEmpty() && again.isEmpty() && delayed.isEmpty();
    }

    int runningCount() {
        return runningCount;
    }

    void add(DeviceRequest<?> request) {
        for (DeviceRequest.Carried c = request.carried; c != null; c = c.next()) {
            Part part = parts.take();
            part.begin(request, c.from(), c.to());
            part.retries = c.retries();
            part.losses = c.losses();
            again.add(part);
        }
        request.carried = null;
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
        if (!delayed.isEmpty()) {
            wakeDelayed();
        }
        int steps = 0;
        while (true) {
            Part part = again.peek();
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

    private void wakeDelayed() {
        long now = Time.nanoTime();
        if (nextDueNanos - now > 0) {
            return;
        }
        nextDueNanos = now + RETRY_DELAY_NANOS_MAX;
        int kept = 0;
        for (int i = 0; i < delayed.size(); i++) {
            Part part = delayed.get(i);
            if (part.dueNanos - now <= 0) {
                again.add(part);
            } else {
                nextDueNanos = earlier(nextDueNanos, part.dueNanos);
                delayed.set(kept++, part);
            }
        }
        delayed.subList(kept, delayed.size()).clear();
    }

    private static long earlier(long one, long other) {
        return one - other < 0 ? one : other;
    }

    /// Nanoseconds until a delayed piece is due; [Long#MAX_VALUE] when there is none.
    long delayNanos() {
        return delayed.isEmpty() ? Long.MAX_VALUE : Math.max(0, nextDueNanos - Time.nanoTime());
    }

    /// Sends the head of [#again].
    ///
    /// @return false when that is not possible at the moment
    private boolean restart(Part part) {
        DeviceRequest<?> request = request(part);
        if (request.hasFailed()) {
            again.remove();
            leave(part, request);
            return true;
        }
        long to = part.to;
        long reached = tryStart(request, part.from, to, part);
        if (reached == CommandStarter.LATER) {
            return false;
        }
        again.remove();
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
            request.parts++;
            again.addFirst(rest);
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
        if (delayed.size() >= depth) {
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
        part.begin(request, from, reached);
        request.parts++;
        request.started = reached;
        if (request.fullyStarted()) {
            starting.remove();
        }
        started(part, reached);
        return true;
    }

    /// @return as [CommandStarter#start]; when the memory cannot be used the request has failed
    private long tryStart(DeviceRequest<?> request, long from, long to, Part part) {
        CommandStarter current = starter;
        CommandQueue queue = commands;
        if (current == null || queue == null || queue.freeCount() == 0) {
            return CommandStarter.LATER;
        }
        try {
            return current.start(request, from, to, part);
        } catch (RuntimeException | OutOfMemoryError e) {
            // The caller's memory is gone, or cannot be registered: an error of this request only.
            request.failed(RequestErrors.memory(e));
            return to;
        }
    }

    private void started(Part part, long reached) {
        part.to = reached;
        part.expired = false;
        runningCount++;
        counters.add(DeviceCounters.COMMANDS, 1);
    }

    /// A command was not answered in time: its caller shall be told so, and not wait for a repeat.
    @Override
    public long expired(long token, int slot) {
        parts.get((int) token).expired = true;
        return FAIL;
    }

    @Override
    public void completed(long token, int slot, int status, long result) {
        Part part = parts.get((int) token);
        DeviceRequest<?> request = request(part);
        runningCount--;
        if (status == 0) {
            succeeded(part, request, result);
        } else if (!request.hasFailed()) {
            if (goesAgain(part, request, status)) {
                part.releaseBuffers();
                return;
            }
            FabricFailure failure = failure();
            request.failed(
                    RequestErrors.of(request, part.from, part.to, status, failure, part.expired));
        }
        leave(part, request);
    }

    private void succeeded(Part part, DeviceRequest<?> request, long result) {
        if (budget.succeeded()) {
            counters.set(DeviceCounters.RETRY_BUDGET, budget.left());
        }
        request.result = result;
        Buffer buffer = part.buffer;
        if (buffer != null && request.fillsMemory()) {
            try {
                CommandStarter.copyOut(request, part, buffer);
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
        if (!request.repeatable) {
            return false;
        }
        if (status == CommandQueue.STATUS_HOST_ABORTED && failure() != null) {
            // A command that took too long is not sent again: its caller is told in time.
            if (givenUp || part.losses == LOSSES_MAX || part.expired) {
                return false;
            }
            part.losses++;
            counters.add(DeviceCounters.REPEATED, 1);
            again.add(part);
            return true;
        }
        NvmeStatus meaning = new NvmeStatus(status);
        Disposition disposition = Disposition.of(meaning, StatusContext.IO);
        if (disposition.samePath() == Disposition.SamePath.NO
                || part.retries == settings.retryCountMax()) {
            return false;
        }
        boolean granted = budget.tryTake();
        counters.set(DeviceCounters.RETRY_BUDGET, budget.left());
        if (!granted) {
            counters.add(DeviceCounters.RETRY_REFUSED, 1);
            return false;
        }
        part.retries++;
        counters.add(DeviceCounters.RETRIED, 1);
        sendLater(part, delayNanos(part, meaning, disposition));
        return true;
    }

    private long delayNanos(Part part, NvmeStatus status, Disposition disposition) {
        long asked = settings.retryDelayMillis().applyAsInt(status.retryDelayIndex()) * 1_000_000L;
        if (asked == 0 && disposition.samePath() == Disposition.SamePath.WAIT) {
            asked = RETRY_DELAY_NANOS * part.retries;
        }
        return Math.min(asked, RETRY_DELAY_NANOS_MAX);
    }

    private void sendLater(Part part, long delayNanos) {
        if (delayNanos == 0) {
            again.add(part);
            return;
        }
        part.dueNanos = Time.nanoTime() + delayNanos;
        nextDueNanos = delayed.isEmpty() ? part.dueNanos : earlier(nextDueNanos, part.dueNanos);
        delayed.add(part);
    }

    private static DeviceRequest<?> request(Part part) {
        DeviceRequest<?> request = part.request;
        if (request == null) {
            throw new IllegalStateException("Part " + part.index + " is free");
        }
        return request;
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
            end(request);
        }
    }

    private void end(DeviceRequest<?> request) {
        counters.add(DeviceCounters.REQUESTS, 1);
        if (request.hasFailed()) {
            counters.add(DeviceCounters.FAILED, 1);
        }
        request.end();
    }

    /// Fails everything that waits; nothing is under way.
    void failWaiting(Function<DeviceRequest<?>, IOException> why) {
        for (DeviceRequest<?> request : takeWaiting()) {
            request.carried = null;
            request.parts = 0;
            request.failed(why.apply(request));
            endIfOver(request);
        }
    }

    /// Takes everything that waits, oldest first, for another worker. Nothing is under way.
    List<DeviceRequest<?>> takeWaiting() {
        again.addAll(delayed);
        delayed.clear();
        List<DeviceRequest<?>> taken = new ArrayList<>();
        // From the back, so that each chain begins with the oldest piece.
        for (Part part = again.pollLast(); part != null; part = again.pollLast()) {
            DeviceRequest<?> request = request(part);
            if (request.carried == null && request.fullyStarted()) {
                taken.addFirst(request);
            }
            request.carried =
                    new DeviceRequest.Carried(
                            part.from, part.to, part.retries, part.losses, request.carried);
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

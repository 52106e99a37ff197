package dev.verbena;

import dev.verbena.internal.engine.CommandExpiredEvent;
import dev.verbena.internal.engine.CommandHandler;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.ExpiryHandler;
import dev.verbena.internal.engine.IoCommands;
import dev.verbena.internal.engine.QueueDownEvent;
import dev.verbena.internal.engine.QueueSettings;
import dev.verbena.internal.engine.Reauthentication;
import dev.verbena.internal.engine.Thrown;
import dev.verbena.internal.engine.WaitPolicy;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.time.Time;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The fast way: one I/O queue, polled by its owner, no thread, no lock, no allocation per command.
///
/// ```java
/// CompletionHandler done = (token, status, result) -> finished[0]++;
/// while (finished[0] < wanted) {
///     while (queue.tryRead(namespace, lba, blocks, buffer, token)) {
///         // choose the next lba, buffer and token
///     }
///     queue.pollOrWait(done, 1_000_000);
/// }
/// ```
///
/// `try…` puts a command on a list; [#submit] sends the list with one doorbell, and so do [#poll]
/// and the waiting methods. See [IoQueueCommands] for what all commands have in common.
///
/// **Time-outs.** A command that is not answered in its time is reported by
/// [CompletionHandler#expired], from the first [#poll] that is at most 10 ms later, or 1024 polls
/// where none of them is empty; an owner that does not poll learns nothing. What follows is the
/// [ConnectOptions#timeoutPolicy]. By default the queue is taken down, because the buffer can be
/// made safe in no other way: the same or the next poll ends all outstanding commands with status
/// 371h, Host Aborted Command, after at most [CommandQueue#DRAIN_TIMEOUT] in that call. The same
/// happens when the connection fails. From then on `try…` throws [ConnectionLostException].
///
/// Threads: one owner calls everything, except [#wakeUp] and [#statistics]. The owner may change,
/// with a happens-before edge between.
public final class IoQueue extends IoQueueCommands implements AutoCloseable {
    /// Polls between two looks at the clock, when every poll finds something.
    private static final int POLLS_PER_CLOCK = 1024;

    /// An empty poll counts for this many: there is time to look.
    private static final int EMPTY_POLL_WEIGHT = 32;

    /// Time between two looks at the deadlines.
    private static final long DEADLINE_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /// Longest time asleep in one go.
    private static final long BLOCK_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(100);

    private final Controller controller;
    private final CommandQueue commands;
    private final IoCommands io;
    private final QueueSettings settings;
    private final Adapter adapter;
    private final Waiting waiting = new Waiting();
    private final Thrown thrown = new Thrown();
    private WaitPolicy wait;
    private @Nullable QueueGroup group;
    private int pollsSinceClock;
    private long lastCheckNanos = Time.nanoTime();
    private boolean lossReported;

    IoQueue(
            Controller controller,
            CommandQueue commands,
            MemoryDomain memory,
            QueueSettings settings) {
        super(commands, memory, settings, controller::namespaces);
        this.controller = controller;
        this.commands = commands;
        this.io = requests.io();
        this.adapter = new Adapter();
        this.settings = settings;
        this.wait = new WaitPolicy(settings.waitMode(), WaitPolicy.SPIN_NANOS_DEFAULT);
    }

    /// Commands that can be outstanding: the smallest of the queue size asked for less one, and the
    /// limits of the controller (MQES, MAXCMD, and the receive queue size it answered at connect).
    public int depth() {
        return commands.depth();
    }

    /// Commands accepted and not yet completed.
    public int inFlightCount() {
        return commands.inFlightCount();
    }

    /// Sends what `try…` has accepted since the last call.
    public void submit() {
        commands.ring();
    }

    /// Sends what is waiting, and delivers completions, up to an internal batch.
    ///
    /// @return the number of fabric events handled; 0 means that there was nothing to do
    /// @throws IllegalStateException when called from a completion handler, or the queue belongs to
    ///   a [QueueGroup]
    public int poll(CompletionHandler handler) {
        requireAlone();
        // Refused in the middle of a batch, before anything is touched: the rest of it is for the
        // handler of that poll.
        CommandHandler collector = io.collector(adapter);
        commands.ring();
        adapter.handler(handler);
        int count = 1;
        try {
            count = commands.poll(collector);
        } catch (RuntimeException | Error e) {
            thrown.add(e);
        }
        polled(count, thrown);
        thrown.rethrow();
        return count;
    }

    /// What has to be looked after once events have been delivered, also when a handler threw.
    ///
    /// @param failures gets what handlers throw here
    void polled(int events, Thrown failures) {
        io.countPoll(events);
        reportLoss();
        watchTheClock(events, failures);
    }

    private void watchTheClock(int count, Thrown failures) {
        // Also while others complete: one command that is never answered must not be forgotten
        // among them.
        pollsSinceClock += count == 0 ? EMPTY_POLL_WEIGHT : 1;
        if (pollsSinceClock >= POLLS_PER_CLOCK) {
            pollsSinceClock = 0;
            long now = Time.nanoTime();
            if (now - lastCheckNanos >= DEADLINE_CHECK_NANOS) {
                lastCheckNanos = now;
                try {
                    io.refresh();
                    commands.checkDeadlines(now, adapter);
                } catch (RuntimeException | Error e) {
                    failures.add(e);
                }
            }
        }
    }

    private void reportLoss() {
        FabricFailure failure = commands.failure();
        if (failure != null && !lossReported) {
            lossReported = true;
            try {
                QueueDownEvent.report(commands.queueId(), failure);
            } finally {
                controller.lost(this, failure);
            }
        }
    }

    /// Sends what is waiting, and waits until there may be something to poll, [#wakeUp] is called,
    /// or the time is over, in the way [#waitMode] says. It may return early.
    ///
    /// @param timeoutNanos nothing is waited for at 0 or less
    public void await(long timeoutNanos) {
        requireAlone();
        commands.ring();
        if (wait.await(waiting, timeoutNanos)) {
            slept();
        }
    }

    /// The owner slept: perhaps it was a deadline that woke it up.
    void slept() {
        io.countWait();
        pollsSinceClock = POLLS_PER_CLOCK;
        lastCheckNanos = Time.nanoTime() - DEADLINE_CHECK_NANOS;
    }

    /// How long the owner may sleep: not beyond a deadline.
    long blockNanos(long timeoutNanos) {
        long now = Time.nanoTime();
        long deadline = commands.earliestDeadlineNanos(now);
        long left = deadline == Long.MAX_VALUE ? BLOCK_NANOS_MAX : deadline - now;
        long most = Math.min(timeoutNanos, BLOCK_NANOS_MAX);
        return Math.max(0, Math.min(left, most));
    }

    /// Completions are collected by a group from now on.
    ///
    /// @param member takes them
    /// @return what the group has to deliver them to
    CommandHandler joinGroup(QueueGroup joined, CompletionHandler member) {
        group = joined;
        adapter.handler(member);
        return io.collector(adapter);
    }

    /// Polls; when there was nothing, waits as [#await] does, and polls once more.
    ///
    /// @param timeoutNanos longest time to wait
    /// @return the number of fabric events handled
    public int pollOrWait(CompletionHandler handler, long timeoutNanos) {
        int count = poll(handler);
        if (count == 0 && timeoutNanos > 0) {
            await(timeoutNanos);
            count = poll(handler);
        }
        return count;
    }

    /// Ends [#await] early. Any thread.
    public void wakeUp() {
        commands.wakeUp();
    }

    /// How [#await] and [#pollOrWait] wait; at first as the connect options say.
    public WaitMode waitMode() {
        return wait.mode();
    }

    /// Chooses another way to wait.
    ///
    /// @param spin longest time that [WaitMode#ADAPTIVE] spins before it sleeps; the others do not
    ///   use it
    public void waitMode(WaitMode mode, Duration spin) {
        wait = new WaitPolicy(mode, spin.toNanos());
    }

    /// Takes the latency of every command from now on; null for none, as at first. Costs two looks
    /// at the clock per command while there is one.
    public void recordLatency(@Nullable LatencyRecorder recorder) {
        io.observe(recorder == null ? null : recorder::record);
    }

    /// What the queue has done since it was opened. Any thread, also after [#close].
    public QueueStatistics statistics() {
        return io.statistics();
    }

    void fail(FabricFailure failure) {
        commands.fail(failure);
    }

    private void requireAlone() {
        if (requests.isClosed()) {
            throw new IllegalStateException("The queue is closed");
        }
        if (group != null) {
            throw new IllegalStateException("The queue belongs to a group: poll that");
        }
    }

    /// Disconnects the queue. Outstanding commands are aborted and their buffers made safe; their
    /// completions are not delivered. Idempotent; takes at most some seconds.
    ///
    /// @throws IllegalStateException when called from a completion handler; the queue stays open
    /// @throws RuntimeException when the device does not release memory of the queue; the queue is
    ///   closed all the same, and calling this again tries to release what is left
    @Override
    public void close() {
        if (!requests.isClosed()) {
            commands.requireIdle();
            leave();
        }
        requests.release();
    }

    /// Whatever fails on the way: afterwards the queue is closed, and its group and controller
    /// know.
    private void leave() {
        try {
            io.close((token, slot, status, result) -> {});
        } finally {
            requests.closed();
            try {
                if (group != null) {
                    group.closed(this, commands);
                }
            } finally {
                controller.closed(this, commands.queueId());
            }
        }
    }

    /// Hands completions to the user's handler; an object that stays, so that polling allocates
    /// nothing.
    private final class Adapter implements CommandHandler, ExpiryHandler {
        private CompletionHandler handler = (token, status, result) -> {};

        @SuppressWarnings("ReferenceEquality") // that is the question here
        private void handler(CompletionHandler value) {
            // Not written when it is the same: storing a reference has a price.
            if (handler != value) {
                handler = value;
            }
        }

        @Override
        public void completed(long token, int slot, int status, long result) {
            if (status != 0 && Reauthentication.isAskedFor(status)) {
                commands.fail(Reauthentication.failure());
            }
            handler.completed(token, status, result);
        }

        @Override
        public long expired(long token, int slot) {
            io.countExpired();
            CommandExpiredEvent.report(commands.queueId(), commands.commandId(slot), token);
            try {
                handler.expired(token);
            } catch (RuntimeException | Error e) {
                // What the policy says stands, whatever the handler does.
                commands.thrown(e);
            }
            return ExpiryHandler.decide(
                    settings.timeoutPolicy(),
                    io.isAborting(slot),
                    settings.timeoutNanos(),
                    () -> abort(slot));
        }

        private void abort(int slot) {
            io.aborting(slot);
            controller.abort(IoQueue.this, commands.queueId(), commands.commandId(slot));
        }
    }

    /// What [#await] waits for.
    private final class Waiting implements WaitPolicy.Source {
        @Override
        public boolean isReady() {
            return commands.hasCompletions() || commands.failure() != null;
        }

        @Override
        public void arm() {
            commands.arm();
        }

        @Override
        public void block(long timeoutNanos) {
            commands.block(blockNanos(timeoutNanos));
        }
    }

    @Override
    public String toString() {
        return "I/O queue " + commands.queueId();
    }
}

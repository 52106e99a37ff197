package dev.verbena.internal.control;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.internal.control.AdminCommand.Answer;
import dev.verbena.internal.engine.CommandData;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.Reauthentication;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.Sgl;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The admin queue and the thread that owns it.
///
/// Keep alive runs here too, and requests for asynchronous events, on slots that ordinary commands
/// cannot take, so that no application code and no burst of commands can hold them up.
///
/// Threads: [#execute] and [#submit] from any thread.
final class AdminQueue implements CommandChannel, AutoCloseable {
    /// Commands waiting for a slot.
    private static final int INBOX_MAX = 256;

    /// How long the thread sleeps when nothing is due; only a bound, it is woken when there is
    /// something to do.
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// Tokens of commands that are nobody's; slots, which are never negative, are those of others.
    private static final long KEEP_ALIVE = -1;

    private static final long EVENT_REQUEST = -2;

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    private final CommandQueue commands;
    private final AdminData data;
    private final CommandData described = new CommandData();
    private final @Nullable AdminCommand[] running;
    private final EventRequests events;
    private final KeepAliveTimer keepAlive = new KeepAliveTimer();

    /// Slots kept for Keep Alive. A target may grant a single slot, which then serves both.
    private final int keepAliveSlots;

    private final BlockingQueue<AdminCommand> inbox = new ArrayBlockingQueue<>(INBOX_MAX);
    private final Consumer<FabricFailure> onFailure;
    private final Thread thread;
    private volatile boolean closing;

    /// What others ask of the thread, in its own time.
    private final Queue<Runnable> changes = new ConcurrentLinkedQueue<>();

    /// Set before the thread looks into the inbox for the last time: whoever puts a command there
    /// afterwards has to look himself.
    private volatile boolean ended;

    /// @param onFailure told once, on the admin thread, when the queue is lost
    /// @param onEvent told of each asynchronous event, on the admin thread
    AdminQueue(
            FabricQueue queue,
            MemoryDomain memory,
            String name,
            Consumer<FabricFailure> onFailure,
            Consumer<AsynchronousEvent> onEvent) {
        this.commands = new CommandQueue(queue);
        this.onFailure = onFailure;
        int slots = commands.depth();
        this.running = new AdminCommand[slots];
        this.keepAliveSlots = slots > 1 ? 1 : 0;
        this.events = new EventRequests(commands, onEvent);
        this.thread = Time.newThread("verbena-admin-" + name, this::run);
        AdminData memoryOfSlots = null;
        try {
            memoryOfSlots = new AdminData(memory, slots);
            this.data = memoryOfSlots;
            thread.start();
        } catch (RuntimeException | OutOfMemoryError e) {
            commands.close((token, slot, status, result) -> {});
            if (memoryOfSlots != null) {
                memoryOfSlots.release();
            }
            throw e;
        }
    }

    /// Sends a command and waits for its answer.
    ///
    /// @throws dev.verbena.NvmeException when the controller answers with an error
    /// @throws CommandTimeoutException when it does not answer in time
    /// @throws ConnectionLostException when the connection ended first
    Answer execute(AdminCommand command) throws IOException {
        return answer(command).orThrow();
    }

    @Override
    public Answer answer(AdminCommand command) throws IOException {
        return AdminCommand.await(submit(command), command.name);
    }

    /// Sends a command.
    ///
    /// @return completes on the admin thread: attach only what does not block
    CompletableFuture<Answer> submit(AdminCommand command) {
        FabricFailure failure = commands.failure();
        if (command.dataBytes() > AdminCommand.SMALL_BYTES_MAX && failure == null && !closing) {
            data.large(command);
        }
        offer(command, failure);
        return command.answer.whenComplete((answer, e) -> command.release.run());
    }

    private void offer(AdminCommand command, @Nullable FabricFailure failure) {
        if (failure != null || closing) {
            command.answer.completeExceptionally(lost(command, failure));
        } else if (!inbox.offer(command)) {
            command.answer.completeExceptionally(
                    new IOException(
                            command.name
                                    + " was not sent: "
                                    + INBOX_MAX
                                    + " admin commands are waiting already"));
        } else {
            commands.wakeUp();
            if (ended) {
                // It ended between the check and the offer; nobody else will look into the inbox.
                failWaiting();
            }
        }
    }

    /// Starts to send Keep Alive commands; see [KeepAliveTimer].
    ///
    /// @param timeout what the controller really uses
    /// @param otherTraffic see [KeepAliveTimer#start]
    void startKeepAlive(Duration timeout, boolean trafficBased, BooleanSupplier otherTraffic) {
        change(() -> keepAlive.start(timeout, trafficBased, otherTraffic, Time.nanoTime()));
    }

    /// Starts to keep requests for asynchronous events outstanding.
    ///
    /// @param count as many as the controller takes; fewer where the queue is small
    void startEvents(int count) {
        // At least one slot stays for Keep Alive and one for everything else.
        change(() -> events.want(Math.max(0, Math.min(count, commands.depth() - 2))));
    }

    private void change(Runnable change) {
        changes.add(change);
        commands.wakeUp();
    }

    /// Gives the queue up; everything outstanding fails. Any thread.
    void fail(FabricFailure failure) {
        commands.fail(failure);
    }

    @Nullable FabricFailure failure() {
        return commands.failure();
    }

    private void run() {
        try {
            while (!closing && commands.failure() == null) {
                cycle();
            }
            commands.poll(this::completed);
        } catch (Throwable e) {
            // Errors too: a thread that ends silently would leave every caller waiting.
            LOG.log(Level.ERROR, "The admin queue ends because of an error in Verbena", e);
            commands.fail(
                    new FabricFailure(
                            FabricFailure.Kind.TRANSPORT_ERROR, "an internal error: " + e));
        } finally {
            end();
        }
    }

    private void cycle() {
        long start = Time.nanoTime();
        int work = 0;
        for (Runnable change = changes.poll(); change != null; change = changes.poll()) {
            change.run();
            work++;
        }
        work += startKeepAlive(start);
        work += events.send(EVENT_REQUEST, start);
        work += startWaiting();
        commands.ring();
        work += commands.poll(this::completed);
        if (work > 0) {
            return;
        }
        long now = Time.nanoTime();
        commands.checkDeadlines(now);
        commands.arm();
        // What completed before arming wakes nobody. Commands that find no slot are no reason to
        // stay awake: an answer or a deadline has to make room for them.
        boolean canStart = commands.freeCount() > reservedSlots() && !inbox.isEmpty();
        if (!commands.hasCompletions() && !canStart && changes.isEmpty()) {
            commands.block(idleNanos(now));
        }
    }

    private int reservedSlots() {
        return keepAliveSlots + events.reservedSlots();
    }

    private long idleNanos(long now) {
        long idle = IDLE_NANOS;
        long deadline = commands.earliestDeadlineNanos(now);
        if (deadline != Long.MAX_VALUE) {
            idle = Math.min(idle, deadline - now);
        }
        if (commands.freeCount() > 0) {
            idle = Math.min(idle, keepAlive.leftNanos(now));
            idle = Math.min(idle, events.leftNanos(now));
        }
        return Math.max(0, idle);
    }

    private int startWaiting() {
        int started = 0;
        while (commands.freeCount() > reservedSlots()) {
            AdminCommand command = inbox.poll();
            if (command == null) {
                break;
            }
            start(command);
            started++;
        }
        return started;
    }

    private void start(AdminCommand command) {
        if (command.deadlineNanos - Time.nanoTime() <= 0) {
            // Sending it would only take the whole queue down at once.
            command.answer.completeExceptionally(
                    new CommandTimeoutException(
                            command.name
                                    + " was not sent: its time was over before the admin queue could"
                                    + " take it. Other commands kept the queue busy, or this process"
                                    + " stood still; allow more time"));
            return;
        }
        int slot = commands.acquire();
        try {
            encode(command, slot);
        } catch (RuntimeException e) {
            commands.abandon(slot);
            command.answer.completeExceptionally(e);
            return;
        }
        running[slot] = command;
        command.submittedNanos = Time.nanoTime();
        commands.submitUntil(slot, slot, described, command.deadlineNanos);
    }

    private void encode(AdminCommand command, int slot) {
        MemorySegment capsules = commands.capsules();
        long entry = commands.capsuleOffset(slot);
        command.encoder.encode(capsules, entry, commands.commandId(slot));
        if (command.dataBytes() == 0) {
            described.clear();
            return;
        }
        AdminData.Buffer buffer = command.buffer;
        if (buffer == null) {
            buffer = data.ofSlot(slot);
            command.buffer = buffer;
        }
        if (!buffer.prepare(command, described)) {
            throw new IllegalStateException("The memory of admin commands is closed");
        }
    }

    private int startKeepAlive(long now) {
        if (!keepAlive.take(now)) {
            return 0;
        }
        int slot = commands.acquire();
        if (slot < 0) {
            keepAlive.notSent(now);
            return 0;
        }
        long entry = commands.capsuleOffset(slot);
        AdminCommands.keepAlive(commands.capsules(), entry, commands.commandId(slot));
        Sgl.none(commands.capsules(), entry);
        commands.submit(slot, KEEP_ALIVE, (Region) null, now + keepAlive.timeoutNanos());
        return 1;
    }

    private void completed(long token, int slot, int status, long result) {
        FabricFailure failure = commands.failure();
        boolean aborted = failure != null && status == CommandQueue.STATUS_HOST_ABORTED;
        if (token == EVENT_REQUEST) {
            events.completed(status, result, Time.nanoTime());
        } else if (token == KEEP_ALIVE) {
            keepAlive.finished();
            if (status != 0 && !aborted) {
                commands.fail(
                        new FabricFailure(
                                FabricFailure.Kind.DISCONNECTED,
                                "the controller refused a Keep Alive command: "
                                        + new NvmeStatus(status)));
            }
        } else {
            AdminCommand command = running[slot];
            running[slot] = null;
            if (command != null) {
                ended(command, status, result, aborted ? failure : null);
            }
            if (status != 0 && failure == null && Reauthentication.isAskedFor(status)) {
                commands.fail(Reauthentication.failure());
            }
        }
    }

    private void ended(
            AdminCommand command, int status, long result, @Nullable FabricFailure failure) {
        if (failure != null) {
            command.answer.completeExceptionally(lost(command, failure));
            return;
        }
        keepAlive.answered(command.submittedNanos);
        AdminData.Buffer buffer = command.buffer;
        int count = command.fromControllerBytes;
        byte[] bytes =
                status == 0 && buffer != null && count > 0 ? buffer.read(count) : new byte[0];
        command.answer.complete(new Answer(command.name, status, result, bytes));
    }

    private IOException lost(AdminCommand command, @Nullable FabricFailure failure) {
        if (failure != null && failure.kind() == FabricFailure.Kind.TIMED_OUT) {
            return new CommandTimeoutException(command.name + " did not end: " + failure.message());
        }
        String why = failure == null ? "the controller is closed" : failure.message();
        return new ConnectionLostException(command.name + " did not end: " + why);
    }

    private void end() {
        FabricFailure failure = commands.failure();
        attempt("closing its queue", () -> commands.close(this::completed));
        ended = true;
        failWaiting();
        attempt("releasing its buffers", data::release);
        if (!closing && failure != null) {
            attempt("reporting the loss", () -> onFailure.accept(failure));
        }
    }

    private static void attempt(String what, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException e) {
            // The steps after it have to be taken all the same.
            LOG.log(Level.ERROR, "The end of an admin queue: " + what + " failed", e);
        }
    }

    private void failWaiting() {
        List<AdminCommand> waiting = new ArrayList<>();
        inbox.drainTo(waiting);
        for (AdminCommand command : waiting) {
            command.answer.completeExceptionally(lost(command, commands.failure()));
        }
    }

    /// Ends the queue. Bounded by the time the engine allows for flushing.
    @Override
    public void close() {
        closing = true;
        commands.fail(new FabricFailure(FabricFailure.Kind.CLOSED, "the controller is closed"));
        boolean interrupted = false;
        while (thread.isAlive() && !thread.equals(Thread.currentThread())) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}

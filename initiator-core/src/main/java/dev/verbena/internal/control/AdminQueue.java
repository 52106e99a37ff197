package dev.verbena.internal.control;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.internal.control.AdminCommand.Answer;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.Sgl;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The admin queue and the thread that owns it.
///
/// Keep alive runs here too, on a slot that ordinary commands cannot take, so that no application
/// code and no burst of commands can hold it up.
///
/// Threads: [#execute] and [#submit] from any thread.
final class AdminQueue implements AutoCloseable {
    /// Data one admin command may carry; longer structures are read in pieces.
    static final int DATA_BYTES_MAX = 4096;

    /// Commands waiting for a slot.
    private static final int INBOX_MAX = 256;

    /// How long the thread sleeps when nothing is due; only a bound, it is woken when there is
    /// something to do.
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    private final CommandQueue commands;
    private final MemoryDomain memory;
    private final Arena arena = Arena.ofShared();
    private final Region data;
    private final @Nullable AdminCommand[] running;

    /// Slots kept for Keep Alive. A target may grant a single slot, which then serves both.
    private final int reservedSlots;

    private final BlockingQueue<AdminCommand> inbox = new ArrayBlockingQueue<>(INBOX_MAX);
    private final Consumer<FabricFailure> onFailure;
    private final Thread thread;
    private volatile boolean closing;
    private volatile long keepAliveIntervalNanos;
    private volatile long keepAliveTimeoutNanos;

    /// Set before the thread looks into the inbox for the last time: whoever puts a command there
    /// afterwards has to look himself.
    private volatile boolean ended;

    private long keepAliveDueNanos;
    private boolean keepAliveRunning;

    /// @param onFailure told once, on the admin thread, when the queue is lost
    AdminQueue(
            FabricQueue queue,
            MemoryDomain memory,
            String name,
            Consumer<FabricFailure> onFailure) {
        this.commands = new CommandQueue(queue);
        this.memory = memory;
        this.onFailure = onFailure;
        int slots = commands.depth();
        this.running = new AdminCommand[slots];
        this.reservedSlots = slots > 1 ? 1 : 0;
        this.thread =
                Thread.ofPlatform().name("verbena-admin-" + name).daemon().unstarted(this::run);
        Region region = null;
        try {
            region = memory.register(arena.allocate((long) slots * DATA_BYTES_MAX, DATA_BYTES_MAX));
            this.data = region;
            thread.start();
        } catch (RuntimeException | OutOfMemoryError e) {
            commands.close((token, slot, status, result) -> {});
            if (region == null || memory.unregister(region)) {
                arena.close();
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

    /// As [#execute], with an error status as a result instead of an exception.
    Answer answer(AdminCommand command) throws IOException {
        CompletableFuture<Answer> future = submit(command);
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while waiting for " + command.name);
        } catch (ExecutionException e) {
            throw rethrown(e, command.name);
        }
    }

    private static IOException rethrown(ExecutionException e, String name) {
        Throwable cause = e.getCause();
        // A fresh exception, so that its trace shows the caller; the original, with the admin
        // thread's, is the cause.
        IOException own =
                switch (cause) {
                    case CommandTimeoutException t -> new CommandTimeoutException(message(t));
                    case ConnectionLostException t -> new ConnectionLostException(message(t));
                    case null, default -> new IOException(name + " failed", cause);
                };
        if (own.getCause() == null && cause != null) {
            own.initCause(cause);
        }
        return own;
    }

    private static String message(Throwable t) {
        return String.valueOf(t.getMessage());
    }

    /// Sends a command.
    ///
    /// @return completes on the admin thread: attach only what does not block
    CompletableFuture<Answer> submit(AdminCommand command) {
        FabricFailure failure = commands.failure();
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
        return command.answer;
    }

    /// Starts to send Keep Alive commands.
    ///
    /// @param timeout what the controller was told in Connect; a command is sent every half of it
    void startKeepAlive(Duration timeout) {
        keepAliveTimeoutNanos = timeout.toNanos();
        keepAliveIntervalNanos = timeout.toNanos() / 2;
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
        keepAliveDueNanos = System.nanoTime();
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
        int work = startWaiting();
        work += keepAlive(System.nanoTime());
        commands.ring();
        work += commands.poll(this::completed);
        if (work > 0) {
            return;
        }
        long now = System.nanoTime();
        commands.checkDeadlines(now);
        commands.arm();
        // What completed before arming wakes nobody. Commands that find no slot are no reason to
        // stay awake: an answer
        // or a deadline has to make room for them.
        boolean canStart = commands.freeCount() > reservedSlots && !inbox.isEmpty();
        if (!commands.hasCompletions() && !canStart) {
            commands.block(idleNanos(now));
        }
    }

    private long idleNanos(long now) {
        long idle = IDLE_NANOS;
        long deadline = commands.earliestDeadlineNanos(now);
        if (deadline != Long.MAX_VALUE) {
            idle = Math.min(idle, deadline - now);
        }
        if (keepAliveIntervalNanos > 0 && !keepAliveRunning && commands.freeCount() > 0) {
            idle = Math.min(idle, keepAliveDueNanos - now);
        }
        return Math.max(0, idle);
    }

    private int startWaiting() {
        int started = 0;
        while (commands.freeCount() > reservedSlots) {
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
        if (command.deadlineNanos - System.nanoTime() <= 0) {
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
        // Counted per command: where the queue pair cannot be stopped, the data area must stay.
        Region used = command.dataBytes() > 0 && data.tryAcquire() ? data : null;
        commands.submit(slot, slot, used, command.deadlineNanos);
    }

    private void encode(AdminCommand command, int slot) {
        MemorySegment capsules = commands.capsules();
        long entry = commands.capsuleOffset(slot);
        command.encoder.encode(capsules, entry, commands.commandId(slot));
        long buffer = data.address() + (long) slot * DATA_BYTES_MAX;
        byte[] out = command.toController;
        if (out != null) {
            MemorySegment.copy(
                    out,
                    0,
                    data.segment(),
                    ValueLayout.JAVA_BYTE,
                    (long) slot * DATA_BYTES_MAX,
                    out.length);
            Sgl.keyed(capsules, entry, buffer, out.length, data.controllerReadsKey());
        } else if (command.fromControllerBytes > 0) {
            // A controller that writes less than it was asked for must not show what another
            // command left here.
            data.segment()
                    .asSlice((long) slot * DATA_BYTES_MAX, command.fromControllerBytes)
                    .fill((byte) 0);
            Sgl.keyed(
                    capsules,
                    entry,
                    buffer,
                    command.fromControllerBytes,
                    data.controllerWritesKey());
        } else {
            Sgl.none(capsules, entry);
        }
    }

    private int keepAlive(long now) {
        long interval = keepAliveIntervalNanos;
        if (interval == 0 || keepAliveRunning || now - keepAliveDueNanos < 0) {
            return 0;
        }
        int slot = commands.acquire();
        if (slot < 0) {
            return 0;
        }
        keepAliveRunning = true;
        keepAliveDueNanos = now + interval;
        long entry = commands.capsuleOffset(slot);
        AdminCommands.keepAlive(commands.capsules(), entry, commands.commandId(slot));
        Sgl.none(commands.capsules(), entry);
        running[slot] = null;
        commands.submit(slot, slot, (Region) null, now + keepAliveTimeoutNanos);
        return 1;
    }

    private void completed(long token, int slot, int status, long result) {
        AdminCommand command = running[slot];
        running[slot] = null;
        FabricFailure failure = commands.failure();
        boolean aborted = failure != null && status == CommandQueue.STATUS_HOST_ABORTED;
        if (command == null) {
            keepAliveRunning = false;
            if (status != 0 && !aborted) {
                commands.fail(
                        new FabricFailure(
                                FabricFailure.Kind.DISCONNECTED,
                                "the controller refused a Keep Alive command"));
            }
            return;
        }
        if (aborted) {
            command.answer.completeExceptionally(lost(command, failure));
            return;
        }
        byte[] bytes =
                status == 0 && command.fromControllerBytes > 0
                        ? data.segment()
                                .asSlice((long) slot * DATA_BYTES_MAX, command.fromControllerBytes)
                                .toArray(ValueLayout.JAVA_BYTE)
                        : new byte[0];
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
        attempt("releasing its buffers", this::releaseData);
        if (!closing && failure != null) {
            attempt("reporting the loss", () -> onFailure.accept(failure));
        }
    }

    private void releaseData() {
        if (memory.unregister(data)) {
            arena.close();
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

package dev.verbena.internal.control;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.internal.control.AdminCommand.Answer;
import dev.verbena.internal.engine.CommandData;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.time.Time;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.TimeUnit;

/// Sends the first commands on a fresh I/O queue, one at a time: Connect and authentication. Used
/// by the thread that will hand the queue to its owner.
final class QueueCommands implements CommandChannel, AutoCloseable {
    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final CommandQueue commands;
    private final AdminData data;
    private final CommandData described = new CommandData();
    private boolean answered;
    private int status;
    private long result;

    QueueCommands(CommandQueue commands, MemoryDomain memory) {
        this.commands = commands;
        this.data = new AdminData(memory, 1);
    }

    @Override
    public Answer answer(AdminCommand command) throws IOException {
        int slot = commands.acquire();
        if (slot < 0) {
            throw lost(command);
        }
        long entry = commands.capsuleOffset(slot);
        AdminData.Buffer buffer;
        try {
            buffer = encode(command, slot, entry);
        } catch (RuntimeException | OutOfMemoryError e) {
            commands.abandon(slot);
            throw e;
        }
        answered = false;
        commands.submitUntil(slot, 0, described, command.deadlineNanos);
        commands.ring();
        try {
            await(command);
            return ended(command, buffer);
        } finally {
            if (!answered) {
                commands.close(this::completed);
            }
            command.release.run();
        }
    }

    private AdminData.Buffer encode(AdminCommand command, int slot, long entry) {
        command.encoder.encode(commands.capsules(), entry, commands.commandId(slot));
        if (command.dataBytes() > AdminCommand.SMALL_BYTES_MAX) {
            data.large(command);
        }
        AdminData.Buffer buffer = command.buffer == null ? data.ofSlot(0) : command.buffer;
        if (!buffer.prepare(command, described)) {
            throw new IllegalStateException("The buffer is closed");
        }
        return buffer;
    }

    private Answer ended(AdminCommand command, AdminData.Buffer buffer) throws IOException {
        FabricFailure failure = commands.failure();
        if (failure != null && status == CommandQueue.STATUS_HOST_ABORTED) {
            throw lost(command);
        }
        byte[] bytes = status == 0 ? buffer.read(command.fromControllerBytes) : new byte[0];
        return new Answer(command.name, status, result, bytes);
    }

    private void await(AdminCommand command) throws IOException {
        while (!answered) {
            if (commands.poll(this::completed) > 0) {
                continue;
            }
            commands.arm();
            if (commands.hasCompletions()) {
                continue;
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("Interrupted while waiting for " + command.name);
            }
            long now = Time.nanoTime();
            commands.checkDeadlines(now);
            // Not the command's own deadline: it may be over, and the command answered and waiting
            // for its send completion.
            long deadline = commands.earliestDeadlineNanos(now);
            long left = deadline == Long.MAX_VALUE ? WAIT_NANOS : deadline - now;
            commands.block(Math.clamp(left, 0, WAIT_NANOS));
        }
    }

    private void completed(long token, int slot, int status, long result) {
        answered = true;
        this.status = status;
        this.result = result;
    }

    private IOException lost(AdminCommand command) {
        FabricFailure failure = commands.failure();
        String what =
                "I/O queue "
                        + commands.queueId()
                        + " got no answer to its "
                        + command.name
                        + " command";
        if (failure != null && failure.kind() == FabricFailure.Kind.TIMED_OUT) {
            return new CommandTimeoutException(what + " in time");
        }
        return new ConnectionLostException(
                what + ": " + (failure == null ? "it is closed" : failure.message()));
    }

    /// Gives the buffer back; the queue stays, unless a command is still under way on it: then it
    /// is closed, because its buffer can be made safe in no other way.
    @Override
    public void close() {
        if (commands.inFlightCount() > 0) {
            commands.close(this::completed);
        }
        data.release();
    }
}

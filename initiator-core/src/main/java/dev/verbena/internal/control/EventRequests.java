package dev.verbena.internal.control;

import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.Sgl;
import java.lang.System.Logger.Level;
import java.util.function.Consumer;

/// Keeps Asynchronous Event Requests outstanding, so that the controller can report at any time.
///
/// Threads: the admin queue's.
final class EventRequests {
    /// Requests that are outstanding at most; one for each kind of event that matters.
    static final int COUNT_MAX = 4;

    /// Asynchronous Event Request Limit Exceeded.
    private static final int LIMIT_EXCEEDED = 0x105;

    /// No deadline: an event may never come. A distance that never overflows.
    private static final long NEVER_NANOS = Long.MAX_VALUE / 2;

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    private final CommandQueue commands;
    private final Consumer<AsynchronousEvent> onEvent;
    private int wanted;
    private int outstanding;

    EventRequests(CommandQueue commands, Consumer<AsynchronousEvent> onEvent) {
        this.commands = commands;
        this.onEvent = onEvent;
    }

    /// @param count requests to keep outstanding, up to [#COUNT_MAX]
    void want(int count) {
        wanted = Math.min(count, COUNT_MAX);
    }

    /// Slots that are kept for requests not sent yet.
    int reservedSlots() {
        return wanted - outstanding;
    }

    /// Sends what is missing.
    ///
    /// @param token of the requests
    /// @return requests sent
    int send(long token, long nowNanos) {
        int sent = 0;
        while (outstanding < wanted) {
            int slot = commands.acquire();
            if (slot < 0) {
                break;
            }
            long entry = commands.capsuleOffset(slot);
            AdminCommands.asynchronousEventRequest(
                    commands.capsules(), entry, commands.commandId(slot));
            Sgl.none(commands.capsules(), entry);
            commands.submit(slot, token, (Region) null, nowNanos + NEVER_NANOS);
            outstanding++;
            sent++;
        }
        return sent;
    }

    /// A request was answered. An error means fewer requests from now on: asking again would only
    /// bring the same answer.
    void completed(int status, long result) {
        outstanding--;
        if (status == 0) {
            onEvent.accept(new AsynchronousEvent((int) result));
            return;
        }
        wanted--;
        NvmeStatus answer = new NvmeStatus(status);
        if (answer.typeAndCode() != LIMIT_EXCEEDED && commands.failure() == null) {
            LOG.log(Level.WARNING, "The controller takes no more event requests: {0}", answer);
        }
    }
}

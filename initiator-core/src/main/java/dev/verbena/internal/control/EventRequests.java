package dev.verbena.internal.control;

import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.memory.Region;
import dev.verbena.internal.time.Pace;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.Sgl;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Consumer;

/// Keeps Asynchronous Event Requests outstanding, so that the controller can report at any time.
///
/// They are sent at a pace, because a controller may answer each at once. An answer that is an
/// error ends nothing: after a while the controller is asked again, and less and less often while
/// it goes on refusing.
///
/// Threads: the admin queue's.
final class EventRequests {
    /// Requests that are outstanding at most; one for each kind of event that matters.
    static final int COUNT_MAX = 4;

    /// Asynchronous Event Request Limit Exceeded.
    private static final int LIMIT_EXCEEDED = 0x105;

    /// No deadline: an event may never come. A distance that never overflows.
    private static final long NEVER_NANOS = Long.MAX_VALUE / 2;

    /// Requests that may be sent without a pause, and the time between two after that.
    static final int AT_ONCE = 32;

    static final Duration INTERVAL = Duration.ofMillis(20);

    /// Wait after a request that failed; doubled each time, up to the longest.
    static final Duration RETRY_DELAY_MIN = Duration.ofSeconds(1);

    static final Duration RETRY_DELAY_MAX = Duration.ofSeconds(60);

    /// Failures in a row after which a controller that forbids to ask again is believed.
    static final int REFUSALS_MAX = 8;

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    private final CommandQueue commands;
    private final Consumer<AsynchronousEvent> onEvent;
    private final Pace pace = new Pace(AT_ONCE, INTERVAL);

    /// Of the log: a controller may refuse and take requests by turns.
    private final Pace lines = new Pace(3, Duration.ofMinutes(1));

    /// Requests to keep outstanding, and the most the controller was seen to take.
    private int wanted;

    private int outstanding;

    /// Failures since the last event.
    private int failures;

    /// Not before this is another one sent, while there are failures.
    private long retryNanos;

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
        return Math.max(0, target() - outstanding);
    }

    /// After a failure one request has to show whether there can be more.
    private int target() {
        return failures == 0 ? wanted : Math.min(1, wanted);
    }

    /// Sends what is missing.
    ///
    /// @param token of the requests
    /// @return requests sent
    int send(long token, long nowNanos) {
        int sent = 0;
        while (isMissing() && waitNanos(nowNanos) == 0) {
            int slot = commands.acquire();
            if (slot < 0) {
                break;
            }
            var _ = pace.tryTake(nowNanos);
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

    private boolean isMissing() {
        return outstanding < target();
    }

    private long waitNanos(long nowNanos) {
        long left = pace.leftNanos(nowNanos);
        return failures == 0 ? left : Math.max(left, retryNanos - nowNanos);
    }

    /// Nanoseconds until a request may be sent; [Long#MAX_VALUE] when none is missing.
    long leftNanos(long nowNanos) {
        return isMissing() ? waitNanos(nowNanos) : Long.MAX_VALUE;
    }

    /// A request was answered.
    void completed(int status, long result, long nowNanos) {
        outstanding--;
        if (status == 0) {
            failures = 0;
            onEvent.accept(new AsynchronousEvent((int) result));
        } else if (commands.failure() == null) {
            failed(new NvmeStatus(status), nowNanos);
        }
    }

    private void failed(NvmeStatus answer, long nowNanos) {
        if (answer.typeAndCode() == LIMIT_EXCEEDED && outstanding > 0) {
            // It takes fewer than it said.
            wanted = Math.max(1, Math.min(wanted, outstanding));
            return;
        }
        if (failures > 0 && retryNanos - nowNanos > 0) {
            // Sent together with one that has failed already.
            return;
        }
        failures++;
        if (failures >= REFUSALS_MAX && answer.doNotRetry()) {
            wanted = 0;
            LOG.log(
                    Level.WARNING,
                    "The controller takes no requests for events: {0}. Changes of its namespaces are"
                            + " not noticed until the next connection",
                    answer);
            return;
        }
        long delay = RETRY_DELAY_MIN.toNanos() << Math.min(failures - 1, 16);
        retryNanos = nowNanos + Math.min(delay, RETRY_DELAY_MAX.toNanos());
        LOG.log(
                failures == 1 && lines.tryTake(nowNanos) ? Level.INFO : Level.DEBUG,
                "The controller refused a request for events; it is asked again later: {0}",
                answer);
    }
}

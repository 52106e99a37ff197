package dev.verbena.internal.engine;

import dev.verbena.internal.time.Time;
import dev.verbena.nvme.Disposition;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.StatusContext;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The commands that are sent a second time: which ones may be, and when.
///
/// Threads: the queue's owner.
final class Repeats {
    /// Times one command is sent again because the connection broke under it.
    static final int LOSSES_MAX = 32;

    /// Longest delay before a command is sent again, whatever the controller asks for.
    static final long DELAY_NANOS_MAX = 60_000_000_000L;

    /// First delay where a command shall be sent later and the controller does not say when; it
    /// grows with every time.
    static final long DELAY_NANOS = 100_000_000;

    /// Longest time between two looks whether a namespace can be reached again.
    static final long ACCESS_DELAY_NANOS_MAX = 500_000_000;

    private final DeviceSettings settings;
    private final DeviceCounters counters;
    private final RetryBudget budget = new RetryBudget();

    /// Pieces to send again, before anything new.
    private final Deque<Part> ready = new ArrayDeque<>();

    /// Pieces to send again later.
    private final List<Part> delayed = new ArrayList<>();

    /// When the first of them is due.
    private long nextDueNanos;

    Repeats(DeviceSettings settings, DeviceCounters counters) {
        this.settings = settings;
        this.counters = counters;
        counters.set(DeviceCounters.RETRY_BUDGET, budget.left());
    }

    boolean isEmpty() {
        return ready.isEmpty() && delayed.isEmpty();
    }

    boolean contains(Part part) {
        return ready.contains(part) || delayed.contains(part);
    }

    int delayedCount() {
        return delayed.size();
    }

    /// The next piece to send; null when there is none at the moment.
    @Nullable Part peek() {
        if (!delayed.isEmpty()) {
            wakeDelayed();
        }
        return ready.peek();
    }

    void remove() {
        ready.remove();
    }

    void add(Part part) {
        ready.add(part);
    }

    void addFirst(Part part) {
        ready.addFirst(part);
    }

    /// Takes everything, the youngest first; null when nothing is left.
    @Nullable Part takeLast() {
        ready.addAll(delayed);
        delayed.clear();
        return ready.pollLast();
    }

    /// Drops the pieces of requests that have failed.
    ///
    /// @param dropped told of each
    void removeFailed(Consumer<Part> dropped) {
        Predicate<Part> failed =
                part -> {
                    boolean over = part.owner().hasFailed();
                    if (over) {
                        dropped.accept(part);
                    }
                    return over;
                };
        ready.removeIf(failed);
        delayed.removeIf(failed);
    }

    private void wakeDelayed() {
        long now = Time.nanoTime();
        if (nextDueNanos - now > 0) {
            return;
        }
        nextDueNanos = now + DELAY_NANOS_MAX;
        int kept = 0;
        for (int i = 0; i < delayed.size(); i++) {
            Part part = delayed.get(i);
            if (part.dueNanos - now <= 0) {
                ready.add(part);
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

    /// A command succeeded.
    void succeeded() {
        if (budget.succeeded()) {
            counters.set(DeviceCounters.RETRY_BUDGET, budget.left());
        }
    }

    /// A command was lost with its connection.
    ///
    /// @return whether it is sent again
    boolean lost(Part part) {
        if (part.losses == LOSSES_MAX) {
            return false;
        }
        part.losses++;
        counters.add(DeviceCounters.REPEATED, 1);
        ready.add(part);
        return true;
    }

    /// A command failed.
    ///
    /// @return whether it is sent again
    boolean failed(Part part, int status) {
        NvmeStatus meaning = new NvmeStatus(status);
        Disposition disposition = Disposition.of(meaning, StatusContext.IO);
        boolean mayComeBack =
                disposition.samePath() == Disposition.SamePath.WAIT
                        && disposition.followUp() == Disposition.FollowUp.READ_ANA_LOG;
        if (mayComeBack && settings.accessWaitMillis().getAsInt() > 0) {
            return waitForAccess(part, meaning);
        }
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

    /// The group of the namespace is on its way to another state, or cannot be reached by this
    /// controller and nothing is known of another one: within the time the controller claims to
    /// need (ANATT) that can end, and the command is asked for again until then. None of that is a
    /// failure of the command, so it uses up nothing.
    private boolean waitForAccess(Part part, NvmeStatus status) {
        long now = Time.nanoTime();
        if (part.accessWaits == 0) {
            part.accessSinceNanos = now;
        }
        long waited = now - part.accessSinceNanos;
        long left = settings.accessWaitMillis().getAsInt() * 1_000_000L - waited;
        if (left <= 0) {
            return false;
        }
        part.accessWaits++;
        counters.add(DeviceCounters.RETRIED, 1);
        long asked = settings.retryDelayMillis().applyAsInt(status.retryDelayIndex()) * 1_000_000L;
        long own = Math.min(DELAY_NANOS * part.accessWaits, ACCESS_DELAY_NANOS_MAX);
        sendLater(part, Math.min(left, Math.max(asked, own)));
        return true;
    }

    private long delayNanos(Part part, NvmeStatus status, Disposition disposition) {
        long asked = settings.retryDelayMillis().applyAsInt(status.retryDelayIndex()) * 1_000_000L;
        if (asked == 0 && disposition.samePath() == Disposition.SamePath.WAIT) {
            asked = DELAY_NANOS * part.retries;
        }
        return Math.min(asked, DELAY_NANOS_MAX);
    }

    private void sendLater(Part part, long delayNanos) {
        if (delayNanos == 0) {
            ready.add(part);
            return;
        }
        part.dueNanos = Time.nanoTime() + delayNanos;
        nextDueNanos = delayed.isEmpty() ? part.dueNanos : earlier(nextDueNanos, part.dueNanos);
        delayed.add(part);
    }
}

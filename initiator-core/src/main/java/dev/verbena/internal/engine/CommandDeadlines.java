package dev.verbena.internal.engine;

import java.time.Duration;

/// By when each slot's command has to be answered, and who is asked when it is not.
///
/// Threads: the queue's owner.
final class CommandDeadlines {
    /// How much later than its command's deadline the last event of a command may come when the
    /// answer has come.
    static final long ANSWERED_GRACE_NANOS = Duration.ofSeconds(1).toNanos();

    private final CommandSlots slots;
    private final CommandEvents events;

    CommandDeadlines(CommandSlots slots, CommandEvents events) {
        this.slots = slots;
        this.events = events;
    }

    /// The earliest deadline of all outstanding commands, [Long#MAX_VALUE] when there is none.
    long earliest(long nowNanos) {
        long left = Long.MAX_VALUE;
        for (int slot = 0; slot < slots.count(); slot++) {
            if (slots.inUse(slot)) {
                left = Math.min(left, deadline(slot, nowNanos) - nowNanos);
            }
        }
        return left == Long.MAX_VALUE ? Long.MAX_VALUE : nowNanos + left;
    }

    /// Asks about every command that is past its deadline, and where one shall take the queue down,
    /// about those too that would be very soon: all of them end with the queue, and who is asked
    /// decides which of them have failed.
    ///
    /// @return whether one shall
    boolean check(long nowNanos, ExpiryHandler handler) {
        if (!askAll(nowNanos, handler)) {
            return false;
        }
        long early = handler.earlyNanos();
        if (early > 0) {
            var _ = askAll(nowNanos + early, handler);
        }
        return true;
    }

    private boolean askAll(long nowNanos, ExpiryHandler handler) {
        boolean fails = false;
        for (int slot = 0; slot < slots.count(); slot++) {
            if (slots.inUse(slot) && deadline(slot, nowNanos) - nowNanos <= 0) {
                fails |= !prolonged(slot, nowNanos, handler);
            }
        }
        return fails;
    }

    private boolean prolonged(int slot, long nowNanos, ExpiryHandler handler) {
        long more = ExpiryHandler.FAIL;
        try {
            more = handler.expired(slots.token(slot), slot);
        } catch (Throwable e) {
            events.thrown(e);
        }
        if (more > 0) {
            slots.deadline(slot, nowNanos + Math.min(more, CommandSlots.TIMEOUT_NANOS_MAX));
        }
        return more > 0;
    }

    /// An answer that came in time is not too late because what only frees the slot, the completion
    /// of its send or the end of its key, comes after the deadline.
    private long deadline(int slot, long nowNanos) {
        long deadline = slots.deadlineAsOf(slot, nowNanos);
        return slots.isAnswered(slot) ? deadline + ANSWERED_GRACE_NANOS : deadline;
    }
}

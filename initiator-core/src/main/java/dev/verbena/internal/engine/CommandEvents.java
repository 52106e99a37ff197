package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricEvents;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.nvme.CompletionEntry;
import org.jspecify.annotations.Nullable;

/// Turns a queue's fabric events into completed commands: each is checked before it is believed.
///
/// Threads: the queue's owner.
final class CommandEvents implements FabricEvents {
    private final FabricQueue queue;
    private final CommandSlots slots;
    private final SlotHolds holds;
    private final QueueCounters counters;
    private final int[] statuses;
    private final long[] results;

    /// The key of each slot's command, where it is bound to one.
    private final int[] keys;

    private CommandHandler handler = (token, slot, status, result) -> {};
    private final Thrown thrown = new Thrown();

    /// Invalidations are staged.
    private boolean ringing;

    /// Completions are kept, not delivered.
    private boolean holding;

    /// Slots whose completions are kept; of a queue in a group only.
    private int @Nullable [] held;

    private int heldCount;

    CommandEvents(FabricQueue queue, CommandSlots slots, SlotHolds holds, QueueCounters counters) {
        this.counters = counters;
        this.queue = queue;
        this.slots = slots;
        this.holds = holds;
        int count = slots.count();
        statuses = new int[count];
        results = new long[count];
        keys = new int[count];
    }

    @SuppressWarnings("ReferenceEquality") // that is the question here
    void handler(CommandHandler value) {
        // Not written when it is the same: storing a reference has a price.
        if (handler != value) {
            handler = value;
        }
    }

    void key(int slot, int key) {
        keys[slot] = key;
    }

    /// Whether events have staged something since the last call.
    boolean takeRinging() {
        boolean staged = ringing;
        ringing = false;
        return staged;
    }

    @Override
    public void sent(int slot, int tag) {
        if (!slots.isSending(slot, tag)) {
            unexpected("a send", slot);
        } else if (slots.sent(slot)) {
            finish(slot);
        }
    }

    @Override
    public void invalidated(int slot, int tag) {
        if (!slots.isInvalidating(slot, tag)) {
            unexpected("an invalidation", slot);
        } else if (slots.keyless(slot)) {
            finish(slot);
        }
    }

    private void unexpected(String what, int slot) {
        queue.fail(
                new FabricFailure(
                        FabricFailure.Kind.TRANSPORT_ERROR,
                        what + " completed that was not under way (slot " + slot + ")"));
    }

    @Override
    public void received(long low, long high, int byteLength) {
        int slot = slots.slotAwaitingOnlyAnswer(commandId(high));
        if (slot >= 0 && byteLength >= CompletionEntry.SIZE) {
            completeLeased(slot, status(high), low);
        } else {
            receivedEarly(low, high, byteLength);
        }
    }

    /// An answer that something else has to follow, or that is none.
    private void receivedEarly(long low, long high, int byteLength) {
        int slot = slots.slotAwaiting(commandId(high));
        if (byteLength < CompletionEntry.SIZE || slot < 0) {
            refuse(high, byteLength);
        } else if (answer(slot, low, high)) {
            finish(slot);
        } else if (slots.isBound(slot)) {
            // The target was asked to, and need not: not every device can.
            queue.invalidate(slot, slots.generation(slot));
            counters.count(QueueCounters.LOCAL_INVALIDATIONS);
            ringing = true;
        }
    }

    @Override
    public void receivedInvalidating(long low, long high, int byteLength, int key) {
        int slot = slots.slotAwaitingAnswerAndKey(commandId(high));
        if (slot >= 0 && byteLength >= CompletionEntry.SIZE && keys[slot] == key) {
            counters.count(QueueCounters.REMOTE_INVALIDATIONS);
            completeLeased(slot, status(high), low);
        } else {
            invalidatingEarly(low, high, byteLength, key);
        }
    }

    private void invalidatingEarly(long low, long high, int byteLength, int key) {
        int slot = slots.slotAwaiting(commandId(high));
        if (byteLength < CompletionEntry.SIZE || slot < 0) {
            refuse(high, byteLength);
        } else if (!slots.isBound(slot) || keys[slot] != key) {
            violation(
                    "a response for command id "
                            + Integer.toHexString(commandId(high))
                            + "h that invalidated key "
                            + Integer.toHexString(key)
                            + "h, which is not this command's");
        } else {
            answer(slot, low, high);
            counters.count(QueueCounters.REMOTE_INVALIDATIONS);
            if (slots.keyless(slot)) {
                finish(slot);
            }
        }
    }

    private boolean answer(int slot, long low, long high) {
        statuses[slot] = status(high);
        results[slot] = low;
        return slots.answered(slot);
    }

    private static int commandId(long high) {
        return (int) (high >>> 32) & 0xFFFF;
    }

    /// Without the phase bit, which means nothing over fabrics.
    private static int status(long high) {
        return (int) (high >>> 49);
    }

    private void refuse(long high, int byteLength) {
        violation(
                byteLength < CompletionEntry.SIZE
                        ? "a response of " + byteLength + " bytes, 16 are the minimum"
                        : "a response for command id "
                                + Integer.toHexString(commandId(high))
                                + "h, which no outstanding command has");
    }

    private void violation(String what) {
        queue.fail(
                new FabricFailure(
                        FabricFailure.Kind.PROTOCOL_VIOLATION, "the target sent " + what));
    }

    /// Completes a command whose outcome nobody will learn any more.
    void abort(int slot) {
        if (!slots.isAnswered(slot)) {
            statuses[slot] = CommandQueue.STATUS_HOST_ABORTED;
            results[slot] = 0;
        }
        finish(slot);
    }

    private void finish(int slot) {
        if (slots.isLeased(slot)) {
            completeLeased(slot, statuses[slot], results[slot]);
        } else {
            holds.release(slot);
            deliver(slot, statuses[slot], results[slot]);
        }
    }

    private void completeLeased(int slot, int status, long result) {
        holds.releaseLease(slot);
        deliver(slot, status, result);
    }

    private void deliver(int slot, int status, long result) {
        if (holding) {
            hold(slot, status, result);
            return;
        }
        long token = slots.token(slot);
        slots.release(slot);
        try {
            handler.completed(token, slot, status, result);
        } catch (Throwable e) {
            // Errors too: whatever a handler throws, the other completions of the batch have to
            // be delivered.
            thrown.add(e);
        }
    }

    /// Keeps completions from now on: whoever polls the completion queue now does it for another
    /// queue, and nobody waits for these.
    void hold() {
        if (held == null) {
            held = new int[slots.count()];
        }
        holding = true;
    }

    /// Delivers again.
    void endHold() {
        holding = false;
    }

    /// The slot stays in use, so the command is still one that has not completed.
    private void hold(int slot, int status, long result) {
        statuses[slot] = status;
        results[slot] = result;
        slots.finished(slot);
        int[] kept = held;
        if (kept != null) {
            kept[heldCount++] = slot;
        }
    }

    boolean hasHeld() {
        return heldCount > 0;
    }

    /// Delivers what was kept.
    ///
    /// @return how much it was
    int deliverHeld() {
        int count = heldCount;
        int[] kept = held;
        for (int i = 0; i < count && kept != null; i++) {
            int slot = kept[i];
            deliver(slot, statuses[slot], results[slot]);
        }
        heldCount = 0;
        return count;
    }

    /// Keeps what a handler threw for [#rethrow].
    void thrown(Throwable e) {
        thrown.add(e);
    }

    /// Throws what the handlers threw.
    void rethrow() {
        thrown.rethrow();
    }
}

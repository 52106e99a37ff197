package dev.verbena.internal.engine;

/// The commands that can be outstanding on one queue: which slots are free, and whose answer is
/// still missing.
///
/// A command id is the slot number in the low bits and the slot's generation above, so that a late
/// or repeated answer for an earlier command of the same slot is recognised. A slot is free again
/// only when the device is done with its capsule, the answer has come **and** no key of the command
/// is valid any more.
///
/// Threads: the queue's owner only.
final class CommandSlots {
    private static final int COMMAND_ID_BITS = 16;

    /// One bit is left for the generation at the largest queue.
    static final int SLOT_COUNT_MAX = 1 << (COMMAND_ID_BITS - 1);

    private static final byte IN_USE = 1;
    private static final byte SENT = 2;
    private static final byte ANSWERED = 4;

    /// No key of the command is valid: it had none, or it has been invalidated.
    private static final byte KEYLESS = 8;

    private static final byte FINISHED = IN_USE | SENT | ANSWERED | KEYLESS;

    private final int count;
    private final int slotBits;
    private final int generationMask;
    private final int[] free;
    private int freeCount;
    private final byte[] state;
    private final int[] generation;

    CommandSlots(int count) {
        if (count < 1 || count > SLOT_COUNT_MAX) {
            throw new IllegalArgumentException(
                    "A queue of " + count + " commands; 1.." + SLOT_COUNT_MAX + " are possible");
        }
        this.count = count;
        this.slotBits = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(1, count - 1));
        this.generationMask = (1 << (COMMAND_ID_BITS - slotBits)) - 1;
        this.free = new int[count];
        this.state = new byte[count];
        this.generation = new int[count];
        for (int i = 0; i < count; i++) {
            // Slot 0 is handed out first: easier to read in a trace.
            free[i] = count - 1 - i;
        }
        freeCount = count;
    }

    int count() {
        return count;
    }

    int inUseCount() {
        return count - freeCount;
    }

    int freeCount() {
        return freeCount;
    }

    /// Takes a slot; -1 when all are in use.
    int acquire() {
        if (freeCount == 0) {
            return -1;
        }
        int slot = free[--freeCount];
        state[slot] = IN_USE;
        return slot;
    }

    /// The id of the command that is in the slot at this moment.
    int commandId(int slot) {
        return generation[slot] << slotBits | slot;
    }

    int generation(int slot) {
        return generation[slot];
    }

    /// The slot a command id from the wire belongs to, or -1 when no unanswered command has that
    /// id.
    int slotAwaiting(int commandId) {
        int slot = commandId & ((1 << slotBits) - 1);
        if (slot >= count
                || commandId >>> slotBits != generation[slot]
                || (state[slot] & (IN_USE | ANSWERED)) != IN_USE) {
            return -1;
        }
        return slot;
    }

    /// Whether a command of that generation is in the slot and its send completion is missing.
    boolean isSending(int slot, int sentGeneration) {
        return slot >= 0
                && slot < count
                && generation[slot] == sentGeneration
                && (state[slot] & (IN_USE | SENT)) == IN_USE;
    }

    /// A command was handed over.
    ///
    /// @param awaitsSent whether [#sent] will be called for it
    /// @param bound whether a key was made for it, which [#keyless] ends
    void submitted(int slot, boolean awaitsSent, boolean bound) {
        state[slot] = (byte) (IN_USE | (awaitsSent ? 0 : SENT) | (bound ? 0 : KEYLESS));
    }

    /// Whether a key made for the command is valid still.
    boolean isBound(int slot) {
        return (state[slot] & KEYLESS) == 0;
    }

    /// Whether a command of that generation is in the slot, answered, and only its key is left.
    boolean isInvalidating(int slot, int tag) {
        return slot >= 0
                && slot < count
                && generation[slot] == tag
                && (state[slot] & (IN_USE | ANSWERED | KEYLESS)) == (IN_USE | ANSWERED);
    }

    /// The command's key is invalid.
    ///
    /// @return whether the command is finished with it
    boolean keyless(int slot) {
        state[slot] |= KEYLESS;
        return state[slot] == FINISHED;
    }

    /// The answer has come.
    ///
    /// @return whether the command is finished with it
    boolean answered(int slot) {
        state[slot] |= ANSWERED;
        return state[slot] == FINISHED;
    }

    /// The device is done with the capsule.
    ///
    /// @return whether the command is finished with it
    boolean sent(int slot) {
        state[slot] |= SENT;
        return state[slot] == FINISHED;
    }

    boolean inUse(int slot) {
        return (state[slot] & IN_USE) != 0;
    }

    boolean isAnswered(int slot) {
        return (state[slot] & ANSWERED) != 0;
    }

    /// Frees a slot; the next command in it has another id.
    void release(int slot) {
        state[slot] = 0;
        generation[slot] = (generation[slot] + 1) & generationMask;
        free[freeCount++] = slot;
    }
}

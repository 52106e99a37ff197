package dev.verbena.internal.engine;

/// The commands that can be outstanding on one queue: which slots are free, whose answer is still
/// missing, and what every command needs to have noted.
///
/// A command id is the slot number in the low bits and the slot's generation above, so that a late
/// or repeated answer for an earlier command of the same slot is recognised. A slot is free again
/// only when the device is done with its capsule, the answer has come **and** no key of the command
/// is valid any more.
///
/// All that is known of a slot's state stands in one number, so that the answer most commands get,
/// the last thing missing, is recognised by one comparison; and that number stands beside the
/// others of its slot.
///
/// Threads: the queue's owner only.
final class CommandSlots {
    private static final int COMMAND_ID_BITS = 16;
    private static final int COMMAND_ID_MASK = (1 << COMMAND_ID_BITS) - 1;

    /// One bit is left for the generation at the largest queue.
    static final int SLOT_COUNT_MAX = 1 << (COMMAND_ID_BITS - 1);

    /// Longest time to wait, some centuries: what is longer would overflow the clock.
    static final long TIMEOUT_NANOS_MAX = Long.MAX_VALUE / 4;

    /// Instead of a time-out: there is a deadline.
    static final long RUNNING = Long.MIN_VALUE;

    private static final int IN_USE = 1;

    // What a submission says of a command.

    /// The device is done with the capsule, or will not say when.
    static final int SENT = 2;

    /// No key of the command is valid: it had none, or it has been invalidated.
    static final int KEYLESS = 8;

    /// All the memory the command holds is counted by one lease.
    static final int LEASED = 16;

    private static final int ANSWERED = 4;
    private static final int FINISHED = SENT | ANSWERED | KEYLESS;

    /// Bits of a word below the command id.
    private static final int STATE_BITS = 8;

    private static final int STATE_MASK = (1 << STATE_BITS) - 1;

    /// Cells of a slot: in the low half the id of its command, or of the next one, with the state
    /// below; in the high half the post the command waits for, see [#post].
    private static final int WORD = 0;

    private static final int POST_SHIFT = Integer.SIZE;
    private static final long LOW_HALF = 0xFFFF_FFFFL;

    /// What the command's owner knows it by.
    private static final int TOKEN = 1;

    /// A time-out that begins to run at the next look; [#RUNNING] for one that runs.
    private static final int NOT_STARTED = 2;

    /// When the answer has to be there, on the scale of [System#nanoTime].
    private static final int DEADLINE = 3;

    /// Cells are found by shifting the slot.
    private static final int CELL_BITS = 2;

    private final int count;
    private final int slotBits;
    private final int slotMask;
    private final int[] free;
    private int freeCount;

    /// The post that has not been made yet. A command that waits for it has not left this side, so
    /// no answer to it can be true. Noted beside the state, which is written anyway: knowing what
    /// was posted costs one number per post and none per command. After 2^32 posts one that is not
    /// answered yet would be taken for one that waits, if its answer came at that very moment.
    private int post = 1;

    /// Four of whatever slot a command id can name; those beyond the count are never in use.
    private final long[] cells;

    CommandSlots(int count) {
        if (count < 1 || count > SLOT_COUNT_MAX) {
            throw new IllegalArgumentException(
                    "A queue of " + count + " commands; 1.." + SLOT_COUNT_MAX + " are possible");
        }
        this.count = count;
        this.slotBits = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(1, count - 1));
        this.slotMask = (1 << slotBits) - 1;
        this.free = new int[count];
        this.cells = new long[1 << (slotBits + CELL_BITS)];
        for (int i = 0; i < count; i++) {
            // Slot 0 is handed out first: easier to read in a trace.
            free[i] = count - 1 - i;
            cells[cell(i, WORD)] = (long) i << STATE_BITS;
        }
        freeCount = count;
    }

    private static int cell(int slot, int which) {
        return (slot << CELL_BITS) + which;
    }

    private int word(int slot) {
        return (int) cells[cell(slot, WORD)];
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

    /// The slot [#acquire] takes next; -1 when all are in use.
    int next() {
        int left = freeCount;
        return left == 0 ? -1 : free[left - 1];
    }

    /// Takes a slot; -1 when all are in use.
    int acquire() {
        int slot = next();
        if (slot >= 0) {
            freeCount--;
            cells[cell(slot, WORD)] |= IN_USE;
        }
        return slot;
    }

    /// The id of the command that is in the slot at this moment, or of the next one.
    int commandId(int slot) {
        return word(slot) >>> STATE_BITS;
    }

    int generation(int slot) {
        return word(slot) >>> (STATE_BITS + slotBits);
    }

    /// The slot a command id from the wire belongs to, or -1 when no unanswered command has that
    /// id.
    ///
    /// @param commandId 0..65535
    int slotAwaiting(int commandId) {
        int slot = commandId & slotMask;
        int word = word(slot);
        if (word >>> STATE_BITS != commandId
                || (word & (IN_USE | ANSWERED)) != IN_USE
                || !isPosted(cells[cell(slot, WORD)])) {
            return -1;
        }
        return slot;
    }

    /// The slot of a command on leased memory that is finished by its answer, because nothing else
    /// is missing; -1 for every other id.
    ///
    /// @param commandId 0..65535
    int slotAwaitingOnlyAnswer(int commandId) {
        return slotAwaiting(commandId, IN_USE | SENT | KEYLESS | LEASED);
    }

    /// The same of a command that is finished by an answer that ends its key.
    ///
    /// @param commandId 0..65535
    int slotAwaitingAnswerAndKey(int commandId) {
        return slotAwaiting(commandId, IN_USE | SENT | LEASED);
    }

    private int slotAwaiting(int commandId, int state) {
        int slot = commandId & slotMask;
        long cell = cells[cell(slot, WORD)];
        return (int) cell == (commandId << STATE_BITS | state) && isPosted(cell) ? slot : -1;
    }

    private boolean isPosted(long cell) {
        return (int) (cell >>> POST_SHIFT) != post;
    }

    /// Everything handed over so far is posted.
    void posted() {
        post++;
    }

    /// Whether a command of that generation is in the slot and its send completion is missing.
    boolean isSending(int slot, int sentGeneration) {
        return slot >= 0
                && slot < count
                && generation(slot) == sentGeneration
                && (word(slot) & (IN_USE | SENT)) == IN_USE;
    }

    /// A command was handed over.
    ///
    /// @param slot taken with [#acquire], or [#next], which is taken now
    /// @param timeoutNanos begins to run when somebody looks at it for the first time, which saves
    ///   a look at the clock here; [#RUNNING] when [#deadline] was set
    /// @param state which of [#SENT], [#KEYLESS] and [#LEASED] it has from the start
    void submitted(int slot, long token, long timeoutNanos, int state) {
        int word = word(slot);
        if ((word & IN_USE) == 0) {
            assert slot == next();
            freeCount--;
        }
        long low = (word & ~STATE_MASK) | IN_USE | state;
        cells[cell(slot, WORD)] = ((long) post << POST_SHIFT) | (low & LOW_HALF);
        cells[cell(slot, TOKEN)] = token;
        cells[cell(slot, NOT_STARTED)] = timeoutNanos;
    }

    /// Sets when the answer has to be there.
    void deadline(int slot, long nanos) {
        cells[cell(slot, DEADLINE)] = nanos;
        cells[cell(slot, NOT_STARTED)] = RUNNING;
    }

    /// When the answer has to be there; a time-out that did not run begins to.
    long deadlineAsOf(int slot, long nowNanos) {
        long timeout = cells[cell(slot, NOT_STARTED)];
        if (timeout != RUNNING) {
            deadline(slot, nowNanos + Math.clamp(timeout, 1, TIMEOUT_NANOS_MAX));
        }
        return cells[cell(slot, DEADLINE)];
    }

    long token(int slot) {
        return cells[cell(slot, TOKEN)];
    }

    /// Whether a key made for the command is valid still.
    boolean isBound(int slot) {
        return (word(slot) & KEYLESS) == 0;
    }

    /// Whether all the memory the command holds is counted by one lease.
    boolean isLeased(int slot) {
        return (word(slot) & LEASED) != 0;
    }

    /// Whether a command of that generation is in the slot, answered, and only its key is left.
    boolean isInvalidating(int slot, int tag) {
        return slot >= 0
                && slot < count
                && generation(slot) == tag
                && (word(slot) & (IN_USE | ANSWERED | KEYLESS)) == (IN_USE | ANSWERED);
    }

    /// The command's key is invalid.
    ///
    /// @return whether the command is finished with it
    boolean keyless(int slot) {
        return add(slot, KEYLESS);
    }

    /// The answer has come.
    ///
    /// @return whether the command is finished with it
    boolean answered(int slot) {
        return add(slot, ANSWERED);
    }

    /// The device is done with the capsule.
    ///
    /// @return whether the command is finished with it
    boolean sent(int slot) {
        return add(slot, SENT);
    }

    /// The command is finished, and its slot stays in use: its completion is delivered later.
    void finished(int slot) {
        add(slot, FINISHED);
    }

    private boolean add(int slot, int state) {
        long cell = cells[cell(slot, WORD)] | state;
        cells[cell(slot, WORD)] = cell;
        return (cell & FINISHED) == FINISHED;
    }

    boolean inUse(int slot) {
        return (word(slot) & IN_USE) != 0;
    }

    boolean isAnswered(int slot) {
        return (word(slot) & ANSWERED) != 0;
    }

    /// Frees a slot; the next command in it has another id.
    void release(int slot) {
        // The generation stands above the slot's number, and wraps where the id ends.
        int next = (word(slot) >>> STATE_BITS) + (1 << slotBits) & COMMAND_ID_MASK;
        cells[cell(slot, WORD)] = (long) next << STATE_BITS;
        free[freeCount++] = slot;
    }
}

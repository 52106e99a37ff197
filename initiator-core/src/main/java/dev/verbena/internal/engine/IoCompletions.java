package dev.verbena.internal.engine;

import dev.verbena.internal.time.Time;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.SubmissionEntry;
import org.jspecify.annotations.Nullable;

/// Stands between a queue and the handler of its owner: counts completions, times commands where
/// somebody wants to know, ends what belongs to a command, and makes one completion of a fused
/// pair.
///
/// What is noted of a command is noted by its start, in the marks of its slot, and all of it ends
/// with the command, in [#marked], for each slot of a pair. Nothing is read from a capsule at the
/// end: that of a queue which had to be destroyed is gone. And whatever a recorder or a recording
/// throws, the owner hears of the command.
///
/// Threads: the queue's owner. Allocates nothing, except JFR events while a recording wants them.
final class IoCompletions implements CommandHandler {
    /// Status of a write whose compare failed: Command Aborted due to Failed Fused Command.
    private static final int FAILED_FUSED = 0x09;

    /// Mark of a slot: its command's start was noted.
    private static final int TIMED = 1;

    /// Mark: one of a fused pair.
    private static final int FUSED = 2;

    /// Mark: the compare of the pair.
    private static final int COMPARE = 4;

    /// Mark: the other one of the pair has ended.
    private static final int PARTNER_ENDED = 8;

    /// Mark: uses a run of the bounce pool.
    private static final int BOUNCED = 16;

    /// Mark: the controller was asked to abort it.
    private static final int ABORTING = 32;

    private static final CommandHandler NOBODY = (token, slot, status, result) -> {};

    private final CommandQueue commands;
    private final QueueCounters counters;

    /// Zero for most commands.
    private final byte[] marks;

    /// Slots whose marks are not; mostly none, so that completions look at nothing else.
    private int markedCount;

    private final @Nullable BounceRuns runs;
    private final int[] partners;
    private final int[] partnerStatuses;
    private final byte[] opcodes;
    private final long[] startNanos;
    private final @Nullable SlowCommandEvent[] events;
    private CommandHandler handler = NOBODY;
    private @Nullable CommandObserver observer;

    /// Whether somebody wants latencies; looked up seldom.
    private boolean timing;

    private boolean recording;

    IoCompletions(CommandQueue commands, QueueCounters counters, @Nullable BounceRuns runs) {
        this.commands = commands;
        this.counters = counters;
        this.runs = runs;
        int depth = commands.depth();
        marks = new byte[depth];
        partners = new int[depth];
        partnerStatuses = new int[depth];
        opcodes = new byte[depth];
        startNanos = new long[depth];
        events = new SlowCommandEvent[depth];
        refresh();
    }

    @SuppressWarnings("ReferenceEquality") // that is the question here
    void handler(CommandHandler value) {
        // Not written when it is the same: storing a reference has a price.
        if (handler != value) {
            handler = value;
        }
    }

    void observe(@Nullable CommandObserver value) {
        observer = value;
        refresh();
    }

    void refresh() {
        recording = SlowCommandEvent.wanted();
        timing = recording || observer != null;
    }

    /// A command was submitted.
    void started(int slot) {
        if (timing) {
            mark(slot, TIMED);
            opcodes[slot] =
                    (byte)
                            SubmissionEntry.opcode(
                                    commands.capsules(), commands.capsuleOffset(slot));
            startNanos[slot] = Time.nanoTime();
            events[slot] = recording ? SlowCommandEvent.begun(commands, slot) : null;
        }
    }

    /// The command submitted last uses a run of the bounce pool.
    void bounced(int slot, int run) {
        BounceRuns pool = runs;
        if (pool != null) {
            mark(slot, BOUNCED);
            pool.begun(slot, run);
        }
    }

    /// The controller is asked to abort the command.
    void aborting(int slot) {
        mark(slot, ABORTING);
    }

    /// Whether the controller has been asked to abort the command.
    boolean isAborting(int slot) {
        return (marks[slot] & ABORTING) != 0;
    }

    private void mark(int slot, int mark) {
        if (marks[slot] == 0) {
            markedCount++;
        }
        marks[slot] |= (byte) mark;
    }

    /// The two commands submitted last are a fused pair.
    void pair(int compare, int write) {
        mark(compare, FUSED | COMPARE);
        mark(write, FUSED);
        partners[compare] = write;
        partners[write] = compare;
    }

    @Override
    public void completed(long token, int slot, int status, long result) {
        counters.completed(status);
        if (markedCount == 0 || marks[slot] == 0) {
            handler.completed(token, slot, status, result);
        } else {
            marked(marks[slot], token, slot, status, result);
        }
    }

    private void marked(int mark, long token, int slot, int status, long result) {
        marks[slot] = 0;
        markedCount--;
        if ((mark & TIMED) != 0) {
            timed(slot, status);
        }
        BounceRuns pool = (mark & BOUNCED) != 0 ? runs : null;
        int outcome = pool == null ? status : pool.ended(slot, status);
        if ((mark & FUSED) == 0) {
            handler.completed(token, slot, outcome, result);
            return;
        }
        if ((mark & PARTNER_ENDED) == 0) {
            int partner = partners[slot];
            partnerStatuses[partner] = outcome;
            marks[partner] |= PARTNER_ENDED;
            return;
        }
        int other = partnerStatuses[slot];
        int both =
                (mark & COMPARE) != 0 ? statusOfPair(outcome, other) : statusOfPair(other, outcome);
        handler.completed(token, slot, both, result);
    }

    /// What a pair ended with: the reason, where one failed because the other did.
    private static int statusOfPair(int compare, int write) {
        boolean consequence =
                compare == 0
                        || (write != 0
                                && new NvmeStatus(compare).code() == FAILED_FUSED
                                && new NvmeStatus(compare).codeType() == NvmeStatus.TYPE_GENERIC);
        return consequence ? write : compare;
    }

    private void timed(int slot, int status) {
        int opcode = Byte.toUnsignedInt(opcodes[slot]);
        try {
            CommandObserver told = observer;
            if (told != null) {
                told.completed(opcode, Time.nanoTime() - startNanos[slot]);
            }
            SlowCommandEvent event = events[slot];
            if (event != null) {
                events[slot] = null;
                event.ended(opcode, status);
            }
        } catch (Throwable e) {
            // Of the one who wants latencies; the command has to be reported all the same.
            commands.thrown(e);
        }
    }
}

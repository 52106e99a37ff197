package dev.verbena.internal.engine;

import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.MemorySegment;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/// JFR event of an I/O command that took long: longer than the event's threshold, which a
/// recording's settings may change (`dev.verbena.SlowCommand#threshold=1ms`).
@Name("dev.verbena.SlowCommand")
@Label("Slow I/O Command")
@Description("An I/O command that took longer than the threshold")
@Category({"Verbena", "Queue"})
@Threshold("20 ms")
@StackTrace(false)
final class SlowCommandEvent extends Event {
    private static final SlowCommandEvent PROBE = new SlowCommandEvent();

    @Label("Queue")
    int queueId;

    @Label("Command Id")
    int commandId;

    @Label("Command")
    String command = "";

    @Label("Namespace")
    long namespaceId;

    @Label("Starting LBA")
    long startingLba;

    @Label("Status")
    String status = "";

    /// Whether a recording takes such events at this moment.
    static boolean wanted() {
        return PROBE.isEnabled();
    }

    /// Begins to time a command that was submitted. All that the event tells of it is noted now:
    /// when the queue is destroyed under the command, its capsule is gone before it ends.
    static SlowCommandEvent begun(CommandQueue commands, int slot) {
        SlowCommandEvent event = new SlowCommandEvent();
        event.begin();
        MemorySegment capsules = commands.capsules();
        long at = commands.capsuleOffset(slot);
        event.queueId = commands.queueId();
        event.commandId = SubmissionEntry.commandId(capsules, at);
        event.namespaceId = Integer.toUnsignedLong(SubmissionEntry.namespaceId(capsules, at));
        event.startingLba =
                Integer.toUnsignedLong(SubmissionEntry.dword(capsules, at, 10))
                        | (long) SubmissionEntry.dword(capsules, at, 11) << 32;
        return event;
    }

    /// The command has ended.
    void ended(int opcode, int statusField) {
        end();
        if (!shouldCommit()) {
            return;
        }
        command = NvmOpcode.name(opcode);
        status = NvmeStatus.describe(statusField);
        commit();
    }
}

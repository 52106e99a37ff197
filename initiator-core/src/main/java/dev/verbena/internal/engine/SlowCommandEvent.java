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

    /// The command has ended; its capsule is still as it was sent.
    void ended(CommandQueue commands, int slot, int opcode, int statusField) {
        end();
        if (!shouldCommit()) {
            return;
        }
        MemorySegment capsules = commands.capsules();
        long at = commands.capsuleOffset(slot);
        queueId = commands.queueId();
        commandId = SubmissionEntry.commandId(capsules, at);
        command = NvmOpcode.name(opcode);
        namespaceId = Integer.toUnsignedLong(SubmissionEntry.namespaceId(capsules, at));
        startingLba =
                Integer.toUnsignedLong(SubmissionEntry.dword(capsules, at, 10))
                        | (long) SubmissionEntry.dword(capsules, at, 11) << 32;
        status = NvmeStatus.describe(statusField);
        commit();
    }
}

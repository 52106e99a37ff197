package dev.verbena.testkit;

import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.CompletionEntry;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.RdmaPrivateData;
import dev.verbena.nvme.SubmissionEntry;
import dev.verbena.testkit.internal.wire.Scheduler;
import dev.verbena.testkit.internal.wire.SimulatedNetwork;
import dev.verbena.testkit.internal.wire.TargetEnd;
import dev.verbena.testkit.internal.wire.TargetPort;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Takes capsules in and sends answers out: the transport half of a target.
///
/// Threads: the scheduler's, except [#connecting] and [#judge].
final class TargetListener implements TargetPort {
    /// What a host receives in an authentication that it ends well.
    private static final int AUTHENTICATION_MESSAGES = 2;

    private static final int FUSED_FIRST = SubmissionEntry.FUSED_FIRST;

    private final SimulatedNetwork network;
    private final TestTarget target;

    TargetListener(SimulatedNetwork network, TestTarget target) {
        this.network = network;
        this.target = target;
    }

    Scheduler scheduler() {
        return network.scheduler();
    }

    // Connections.

    @Override
    public List<Fault> connecting(int queueId) {
        return target.faults().connection(queueId);
    }

    @Override
    public int judge(RdmaPrivateData.Request request) {
        return request.recordFormat() == 0 ? 0 : 2;
    }

    @Override
    public void ended(TargetEnd end) {
        TargetController controller = queue(end).controller;
        if (controller != null) {
            controller.ended(end);
        }
    }

    private static TargetQueue queue(TargetEnd end) {
        if (end.attachment() instanceof TargetQueue queue) {
            return queue;
        }
        TargetQueue fresh = new TargetQueue();
        end.attach(fresh);
        return fresh;
    }

    boolean isDiscovery(TestSubsystem subsystem) {
        return target.isDiscovery(subsystem);
    }

    byte[] discoveryLog() {
        return target.discoveryLog();
    }

    void forget(TargetController controller) {
        target.forget(controller);
    }

    void disconnectAll() {
        target.disconnectNow();
    }

    // Commands.

    @Override
    public List<Fault> faults(TargetEnd end, byte[] capsule) {
        return target.faults().command(end.queueId(), capsule);
    }

    @Override
    public void received(TargetEnd end, byte[] capsule, List<Fault> faults) {
        TargetQueue queue = queue(end);
        if (capsule.length < SubmissionEntry.SIZE) {
            violation(end, "a capsule of " + capsule.length + " bytes");
            end.breakDown("a capsule that is too short");
            return;
        }
        TargetController controller = queue.controller;
        TestSubsystem.Limits limits =
                controller == null
                        ? new TestSubsystem.Limits(0, 0, 1)
                        : controller.subsystem().limits();
        TargetCommand command = new TargetCommand(end, capsule, faults, limits);
        target.seen(end.queueId(), command.opcode);
        if (!queue.begin(command)) {
            violation(end, "command id " + command.id + " is in use");
        }
        if (queue.outstanding().size() > end.depth()) {
            violation(end, "more commands are outstanding than the queue may carry");
        }
        if (queue.entryCount > 0) {
            end.advanceHead(queue.entryCount);
        }
        if (disturbed(command)) {
            return;
        }
        if (command.problem() != 0) {
            answer(command, Outcome.status(command.problem()));
            return;
        }
        if (controller == null && !command.isConnect()) {
            answer(command, Outcome.status(Outcome.SEQUENCE_ERROR));
            return;
        }
        TargetCommand first = queue.fusedFirst;
        if (first != null) {
            queue.fusedFirst = null;
            if (command.fused() == SubmissionEntry.FUSED_SECOND) {
                fetch(
                        first,
                        compare -> fetch(command, data -> pair(first, compare, command, data)));
                return;
            }
            answer(first, Outcome.status(Outcome.ABORTED_MISSING_FUSED));
        }
        if (command.fused() == FUSED_FIRST) {
            queue.fusedFirst = command;
        } else if (command.fused() == SubmissionEntry.FUSED_SECOND) {
            answer(command, Outcome.status(Outcome.ABORTED_MISSING_FUSED));
        } else {
            fetch(command, data -> execute(command, data));
        }
    }

    /// Does what faults do to the connection; true when that leaves nothing to be done.
    private boolean disturbed(TargetCommand command) {
        for (Fault fault : command.faults) {
            switch (fault) {
                case Fault.Disconnect disconnect -> command.end.disconnect();
                case Fault.BreakConnection broken -> command.end.breakDown("as the test wants");
                case Fault.RemoveDevice remove -> network.removeDevice();
                case Fault.RaiseEvents events -> {
                    TargetController controller = queue(command.end).controller;
                    for (int i = 0; controller != null && i < events.count(); i++) {
                        controller.raise(events.event());
                    }
                }
                default -> {}
            }
        }
        return !command.end.isUp();
    }

    private void violation(TargetEnd end, String what) {
        network.device().violation("the initiator sent on " + end + ": " + what);
    }

    private interface WithData {
        void run(byte[] data);
    }

    private void fetch(TargetCommand command, WithData then) {
        byte[] inCapsule = command.inCapsule();
        boolean toController = (command.direction() & 1) != 0;
        if (inCapsule != null || !toController || command.remotes.isEmpty()) {
            scheduler()
                    .schedule(
                            "execute, " + command.end,
                            scheduler().jitterNanos(),
                            () -> {
                                if (command.end.isUp()) {
                                    then.run(inCapsule == null ? new byte[0] : inCapsule);
                                }
                            });
        } else {
            command.end.read(command.remotes, () -> !command.keyLost, then::run);
        }
    }

    private void execute(TargetCommand command, byte[] data) {
        Fault.Answer fixed = command.fault(Fault.Answer.class);
        if (fixed != null) {
            answer(command, Outcome.of(fixed.status(), fixed.result()));
            return;
        }
        Outcome outcome = outcome(command, data);
        if (outcome != null && outcome.status() != 0 && command.end.queueId() == 0) {
            target.refusedAdmin();
        }
        if (outcome != null) {
            finish(command, outcome);
        }
    }

    private @Nullable Outcome outcome(TargetCommand command, byte[] data) {
        TargetController controller = queue(command.end).controller;
        if (command.isConnect()) {
            return target.connect(this, command, data);
        }
        if (controller == null) {
            return Outcome.status(Outcome.SEQUENCE_ERROR);
        }
        if (!command.isFabrics()
                && controller.subsystem().authentication() != null
                && queue(command.end).messages < AUTHENTICATION_MESSAGES) {
            controller.subsystem().unauthenticated();
        }
        byte @Nullable [] handled =
                command.isFabrics()
                        ? null
                        : target.handler()
                                .execute(
                                        command.end.queueId(),
                                        command.entryBytes(),
                                        command.dataBytes());
        if (handled != null) {
            return Outcome.data(handled);
        }
        // Every queue authenticates itself.
        return command.end.queueId() == 0 || command.isFabrics()
                ? AdminService.execute(command, data, controller)
                : IoService.execute(command, data, controller);
    }

    private void pair(TargetCommand first, byte[] compare, TargetCommand second, byte[] data) {
        TargetController controller = queue(first.end).controller;
        if (controller == null
                || first.opcode != NvmOpcode.COMPARE
                || second.opcode != NvmOpcode.WRITE) {
            answer(first, Outcome.status(Outcome.INVALID_FIELD));
            answer(second, Outcome.status(Outcome.ABORTED_FAILED_FUSED));
            return;
        }
        Outcome compared = IoService.execute(first, compare, controller);
        answer(first, compared);
        answer(
                second,
                compared.status() == 0
                        ? IoService.execute(second, data, controller)
                        : Outcome.status(Outcome.ABORTED_FAILED_FUSED));
    }

    /// Places the data, then answers.
    private void finish(TargetCommand command, Outcome outcome) {
        if (outcome.data().length == 0 || outcome.status() != 0) {
            answer(command, outcome);
            return;
        }
        byte[] data = spoiled(command, outcome.data());
        if (outcome.data().length > command.dataBytes()) {
            answer(command, Outcome.status(Outcome.DATA_LENGTH_INVALID));
            return;
        }
        command.end.write(
                command.remotes, data, () -> !command.keyLost, () -> answer(command, outcome));
        Fault.WriteAfterAnswer late = command.fault(Fault.WriteAfterAnswer.class);
        if (late != null) {
            scheduler()
                    .schedule(
                            "write after the answer",
                            late.delay().toNanos(),
                            () -> command.end.write(command.remotes, data, () -> false, () -> {}));
        }
    }

    private byte[] spoiled(TargetCommand command, byte[] data) {
        byte[] result = data;
        boolean log = command.end.queueId() == 0 && command.opcode == AdminOpcode.GET_LOG_PAGE;
        for (Fault fault : command.faults) {
            if (fault instanceof Fault.Patch patch && !log) {
                byte[] bytes = patch.bytes();
                int fits = Math.clamp(result.length - (long) patch.offset(), 0, bytes.length);
                if (fits > 0) {
                    result = result.clone();
                    System.arraycopy(bytes, 0, result, patch.offset(), fits);
                }
            } else if (fault instanceof Fault.ShortData cut) {
                result = Arrays.copyOf(result, Math.min(cut.bytes(), result.length));
            }
        }
        return result;
    }

    /// Answers a command, or does instead what its faults say.
    void answer(TargetCommand command, Outcome outcome) {
        if (command.has(Fault.DropAnswer.class)) {
            return;
        }
        Fault.DelayAnswer late = command.fault(Fault.DelayAnswer.class);
        long delay = scheduler().jitterNanos() + (late == null ? 0 : late.delay().toNanos());
        scheduler().schedule("answer, " + command.end, delay, () -> send(command, outcome));
        Fault.DuplicateAnswer again = command.fault(Fault.DuplicateAnswer.class);
        if (again != null) {
            Outcome second = again.status() == 0 ? outcome : Outcome.status(again.status());
            scheduler()
                    .schedule(
                            "answer again, " + command.end,
                            delay + 1 + scheduler().jitterNanos(),
                            () -> {
                                byte[] bytes = response(command, second);
                                command.end.send(bytes, bytes.length, false, 0);
                            });
        }
    }

    static void send(TargetCommand command, Outcome outcome) {
        TargetQueue queue = queue(command.end);
        if (!queue.end(command)) {
            // Answered already, by an abort.
            return;
        }
        byte[] response = response(command, outcome);
        Fault.ShortAnswer cut = command.fault(Fault.ShortAnswer.class);
        Fault.InvalidateForeignKey foreign = command.fault(Fault.InvalidateForeignKey.class);
        boolean invalidate = command.invalidate && !command.has(Fault.KeepKey.class);
        command.end.send(
                response,
                cut == null ? response.length : cut.bytes(),
                foreign != null || invalidate,
                foreign != null ? foreignKey(command, foreign.key()) : command.invalidateKey);
    }

    /// 0 stands for the key of another command, where there is one.
    private static int foreignKey(TargetCommand command, int key) {
        if (key == 0) {
            for (TargetCommand other : queue(command.end).outstanding()) {
                if (other.invalidate) {
                    other.keyLost = true;
                    return other.invalidateKey;
                }
            }
        }
        return key;
    }

    private static byte[] response(TargetCommand command, Outcome outcome) {
        Fault.WrongCommandId wrong = command.fault(Fault.WrongCommandId.class);
        byte[] bytes = new byte[CompletionEntry.SIZE];
        CompletionEntry.encode(
                MemorySegment.ofArray(bytes),
                0,
                outcome.result(),
                command.end.head(),
                command.end.queueId(),
                wrong == null ? command.id : (command.id ^ wrong.flip()) & 0xFFFF,
                outcome.status());
        return bytes;
    }
}

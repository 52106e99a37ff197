package dev.verbena.testkit;

import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.NvmeStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// What goes wrong in one run, drawn from a seed: the same seed gives the same faults.
///
/// It prints itself with its seed, which is all that is needed to have it again.
public final class FaultSchedule {
    /// Faults of one run at most.
    private static final int FAULTS_MAX = 5;

    /// A status that only second answers have, and no command may end with.
    static final int DUPLICATE_STATUS = 0x7ABC;

    private static final int INTERNAL_ERROR = 0x06;

    /// One fault and its occasion.
    public record Step(Occasion occasion, Fault fault) {
        @Override
        public String toString() {
            return occasion + ": " + fault;
        }
    }

    private final long seed;
    private final List<Step> steps;

    private FaultSchedule(long seed, List<Step> steps) {
        this.seed = seed;
        this.steps = List.copyOf(steps);
    }

    /// Faults of the data path, among the first I/O commands of a target and the connections of its
    /// I/O queues.
    ///
    /// @param commandCount how many commands they are spread over
    /// @param strict whether keys are bound for each command; without, nothing stops a target from
    ///   using a key after its answer, so no such fault is drawn
    public static FaultSchedule dataPath(long seed, int commandCount, boolean strict) {
        Random random = new Random(seed ^ 0x5EED_FA17L);
        List<Step> steps = new ArrayList<>();
        int count = random.nextInt(FAULTS_MAX + 1);
        for (int i = 0; i < count; i++) {
            if (random.nextInt(12) == 0) {
                Occasion connection =
                        Occasion.connection(1 + random.nextInt(3)).after(random.nextInt(2));
                steps.add(new Step(connection, connectionFault(random)));
            } else {
                Occasion command =
                        random.nextBoolean()
                                ? Occasion.io()
                                : Occasion.io(
                                        random.nextBoolean() ? NvmOpcode.READ : NvmOpcode.WRITE);
                command = command.after(random.nextInt(commandCount));
                if (random.nextInt(4) == 0) {
                    command = command.times(1 + random.nextInt(4));
                }
                steps.add(new Step(command, commandFault(random, strict)));
            }
        }
        return new FaultSchedule(seed, steps);
    }

    /// Faults of everything a controller does: connections, Connect, admin and I/O commands.
    ///
    /// @param countMax faults at most
    /// @param strict as for [#dataPath]
    public static FaultSchedule controller(long seed, int countMax, boolean strict) {
        Random random = new Random(seed ^ 0xC0_4721_FA17L);
        List<Step> steps = new ArrayList<>();
        int count = random.nextInt(countMax + 1);
        for (int i = 0; i < count; i++) {
            steps.add(controllerStep(random, strict));
        }
        return new FaultSchedule(seed, steps);
    }

    private static Step controllerStep(Random random, boolean strict) {
        int times = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
        return switch (random.nextInt(8)) {
            case 0 -> {
                Occasion connection =
                        random.nextBoolean()
                                ? Occasion.connection()
                                : Occasion.connection(random.nextInt(4));
                yield new Step(
                        connection.after(random.nextInt(8)).times(times),
                        random.nextInt(3) == 0
                                ? new Fault.SlowAccept(duration(random))
                                : connectionFault(random));
            }
            case 1 -> {
                Occasion connect =
                        random.nextBoolean()
                                ? Occasion.connect()
                                : Occasion.connect(random.nextInt(4));
                yield new Step(
                        connect.after(random.nextInt(8)).times(times), commandFault(random, false));
            }
            case 2, 3, 4 ->
                    new Step(
                            Occasion.admin().after(random.nextInt(60)).times(times),
                            adminFault(random));
            default ->
                    new Step(
                            Occasion.io().after(random.nextInt(100)).times(times),
                            commandFault(random, strict));
        };
    }

    private static Fault adminFault(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> new Fault.RaiseEvents(random.nextInt(), 1 + random.nextInt(60));
            case 1 -> new Fault.ShortData(random.nextInt(64));
            case 2 -> Fault.Patch.of(random.nextInt(1024), random.nextLong(), 8);
            default -> commandFault(random, false);
        };
    }

    private static Fault connectionFault(Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> new Fault.HangFlush();
            case 1 -> new Fault.RefuseDestroy();
            case 2 -> new Fault.Reject(28, 1 + random.nextInt(9));
            case 3 -> new Fault.Reject(10, -1);
            default -> new Fault.AcceptWith(0, random.nextInt(4));
        };
    }

    private static Fault commandFault(Random random, boolean strict) {
        return switch (random.nextInt(strict ? 18 : 13)) {
            case 0 -> new Fault.DropAnswer();
            case 1 -> new Fault.DelayAnswer(duration(random));
            case 2 -> new Fault.DuplicateAnswer(random.nextBoolean() ? DUPLICATE_STATUS : 0);
            case 3 -> new Fault.WrongCommandId(1 + random.nextInt(0xFFFF));
            // The slot is right and its generation is not.
            case 4 -> new Fault.WrongCommandId(0x8000);
            case 5 -> new Fault.ShortAnswer(random.nextInt(16));
            case 6 -> new Fault.Answer(status(random), random.nextLong());
            case 7 -> new Fault.InvalidateForeignKey(random.nextBoolean() ? 0 : random.nextInt());
            case 8 -> new Fault.Disconnect();
            case 9 -> new Fault.BreakConnection();
            case 10 -> new Fault.SendError();
            case 11 -> new Fault.DelaySendCompletion(duration(random));
            case 12 -> random.nextInt(4) == 0 ? new Fault.RemoveDevice() : new Fault.DropAnswer();
            case 13, 14, 15 -> new Fault.KeepKey();
            default -> new Fault.WriteAfterAnswer(duration(random));
        };
    }

    /// From less than a step of the fabric to more than any time-out.
    private static Duration duration(Random random) {
        long most = 1L << (4 + random.nextInt(33));
        return Duration.ofNanos(1 + random.nextLong(most));
    }

    /// Any status that is no success: code, type, retry delay, More, Do Not Retry. A success that
    /// was none is a lie that no host can notice.
    private static int status(Random random) {
        int status = random.nextInt(DUPLICATE_STATUS);
        return new NvmeStatus(status).isSuccess() ? status | INTERNAL_ERROR : status;
    }

    /// The seed it was drawn from.
    public long seed() {
        return seed;
    }

    /// What goes wrong, and when.
    public List<Step> steps() {
        return steps;
    }

    /// Whether none of it is a reason for a queue to fail, with time-outs of some tens of seconds.
    boolean isHarmless() {
        return steps.stream().allMatch(FaultSchedule::isHarmless);
    }

    private static boolean isHarmless(Step step) {
        return switch (step.fault()) {
            case Fault.Answer answer -> true;
            case Fault.KeepKey keep -> true;
            case Fault.DelayAnswer late -> late.delay().toSeconds() < 10;
            case Fault.DelaySendCompletion late -> late.delay().toMillis() < 500;
            case Fault.AcceptWith small -> true;
            default -> false;
        };
    }

    /// Whether a host has to take the first answer to each command. Where it must refuse one, the
    /// second may still arrive before the connection is down, and is as good as any.
    boolean firstAnswersCount() {
        return steps.stream()
                .noneMatch(step ->
                        step.fault() instanceof Fault.ShortAnswer
                                || step.fault() instanceof Fault.InvalidateForeignKey);
    }

    /// Lets it all go wrong on a target.
    public void applyTo(TestTarget target) {
        steps.forEach(step -> target.inject(step.occasion(), step.fault()));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("seed ").append(seed);
        if (steps.isEmpty()) {
            return text.append(", no faults").toString();
        }
        steps.forEach(step -> text.append("\n  ").append(step));
        return text.toString();
    }
}

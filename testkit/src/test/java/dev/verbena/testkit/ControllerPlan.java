package dev.verbena.testkit;

import dev.verbena.ConnectOptions;
import dev.verbena.MemoryMode;
import dev.verbena.TimeoutPolicy;
import dev.verbena.WaitMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/// What one run of the whole controller is like, drawn from a seed: the options, the faults, and
/// what happens when. Prints itself.
final class ControllerPlan {
    /// Virtual time in which things happen.
    static final Duration HORIZON = Duration.ofSeconds(60);

    /// How long after its target a volume may come back: less than devices wait.
    private static final Duration LATE_MAX = Duration.ofSeconds(25);

    private static final List<Kind> VOLUME_KINDS =
            List.of(
                    Kind.VOLUME_GIVEN_AWAY,
                    Kind.VOLUME_EXCHANGED,
                    Kind.VOLUME_FORMATTED,
                    Kind.VOLUME_LATE);

    private static final int ACTS_MAX = 6;
    private static final int FAULTS_MAX = 10;

    /// Dword 0 of events nobody expects, and of some that everybody does.
    private static final int[] EVENTS = {
        0x04_00_02,
        0x0C_03_02,
        0x70_F0_02,
        0x00_03_00,
        0x02_00_01,
        0x03_01_02,
        0x80_00_06,
        0xFF_FF_FF
    };

    /// Log pages that events name.
    private static final int[] LOGS = {2, 4, 4, 0x0C, 0x0C};

    /// What happens at some moment.
    enum Kind {
        TARGET_AWAY,
        TARGET_STOPS_LISTENING,
        DISCONNECT,
        DEVICE_AWAY,
        QUEUE_COUNT,
        NAMESPACE_ADDED,
        NAMESPACE_REMOVED,
        NAMESPACE_RESIZED,
        VOLUME_GIVEN_AWAY,
        VOLUME_EXCHANGED,
        VOLUME_FORMATTED,
        VOLUME_LATE,
        ACCESS,
        EVENT_STORM,
        EVENT_STAYS,
        EVENT_FLOOD,
        EVENT_REQUESTS_FAIL,
        LOG_FAILS,
        LOG_CHANGES,
        TRANSITION,
        TWO_TRANSITIONS,
        NO_THREADS,
        RESET,
        RESCAN,
        SUBSYSTEM_RESET
    }

    /// @param at nanoseconds after the first connection
    /// @param number what the kind makes of it
    record Act(long at, Kind kind, long number) {
        @Override
        public String toString() {
            return at / 1_000_000 + " ms: " + kind + " " + number;
        }
    }

    /// How queues are authenticated.
    enum Authentication {
        NONE,
        /// The target asks for it.
        ASKED,
        /// The target does not ask, and goes along.
        ON_REQUEST
    }

    final ConnectOptions options;
    final Authentication authentication;
    final FaultSchedule faults;
    final List<Act> acts;
    final int queueCountMax;
    final boolean withQueueUser;
    final boolean closesEarly;
    final long controllerSeed;

    /// How many connections of queues, after how many others, cannot be flushed; then users of
    /// level 1 cut the connection too.
    final int hangingFlushes;

    final int flushesBefore;

    /// What the target takes of data in a capsule.
    final int inCapsuleBytes;

    ControllerPlan(long seed) {
        Random random = new Random(seed);
        options = options(random);
        faults =
                FaultSchedule.controller(seed, FAULTS_MAX, options.memoryMode() != MemoryMode.SLAB);
        acts = acts(random, new Random(~seed));
        queueCountMax = 1 + random.nextInt(4);
        withQueueUser = random.nextInt(3) > 0;
        closesEarly = random.nextInt(5) == 0;
        controllerSeed = random.nextLong();
        Authentication[] kinds = Authentication.values();
        authentication = kinds[new Random(seed ^ 0xA07E).nextInt(kinds.length)];
        Random flushes = new Random(seed ^ 0xF1_5858);
        hangingFlushes = flushes.nextBoolean() ? 0 : 4 + flushes.nextInt(20);
        flushesBefore = flushes.nextInt(8);
        inCapsuleBytes = flushes.nextBoolean() ? 0 : 4096;
    }

    private static ConnectOptions options(Random random) {
        MemoryMode[] modes = MemoryMode.values();
        TimeoutPolicy[] policies = TimeoutPolicy.values();
        return ConnectOptions.defaults()
                .withIoQueues(1 + random.nextInt(3))
                .withWriteQueues(random.nextInt(4) == 0 ? 1 : 0)
                .withPollQueues(random.nextInt(2))
                .withQueueSize(2 + random.nextInt(16))
                .withAdminQueueSize(2 + random.nextInt(31))
                .withConnectParallelism(1 + random.nextInt(3))
                .withKeepAliveTimeout(Duration.ofSeconds(pick(random, 0, 1, 5, 5, 15)))
                .withReconnectDelay(Duration.ofSeconds(pick(random, 1, 2, 10)))
                .withCtrlLossTimeout(Duration.ofSeconds(pick(random, -1, 0, 5, 30, 600)))
                .withFastIoFailTimeout(Duration.ofSeconds(pick(random, -1, -1, 0, 2, 20)))
                .withInCapsuleData(random.nextInt(4) > 0)
                .withDisableSqFlow(random.nextInt(4) == 0)
                .withCrdEnabled(random.nextInt(4) > 0)
                .withMemoryMode(modes[random.nextInt(modes.length)])
                .withWaitMode(random.nextInt(8) == 0 ? WaitMode.ADAPTIVE : WaitMode.EVENT)
                .withTimeoutPolicy(policies[random.nextInt(policies.length)])
                .withConnectTimeout(Duration.ofSeconds(pick(random, 3, 10, 30)))
                .withAdminTimeout(Duration.ofSeconds(pick(random, 2, 10, 60)))
                .withIoTimeout(Duration.ofSeconds(pick(random, 1, 5, 30)));
    }

    private static int pick(Random random, int... choices) {
        return choices[random.nextInt(choices.length)];
    }

    /// What a third of all plans have besides.
    private static Act volumeAct(Random random) {
        Kind kind = VOLUME_KINDS.get(random.nextInt(VOLUME_KINDS.size()));
        long numbers = kind == Kind.VOLUME_LATE ? LATE_MAX.toNanos() : 2;
        return new Act(random.nextLong(HORIZON.toNanos()), kind, random.nextLong(numbers));
    }

    /// @param volumes for what happens to the volume, so that the rest does not depend on it
    private static List<Act> acts(Random random, Random volumes) {
        List<Act> acts = new ArrayList<>();
        Kind[] kinds = Kind.values();
        int count = random.nextInt(ACTS_MAX + 1);
        for (int i = 0; i < count; i++) {
            long at = random.nextLong(HORIZON.toNanos());
            Kind kind = kinds[random.nextInt(kinds.length)];
            long number =
                    switch (kind) {
                        case TARGET_AWAY, TARGET_STOPS_LISTENING, DEVICE_AWAY, NO_THREADS ->
                                random.nextLong(Duration.ofSeconds(20).toNanos());
                        case QUEUE_COUNT -> 1 + random.nextInt(5);
                        case NAMESPACE_ADDED, NAMESPACE_REMOVED, NAMESPACE_RESIZED ->
                                2 + random.nextInt(2);
                        case VOLUME_FORMATTED -> random.nextInt(2);
                        case VOLUME_LATE -> random.nextLong(LATE_MAX.toNanos());
                        case ACCESS -> random.nextInt(TestSubsystem.Access.values().length);
                        case EVENT_STORM, EVENT_STAYS -> EVENTS[random.nextInt(EVENTS.length)];
                        case LOG_FAILS -> LOGS[random.nextInt(LOGS.length)];
                        case TRANSITION ->
                                random.nextLong(
                                        SimulatedNotices.TRANSITION_TIME
                                                .multipliedBy(2)
                                                .minusSeconds(1)
                                                .toNanos());
                        default -> 0;
                    };
            acts.add(new Act(at, kind, number));
        }
        if (volumes.nextInt(3) == 0) {
            acts.add(volumeAct(volumes));
        }
        acts.sort(Comparator.comparingLong(Act::at));
        return List.copyOf(acts);
    }

    /// Whether a queue pair may refuse to be destroyed, so that its memory stays in quarantine.
    boolean canBeQuarantined() {
        return faults.steps().stream().anyMatch(s -> s.fault() instanceof Fault.RefuseDestroy);
    }

    /// Whether nothing in it is a reason for a connection to be lost.
    boolean isPeaceful() {
        return faults.steps().isEmpty()
                && hangingFlushes == 0
                && acts.stream()
                        .allMatch(act ->
                                switch (act.kind()) {
                                    case QUEUE_COUNT,
                                            NAMESPACE_ADDED,
                                            NAMESPACE_REMOVED,
                                            NAMESPACE_RESIZED,
                                            TARGET_STOPS_LISTENING,
                                            EVENT_FLOOD,
                                            EVENT_REQUESTS_FAIL,
                                            LOG_FAILS,
                                            LOG_CHANGES,
                                            TRANSITION,
                                            TWO_TRANSITIONS,
                                            RESCAN ->
                                            true;
                                    default -> false;
                                });
    }

    /// Whether a device may have lost its volume for good.
    boolean losesVolume() {
        boolean waits =
                options.ctrlLossTimeout().isNegative()
                        || options.ctrlLossTimeout().compareTo(LATE_MAX) > 0;
        return acts.stream()
                .anyMatch(act ->
                        switch (act.kind()) {
                            case VOLUME_GIVEN_AWAY, VOLUME_EXCHANGED, VOLUME_FORMATTED -> true;
                            case VOLUME_LATE -> !waits;
                            default -> false;
                        });
    }

    /// Whether the controller must hear of every change of the namespaces: nothing stops events,
    /// and its admin queue has room for a request for them.
    boolean announcesChanges() {
        return options.adminQueueSize() >= 4
                && acts.stream().noneMatch(act -> act.kind() == Kind.EVENT_STORM)
                && faults.steps().stream()
                        .noneMatch(step ->
                                step.occasion().place() == Occasion.Place.ADMIN
                                        || step.occasion().place() == Occasion.Place.CONNECTION);
    }

    /// Whether what the controller last said of the access to its namespaces must be known.
    boolean announcesAccess() {
        return announcesChanges();
    }

    /// Whether the target may say something about its namespaces that is not so.
    boolean lies() {
        return faults.steps().stream()
                .anyMatch(step ->
                        step.occasion().place() == Occasion.Place.ADMIN
                                && (step.fault() instanceof Fault.Patch
                                        || step.fault() instanceof Fault.ShortData
                                        || step.fault() instanceof Fault.Answer));
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("options ").append(describe(options));
        text.append("\nqueues granted ").append(queueCountMax);
        text.append(withQueueUser ? ", level 1 too" : "")
                .append(closesEarly ? ", closed early" : "");
        text.append("\nauthentication ").append(authentication);
        text.append("\nflushes that hang ")
                .append(hangingFlushes)
                .append(" after ")
                .append(flushesBefore)
                .append(", data in capsules up to ")
                .append(inCapsuleBytes);
        text.append("\nfaults: ").append(faults);
        acts.forEach(act -> text.append("\n  ").append(act));
        return text.toString();
    }

    private static String describe(ConnectOptions o) {
        return ("queues %d+%d+%d of %d, admin %d, keep alive %s, reconnect %s, loss %s, fast fail %s,"
                        + " connect %s, admin %s, io %s, %s, %s, %s%s%s%s")
                .formatted(
                        o.ioQueues(),
                        o.writeQueues(),
                        o.pollQueues(),
                        o.queueSize(),
                        o.adminQueueSize(),
                        o.keepAliveTimeout(),
                        o.reconnectDelay(),
                        o.ctrlLossTimeout(),
                        o.fastIoFailTimeout(),
                        o.connectTimeout(),
                        o.adminTimeout(),
                        o.ioTimeout(),
                        o.memoryMode(),
                        o.waitMode(),
                        o.timeoutPolicy(),
                        o.inCapsuleData() ? ", in-capsule data" : "",
                        o.disableSqFlow() ? ", no SQ flow control" : "",
                        o.crdEnabled() ? ", CRD" : "");
    }
}

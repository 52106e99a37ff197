package dev.verbena.testkit;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.ControllerStatus;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import dev.verbena.TimeoutPolicy;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.auth.ChapHash;
import dev.verbena.nvme.auth.ChapMessage;
import dev.verbena.nvme.auth.ChapSecret;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// One life of a controller, from connect to close, against a target with faults: the whole
/// initiator with all its threads, in virtual time.
///
/// Everything in it follows from the seed. It checks that each accepted request ends once and with
/// the right data, that no other volume is written to, that nobody touches memory that is not his
/// at that moment, that the controller says what it does and ends up live, or dead with a reason,
/// that closing takes bounded time, and that nothing is left afterwards.
final class ControllerSimulation {
    private static final String NQN = "nqn.2024-01.org.example:simulated";

    private static final HostIdentity HOST =
            HostIdentity.of(
                    Nqn.of("nqn.2024-01.org.example:simulated-host"), new UUID(0x1234, 0x5678));

    /// Attempts to connect for the first time while things go wrong.
    private static final int CONNECTS_MAX = 4;

    /// After everything is well again: the longest back-off, and some time-outs one after the
    /// other.
    private static final Duration RECOVERY_MAX = Duration.ofMinutes(5);

    /// For steps that end by themselves when each wait is bounded.
    private static final Duration STEP_MAX = Duration.ofSeconds(400);

    /// Half seconds in which what was announced has to be known: the longest pause after a log page
    /// that could not be read.
    private static final int KNOWN_AFTER_LOOKS = 140;

    private static final long TIME_NANOS = Duration.ofHours(2).toNanos();
    private static final long STEPS_MAX = 5_000_000;

    private static final ChapSecret SECRET =
            ChapSecret.generate(ChapHash.SHA256, new SecureRandom());

    private final long seed;
    private final ControllerPlan plan;
    private final Random random;
    private final SteppedScheduler scheduler;
    private final SimulatedThreads threads;
    private final TestFabric fabric;
    private final TestTarget target;
    private final TestSubsystem subsystem;
    private final Volumes volumes;
    private final List<String> problems = new ArrayList<>();
    private @Nullable ControllerWatcher watcher;
    private @Nullable SimulatedUsers users;
    private @Nullable DmaArena arena;
    private boolean finished;
    private boolean lived;
    private boolean settled;
    private long faultCount;
    private String doing = "nothing";

    ControllerSimulation(long seed) {
        this.seed = seed;
        plan = new ControllerPlan(seed);
        random = new Random(seed ^ 0x7E57);
        scheduler = new SteppedScheduler(random.nextLong());
        threads = new SimulatedThreads(scheduler);
        fabric = TestFabric.over(threads);
        fabric.network().inlineBytesMax(64 * random.nextInt(3));
        target = fabric.addTarget("192.0.2.1", 4420);
        subsystem =
                target.addSubsystem(NQN)
                        .queueCountMax(plan.queueCountMax)
                        .inCapsuleData(plan.inCapsuleBytes, 0);
        subsystem.identify(128, 2, 2).identify(130, 5, 2).identify(132, 20, 2);
        volumes = new Volumes(target, subsystem);
    }

    /// Runs to the end.
    ///
    /// @return what was wrong; empty for a good run
    List<String> run() {
        try (threads) {
            threads.start("user", this::live);
            if (!threads.runUntil(
                    () -> finished || !threads.problems().isEmpty(), TIME_NANOS, STEPS_MAX)) {
                problems.add("it hangs at " + scheduler.nanoTime() + " ns, " + doing);
            } else {
                // Whatever the target still has in hand, and timers that were forgotten.
                threads.runUntil(() -> false, Duration.ofSeconds(200).toNanos(), STEPS_MAX);
                nothingIsLeft();
            }
            problems.addAll(threads.problems());
            threads.alive().forEach(thread -> problems.add("a thread is left: " + thread));
        }
        return problems;
    }

    private void nothingIsLeft() {
        if (watcher != null) {
            problems.addAll(watcher.problems());
        }
        if (users != null) {
            problems.addAll(users.problems());
            if (users.outstanding() != 0) {
                problems.add(users.outstanding() + " requests never ended");
            }
        }
        problems.addAll(volumes.problems());
        problems.addAll(fabric.violations());
        if (subsystem.unauthenticatedCount() > 0) {
            problems.add(
                    subsystem.unauthenticatedCount()
                            + " commands came on queues that were not authenticated");
        }
        if (arena != null) {
            try {
                arena.close();
            } catch (IllegalStateException e) {
                if (!plan.canBeQuarantined()) {
                    problems.add("the memory cannot be given back: " + e.getMessage());
                }
            }
        }
        if (!plan.canBeQuarantined()) {
            if (fabric.queueCount() != 0) {
                problems.add(fabric.queueCount() + " queue pairs are left");
            }
            if (fabric.registrationCount() != 0) {
                problems.add(fabric.registrationCount() + " keys are left");
            }
        }
    }

    // The user's side, on a thread of the simulation.

    private void live() {
        try (Initiator initiator =
                fabric.openInitiator(HOST, new SimulatedRuntime(threads, plan.controllerSeed))) {
            authenticate();
            plan.faults.applyTo(target);
            if (plan.hangingFlushes > 0) {
                target.inject(
                        Occasion.connection().after(plan.flushesBefore).times(plan.hangingFlushes),
                        new Fault.HangFlush());
            }
            Controller controller = connect(initiator);
            if (controller != null) {
                lived = true;
                use(controller);
            }
        } catch (IOException | RuntimeException | InterruptedException e) {
            problems.add(doing + ": " + describe(e));
        } finally {
            finished = true;
        }
    }

    private static String describe(Throwable e) {
        StringBuilder text = new StringBuilder(e.toString());
        for (StackTraceElement frame : e.getStackTrace()) {
            text.append("\n    at ").append(frame);
        }
        return e.getCause() == null ? text.toString() : text + "\nby " + describe(e.getCause());
    }

    private void step(String what) {
        doing = what;
        scheduler.note(what);
    }

    private @Nullable Controller connect(Initiator initiator) throws InterruptedException {
        for (int attempt = 0; ; attempt++) {
            step("connecting");
            long start = scheduler.nanoTime();
            try {
                return initiator.connect(target.address(), NQN, options());
            } catch (IOException e) {
                scheduler.note("not connected: " + e.getMessage());
                within(STEP_MAX, start);
                if (attempt > CONNECTS_MAX) {
                    problems.add("nothing goes wrong, and it cannot be connected: " + describe(e));
                    return null;
                }
            }
            Time.sleep(Duration.ofSeconds(1));
            if (attempt == CONNECTS_MAX - 1) {
                heal();
            }
        }
    }

    private ConnectOptions options() {
        return plan.authentication == ControllerPlan.Authentication.NONE
                ? plan.options
                : plan.options.withDhchapSecret(SECRET);
    }

    private void authenticate() {
        TestSubsystem.Authentication script =
                (transaction, index) ->
                        AuthenticationFailuresTest.bytes(
                                index % 2 == 0
                                        ? AuthenticationFailuresTest.challenge(transaction)
                                        : new ChapMessage.Success1(
                                                transaction, false, new byte[32]));
        switch (plan.authentication) {
            case NONE -> {}
            case ASKED -> subsystem.authentication(script);
            case ON_REQUEST -> subsystem.authenticationOnRequest(script);
        }
    }

    private void within(Duration most, long start) {
        long took = scheduler.nanoTime() - start;
        if (took > most.toNanos()) {
            problems.add(doing + " took " + took / 1_000_000 + " ms");
        }
    }

    /// The connection ends under commands that were just sent.
    private void cut() {
        if (plan.hangingFlushes > 0 && !settled) {
            target.disconnectAll();
        }
    }

    private void heal() {
        faultCount += target.faults().happenedCount();
        target.heal();
        threads.refuse(name -> false);
        target.start();
        fabric.returnDevice();
        volumes.isThere();
        if (subsystem.access(1) != TestSubsystem.Access.NON_OPTIMIZED) {
            // What can be used stays as it is: whether that is known is looked at.
            subsystem.access(1, TestSubsystem.Access.OPTIMIZED);
        }
    }

    private void use(Controller controller) throws IOException, InterruptedException {
        ControllerWatcher watching = new ControllerWatcher(scheduler, controller.status());
        watcher = watching;
        controller.addListener(watching);
        watching.knows(controller.anaLog().orElse(null));
        DmaArena memory = newArena(controller);
        arena = memory;
        SimulatedUsers work =
                new SimulatedUsers(
                        scheduler,
                        new Random(random.nextLong()),
                        memory.allocate(SimulatedUsers.memoryBytes(), 64));
        users = work;
        fabric.network().device().listen(work.pool());
        List<Thread> running = new ArrayList<>();
        SimulatedActs acts =
                new SimulatedActs(
                        plan,
                        new SimulatedActs.Stage(threads, fabric, target, subsystem, volumes, work),
                        controller,
                        new Random(random.nextLong()),
                        problems);
        running.add(threads.start("acts", acts));
        BlockDevice device = openDevice(controller);
        if (device != null) {
            running.add(threads.start("device user", new DeviceUser(device, work)));
        }
        if (plan.withQueueUser) {
            running.add(
                    threads.start(
                            "queue user", new QueueUser(controller, volumes, work, this::cut)));
        }
        step("working");
        long early = random.nextLong(ControllerPlan.HORIZON.toNanos());
        Time.sleep(
                plan.closesEarly ? Duration.ofNanos(early) : ControllerPlan.HORIZON.plusSeconds(1));
        if (!plan.closesEarly) {
            settle(controller);
            if (controller.state() == ControllerState.LIVE
                    && device != null
                    && !plan.lies()
                    && !plan.losesVolume()) {
                worksAgain(controller, work);
            }
            if (controller.state() == ControllerState.LIVE && plan.announcesChanges()) {
                knowsTheNamespaces(controller);
            }
            if (controller.state() == ControllerState.LIVE && plan.announcesAccess()) {
                knowsTheAccess(controller, watching);
            }
        }
        if (plan.isPeaceful() && watching.lossCount() > 0) {
            problems.add("nothing went wrong, and the connection was lost");
        }
        staysInPace(watching);
        acts.stop();
        end(controller, work, running, device);
    }

    /// The device may be away at this moment.
    private DmaArena newArena(Controller controller) throws InterruptedException {
        while (true) {
            try {
                return controller.newArena(SimulatedUsers.memoryBytes() + 4096);
            } catch (IllegalStateException e) {
                scheduler.note("no arena: " + e.getMessage());
                heal();
                Time.sleep(Duration.ofMillis(100));
            }
        }
    }

    private @Nullable BlockDevice openDevice(Controller controller) throws InterruptedException {
        for (int attempt = 0; attempt < 20; attempt++) {
            try {
                BlockDevice device = controller.openDevice(Volumes.ID);
                if (volumes.isMine(device.namespace())) {
                    return device;
                }
                device.close();
                return null;
            } catch (IOException e) {
                scheduler.note("no device: " + e.getMessage());
                Time.sleep(Duration.ofSeconds(2));
            }
        }
        return null;
    }

    /// All is well again: the controller has to become live, or to be dead with a reason.
    private void settle(Controller controller) throws InterruptedException {
        step("waiting for the end of all trouble");
        settled = true;
        heal();
        long start = scheduler.nanoTime();
        while (true) {
            ControllerStatus status = controller.status();
            if (isDead(status)) {
                return;
            }
            if (status.state() == ControllerState.LIVE) {
                return;
            }
            if (scheduler.nanoTime() - start > RECOVERY_MAX.toNanos()) {
                problems.add("it is neither live nor dead, but " + status);
                return;
            }
            Time.sleep(Duration.ofSeconds(1));
        }
    }

    private boolean isDead(ControllerStatus status) {
        if (status.state() != ControllerState.DEAD) {
            return false;
        }
        if (status.reason().isEmpty()) {
            problems.add("it is dead for no reason");
        }
        return true;
    }

    /// Nothing new goes wrong any more; what still lies in a queue may take its time. The answer to
    /// an event request that was sent before may still be one that ends the connection.
    private void worksAgain(Controller controller, SimulatedUsers work)
            throws IOException, InterruptedException {
        step("waiting for what waited");
        if (plan.options.timeoutPolicy() == TimeoutPolicy.REPORT_ONLY && !plan.isPeaceful()) {
            // What is never answered keeps its place in the queue: ending that is left to users.
            controller.reset();
        }
        long start = scheduler.nanoTime();
        int before = work.succeededCount();
        while (work.succeededCount() == before && !isDead(controller.status())) {
            if (scheduler.nanoTime() - start > RECOVERY_MAX.toNanos()) {
                problems.add("it is live, and nothing works: " + work.describeRunning());
                return;
            }
            Time.sleep(Duration.ofSeconds(1));
        }
    }

    /// What was added, removed or resized was announced.
    private void knowsTheNamespaces(Controller controller) throws InterruptedException {
        step("looking at the namespaces");
        for (int attempt = 0; !inventory(controller).equals(inventory()); attempt++) {
            if (attempt == KNOWN_AFTER_LOOKS) {
                problems.add(
                        "there are the namespaces "
                                + inventory()
                                + ", and it knows "
                                + inventory(controller));
                return;
            }
            Time.sleep(Duration.ofMillis(500));
        }
    }

    private static Map<Integer, Long> inventory(Controller controller) {
        return controller.namespaces().stream()
                .collect(Collectors.toMap(Namespace::id, Namespace::blockCount));
    }

    private Map<Integer, Long> inventory() {
        return subsystem.namespaces().stream()
                .collect(Collectors.toMap(TestNamespace::id, TestNamespace::blockCount));
    }

    /// How the namespaces are reached was announced, or found at a reconnect, and told.
    private void knowsTheAccess(Controller controller, ControllerWatcher watching)
            throws InterruptedException {
        step("looking at the access to the namespaces");
        for (int attempt = 0; ; attempt++) {
            String problem =
                    SimulatedNotices.accessProblem(controller, subsystem, watching.access());
            if (problem == null) {
                return;
            }
            if (attempt == KNOWN_AFTER_LOOKS) {
                problems.add(problem);
                return;
            }
            Time.sleep(Duration.ofMillis(500));
        }
    }

    /// Whatever the controller announces, it costs so much in a second and no more, besides what
    /// each connection may cost at once.
    private void staysInPace(ControllerWatcher watching) {
        problems.addAll(
                SimulatedNotices.paceProblems(
                        target,
                        watching.noticeCount(),
                        Duration.ofNanos(scheduler.nanoTime()).toSeconds()));
    }

    private void end(
            Controller controller,
            SimulatedUsers work,
            List<Thread> running,
            @Nullable BlockDevice device)
            throws InterruptedException {
        step("stopping the users");
        long start = scheduler.nanoTime();
        work.stop();
        for (Thread thread : running) {
            thread.join();
        }
        within(STEP_MAX, start);
        step("closing");
        start = scheduler.nanoTime();
        if (device != null && random.nextBoolean()) {
            device.close();
        }
        controller.close();
        within(STEP_MAX, start);
        if (controller.state() != ControllerState.DEAD) {
            problems.add("it is closed, and " + controller.status());
        }
        if (work.outstanding() != 0) {
            problems.add("not ended when all is closed: " + work.describeRunning());
        }
    }

    // Afterwards.

    long digest() {
        return scheduler.digest();
    }

    boolean hasLived() {
        return lived;
    }

    int lossCount() {
        return watcher == null ? 0 : watcher.lossCount();
    }

    int succeededCount() {
        return users == null ? 0 : users.succeededCount();
    }

    long faultCount() {
        return faultCount + target.faults().happenedCount();
    }

    ControllerPlan plan() {
        return plan;
    }

    /// Seed, plan and the end of the trace, for somebody who has to find out.
    String report() {
        return "seed "
                + seed
                + "\n"
                + plan
                + "\nproblems: "
                + String.join("\n  ", problems)
                + "\ntrace:\n"
                + String.join("\n", scheduler.trace());
    }
}

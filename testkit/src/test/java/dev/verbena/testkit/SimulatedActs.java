package dev.verbena.testkit;

import dev.verbena.Controller;
import dev.verbena.internal.time.Time;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/// What happens to a controller and its target while they work, as a plan says.
final class SimulatedActs implements Runnable {
    /// Where it happens.
    record Stage(
            SimulatedThreads threads,
            TestFabric fabric,
            TestTarget target,
            TestSubsystem subsystem,
            Volumes volumes,
            SimulatedUsers users) {}

    private static final List<TestSubsystem.Access> ACCESSES =
            List.of(TestSubsystem.Access.values());

    private final ControllerPlan plan;
    private final Stage stage;
    private final Controller controller;
    private final Random random;
    private final List<String> problems;
    private boolean over;

    SimulatedActs(
            ControllerPlan plan,
            Stage stage,
            Controller controller,
            Random random,
            List<String> problems) {
        this.plan = plan;
        this.stage = stage;
        this.controller = controller;
        this.random = random;
        this.problems = problems;
    }

    /// Nothing more is to happen.
    void stop() {
        over = true;
    }

    @Override
    public void run() {
        SteppedScheduler scheduler = stage.threads().scheduler();
        long start = scheduler.nanoTime();
        for (ControllerPlan.Act act : plan.acts) {
            try {
                while (!over && scheduler.nanoTime() < start + act.at()) {
                    Time.sleep(Duration.ofMillis(500));
                }
            } catch (InterruptedException e) {
                problems.add("who acts was interrupted");
            }
            if (over) {
                return;
            }
            scheduler.note("act: " + act);
            stage.threads().start("act", () -> carryOut(act));
        }
    }

    private void carryOut(ControllerPlan.Act act) {
        TestFabric fabric = stage.fabric();
        TestTarget target = stage.target();
        TestSubsystem subsystem = stage.subsystem();
        SimulatedNotices notices = new SimulatedNotices(target, subsystem, random);
        int number = (int) act.number();
        try {
            switch (act.kind()) {
                case TARGET_AWAY -> {
                    target.stop();
                    target.disconnectAll();
                    Time.sleep(Duration.ofNanos(act.number()));
                    target.start();
                }
                case TARGET_STOPS_LISTENING -> {
                    target.stop();
                    Time.sleep(Duration.ofNanos(act.number()));
                    target.start();
                }
                case DISCONNECT -> target.disconnectAll();
                case DEVICE_AWAY -> {
                    fabric.removeDevice();
                    Time.sleep(Duration.ofNanos(act.number()));
                    fabric.returnDevice();
                }
                case QUEUE_COUNT -> subsystem.queueCountMax(number);
                case NAMESPACE_ADDED -> {
                    if (subsystem.namespace(number) == null) {
                        subsystem.addNamespace(number, 64, 512);
                    }
                }
                case NAMESPACE_REMOVED -> subsystem.removeNamespace(number);
                case NAMESPACE_RESIZED -> {
                    if (subsystem.namespace(number) != null) {
                        subsystem.resizeNamespace(number, 64 + random.nextInt(64));
                    }
                }
                case VOLUME_GIVEN_AWAY -> stage.volumes().giveAway();
                case VOLUME_EXCHANGED -> stage.volumes().exchange(controller, stage.users());
                case VOLUME_FORMATTED -> stage.volumes().format(number == 1);
                case VOLUME_LATE -> stage.volumes().comeLate(Duration.ofNanos(act.number()));
                case ACCESS -> subsystem.access(1, ACCESSES.get(number));
                case EVENT_STORM -> {
                    for (int i = 0; i < 40; i++) {
                        target.raiseEvent(number);
                        Time.sleep(Duration.ofMillis(random.nextInt(20)));
                    }
                }
                case EVENT_STAYS -> notices.stays(number);
                case EVENT_FLOOD -> notices.flood();
                case EVENT_REQUESTS_FAIL -> notices.requestsFail();
                case LOG_FAILS -> notices.logFails(number);
                case LOG_CHANGES -> notices.logChanges();
                case TRANSITION -> notices.transition(Duration.ofNanos(act.number()));
                case TWO_TRANSITIONS -> notices.twoTransitions();
                case NO_THREADS -> {
                    stage.threads().refuse(name -> name.startsWith("verbena-"));
                    Time.sleep(Duration.ofNanos(act.number()));
                    stage.threads().refuse(name -> false);
                }
                case RESET -> controller.reset();
                case RESCAN -> controller.rescan();
                case SUBSYSTEM_RESET -> controller.resetSubsystem();
            }
        } catch (IOException e) {
            stage.threads().note(act + " failed: " + e.getMessage());
        } catch (InterruptedException e) {
            problems.add(act + " was interrupted");
        }
    }
}

package dev.verbena.testkit;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.Initiator;
import dev.verbena.WaitMode;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A host, a network and a target in virtual time, for a test that says step by step what happens:
/// minutes of waiting take milliseconds, and it is the same each time.
final class VirtualScene {
    static final String NQN = "nqn.2024-01.org.example:disk";

    /// Virtual time a scene may take.
    private static final Duration TIME_MAX = Duration.ofHours(3);

    private static final long STEPS_MAX = 3_000_000;
    private static final HostIdentity HOST =
            HostIdentity.of(Nqn.of("nqn.2024-01.org.example:host"), new UUID(0x1234, 0x5678));

    /// What happens, on a thread of the scene.
    interface Script {
        void play(VirtualScene scene) throws Exception;
    }

    private final SteppedScheduler scheduler = new SteppedScheduler(1);
    private final SimulatedThreads threads = new SimulatedThreads(scheduler);
    final TestFabric fabric = TestFabric.over(threads);
    final TestTarget target = fabric.addTarget("192.0.2.1", 4420);
    final TestSubsystem subsystem = target.addSubsystem(NQN);

    /// Everything controllers of [#connect] have told, once they were connected.
    final List<ControllerEvent> events = new ArrayList<>();

    ConnectOptions options =
            ConnectOptions.defaults()
                    .withIoQueues(2)
                    .withWaitMode(WaitMode.EVENT)
                    .withConnectTimeout(Duration.ofSeconds(10));

    private @Nullable Initiator initiator;
    private @Nullable Throwable failure;
    private boolean finished;

    private VirtualScene() {
        subsystem.addNamespace(1, 4096, 512);
    }

    /// Plays a script, and checks that nothing is left afterwards and no promise was broken.
    ///
    /// @throws AssertionError also when the script hangs
    static void play(Script script) {
        VirtualScene scene = new VirtualScene();
        try (scene.threads) {
            scene.threads.start("user", () -> scene.run(script));
            boolean over =
                    scene.threads.runUntil(() -> scene.finished, TIME_MAX.toNanos(), STEPS_MAX);
            if (scene.failure != null) {
                throw new AssertionError(scene.describe("it failed"), scene.failure);
            }
            if (!over) {
                throw new AssertionError(scene.describe("it hangs"));
            }
            scene.threads.runUntil(() -> false, Duration.ofMinutes(2).toNanos(), STEPS_MAX);
            scene.nothingIsLeft();
        }
    }

    private void run(Script script) {
        try (Initiator opened = fabric.openInitiator(HOST, new SimulatedRuntime(threads, 1))) {
            initiator = opened;
            script.play(this);
        } catch (Throwable e) {
            failure = e;
        } finally {
            finished = true;
        }
    }

    private void nothingIsLeft() {
        List<String> problems = new ArrayList<>(threads.problems());
        problems.addAll(fabric.violations());
        threads.alive().forEach(thread -> problems.add("a thread is left: " + thread));
        if (fabric.queueCount() + fabric.registrationCount() != 0) {
            problems.add(
                    fabric.queueCount()
                            + " queue pairs and "
                            + fabric.registrationCount()
                            + " keys are left");
        }
        if (!problems.isEmpty()) {
            throw new AssertionError(describe(String.join("\n", problems)));
        }
    }

    private String describe(String problem) {
        return problem
                + " at "
                + now()
                + "\nthreads:\n"
                + String.join("\n", threads.alive())
                + "\ntrace:\n"
                + String.join("\n", scheduler.trace());
    }

    Initiator initiator() {
        if (initiator == null) {
            throw new IllegalStateException("The scene has not begun");
        }
        return initiator;
    }

    Controller connect() throws IOException {
        Controller controller = initiator().connect(target.address(), NQN, options);
        controller.addListener((of, event) -> events.add(event));
        return controller;
    }

    /// Virtual time since the beginning.
    Duration now() {
        return Duration.ofNanos(scheduler.nanoTime());
    }

    /// How long something takes.
    Duration taken(Script script) throws Exception {
        Duration before = now();
        script.play(this);
        return now().minus(before);
    }

    void pass(Duration time) throws InterruptedException {
        Time.sleep(time);
    }

    /// Lets something go on beside the script.
    Thread start(String name, Runnable task) {
        return threads.start(name, task);
    }

    /// From now on no thread of the library can be started, or they can again.
    void threadsFail(boolean fail) {
        threads.refuse(name -> fail && name.startsWith("verbena-"));
    }

    /// Waits for a state.
    void await(Controller controller, ControllerState state, Duration most)
            throws InterruptedException {
        await(() -> controller.state() == state, most, "state " + state + ", not " + controller);
    }

    void await(BooleanSupplier condition, Duration most, String what) throws InterruptedException {
        Duration end = now().plus(most);
        while (!condition.getAsBoolean()) {
            if (now().compareTo(end) > 0) {
                throw new AssertionError(what + " did not come within " + most);
            }
            pass(Duration.ofMillis(10));
        }
    }

    /// How often anybody has looked at the clock: much when somebody spins.
    long clockLooks() {
        return threads.lookCount();
    }

    /// Events of a kind that were told.
    <T extends ControllerEvent> List<T> told(Class<T> kind) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }
}

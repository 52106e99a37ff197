package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.NvmeException;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.log.AnaLog;
import dev.verbena.nvme.log.AnaState;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How a controller reaches its namespaces (ANA): transitions, what is told of them, and what
/// requests do meanwhile. In virtual time; the transition time (ANATT) is 10 s.
@Isolated
@Timeout(60)
class AccessTest {
    private static final int CMIC = 76;
    private static final int ANAGRPMAX = 344;
    private static final int NANAGRPID = 348;
    private static final int MULTIPATH_ONLY = 1 << 1;
    private static final Duration ANATT = Duration.ofSeconds(10);

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    private static AnaState state(AnaLog log, int group) {
        return log.groups().stream().filter(g -> g.id() == group).findAny().orElseThrow().state();
    }

    private static AnaLog log(Controller controller) {
        return controller.anaLog().orElseThrow();
    }

    // Transitions.

    @Test
    void twoShortTransitions_areNotALongOne() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.subsystem.access(1, TestSubsystem.Access.CHANGE);
                scene.pass(Duration.ofSeconds(2));
                scene.subsystem.access(1, TestSubsystem.Access.OPTIMIZED);
                scene.pass(Duration.ofSeconds(17));
                scene.subsystem.access(1, TestSubsystem.Access.CHANGE);
                scene.pass(Duration.ofSeconds(3));
                scene.subsystem.access(1, TestSubsystem.Access.OPTIMIZED);
                scene.pass(Duration.ofSeconds(60));
                assertThat(scene.told(ControllerEvent.StateChanged.class)).isEmpty();
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    /// Each group has its own time: another one's end does not save it, its beginning does not
    /// hurt.
    @Test
    void transitionThatStays_isALossAfterTwiceItsTime() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 64, 512);
            try (Controller controller = scene.connect()) {
                scene.subsystem.access(2, TestSubsystem.Access.CHANGE);
                scene.pass(Duration.ofSeconds(5));
                scene.subsystem.access(2, TestSubsystem.Access.OPTIMIZED);
                scene.subsystem.access(1, TestSubsystem.Access.CHANGE);
                Duration took =
                        scene.taken(s ->
                                s.await(
                                        () -> !s.told(ControllerEvent.StateChanged.class).isEmpty(),
                                        Duration.ofSeconds(60),
                                        "the loss"));
                assertThat(took)
                        .isBetween(ANATT.multipliedBy(2), ANATT.multipliedBy(2).plusSeconds(2));
                assertThat(
                                scene.told(ControllerEvent.StateChanged.class)
                                        .getFirst()
                                        .status()
                                        .reason()
                                        .orElseThrow())
                        .contains("ANA group 1", "ANATT");
                scene.subsystem.access(1, TestSubsystem.Access.OPTIMIZED);
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(30));
            }
        });
    }

    @Test
    void transitionFoundAtConnect_isWatched() {
        VirtualScene.play(scene -> {
            scene.subsystem.access(1, TestSubsystem.Access.CHANGE);
            try (Controller controller = scene.connect()) {
                assertThat(state(log(controller), 1)).isEqualTo(AnaState.CHANGE);
                scene.pass(ANATT.multipliedBy(2).minusSeconds(1));
                assertThat(scene.told(ControllerEvent.StateChanged.class)).isEmpty();
                scene.pass(Duration.ofSeconds(2));
                assertThat(scene.told(ControllerEvent.StateChanged.class)).isNotEmpty();
                scene.subsystem.access(1, TestSubsystem.Access.OPTIMIZED);
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(30));
            }
        });
    }

    // What is told.

    @Test
    void whatChangedWhileDisconnected_isTold() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.target.stop();
                scene.target.disconnectAll();
                scene.pass(Duration.ofSeconds(1));
                scene.subsystem.access(1, TestSubsystem.Access.NON_OPTIMIZED);
                scene.target.start();
                scene.pass(Duration.ofSeconds(30));
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                assertThat(scene.told(ControllerEvent.AnaChanged.class))
                        .singleElement()
                        .satisfies(event ->
                                assertThat(state(event.log(), 1))
                                        .isEqualTo(AnaState.NON_OPTIMIZED));
                controller.reset();
                scene.pass(Duration.ofSeconds(5));
                assertThat(scene.told(ControllerEvent.AnaChanged.class))
                        .as("nothing has changed since")
                        .hasSize(1);
            }
        });
    }

    @Test
    void controllerThatReportsNothingAnyMore_hasNoLog() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                assertThat(controller.anaLog()).isPresent();
                scene.subsystem.identify(CMIC, MULTIPATH_ONLY, 1);
                controller.reset();
                scene.pass(Duration.ofSeconds(1));
                assertThat(controller.anaLog()).isEmpty();
                assertThat(scene.told(ControllerEvent.AnaChanged.class))
                        .singleElement()
                        .satisfies(event -> assertThat(event.log().groups()).isEmpty());
            }
        });
    }

    // Requests.

    @ParameterizedTest
    @EnumSource(
            value = TestSubsystem.Access.class,
            names = {"CHANGE", "INACCESSIBLE"})
    void requestsDuringATransition_waitForItsEnd(TestSubsystem.Access access) {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.subsystem.access(1, access);
                scene.start("end", () -> after(scene, Duration.ofSeconds(8)));
                Duration took = scene.taken(s -> disk.read(0, block()));
                assertThat(took).isBetween(Duration.ofMillis(7900), Duration.ofSeconds(9));
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    private static void after(VirtualScene scene, Duration time) {
        try {
            scene.pass(time);
            scene.subsystem.access(1, TestSubsystem.Access.OPTIMIZED);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TestSubsystem.Access.class,
            names = {"CHANGE", "INACCESSIBLE"})
    void requestsThatCannotGetThrough_endWithTheTransitionTime(TestSubsystem.Access access) {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.subsystem.access(1, access);
                scene.pass(Duration.ofMillis(100));
                Duration took =
                        scene.taken(s ->
                                assertThatThrownBy(() -> disk.read(0, block()))
                                        .isInstanceOf(NvmeException.class));
                assertThat(took).isBetween(ANATT, ANATT.plusSeconds(1));
                scene.subsystem.access(1, TestSubsystem.Access.OPTIMIZED);
                disk.read(0, block());
            }
        });
    }

    @Test
    void namespaceThatIsLost_failsRequestsAtOnce() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.subsystem.access(1, TestSubsystem.Access.PERSISTENT_LOSS);
                Duration took =
                        scene.taken(s ->
                                assertThatThrownBy(() -> disk.read(0, block()))
                                        .isInstanceOf(NvmeException.class));
                assertThat(took).isLessThan(Duration.ofSeconds(1));
            }
        });
    }

    // The log.

    /// Of 300 groups, with 8 KiB a command: pieces, an offset that is ignored, pieces that are cut.
    @ParameterizedTest
    @ValueSource(strings = {"pieces", "no offset", "short"})
    void longLog_isReadWhole(String how) {
        VirtualScene.play(scene -> {
            scene.subsystem.transferExponent(1).identify(ANAGRPMAX, 300, 4);
            scene.subsystem.identify(NANAGRPID, how.equals("no offset") ? 240 : 300, 4);
            int count = how.equals("no offset") ? 240 : 300;
            for (int id = 2; id <= count; id++) {
                scene.subsystem.addNamespace(id, 64, 512);
            }
            scene.subsystem.access(count, TestSubsystem.Access.NON_OPTIMIZED);
            Occasion reading = Occasion.logPage(LogPage.ASYMMETRIC_NAMESPACE_ACCESS).always();
            if (how.equals("no offset")) {
                scene.target.inject(reading, new Fault.IgnoreOffset());
            } else if (how.equals("short")) {
                scene.target.inject(reading, new Fault.ShortData(4000));
            }
            try (Controller controller = scene.connect()) {
                assertThat(log(controller).groups()).hasSize(count);
                assertThat(state(log(controller), count)).isEqualTo(AnaState.NON_OPTIMIZED);
                assertThat(scene.target.refusedAdminCount()).isZero();
            }
        });
    }

    /// It is another one each time somebody looks; then it rests.
    @Test
    void logThatChangesWhileItIsRead_isReadAgain() {
        VirtualScene.play(scene -> {
            scene.subsystem.transferExponent(1).identify(ANAGRPMAX, 300, 4);
            for (int id = 2; id <= 300; id++) {
                scene.subsystem.addNamespace(id, 64, 512);
            }
            scene.target.inject(
                    Occasion.logPage(LogPage.ASYMMETRIC_NAMESPACE_ACCESS).times(100),
                    new Fault.Count(0));
            try (Controller controller = scene.connect()) {
                assertThat(controller.anaLog()).as("it did not rest").isEmpty();
                scene.pass(Duration.ofSeconds(20));
                assertThat(log(controller).groups()).hasSize(300);
                List<ControllerEvent> told =
                        new ArrayList<>(scene.told(ControllerEvent.AnaChanged.class));
                assertThat(told).isNotEmpty();
            }
        });
    }

    /// Refused for the moment it is read later, refused for good it is done without.
    @ParameterizedTest
    @ValueSource(ints = {0x0006, 0x4109})
    void logThatIsRefusedAtConnect_isNoReasonToBeWithoutNamespaces(int status) {
        VirtualScene.play(scene -> {
            scene.target.inject(
                    Occasion.logPage(LogPage.ASYMMETRIC_NAMESPACE_ACCESS).times(3),
                    new Fault.Answer(status, 0));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                assertThat(controller.anaLog()).isEmpty();
                disk.read(0, block());
                scene.pass(Duration.ofSeconds(20));
                assertThat(controller.anaLog().isPresent()).isEqualTo(status == 0x0006);
                assertThat(scene.told(ControllerEvent.StateChanged.class)).isEmpty();
            }
        });
    }
}

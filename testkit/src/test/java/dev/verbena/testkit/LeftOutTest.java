package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.Namespace;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.LogPage;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a controller does not tell about one namespace, or about its ways to them, takes nothing
/// else along. In virtual time.
@Isolated
@Timeout(60)
class LeftOutTest {
    private static final Duration SOON = Duration.ofSeconds(30);

    /// Identify Namespace of the second of those that are read.
    private static final Occasion SECOND = Occasion.identify(IdentifyCns.NAMESPACE).after(1);

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    private static void knows(Controller controller, Integer... ids) {
        assertThat(controller.namespaces()).extracting(Namespace::id).containsExactly(ids);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x4002, 0x4006, 0x4101})
    void namespaceThatIsRefusedAtConnect_isLeftOutAndTheOthersWork(int status) {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            scene.subsystem.addNamespace(3, 4096, 512);
            scene.target.inject(SECOND, new Fault.Answer(status, 0));
            try (Controller controller = scene.connect()) {
                knows(controller, 1, 3);
                try (BlockDevice disk = controller.openDevice(3)) {
                    disk.read(0, block());
                }
            }
        });
    }

    @Test
    void namespaceThatIsRefusedAtAReconnect_takesNeitherControllerNorOtherDevicesAlong() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(SECOND, new Fault.Answer(0x4002, 0));
                scene.target.disconnectAll();
                scene.pass(Duration.ofMillis(100));
                disk.read(0, block());
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                knows(controller, 1);
                scene.pass(Duration.ofSeconds(1));
                assertThat(scene.told(ControllerEvent.Ignored.class))
                        .singleElement()
                        .satisfies(event ->
                                assertThat(event.message()).contains("Namespace 2 is left out"));
            }
        });
    }

    @Test
    void newNamespaceBesideOneThatIsRefused_isSeen() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            try (Controller controller = scene.connect()) {
                scene.target.inject(SECOND, new Fault.Answer(0x4002, 0));
                scene.subsystem.addNamespace(3, 4096, 512);
                scene.await(
                        () -> controller.namespaces().stream().anyMatch(n -> n.id() == 3),
                        SOON,
                        "the new namespace");
                knows(controller, 1, 3);
            }
        });
    }

    @Test
    void namespaceThatIsRefusedForAMoment_isReadAgainAtOnce() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(2)) {
                scene.target.inject(SECOND.times(2), new Fault.Answer(0x0006, 0));
                controller.reset();
                knows(controller, 1, 2);
                disk.read(0, block());
                assertThat(scene.told(ControllerEvent.Ignored.class)).isEmpty();
            }
        });
    }

    @Test
    void namespaceThatIsRefusedForAWhile_isLeftOutAndFoundAgainWithoutAnEvent() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            scene.target.inject(SECOND.times(30), new Fault.Answer(0x0006, 0));
            try (Controller controller = scene.connect()) {
                knows(controller, 1);
                scene.target.heal();
                scene.await(() -> controller.namespaces().size() == 2, SOON, "the other namespace");
                assertThat(scene.told(ControllerEvent.NamespacesChanged.class)).hasSize(1);
            }
        });
    }

    /// How rarely was looked on the connection before says nothing about this one.
    @Test
    void namespaceThatWasRefusedForLong_isLookedForSoonAfterAReconnect() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            scene.target.inject(SECOND.always(), new Fault.Answer(0x0006, 0));
            try (Controller controller = scene.connect()) {
                scene.pass(Duration.ofMinutes(20));
                knows(controller, 1);
                controller.reset();
                scene.target.heal();
                scene.await(() -> controller.namespaces().size() == 2, SOON, "the other namespace");
            }
        });
    }

    /// What the connection refuses says nothing about namespaces.
    @Test
    void controllerThatIsBeingDisabled_hasNoNamespaceLeftOut() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(2)) {
                scene.target.inject(SECOND, new Fault.Answer(0x400C, 0));
                scene.target.disconnectAll();
                scene.pass(Duration.ofMillis(100));
                disk.read(0, block());
                knows(controller, 1, 2);
                assertThat(scene.told(ControllerEvent.Ignored.class)).isEmpty();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0x4109, 0x0006})
    void anaLogThatIsRefusedAtAReconnect_isDoneWithout(int status) {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(
                        Occasion.logPage(LogPage.ASYMMETRIC_NAMESPACE_ACCESS).times(3),
                        new Fault.Answer(status, 0));
                scene.target.disconnectAll();
                scene.pass(Duration.ofMillis(100));
                disk.read(0, block());
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                scene.await(
                        () -> !scene.told(ControllerEvent.Ignored.class).isEmpty(),
                        SOON,
                        "the word of it");
                if (status == 0x0006) {
                    scene.await(() -> controller.anaLog().isPresent(), SOON, "the log");
                }
            }
        });
    }
}

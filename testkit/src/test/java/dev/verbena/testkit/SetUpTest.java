package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.DiscoverySession;
import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.PassthroughCommand;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.IdentifyCns;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is agreed upon when a controller is connected, and what is asked of it. In virtual time.
@Isolated
@Timeout(60)
class SetUpTest {
    private static final int CMIC = 76;
    private static final int CNTLID = 78;
    private static final int OAES = 92;
    private static final int CRDT1 = 128;
    private static final int INTERNAL_ERROR = 0x0006;

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    private static Occasion getFeature(int feature) {
        return new Occasion(
                Occasion.Place.ADMIN, AdminOpcode.GET_FEATURES, feature, -1, 0, Long.MAX_VALUE);
    }

    // Keep alive.

    /// Asked for 5 s; a controller that says another value uses 5 s all the same.
    @ParameterizedTest
    @ValueSource(longs = {60_000, 0xFFFF_FFFFL, 0, 1, 99})
    void keepAliveTimeOutThatCannotBeTrue_isNotBelieved(long reported) {
        VirtualScene.play(scene -> {
            scene.target.inject(
                    getFeature(Feature.KEEP_ALIVE_TIMER), new Fault.Answer(0, reported));
            try (Controller controller = scene.connect()) {
                assertThat(keepAlives(scene, Duration.ofMinutes(1))).isBetween(20L, 30L);
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                assertThat(scene.told(ControllerEvent.StateChanged.class)).isEmpty();
            }
        });
    }

    @Test
    void shorterKeepAliveTimeOut_isKept() {
        VirtualScene.play(scene -> {
            scene.target.inject(getFeature(Feature.KEEP_ALIVE_TIMER), new Fault.Answer(0, 2000));
            try (Controller controller = scene.connect()) {
                assertThat(keepAlives(scene, Duration.ofMinutes(1))).isBetween(55L, 65L);
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    private static long keepAlives(VirtualScene scene, Duration time) throws InterruptedException {
        long before = scene.target.adminCommandCount(AdminOpcode.KEEP_ALIVE);
        scene.pass(time);
        return scene.target.adminCommandCount(AdminOpcode.KEEP_ALIVE) - before;
    }

    /// In seconds; -1 for none of one's own. In a minute.
    @ParameterizedTest
    @CsvSource({"-1, 3, 5", "0, 0, 0", "4, 28, 32", "5, 22, 26", "6, 18, 22", "30, 3, 5"})
    void keepAliveOfADiscoverySession_isTheOneThatWasChosen(int seconds, long least, long most) {
        VirtualScene.play(scene -> {
            ConnectOptions options =
                    seconds < 0
                            ? scene.options
                            : scene.options.withKeepAliveTimeout(Duration.ofSeconds(seconds));
            try (DiscoverySession session =
                    scene.initiator()
                            .openDiscovery(scene.target.address(), options, (of, log) -> {})) {
                assertThat(keepAlives(scene, Duration.ofMinutes(1))).isBetween(least, most);
                assertThat(session.status().state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    /// A log that cannot be read after a reconnect is read later.
    @Test
    void discoveryLogAfterAReconnect_isReadUntilItIsRead() {
        VirtualScene.play(scene -> {
            try (DiscoverySession session =
                    scene.initiator()
                            .openDiscovery(
                                    scene.target.address(), scene.options, (of, log) -> {})) {
                scene.target.stop();
                scene.target.disconnectAll();
                scene.pass(Duration.ofSeconds(1));
                scene.target.addSubsystem("nqn.2024-01.org.example:another");
                scene.target.inject(
                        Occasion.logPage(0x70).times(2), new Fault.Answer(INTERNAL_ERROR, 0));
                scene.target.start();
                scene.await(
                        () -> session.log().entries().size() == 2,
                        Duration.ofSeconds(60),
                        "the new entry");
            }
        });
    }

    // Who answers.

    @Test
    void controllerWithTwoIds_isRefusedByName() {
        VirtualScene.play(scene -> {
            Misbehavior.identifyController(scene.target, CNTLID, 77, 2);
            assertThatThrownBy(scene::connect)
                    .isInstanceOf(ConnectFailedException.class)
                    .hasMessageContaining("controller 1 ")
                    .hasMessageContaining("controller 77 (CNTLID)");
        });
    }

    // Nothing younger than the controller.

    @ParameterizedTest
    @ValueSource(ints = {0x10000, 0x10100, 0x10200, 0x10201, 0x10300, 0x10400, 0x20000, 0x20100})
    void connecting_fillsNoErrorLog(int version) {
        VirtualScene.play(scene -> {
            scene.subsystem.version(version).identify(CRDT1, 5, 2);
            if (version < 0x10400) {
                scene.subsystem.identify(CMIC, 1 << 1, 1);
            }
            scene.subsystem.addNamespace(3, 64, 512);
            for (int i = 0; i < 3; i++) {
                try (Controller controller = scene.connect();
                        BlockDevice disk = controller.openDevice(3)) {
                    assertThat(controller.namespaces())
                            .extracting(Namespace::id)
                            .containsExactly(1, 3);
                    disk.read(0, block());
                    controller.reset();
                    disk.read(0, block());
                }
            }
            scene.initiator().discover(scene.target.address());
            assertThat(scene.target.refusedAdminCount()).isZero();
        });
    }

    // What a status asks for.

    @Test
    void invalidNamespaceWithoutAnEvent_isLookedInto() {
        VirtualScene.play(scene -> {
            scene.subsystem.identify(OAES, 0, 4);
            scene.subsystem.addNamespace(2, 64, 512);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(2)) {
                scene.subsystem.removeNamespace(2);
                scene.pass(Duration.ofSeconds(5));
                assertThat(controller.namespaces()).hasSize(2);
                assertThatThrownBy(() -> disk.read(0, block())).isInstanceOf(NvmeException.class);
                scene.await(
                        () -> controller.namespaces().size() == 1,
                        Duration.ofSeconds(2),
                        "what has changed");
                assertThat(scene.told(ControllerEvent.NamespacesChanged.class)).hasSize(1);
            }
        });
    }

    @Test
    void accessStatusWithoutAnEvent_isLookedInto() {
        VirtualScene.play(scene -> {
            scene.subsystem.identify(OAES, 0, 4);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.subsystem.access(1, TestSubsystem.Access.PERSISTENT_LOSS);
                assertThatThrownBy(() -> disk.read(0, block())).isInstanceOf(NvmeException.class);
                scene.await(
                        () -> !scene.told(ControllerEvent.AnaChanged.class).isEmpty(),
                        Duration.ofSeconds(2),
                        "what has changed");
            }
        });
    }

    /// The command has succeeded; that the list cannot be read at this moment is no failure of it.
    @Test
    void listThatCannotBeReadAfterACommand_isNoFailureOfTheCommand() {
        VirtualScene.play(scene -> {
            scene.subsystem.identify(OAES, 0, 4);
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.admin(AdminOpcode.FORMAT_NVM).always(), new Fault.Answer(0, 0));
                scene.target.inject(
                        Occasion.admin(AdminOpcode.NAMESPACE_MANAGEMENT).always(),
                        new Fault.Answer(0, 0));
                for (int id = 2; id <= 4; id++) {
                    int list = id;
                    scene.target.inject(
                            Occasion.identify(IdentifyCns.ACTIVE_NAMESPACES),
                            new Fault.Answer(INTERNAL_ERROR, 0));
                    scene.subsystem.addNamespace(id, 64, 512);
                    switch (id) {
                        case 2 -> controller.admin().formatNvm(1, 0, 0, Duration.ofSeconds(10));
                        case 3 -> controller.admin().deleteNamespace(9);
                        default ->
                                assertThat(
                                                controller
                                                        .passthrough()
                                                        .admin(
                                                                PassthroughCommand.of(
                                                                        AdminOpcode.FORMAT_NVM))
                                                        .status()
                                                        .isSuccess())
                                        .isTrue();
                    }
                    scene.await(
                            () -> controller.namespaces().size() == list,
                            Duration.ofSeconds(10),
                            "namespace " + id);
                }
            }
        });
    }
}

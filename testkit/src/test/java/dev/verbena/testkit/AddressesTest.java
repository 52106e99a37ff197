package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.AddressUnreachableException;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.DuplicateConnectException;
import dev.verbena.Initiator;
import dev.verbena.Target;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Where a target is: names that move, addresses in several spellings, interfaces.
@Isolated
@Timeout(60)
class AddressesTest {
    private static final String NQN = "nqn.2024-01.org.example:disk";

    private final TestFabric fabric = TestFabric.open();
    private final Initiator initiator = fabric.openInitiator();

    @AfterEach
    void nothingIsLeft() {
        initiator.close();
        assertThat(fabric.queueCount()).isZero();
        fabric.close();
    }

    private TestTarget target(String address) {
        TestTarget target = fabric.addTarget(address, 4420);
        target.addSubsystem(NQN).addNamespace(1, 64, 512);
        return target;
    }

    // Names.

    @Test
    void nameThatMoves_isFollowedAtTheReconnect() {
        VirtualScene.play(scene -> {
            TestTarget other = scene.fabric.addTarget("192.0.2.77", 4420);
            other.offer(scene.subsystem);
            scene.fabric.addName("storage.example", "192.0.2.1");
            try (Controller controller =
                    scene.initiator()
                            .connect(
                                    Target.rdma("storage.example"),
                                    scene.subsystem.nqn(),
                                    scene.options)) {
                assertThat(scene.target.controllerCount()).isEqualTo(1);
                scene.fabric.addName("storage.example", "192.0.2.77");
                scene.target.stop();
                scene.target.disconnectAll();
                scene.await(
                        () -> other.controllerCount() == 1, Duration.ofSeconds(60), "the other");
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(20));
            }
        });
    }

    @Test
    void nameThatIsUnknownForAWhile_isAskedForAgain() {
        VirtualScene.play(scene -> {
            scene.fabric.addName("storage.example", "192.0.2.1");
            try (Controller controller =
                    scene.initiator()
                            .connect(
                                    Target.rdma("storage.example"),
                                    scene.subsystem.nqn(),
                                    scene.options)) {
                scene.fabric.addName("storage.example");
                scene.target.disconnectAll();
                scene.pass(Duration.ofSeconds(25));
                assertThat(controller.state()).isEqualTo(ControllerState.CONNECTING);
                scene.fabric.addName("storage.example", "192.0.2.1");
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(60));
            }
        });
    }

    @Test
    void addressesOfAName_areAllTried() throws IOException {
        target("192.0.2.3");
        fabric.addName("storage", "192.0.2.1", "2001:db8::2", "192.0.2.3");
        try (Controller controller = initiator.connect(Target.rdma("Storage"), NQN)) {
            assertThat(controller.namespaces()).hasSize(1);
        }
    }

    @Test
    void unknownName_isSaidWithAdvice() {
        assertThatThrownBy(() -> initiator.connect(Target.rdma("no_such_host"), NQN))
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining("no_such_host is not known; check the spelling");
    }

    @Test
    void missingInterface_isNamed() {
        assertThatThrownBy(() -> initiator.connect(Target.rdma("fe80::1%eth0.100"), NQN))
                .isInstanceOf(AddressUnreachableException.class)
                .hasMessageContaining("network interface \"eth0.100\"")
                .hasMessageNotContaining("spelling");
    }

    // Spellings.

    @ParameterizedTest
    @CsvSource({
        "2001:db8::1, 2001:DB8:0:0::0001",
        "192.0.2.1, 192.000.002.001",
        "192.0.2.1, ::ffff:192.0.2.1",
    })
    void sameAddressInAnotherSpelling_isTheSameConnection(String one, String other)
            throws IOException {
        target(one);
        Controller controller = initiator.connect(Target.rdma(one), NQN);
        assertThatThrownBy(() -> initiator.connect(Target.rdma(other), NQN))
                .isInstanceOf(DuplicateConnectException.class);
        controller.close();
    }

    @Test
    void linkLocalAddress_isReachedByNameAndNumberOfItsInterface() throws IOException {
        target("fe80::1%1");
        for (String text : new String[] {"fe80::1%lo", "FE80:0::1%1"}) {
            try (Controller controller = initiator.connect(Target.rdma(text), NQN)) {
                assertThat(controller.namespaces()).hasSize(1);
            }
        }
    }

    @Test
    void interfaceOfADiscoveryController_isInheritedByItsEntries() throws IOException {
        TestTarget first = target("fe80::1%1");
        TestTarget second = target("fe80::2%1");
        first.addReferral(Target.rdma("fe80::2"), "nqn.2014-08.org.nvmexpress.discovery");
        assertThat(initiator.discoverTree(first.address(), ConnectOptions.defaults()).failures())
                .isEmpty();
        assertThat(second.adminCommandCount(2)).as("Get Log Page").isPositive();
    }
}

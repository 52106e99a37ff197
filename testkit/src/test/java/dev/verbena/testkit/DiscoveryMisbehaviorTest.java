package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.ConnectOptions;
import dev.verbena.ConnectedEntry;
import dev.verbena.Controller;
import dev.verbena.DiscoveryTree;
import dev.verbena.Initiator;
import dev.verbena.Target;
import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.DiscoveryLogHeader;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Discovery services that name addresses nobody can connect to, and each other without end.
@Timeout(60)
class DiscoveryMisbehaviorTest {
    private static final String NQN = "nqn.2024-01.org.example:disk";
    private static final int ADDRESS = DiscoveryLogHeader.SIZE + 512;
    private static final int SERVICE = DiscoveryLogHeader.SIZE + 32;

    private final TestFabric fabric = TestFabric.open();
    private final Initiator initiator = fabric.openInitiator();

    @AfterEach
    void nothingIsLeftAndNoPromiseBroken() {
        initiator.close();
        assertThat(fabric.violations()).isEmpty();
        assertThat(fabric.queueCount()).isZero();
        assertThat(fabric.registrationCount()).isZero();
        fabric.close();
    }

    private static Target address(int host) {
        return Target.rdma("192.0.2." + host, 4420);
    }

    private TestTarget target(int host) {
        return fabric.addTarget("192.0.2." + host, 4420);
    }

    private static void refer(TestTarget from, int... hosts) {
        for (int host : hosts) {
            from.addReferral(address(host), Nqn.DISCOVERY.value());
        }
    }

    private DiscoveryTree tree(int host) {
        return initiator.discoverTree(address(host), ConnectOptions.defaults());
    }

    private static void patch(TestTarget target, int offset, int size, String text) {
        byte[] field = new byte[size];
        java.util.Arrays.fill(field, (byte) ' ');
        System.arraycopy(
                text.getBytes(java.nio.charset.StandardCharsets.US_ASCII),
                0,
                field,
                0,
                text.length());
        target.inject(
                Occasion.logPage(LogPage.DISCOVERY).always(),
                new Fault.Patch(offset, HexFormat.of().formatHex(field)));
    }

    // Addresses.

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::"})
    void wildcardAddress_isTakenForTheOneThatWasAsked(String wildcard) throws IOException {
        TestTarget target = target(1);
        target.addSubsystem(NQN).addNamespace(1, 4096, 512);
        patch(target, ADDRESS, 256, wildcard);
        assertThat(initiator.discover(target.address()).entries())
                .extracting(DiscoveryEntry::transportAddress)
                .containsExactly("192.0.2.1");
        List<ConnectedEntry> connected =
                initiator.connectAll(target.address(), ConnectOptions.defaults());
        assertThat(connected)
                .singleElement()
                .satisfies(entry -> {
                    assertThat(entry.failure()).isEmpty();
                    assertThat(entry.controller().map(Controller::subsystemNqn)).contains(NQN);
                });
        connected.forEach(entry -> entry.controller().ifPresent(Controller::close));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nowhere/at all", "999.1.1.1"})
    void addressThatIsNone_isOneFailureAmongOthers(String text) throws IOException {
        TestTarget target = target(1);
        target.addSubsystem(NQN).addNamespace(1, 4096, 512);
        target.addSubsystem(NQN + "2").addNamespace(1, 4096, 512);
        patch(target, ADDRESS, 256, text);
        List<ConnectedEntry> connected =
                initiator.connectAll(target.address(), ConnectOptions.defaults());
        assertThat(connected).hasSize(2);
        assertThat(connected.getFirst().failure()).isPresent();
        assertThat(connected.getLast().controller()).isPresent();
        connected.forEach(entry -> entry.controller().ifPresent(Controller::close));
    }

    @Test
    void serviceThatIsNone_isOneFailureAmongOthers() throws IOException {
        TestTarget target = target(1);
        target.addSubsystem(NQN).addNamespace(1, 4096, 512);
        patch(target, SERVICE, 32, "rdma");
        assertThat(initiator.connectAll(target.address(), ConnectOptions.defaults()))
                .singleElement()
                .satisfies(entry -> assertThat(entry.failure()).isPresent());
    }

    // Referrals.

    @Test
    void referralToItself_isAskedOnce() {
        refer(target(1), 1);
        assertThat(tree(1).referrals()).isEmpty();
    }

    @Test
    void referralsInACircle_areAskedOnceEach() {
        refer(target(1), 2, 3);
        refer(target(2), 3, 1);
        TestTarget third = target(3);
        third.addSubsystem(NQN);
        refer(third, 1, 2);
        DiscoveryTree tree = tree(1);
        List<Target> asked = new ArrayList<>();
        collect(tree, asked);
        assertThat(asked).containsExactlyInAnyOrder(address(1), address(2), address(3));
        assertThat(tree.subsystems()).hasSize(1);
        assertThat(tree.failures()).isEmpty();
    }

    @Test
    void chainOfReferrals_isFollowedToABound() {
        for (int host = 1; host <= 30; host++) {
            refer(target(host), host + 1);
        }
        List<Target> asked = new ArrayList<>();
        collect(tree(1), asked);
        assertThat(asked).hasSizeBetween(5, 20);
    }

    @Test
    void referralToNobody_isAFailureInTheTree() {
        TestTarget target = target(1);
        target.addSubsystem(NQN);
        refer(target, 77);
        DiscoveryTree tree = tree(1);
        assertThat(tree.failures()).hasSize(1);
        assertThat(tree.subsystems()).hasSize(1);
    }

    private static void collect(DiscoveryTree tree, List<Target> asked) {
        asked.add(tree.target());
        tree.referrals().forEach(referral -> collect(referral, asked));
    }
}

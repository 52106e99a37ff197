package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.ConnectedEntry;
import dev.verbena.ConnectionRefusedException;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.DiscoveryFlag;
import dev.verbena.DiscoveryLog;
import dev.verbena.DiscoverySession;
import dev.verbena.DiscoveryTree;
import dev.verbena.Initiator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Lasting discovery, referrals and connecting all, with a target that refers to itself.
@TargetTest({"--subsystems", "4", "--referral", "10.9.0.1:4420", "--referral", "10.9.0.1:4421"})
class DiscoverySessionTest {
    private static long subsystems(DiscoveryLog log) {
        return log.entries().stream().filter(e -> e.subsystemType() == 2).count();
    }

    @Test
    void subsystemGoesAndComes_sessionIsTold(LiveTarget live) throws Exception {
        BlockingQueue<DiscoveryLog> told = new LinkedBlockingQueue<>();
        try (Initiator initiator = Initiator.open();
                DiscoverySession session =
                        initiator.openDiscovery(
                                live.target(), LiveTarget.patient(), (s, log) -> told.add(log))) {
            assertThat(session.status().state()).isEqualTo(ControllerState.LIVE);
            assertThat(subsystems(session.log())).isEqualTo(4);
            assertThat(session.subsystemNqn()).startsWith("nqn.");
            for (int i = 0; i < 2; i++) {
                live.change("unlink", live.nqn());
                DiscoveryLog less = told.poll(60, TimeUnit.SECONDS);
                assertThat(less).isNotNull();
                assertThat(subsystems(less)).isEqualTo(3);
                live.change("link", live.nqn());
                DiscoveryLog all = told.poll(60, TimeUnit.SECONDS);
                assertThat(all).isNotNull();
                assertThat(subsystems(all)).isEqualTo(4);
            }
        } finally {
            live.change("link", live.nqn());
        }
    }

    @Test
    void referralsToItself_endAndTellWhatFailed(LiveTarget live) {
        try (Initiator initiator = Initiator.open()) {
            DiscoveryTree tree = initiator.discoverTree(live.target(), LiveTarget.patient());
            assertThat(tree.log()).isPresent();
            assertThat(tree.subsystems()).hasSize(4);
            assertThat(tree.referrals())
                    .as("itself is not asked again, nobody listens at the other")
                    .hasSize(1);
            assertThat(tree.failures()).hasSize(1);
        }
    }

    @Test
    void flagsTheTargetDoesNotKnow_areLeftOut(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open()) {
            assertThat(
                            initiator.discover(
                                    live.target(), LiveTarget.patient(), DiscoveryFlag.values()))
                    .isNotEmpty();
        }
    }

    @Test
    void connectAll_connectsEach_andTellsWhichReferralCannotBeFollowed(LiveTarget live)
            throws Exception {
        try (Initiator initiator = Initiator.open()) {
            List<ConnectedEntry> all =
                    initiator.connectAll(live.target(), LiveTarget.patient().withIoQueues(1));
            assertThat(all).hasSize(5);
            List<ConnectedEntry> connected =
                    all.stream().filter(entry -> entry.failure().isEmpty()).toList();
            assertThat(connected).hasSize(4);
            for (ConnectedEntry entry : connected) {
                Controller controller = entry.controller().orElseThrow();
                assertThat(controller.subsystemNqn()).isEqualTo(entry.entry().subsystemNqn());
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
            assertThat(all)
                    .filteredOn(entry -> entry.failure().isPresent())
                    .singleElement()
                    .satisfies(entry ->
                            assertThat(entry.failure().orElseThrow())
                                    .isInstanceOf(ConnectionRefusedException.class));
        }
    }
}

package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectTimeoutException;
import dev.verbena.ConnectedEntry;
import dev.verbena.Controller;
import dev.verbena.DiscoveryTree;
import dev.verbena.Target;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/// Discovery of services that are slow, silent, many or away. In virtual time.
@Isolated
@Timeout(60)
class DiscoveryTimeTest {
    private static final String UNIQUE = "nqn.2024-01.org.example:discovery";

    private static Target place(int host) {
        return Target.rdma("192.0.2." + host);
    }

    private static TestTarget referral(VirtualScene scene, int host) {
        TestTarget target = scene.fabric.addTarget("192.0.2." + host, 4420);
        target.addSubsystem("disk" + host);
        scene.target.addReferral(place(host), Nqn.DISCOVERY.value());
        return target;
    }

    private static void silent(TestTarget target) {
        target.inject(Occasion.logPage(LogPage.DISCOVERY).always(), new Fault.DropAnswer());
    }

    private static DiscoveryTree tree(VirtualScene scene) {
        return scene.initiator().discoverTree(scene.target.address(), scene.options);
    }

    // Time.

    @Test
    void slowReferrals_areReadBesideEachOther() {
        VirtualScene.play(scene -> {
            for (int host = 10; host < 18; host++) {
                referral(scene, host)
                        .inject(
                                Occasion.logPage(LogPage.DISCOVERY).times(1),
                                new Fault.DelayAnswer(Duration.ofSeconds(10)));
            }
            assertThat(scene.taken(s -> assertThat(tree(s).failures()).isEmpty()))
                    .isLessThan(Duration.ofSeconds(15));
        });
    }

    @Test
    void silentReferrals_endWithTheTimeForTheWhole() {
        VirtualScene.play(scene -> {
            for (int host = 10; host < 40; host++) {
                silent(referral(scene, host));
            }
            scene.options = scene.options.withDiscoveryTimeout(Duration.ofSeconds(20));
            Duration taken =
                    scene.taken(s -> {
                        DiscoveryTree tree = tree(s);
                        assertThat(tree.subsystems()).hasSize(1);
                        assertThat(tree.failures())
                                .hasSize(30)
                                .allSatisfy(why ->
                                        assertThat(why)
                                                .isInstanceOf(ConnectTimeoutException.class)
                                                .hasMessageContaining("20 s"));
                    });
            assertThat(taken).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(21));
        });
    }

    @Test
    void silentController_endsWithTheTimeForTheWhole() {
        VirtualScene.play(scene -> {
            silent(scene.target);
            assertThat(
                            scene.taken(s ->
                                    assertThatThrownBy(() ->
                                                    s.initiator()
                                                            .discover(
                                                                    s.target.address(), s.options))
                                            .isInstanceOf(IOException.class)))
                    .isLessThan(Duration.ofSeconds(62));
        });
    }

    @Test
    void interruptedDiscovery_endsAtOnceAndSaysSo() {
        VirtualScene.play(scene -> {
            silent(referral(scene, 10));
            CompletableFuture<DiscoveryTree> result = new CompletableFuture<>();
            CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
            Thread thread =
                    scene.start(
                            "discovers",
                            () -> {
                                result.complete(tree(scene));
                                interrupted.complete(Thread.interrupted());
                            });
            scene.pass(Duration.ofSeconds(3));
            thread.interrupt();
            scene.await(result::isDone, Duration.ofSeconds(1), "the end");
            assertThat(result.join().failures())
                    .singleElement()
                    .isInstanceOf(InterruptedIOException.class);
            scene.await(interrupted::isDone, Duration.ofSeconds(1), "the flag");
            assertThat(interrupted.join()).isTrue();
        });
    }

    @Test
    void closedInitiator_endsDiscoveryAndWaitsForIt() {
        VirtualScene.play(scene -> {
            silent(referral(scene, 10));
            CompletableFuture<DiscoveryTree> result = new CompletableFuture<>();
            scene.start("discovers", () -> result.complete(tree(scene)));
            scene.pass(Duration.ofSeconds(3));
            scene.initiator().close();
            assertThat(scene.fabric.queueCount()).isZero();
            scene.await(result::isDone, Duration.ofSeconds(1), "the end");
            assertThat(result.join().failures())
                    .singleElement()
                    .satisfies(why -> assertThat(why).hasMessageContaining("was closed"));
            assertThatThrownBy(() -> tree(scene)).isInstanceOf(IllegalStateException.class);
        });
    }

    // What is told.

    @Test
    void connectAllOfATargetThatIsAway_isAnError() {
        VirtualScene.play(scene -> {
            scene.target.stop();
            assertThatThrownBy(() ->
                            scene.initiator().connectAll(scene.target.address(), scene.options))
                    .isInstanceOf(ConnectFailedException.class);
        });
    }

    @Test
    void connectAllWithAReferralThatIsAway_tellsWhich() {
        VirtualScene.play(scene -> {
            scene.target.addReferral(place(77), Nqn.DISCOVERY.value());
            List<ConnectedEntry> results =
                    scene.initiator().connectAll(scene.target.address(), scene.options);
            assertThat(results).hasSize(2);
            assertThat(results.getFirst().controller()).isPresent();
            assertThat(results.getLast().entry().transportAddress()).isEqualTo("192.0.2.77");
            assertThat(results.getLast().failure()).isPresent();
        });
    }

    @Test
    void interruptedConnectAll_leavesNothingConnected() {
        VirtualScene.play(scene -> {
            TestTarget other = referral(scene, 10);
            other.inject(
                    Occasion.identify(IdentifyCns.CONTROLLER).always(), new Fault.DropAnswer());
            CompletableFuture<Throwable> failure = new CompletableFuture<>();
            Thread thread =
                    scene.start(
                            "connects",
                            () -> {
                                try {
                                    scene.initiator()
                                            .connectAll(scene.target.address(), scene.options);
                                    failure.complete(new AssertionError("connected"));
                                } catch (IOException | RuntimeException e) {
                                    failure.complete(e);
                                }
                            });
            scene.pass(Duration.ofSeconds(1));
            thread.interrupt();
            scene.await(failure::isDone, Duration.ofSeconds(30), "the end");
            assertThat(failure.join()).isInstanceOf(InterruptedIOException.class);
            scene.await(() -> scene.fabric.queueCount() == 0, Duration.ofSeconds(30), "the queues");
        });
    }

    @Test
    void placesInTwoSpellings_areOne() {
        VirtualScene.play(scene -> {
            TestTarget other = scene.fabric.addTarget("2001:db8::1", 4420);
            other.addSubsystem("disk");
            for (String text : new String[] {"2001:db8::1", "2001:DB8:0::1"}) {
                scene.target.addReferral(Target.rdma(text), Nqn.DISCOVERY.value());
            }
            other.inject(
                    Occasion.logPage(LogPage.DISCOVERY).always(),
                    new Fault.Patch(
                            1024 + 512,
                            java.util.HexFormat.of()
                                    .formatHex(
                                            "2001:0db8:0::0001"
                                                    .getBytes(
                                                            java.nio.charset.StandardCharsets
                                                                    .US_ASCII))));
            DiscoveryTree tree = tree(scene);
            assertThat(tree.referrals()).hasSize(1);
            assertThat(tree.subsystems()).hasSize(2);
        });
    }

    // What kind of controller it is.

    @Test
    void discoveryControllerWithItsOwnName_isAskedForNoQueues() {
        VirtualScene.play(scene -> {
            scene.target.addDiscoverySubsystem(UNIQUE);
            for (String name : new String[] {UNIQUE, Nqn.DISCOVERY.value()}) {
                scene.target.inject(
                        Occasion.setFeature(Feature.NUMBER_OF_QUEUES).always(),
                        new Fault.Disconnect());
                try (Controller controller =
                        scene.initiator().connect(scene.target.address(), name, scene.options)) {
                    assertThat(controller.namespaces()).isEmpty();
                    assertThat(controller.identify().subsystemNqn()).isEqualTo(name);
                }
            }
        });
    }

    @Test
    void referralByAUniqueName_isFollowedByIt() {
        VirtualScene.play(scene -> {
            TestTarget other = scene.fabric.addTarget("192.0.2.10", 4420);
            other.addDiscoverySubsystem(UNIQUE);
            other.addSubsystem("disk");
            scene.target.addReferral(place(10), UNIQUE);
            assertThat(tree(scene).subsystems()).hasSize(2);
            assertThat(other.adminCommandCount(AdminOpcode.GET_LOG_PAGE)).isPositive();
        });
    }
}

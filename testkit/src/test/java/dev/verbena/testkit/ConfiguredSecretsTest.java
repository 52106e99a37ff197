package dev.verbena.testkit;

import static dev.verbena.testkit.AuthenticationFailuresTest.bytes;
import static dev.verbena.testkit.AuthenticationFailuresTest.challenge;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.AuthenticationFailedException;
import dev.verbena.AuthenticationNotOfferedException;
import dev.verbena.BlockDevice;
import dev.verbena.ConnectFailedException;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.DiscoverySession;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.FabricsCommandType;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.auth.ChapHash;
import dev.verbena.nvme.auth.ChapMessage;
import dev.verbena.nvme.auth.ChapSecret;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Secrets in the connect options are a demand, whatever the target asks for. In virtual time.
@Isolated
@Timeout(60)
class ConfiguredSecretsTest {
    private static final Occasion AUTHENTICATION_SEND =
            new Occasion(
                    Occasion.Place.ADMIN,
                    AdminOpcode.FABRICS,
                    FabricsCommandType.AUTHENTICATION_SEND,
                    -1,
                    0,
                    1);

    private final ChapSecret secret = ChapSecret.generate(ChapHash.SHA256, new SecureRandom());
    private final AtomicInteger exchanges = new AtomicInteger();

    /// Accepts every host and proves nothing.
    private byte[] accepted(int transaction, int index) {
        if (index == 0) {
            return bytes(challenge(transaction));
        }
        exchanges.incrementAndGet();
        return bytes(new ChapMessage.Success1(transaction, false, new byte[32]));
    }

    // A target that does not ask.

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void targetThatDoesNotAuthenticate_isRefusedAndNothingIsWritten(boolean bothWays) {
        VirtualScene.play(scene -> {
            scene.options =
                    scene.options
                            .withDhchapSecret(secret)
                            .withDhchapCtrlSecret(bothWays ? secret : null);
            assertThatThrownBy(
                            () -> {
                                try (Controller controller = scene.connect();
                                        BlockDevice disk = controller.openDevice(1)) {
                                    disk.write(0, MemorySegment.ofArray(new byte[512]));
                                }
                            })
                    .isInstanceOf(AuthenticationNotOfferedException.class)
                    .hasMessageContaining("does not ask for authentication")
                    .hasMessageContaining("dhchapSecret");
            assertThat(scene.target.ioCommandCount(NvmOpcode.WRITE)).isZero();
        });
    }

    @Test
    void targetThatAuthenticatesWhenItIsAsked_isConnected_everyQueueForItself() {
        VirtualScene.play(scene -> {
            scene.subsystem.authenticationOnRequest(this::accepted);
            scene.options = scene.options.withDhchapSecret(secret);
            try (Controller controller = scene.connect()) {
                assertThat(exchanges).hasValue(1);
                controller.openQueue().close();
                assertThat(exchanges).hasValue(2);
                controller.reset();
                assertThat(exchanges).hasValue(3);
            }
        });
    }

    @Test
    void targetThatDoesNotAskAndDoesNotProveItself_isRefused() {
        VirtualScene.play(scene -> {
            scene.subsystem.authenticationOnRequest(this::accepted);
            scene.options = scene.options.withDhchapSecret(secret).withDhchapCtrlSecret(secret);
            assertThatThrownBy(scene::connect)
                    .isInstanceOf(AuthenticationNotOfferedException.class);
        });
    }

    @Test
    void ioQueueThatIsNotAskedFor_isAuthenticatedAllTheSame() {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication(this::accepted);
            scene.options = scene.options.withDhchapSecret(secret);
            try (Controller controller = scene.connect()) {
                scene.subsystem.authentication(null);
                assertThatThrownBy(controller::openQueue)
                        .isInstanceOfSatisfying(
                                AuthenticationNotOfferedException.class,
                                e -> assertThat(e.queueId()).isEqualTo(1));
            }
        });
    }

    @Test
    void targetThatStopsAsking_isNotUsedAfterAReconnect() {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication(this::accepted);
            scene.options = scene.options.withDhchapSecret(secret);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.subsystem.authentication(null);
                scene.target.disconnectAll();
                assertThatThrownBy(() -> disk.write(0, MemorySegment.ofArray(new byte[512])))
                        .hasMessageContaining("does not ask for authentication");
                assertThat(scene.target.ioCommandCount(NvmOpcode.WRITE)).isZero();
                assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
            }
        });
    }

    /// Where to go is only advice; what is found there has to prove itself.
    @Test
    void discoveryControllerThatDoesNotAsk_isReadAllTheSame() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withDhchapSecret(secret).withDhchapCtrlSecret(secret);
            assertThat(scene.initiator().discover(scene.target.address(), scene.options).entries())
                    .hasSize(1);
            try (DiscoverySession session =
                    scene.initiator()
                            .openDiscovery(
                                    scene.target.address(), scene.options, (of, log) -> {})) {
                assertThat(session.log().entries()).hasSize(1);
            }
            assertThat(scene.initiator().connectAll(scene.target.address(), scene.options))
                    .singleElement()
                    .satisfies(entry ->
                            assertThat(entry.failure().orElseThrow())
                                    .isInstanceOf(AuthenticationNotOfferedException.class));
        });
    }

    // Refused for the moment.

    @Test
    void messageRefusedForTheMomentAtAReconnect_isTriedAgain() {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication(this::accepted);
            scene.options = scene.options.withDhchapSecret(secret);
            try (Controller controller = scene.connect()) {
                scene.target.inject(AUTHENTICATION_SEND.times(6), new Fault.Answer(0x0006, 0));
                scene.target.disconnectAll();
                scene.pass(Duration.ofMillis(100));
                assertThat(controller.awaitLive(Duration.ofMinutes(2))).isTrue();
            }
        });
    }

    @Test
    void messageRefusedForTheMomentAtTheFirstConnect_saysThatItMayBeTriedAgain() {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication(this::accepted);
            scene.options = scene.options.withDhchapSecret(secret);
            scene.target.inject(AUTHENTICATION_SEND, new Fault.Answer(0x0006, 0));
            assertThatThrownBy(scene::connect)
                    .isInstanceOfSatisfying(
                            AuthenticationFailedException.class,
                            e -> assertThat(e.retryable()).isTrue());
        });
    }

    // A secret that is closed too early.

    @Test
    void closedSecret_isToldAtConnect() {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication(this::accepted);
            scene.options = scene.options.withDhchapSecret(secret);
            secret.close();
            assertThatThrownBy(scene::connect)
                    .isInstanceOf(ConnectFailedException.class)
                    .hasMessageContaining("dhchapSecret")
                    .hasMessageContaining("closed");
        });
    }

    @Test
    void secretClosedTooEarly_endsTheControllerAtOnceAndSaysSo() {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication(this::accepted);
            scene.options = scene.options.withDhchapSecret(secret);
            try (Controller controller = scene.connect()) {
                secret.close();
                Duration before = scene.now();
                scene.target.disconnectAll();
                scene.await(controller, ControllerState.DEAD, Duration.ofSeconds(2));
                assertThat(scene.now().minus(before)).isLessThan(Duration.ofSeconds(2));
                assertThat(controller.status().reason().orElseThrow())
                        .contains("dhchapSecret is closed")
                        .doesNotContain("internal error");
            }
        });
    }
}

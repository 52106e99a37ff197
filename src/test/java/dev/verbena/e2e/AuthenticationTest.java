package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.verbena.AuthenticationFailedException;
import dev.verbena.AuthenticationNotOfferedException;
import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.Initiator;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.auth.ChapHash;
import dev.verbena.nvme.auth.ChapSecret;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.foreign.MemorySegment;
import java.security.SecureRandom;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// DH-HMAC-CHAP.
@TargetTest
class AuthenticationTest {
    private final SecureRandom random = new SecureRandom();

    @BeforeEach
    void targetCanAuthenticate() {
        String kernel = System.getenv("VERBENA_RIG_KERNEL");
        assumeFalse(
                TargetControl.current() == TargetControl.NVMET
                        && kernel != null
                        && kernel.startsWith("6.1."),
                "the target of Linux 6.1 cannot authenticate");
    }

    private static ConnectOptions options(HostIdentity host) {
        return LiveTarget.patient().withHost(host).withIoQueues(2);
    }

    private static void works(Initiator initiator, LiveTarget live, ConnectOptions options)
            throws IOException {
        try (Controller controller = initiator.connect(live.target(), live.nqn(), options)) {
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            controller.openQueue().close();
            controller.reset();
            controller.openQueue().close();
        }
    }

    private static void refused(
            Initiator initiator, LiveTarget live, ConnectOptions options, String... secrets) {
        assertThatThrownBy(() -> initiator.connect(live.target(), live.nqn(), options))
                .isInstanceOf(AuthenticationFailedException.class)
                .satisfies(e -> {
                    StringWriter trace = new StringWriter();
                    e.printStackTrace(new PrintWriter(trace));
                    assertThat(trace.toString()).doesNotContain("DHHC-1");
                    for (String secret : secrets) {
                        assertThat(trace.toString()).doesNotContain(secret);
                    }
                });
    }

    /// The kernel lets any host in only while none is listed.
    private static void anyHost(LiveTarget live, HostIdentity host) throws IOException {
        live.change("disallow", live.nqn(), host.hostNqn().value());
        live.change("any-host", live.nqn(), "1");
    }

    @ParameterizedTest
    @EnumSource(ChapHash.class)
    void oneWay_rightSecretConnectsAndOthersDoNot(ChapHash hash, LiveTarget live)
            throws IOException {
        HostIdentity host = HostIdentity.generate();
        try (Initiator initiator = Initiator.open();
                ChapSecret secret = ChapSecret.generate(hash, random);
                ChapSecret other = ChapSecret.generate(hash, random)) {
            live.change("dhchap", live.nqn(), host.hostNqn().value(), secret.reveal());
            works(initiator, live, options(host).withDhchapSecret(secret));
            refused(initiator, live, options(host));
            refused(initiator, live, options(host).withDhchapSecret(other), other.reveal());
        } finally {
            anyHost(live, host);
        }
    }

    /// The host is listed, and has no secret there.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void targetWithoutASecretForThisHost_isRefusedAndNothingIsWritten(
            boolean bothWays, LiveTarget live) throws IOException {
        HostIdentity host = HostIdentity.generate();
        try (Initiator initiator = Initiator.open();
                ChapSecret secret = ChapSecret.generate(ChapHash.SHA256, random)) {
            ConnectOptions without = options(host);
            ConnectOptions with =
                    without.withDhchapSecret(secret).withDhchapCtrlSecret(bothWays ? secret : null);
            byte[] before = firstBlock(initiator, live, without);
            assertThatThrownBy(
                            () -> {
                                try (Controller controller =
                                                initiator.connect(live.target(), live.nqn(), with);
                                        BlockDevice disk = controller.openDevice(1)) {
                                    byte[] other = new byte[before.length];
                                    Arrays.fill(other, (byte) ~before[0]);
                                    disk.write(0, MemorySegment.ofArray(other));
                                }
                            })
                    .isInstanceOf(AuthenticationNotOfferedException.class)
                    .hasMessageContaining("does not ask for authentication");
            assertThat(firstBlock(initiator, live, without)).isEqualTo(before);
        }
    }

    private static byte[] firstBlock(Initiator initiator, LiveTarget live, ConnectOptions options)
            throws IOException {
        try (Controller controller = initiator.connect(live.target(), live.nqn(), options);
                BlockDevice disk = controller.openDevice(1)) {
            byte[] block = new byte[disk.blockSize()];
            disk.read(0, MemorySegment.ofArray(block));
            return block;
        }
    }

    /// The log says where to go; what is found there has to prove itself.
    @Test
    void discoveryControllerThatDoesNotAsk_isReadWithSecretsToo(LiveTarget live)
            throws IOException {
        try (Initiator initiator = Initiator.open();
                ChapSecret secret = ChapSecret.generate(ChapHash.SHA256, random)) {
            ConnectOptions with =
                    options(HostIdentity.generate())
                            .withDhchapSecret(secret)
                            .withDhchapCtrlSecret(secret);
            assertThat(initiator.discover(live.target(), with).entries()).isNotEmpty();
        }
    }

    @Test
    void twoWay_bothHaveToProveThemselves(LiveTarget live) throws IOException {
        HostIdentity host = HostIdentity.generate();
        try (Initiator initiator = Initiator.open();
                ChapSecret secret = ChapSecret.generate(ChapHash.SHA256, random);
                ChapSecret controllers = ChapSecret.generate(ChapHash.SHA256, random);
                ChapSecret other = ChapSecret.generate(ChapHash.SHA256, random)) {
            live.change(
                    "dhchap",
                    live.nqn(),
                    host.hostNqn().value(),
                    secret.reveal(),
                    controllers.reveal());
            ConnectOptions one = options(host).withDhchapSecret(secret);
            works(initiator, live, one);
            works(initiator, live, one.withDhchapCtrlSecret(controllers));
            refused(initiator, live, one.withDhchapCtrlSecret(other), other.reveal());
        } finally {
            anyHost(live, host);
        }
    }
}

package dev.verbena.testkit;

import static dev.verbena.testkit.AuthenticationFailuresTest.bytes;
import static dev.verbena.testkit.AuthenticationFailuresTest.challenge;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.AuthenticationFailedException;
import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.IoQueue;
import dev.verbena.NvmeException;
import dev.verbena.nvme.AdminOpcode;
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

/// A controller that asks a host to authenticate again in the middle of a connection
/// (Authentication Required, 91h). In virtual time.
@Isolated
@Timeout(60)
class ReauthenticationTest {
    private static final int REQUIRED = 0x4191;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ChapSecret secret = ChapSecret.generate(ChapHash.SHA256, new SecureRandom());

    /// Exchanges that were ended well.
    private final AtomicInteger exchanges = new AtomicInteger();

    private void play(VirtualScene.Script script) {
        VirtualScene.play(scene -> {
            scene.subsystem.authentication(this::message);
            // The script knows one exchange at a time.
            scene.options = scene.options.withDhchapSecret(secret).withConnectParallelism(1);
            script.play(scene);
        });
    }

    private byte[] message(int transaction, int index) {
        if (index % 2 == 0) {
            return bytes(challenge(transaction));
        }
        exchanges.incrementAndGet();
        return bytes(new ChapMessage.Success1(transaction, false, new byte[32]));
    }

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    private static void assertToldWhy(VirtualScene scene) {
        assertThat(
                        scene.told(ControllerEvent.StateChanged.class)
                                .getFirst()
                                .status()
                                .reason()
                                .orElseThrow())
                .contains("authenticate again");
    }

    @Test
    void readThatIsRefused_isRepeatedOnAConnectionThatIsAuthenticatedAnew() {
        play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                int before = exchanges.get();
                scene.target.inject(Occasion.io(NvmOpcode.READ), new Fault.Answer(REQUIRED, 0));
                disk.read(0, block());
                assertToldWhy(scene);
                assertThat(exchanges.get()).isGreaterThan(before);
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    @Test
    void adminCommandThatIsRefused_saysSo_andTheNextOneWorks() {
        play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.admin(AdminOpcode.IDENTIFY), new Fault.Answer(REQUIRED, 0));
                assertThatThrownBy(controller::rescan)
                        .isInstanceOf(NvmeException.class)
                        .hasMessageContaining("Authentication Required");
                scene.await(() -> !scene.events.isEmpty(), PATIENCE, "the loss");
                scene.await(controller, ControllerState.LIVE, PATIENCE);
                assertToldWhy(scene);
                controller.rescan();
            }
        });
    }

    @Test
    void commandOfAQueueThatIsRefused_completesWithThatStatus_andTheQueueEnds() {
        play(scene -> {
            try (Controller controller = scene.connect()) {
                try (IoQueue queue = controller.openQueue()) {
                    scene.target.inject(
                            Occasion.io(NvmOpcode.FLUSH), new Fault.Answer(REQUIRED, 0));
                    assertThat(queue.tryFlush(controller.namespace(1), 7)).isTrue();
                    int[] ended = {0};
                    while (queue.inFlightCount() > 0) {
                        queue.pollOrWait(
                                (token, status, result) -> ended[0] = status, 1_000_000_000);
                    }
                    assertThat(ended[0] & 0x7FF).isEqualTo(0x191);
                    scene.await(() -> !scene.events.isEmpty(), PATIENCE, "the loss");
                }
                assertToldWhy(scene);
                scene.await(controller, ControllerState.LIVE, PATIENCE);
                controller.openQueue().close();
            }
        });
    }

    @Test
    void secretThatIsNotRightAnyMore_endsTheControllerWithTheReason() {
        play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.subsystem.authentication(
                        (t, i) -> bytes(new ChapMessage.Failure(t, true, 1)));
                scene.target.inject(
                        Occasion.io(NvmOpcode.READ).always(), new Fault.Answer(REQUIRED, 0));
                assertThatThrownBy(() -> disk.read(0, block()))
                        .hasMessageContaining("did not authenticate");
                assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
                assertThatThrownBy(() -> controller.awaitLive(PATIENCE))
                        .isInstanceOf(AuthenticationFailedException.class);
            }
        });
    }
}

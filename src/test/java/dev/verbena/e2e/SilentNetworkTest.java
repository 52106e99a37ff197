package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.ControllerStatus;
import dev.verbena.Initiator;
import dev.verbena.Target;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The network between host and target falls silent: no error, no disconnect, nothing arrives any
/// more.
@TargetTest({"--size", "16M"})
@OnlyWith(
        value = TargetControl.NVMET,
        because = "SPDK takes only the RDMA devices that were there when it started")
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SilentNetworkTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /// Longest time until silence is noticed: the keep-alive time-out and the transport's own
    /// retries, in a guest that is slow.
    private static final Duration NOTICED_MAX = Duration.ofSeconds(30);

    private @Nullable Wire wire;

    private static ConnectOptions options() {
        return LiveTarget.patient()
                .withKeepAliveTimeout(Duration.ofSeconds(4))
                .withIoQueues(2)
                .withReconnectDelay(Duration.ofSeconds(1))
                .withCtrlLossTimeout(Duration.ofMinutes(3));
    }

    @BeforeAll
    void lay(LiveTarget live) throws IOException {
        Machine.requireGuest();
        wire = Wire.lay(live);
    }

    @AfterAll
    void takeAway() throws IOException {
        if (wire != null) {
            wire.close();
        }
    }

    private Wire wire() {
        return Objects.requireNonNull(wire);
    }

    private static Controller connect(Initiator initiator, LiveTarget live) throws IOException {
        return initiator.connect(Target.rdma(Wire.ADDRESS, 4420), live.nqn(), options());
    }

    /// Waits for an attempt that failed: one into the silence.
    private static void awaitAttempt(Controller controller) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (controller.status().attempts() == 0) {
            assertThat(System.nanoTime()).as("%s", controller.status()).isLessThan(end);
            StateWatch.assertExplained(controller.status());
            Thread.sleep(20);
        }
    }

    /// Nothing is under way: only the keep alive can notice.
    @Test
    void silentForLongWhileIdle_isNoticedByKeepAlive(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live);
                StateWatch watch = new StateWatch(controller);
                BlockDevice device = controller.openDevice(1)) {
            MemorySegment written = MemorySegment.ofArray(new byte[4096]).fill((byte) 7);
            device.write(8192, written);
            long start = System.nanoTime();
            wire().silence();
            ControllerStatus status = watch.awaitLoss(PATIENCE);
            Duration noticed = Duration.ofNanos(System.nanoTime() - start);
            System.out.println("silence noticed after " + noticed + ": " + status);
            assertThat(noticed).isLessThan(NOTICED_MAX);
            awaitAttempt(controller);
            CompletableFuture<Void> held =
                    device.readAsync(8192, MemorySegment.ofArray(new byte[4096]));
            wire().speak();
            assertThat(controller.awaitLive(PATIENCE)).as("%s", controller.status()).isTrue();
            held.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            MemorySegment back = MemorySegment.ofArray(new byte[4096]);
            device.read(8192, back);
            assertThat(back.mismatch(written)).isEqualTo(-1);
            watch.assertExplained();
        } finally {
            wire().speak();
        }
    }

    @Test
    void closeInTheSilence_isBounded_andEndsEveryRequest(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open()) {
            Controller controller = connect(initiator, live);
            BlockDevice device = controller.openDevice(1);
            wire().silence();
            CompletableFuture<Void> write =
                    device.writeAsync(0, MemorySegment.ofArray(new byte[4096]));
            long start = System.nanoTime();
            controller.close();
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            System.out.println("closed in the silence after " + took);
            assertThat(took).isLessThan(NOTICED_MAX);
            assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
            assertThat(write).isDone();
        } finally {
            wire().speak();
        }
    }
}

package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.Initiator;
import dev.verbena.NvmeException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Faults of a namespace, made in the target: answers that do not come, come late, report an error
/// or bring wrong data.
@TargetTest({"--layer", "error", "--layer", "delay", "--crdt", "7,8,9", "--size", "16M"})
@OnlyWith(value = TargetControl.SPDK, because = "Linux's target cannot inject faults")
class SpdkFaultsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final int BLOCK = 512;

    @AfterEach
    void clear(LiveTarget live) throws IOException {
        live.change("inject", live.nqn(), "1", "clear", "failure");
        live.change("latency", live.nqn(), "1", "read", "0");
        live.change("resume", live.nqn(), "1");
    }

    private static void inject(LiveTarget live, String ioType, String error, String... more)
            throws IOException {
        String[] arguments = new String[5 + more.length];
        arguments[0] = "inject";
        arguments[1] = live.nqn();
        arguments[2] = "1";
        arguments[3] = ioType;
        arguments[4] = error;
        System.arraycopy(more, 0, arguments, 5, more.length);
        live.change(arguments);
    }

    private static Controller connect(Initiator initiator, LiveTarget live, ConnectOptions options)
            throws IOException {
        return initiator.connect(live.target(), live.nqn(), options);
    }

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[BLOCK]);
    }

    /// Status code types and codes that no retry helps against, generic, command specific, of the
    /// media.
    @ParameterizedTest
    @CsvSource({"0, 128", "1, 130", "2, 129", "2, 134"})
    void statusOfTheTarget_reachesTheCallerAsItIs(int type, int code, LiveTarget live)
            throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator);
                BlockDevice device = controller.openDevice(1)) {
            device.read(0, block());
            inject(live, "read", "nvme_failure", "nvme_sct=" + type, "nvme_sc=" + code);
            assertThatThrownBy(() -> device.read(0, block()))
                    .isInstanceOfSatisfying(
                            NvmeException.class,
                            e -> assertThat(e.status().typeAndCode()).isEqualTo(type << 8 | code));
            // Only reads were asked to fail.
            device.write(0, block());
        }
    }

    /// Namespace Not Ready, which may be repeated: the first answers carry the error, with the
    /// index of the delay that the controller advertises.
    @Test
    void retryableStatus_isRepeatedAfterTheDelayTheControllerAsksFor(LiveTarget live)
            throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator);
                BlockDevice device = controller.openDevice(1)) {
            assertThat(controller.identify().commandRetryDelayMillis(1)).isEqualTo(700);
            assertThat(controller.identify().commandRetryDelayMillis(3)).isEqualTo(900);
            device.read(0, block());
            long retried = device.statistics().retriedCount();
            inject(live, "read", "nvme_failure", "nvme_sct=0", "nvme_sc=130", "num=2");
            long start = System.nanoTime();
            device.read(0, block());
            Duration took = Duration.ofNanos(System.nanoTime() - start);
            assertThat(device.statistics().retriedCount() - retried).isEqualTo(2);
            assertThat(took).isGreaterThanOrEqualTo(Duration.ofMillis(2 * 700));
        }
    }

    @Test
    void withoutRetryDelays_theRepeatComesAtOnce(LiveTarget live) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        connect(initiator, live, LiveTarget.patient().withCrdEnabled(false));
                BlockDevice device = controller.openDevice(1)) {
            device.read(0, block());
            inject(live, "read", "nvme_failure", "nvme_sct=2", "nvme_sc=129", "num=1");
            assertThatThrownBy(() -> device.read(0, block()))
                    .isInstanceOfSatisfying(
                            NvmeException.class,
                            e -> assertThat(e.status().retryDelayIndex()).isZero());
        }
    }

    @Test
    void answerThatNeverComes_endsInATimeout_andTheControllerComesBack(LiveTarget live)
            throws Exception {
        ConnectOptions options =
                LiveTarget.patient()
                        .withIoQueues(2)
                        .withIoTimeout(Duration.ofSeconds(5))
                        .withReconnectDelay(Duration.ofSeconds(1));
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live, options);
                BlockDevice device = controller.openDevice(1)) {
            device.write(0, block());
            inject(live, "read", "pending", "num=1");
            long start = System.nanoTime();
            assertThatThrownBy(() -> device.read(0, block()))
                    .isInstanceOf(CommandTimeoutException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(Duration.ofSeconds(5), Duration.ofSeconds(30));
            // SPDK keeps the old controller as long as its request is held.
            live.change("resume", live.nqn(), "1");
            assertThat(controller.awaitLive(PATIENCE)).isTrue();
            device.read(0, block());
        }
    }

    @Test
    void answerAfter31Seconds_isWaitedForIfItMayTakeThatLong(LiveTarget live) throws Exception {
        ConnectOptions options = LiveTarget.patient().withIoTimeout(Duration.ofSeconds(60));
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live, options);
                BlockDevice device = controller.openDevice(1)) {
            device.read(0, block());
            live.change("latency", live.nqn(), "1", "read", "31000000");
            long start = System.nanoTime();
            CompletableFuture<Void> read = device.readAsync(0, block());
            // Writes of the same connection are not held up.
            device.write(BLOCK, block());
            assertThat(read).isNotDone();
            read.get(60, TimeUnit.SECONDS);
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isGreaterThan(Duration.ofSeconds(30));
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }

    @Test
    void answerAfter31Seconds_isTooLateWithTheDefault(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        connect(
                                initiator,
                                live,
                                LiveTarget.patient().withReconnectDelay(Duration.ofSeconds(1)));
                BlockDevice device = controller.openDevice(1)) {
            device.read(0, block());
            live.change("latency", live.nqn(), "1", "read", "31000000");
            assertThatThrownBy(() -> device.read(0, block()))
                    .isInstanceOf(CommandTimeoutException.class);
            live.change("latency", live.nqn(), "1", "read", "0");
            assertThat(controller.awaitLive(PATIENCE)).isTrue();
            device.read(0, block());
        }
    }

    /// Neither the transport nor the target notices; only who knows the content does.
    @Test
    void silentCorruption_isFoundByTheChecker(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator);
                BlockDevice device = controller.openDevice(1)) {
            ContentChecker.Plan plan = new ContentChecker.Plan(7, 2, 8, 400, 512);
            new ContentChecker(device, plan, true).run();
            inject(live, "read", "corrupt_data", "corrupt_offset=300", "corrupt_value=1");
            assertThatThrownBy(() -> new ContentChecker(device, plan, true).run())
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("seed 7");
        }
    }
}

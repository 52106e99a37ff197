package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.Initiator;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The target's process stands still, dies and comes back.
@TargetTest({"--size", "16M"})
@OnlyWith(value = TargetControl.SPDK, because = "Linux's target is no process that can be ended")
class SpdkProcessTest {
    private static final Duration PATIENCE = Duration.ofSeconds(100);

    private static final int BYTES = 4096;

    private static final int WRITERS = 8;

    private static ConnectOptions options(int keepAliveSeconds) {
        return ConnectOptions.defaults()
                .withKeepAliveTimeout(Duration.ofSeconds(keepAliveSeconds))
                .withIoQueues(2)
                .withIoTimeout(Duration.ofSeconds(120))
                .withReconnectDelay(Duration.ofSeconds(1))
                .withCtrlLossTimeout(Duration.ofMinutes(3));
    }

    @AfterEach
    void targetRuns(LiveTarget live) throws IOException {
        // Restarted whatever a failed test has left.
        live.change("kill");
        live.change("start");
    }

    private static MemorySegment filled(int value) {
        byte[] content = new byte[BYTES];
        Arrays.fill(content, (byte) value);
        return MemorySegment.ofArray(content);
    }

    /// Writers that each repeat writes to their own place, with a number that grows, until they are
    /// told to stop: then every one has written its last number.
    private static final class Writers {
        private final AtomicBoolean stop = new AtomicBoolean();
        private final List<CompletableFuture<Integer>> last = new ArrayList<>();

        Writers(BlockDevice device) {
            for (int i = 0; i < WRITERS; i++) {
                int place = i;
                last.add(
                        CompletableFuture.supplyAsync(
                                () -> {
                                    int number = 0;
                                    while (!stop.get()) {
                                        number = number % 100 + 1;
                                        try {
                                            device.write((long) place * BYTES, filled(number));
                                        } catch (IOException e) {
                                            throw new java.io.UncheckedIOException(e);
                                        }
                                    }
                                    return number;
                                },
                                task -> Thread.ofVirtual().start(task)));
            }
        }

        void stopAndCompare() throws Exception {
            stop.set(true);
            // Another test may have put another disk in its place.
            LiveTarget live = LiveTarget.ofRig();
            for (int i = 0; i < WRITERS; i++) {
                int number = last.get(i).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertThat(live.stored((long) i * BYTES, BYTES)).containsOnly(number);
            }
        }
    }

    @Test
    void targetStopsForAMoment_underLoad_nothingIsLost(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options(60));
                BlockDevice device = controller.openDevice(1)) {
            Writers writers = new Writers(device);
            live.change("pause");
            Thread.sleep(4000);
            live.change("continue");
            Thread.sleep(2000);
            writers.stopAndCompare();
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }

    /// Beyond the keep alive timeout the connection counts as lost, although the fabric knows of
    /// nothing; the requests are made up for when the target goes on.
    @Test
    void targetStopsForLong_underLoad_isNoticedByKeepAlive(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options(10));
                BlockDevice device = controller.openDevice(1)) {
            Writers writers = new Writers(device);
            live.change("pause");
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (controller.state() == ControllerState.LIVE && System.nanoTime() < end) {
                Thread.sleep(50);
            }
            assertThat(controller.state()).isNotEqualTo(ControllerState.LIVE);
            live.change("continue");
            assertThat(controller.awaitLive(PATIENCE)).isTrue();
            writers.stopAndCompare();
        }
    }

    @Test
    void targetKilled_underLoad_andStarted_writesAreMadeUpFor(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options(60));
                BlockDevice device = controller.openDevice(1)) {
            Writers writers = new Writers(device);
            Thread.sleep(500);
            live.change("kill");
            live.change("start");
            assertThat(controller.awaitLive(PATIENCE)).isTrue();
            Thread.sleep(1000);
            writers.stopAndCompare();
        }
    }

    @Test
    void otherNamespaceUnderTheSameId_failsTheOldDevice(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options(60));
                BlockDevice device = controller.openDevice(1)) {
            device.write(0, filled(1));
            LiveTarget before = LiveTarget.ofRig();
            List<ControllerEvent> told = new CopyOnWriteArrayList<>();
            controller.addListener((c, event) -> told.add(event));
            live.change("kill");
            live.change("ns-replace", live.nqn(), "1");
            live.change("start");
            assertThat(controller.awaitLive(PATIENCE)).isTrue();
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (told.stream().noneMatch(ControllerEvent.NamespacesChanged.class::isInstance)
                    && System.nanoTime() < end) {
                Thread.sleep(50);
            }
            // What was written for the one must not reach the other.
            assertThatThrownBy(() -> device.write(0, filled(2))).isInstanceOf(IOException.class);
            LiveTarget now = LiveTarget.ofRig();
            assertThat(now.backing()).isNotEqualTo(before.backing());
            assertThat(now.stored(0, BYTES)).containsOnly(0);
            assertThat(before.stored(0, BYTES)).containsOnly(1);
            try (BlockDevice other = controller.openDevice(1)) {
                other.write(0, filled(3));
            }
            assertThat(now.stored(0, BYTES)).containsOnly(3);
        }
    }
}

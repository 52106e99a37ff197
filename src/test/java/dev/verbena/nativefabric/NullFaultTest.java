package dev.verbena.nativefabric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.CommandTimeoutException;
import dev.verbena.CompletionHandler;
import dev.verbena.ConnectOptions;
import dev.verbena.ConnectionLostException;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A target that misbehaves: whatever it does, each command completes once, and the memory is free
/// afterwards.
@NullFabricTest
class NullFaultTest {
    private static final int AWAIT_NANOS = 10_000_000;
    private static final int HOST_ABORTED = 0x371;
    private static final Duration LIVE_TIMEOUT = Duration.ofSeconds(20);

    /// Without recovery.
    private static final ConnectOptions ONCE =
            ConnectOptions.defaults().withCtrlLossTimeout(Duration.ZERO);

    private static final ConnectOptions IMPATIENT =
            ConnectOptions.defaults().withIoTimeout(Duration.ofMillis(300));

    @Test
    void errorStatus_isTheCommandsOwn_andTheQueueGoesOn() throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "fault=status@2");
                BlockDevice device = controller.openDevice(1)) {
            MemorySegment block = MemorySegment.ofArray(new byte[512]);
            device.read(0, block);
            assertThatThrownBy(() -> device.read(0, block))
                    .isInstanceOfSatisfying(
                            NvmeException.class,
                            e -> assertThat(e.status().toString()).contains("Internal"));
            device.read(0, block);
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }

    @Test
    void statusThatMayBeRetried_isNotSeenByTheCaller() throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "fault=transient@2");
                BlockDevice device = controller.openDevice(1)) {
            byte[] content = Patterns.of(4096, 5);
            device.write(0, MemorySegment.ofArray(content));
            byte[] back = new byte[4096];
            device.read(0, MemorySegment.ofArray(back));
            assertThat(back).isEqualTo(content);
        }
    }

    @Test
    void noResponse_timesOut_andTheBufferIsFreeAfterwards() throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "fault=drop@3", IMPATIENT);
                BlockDevice device = controller.openDevice(1)) {
            DmaArena arena = device.newArena(4096);
            MemorySegment page = arena.allocate(4096, 4096);
            device.read(0, page);
            device.read(0, page);
            assertThatThrownBy(() -> device.read(0, page))
                    .isInstanceOfAny(CommandTimeoutException.class, ConnectionLostException.class);
            arena.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "cid, which no outstanding command has",
        "short, a response of 15 bytes",
        "disconnect, connect"
    })
    void violation_endsTheQueueWithItsReason_eachCommandOnce(String kind, String message)
            throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        NullTarget.connect(initiator, "fault=" + kind + "@20", ONCE)) {
            int[] completions = runUntilBroken(controller, 16);
            assertThat(completions).containsOnly(1);
            assertThatThrownBy(() -> controller.awaitLive(LIVE_TIMEOUT))
                    .isInstanceOf(IOException.class)
                    .hasStackTraceContaining(message);
            assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
            assertThatThrownBy(controller::openQueue).isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cid", "short", "disconnect"})
    void violation_isRecoveredFrom_byConnectingAgain(String kind) throws Exception {
        ConnectOptions soon = ConnectOptions.defaults().withReconnectDelay(Duration.ofSeconds(1));
        try (LibraryLog log = new LibraryLog();
                Initiator initiator = Initiator.open();
                Controller controller =
                        NullTarget.connect(initiator, "fault=" + kind + "@20", soon)) {
            assertThat(runUntilBroken(controller, 16)).containsOnly(1);
            assertThat(controller.awaitLive(LIVE_TIMEOUT)).isTrue();
            try (BlockDevice device = controller.openDevice(1)) {
                device.read(0, MemorySegment.ofArray(new byte[4096]));
            }
            assertThat(log.lines())
                    .satisfiesExactly(
                            loss -> assertThat(loss).startsWith("WARNING The connection to nqn."),
                            back -> assertThat(back).startsWith("INFO").contains("again"));
        }
    }

    @Test
    void repeatedResponse_endsTheQueue_noCommandCompletesTwice() throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "fault=repeat@20")) {
            assertThat(runUntilBroken(controller, 16)).containsOnly(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"drop", "status", "cid", "short", "repeat", "disconnect"})
    void afterAFault_aNewConnectionWorks(String kind) throws IOException {
        try (Initiator initiator = Initiator.open()) {
            try (Controller broken =
                            NullTarget.connect(initiator, "fault=" + kind + "@1", IMPATIENT);
                    BlockDevice device = broken.openDevice(1)) {
                MemorySegment block = MemorySegment.ofArray(new byte[512]);
                // A response that comes twice is not noticed before the next poll.
                if (kind.equals("repeat")) {
                    device.read(0, block);
                } else {
                    assertThatThrownBy(() -> device.read(0, block)).isInstanceOf(IOException.class);
                }
            }
            try (Controller next = NullTarget.connect(initiator, "");
                    BlockDevice device = next.openDevice(1)) {
                device.read(0, MemorySegment.ofArray(new byte[4096]));
            }
        }
    }

    /// Reads until the queue is down.
    ///
    /// @return how often each command completed
    private static int[] runUntilBroken(Controller controller, int depth) throws IOException {
        Namespace namespace = controller.namespace(1);
        List<Integer> statuses = new ArrayList<>();
        int[] completions = new int[10_000];
        CompletionHandler handler =
                (token, status, result) -> {
                    completions[(int) token]++;
                    statuses.add(status);
                };
        int submitted = 0;
        try (IoQueue queue = controller.openQueue();
                DmaArena arena = controller.newArena(4096)) {
            MemorySegment page = arena.allocate(4096, 4096);
            try {
                while (submitted < completions.length) {
                    while (queue.inFlightCount() < depth
                            && queue.tryRead(namespace, 0, 8, page, submitted)) {
                        submitted++;
                    }
                    if (queue.poll(handler) == 0) {
                        queue.await(AWAIT_NANOS);
                    }
                }
            } catch (ConnectionLostException e) {
                assertThat(queue.inFlightCount()).isZero();
            }
        }
        assertThat(submitted).isBetween(20, completions.length - 1);
        assertThat(statuses).hasSize(submitted).isSubsetOf(0, HOST_ABORTED);
        return java.util.Arrays.copyOf(completions, submitted);
    }
}

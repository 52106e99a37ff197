package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.DuplicateConnectException;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.Target;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Test;

@TargetTest({"--namespaces", "3", "--size", "16M", "--ipv6"})
class ConnectTest {
    @Test
    void connect_identifiesControllerAndNamespaces(LiveTarget live) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator)) {
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            assertThat(controller.identify().subsystemNqn()).isEqualTo(live.nqn());
            assertThat(controller.identify().keyedSglSupported()).isTrue();
            assertThat(controller.capabilities().maximumQueueEntries()).isGreaterThan(31);
            assertThat(controller.namespaces()).isNotEmpty();
            assertThat(controller.namespace(1).blockSize()).isPositive();
            if (live.backing() != null) {
                assertThat(controller.namespaces())
                        .extracting(Namespace::id)
                        .containsExactly(1, 2, 3);
                assertThat(controller.namespace(3).byteSize()).isEqualTo(16 << 20);
                assertThat(controller.identify().modelNumber())
                        .isEqualTo(TargetControl.current().modelNumber());
                assertThat(controller.namespace(1).descriptors().uuid()).isPresent();
            }
        }
    }

    @Test
    void connect_overIpv6_works(LiveTarget live) throws IOException {
        org.junit.jupiter.api.Assumptions.assumeTrue(live.target().traddr().contains(":"));
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator);
                BlockDevice device = controller.openDevice(1)) {
            MemorySegment data = MemorySegment.ofArray(new byte[device.blockSize()]);
            data.fill((byte) 0x66);
            device.write(0, data);
            assertThat(live.stored(0, device.blockSize())).containsOnly(0x66);
        }
    }

    @Test
    void connect_bySchemeAddress_works(LiveTarget live) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        initiator.connect(
                                Target.parse("nvmf-rdma://" + live.target()),
                                live.nqn(),
                                LiveTarget.patient())) {
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }

    @Test
    void close_endsTheControllerAndLeavesNothing(LiveTarget live)
            throws IOException, InterruptedException {
        try (Initiator initiator = Initiator.open()) {
            live.connect(initiator).close();
            Leftovers before = Leftovers.now();
            for (int i = 0; i < 5; i++) {
                Controller controller = live.connect(initiator);
                try (BlockDevice device = controller.openDevice(1)) {
                    device.read(0, MemorySegment.ofArray(new byte[device.blockSize()]));
                }
                controller.close();
                assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
                assertThatThrownBy(() -> controller.openQueue())
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("closed");
            }
            before.assertNothingAdded();
        }
    }

    @Test
    void closingTheInitiator_closesItsControllersAndThreads(LiveTarget live)
            throws IOException, InterruptedException {
        Leftovers before = Leftovers.now();
        Initiator initiator = Initiator.open();
        Controller first = live.connect(initiator);
        assertThatThrownBy(() -> live.connect(initiator))
                .isInstanceOf(DuplicateConnectException.class);
        Controller second =
                initiator.connect(
                        live.target(), live.nqn(), LiveTarget.patient().withDuplicateConnect(true));
        assertThat(second.controllerId()).isNotEqualTo(first.controllerId());
        BlockDevice device = first.openDevice(1);
        initiator.close();
        assertThat(first.state()).isEqualTo(ControllerState.DEAD);
        assertThat(second.state()).isEqualTo(ControllerState.DEAD);
        assertThatThrownBy(() -> device.flush()).isInstanceOf(IOException.class);
        before.assertNothingAdded();
    }

    @Test
    // Closing too early is what is tested.
    @SuppressWarnings("try")
    void openQueue_moreThanGranted_isRefusedWithTheNumber(LiveTarget live) throws IOException {
        ConnectOptions one = LiveTarget.patient().withIoQueues(1).withPollQueues(0);
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), one);
                IoQueue queue = controller.openQueue()) {
            assertThat(controller.ioQueueCount()).isEqualTo(1);
            assertThat(queue.depth()).isPositive();
            assertThatThrownBy(() -> controller.openQueue())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("All 1 I/O queues");
            assertThatThrownBy(() -> controller.close())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("I/O queue 1");
        }
    }

    @Test
    void queueSize_isClampedToWhatTheControllerTakes(LiveTarget live) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        initiator.connect(
                                live.target(),
                                live.nqn(),
                                LiveTarget.patient().withQueueSize(4096));
                IoQueue queue = controller.openQueue()) {
            assertThat(queue.depth())
                    .isPositive()
                    .isLessThan(controller.capabilities().maximumQueueEntries());
        }
    }

    @Test
    void idleController_staysAliveBeyondItsKeepAliveTimeout(LiveTarget live)
            throws IOException, InterruptedException {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        initiator.connect(
                                live.target(),
                                live.nqn(),
                                LiveTarget.patient().withKeepAliveTimeout(Duration.ofSeconds(6)))) {
            Thread.sleep(10_000);
            assertThat(controller.rescan()).isNotEmpty();
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }
}

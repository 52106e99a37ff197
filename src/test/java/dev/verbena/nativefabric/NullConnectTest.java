package dev.verbena.nativefabric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.ConnectStatusException;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.verbs.LeakDetector;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@NullFabricTest
class NullConnectTest {
    @Test
    void discovery_listsTheSubsystemAtTheAddressAsked() throws IOException {
        try (Initiator initiator = Initiator.open()) {
            var entries = initiator.discover(NullTarget.ADDRESS).entries();
            assertThat(entries).hasSize(1);
            assertThat(entries.getFirst().subsystemNqn()).hasToString(NullTarget.NQN);
        }
    }

    @Test
    void identify_saysWhatTheNameAskedFor() throws IOException {
        String options = "icdoff=4&in_capsule=8192&mdts=5&namespaces=3&lbads=12&msdbd=2&mqes=63";
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, options)) {
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            assertThat(controller.subsystemNqn()).isEqualTo(NullTarget.nqn(options));
            assertThat(controller.inCapsuleBytesMax()).isEqualTo(8192);
            assertThat(controller.identify().inCapsuleDataOffsetBytes()).isEqualTo(64);
            assertThat(controller.transferBytesMax()).isEqualTo(32 * 4096);
            assertThat(controller.capabilities().maximumQueueEntries()).isEqualTo(64);
            assertThat(controller.namespaces()).extracting(Namespace::id).containsExactly(1, 2, 3);
            assertThat(controller.namespaces()).allMatch(n -> n.blockSize() == 4096);
            try (IoQueue queue = controller.openQueue()) {
                assertThat(queue.depth()).isEqualTo(63);
            }
        }
    }

    @Test
    void optionThatDoesNotExist_isAConnectFailureWithItsStatus() {
        try (Initiator initiator = Initiator.open()) {
            assertThatThrownBy(() -> NullTarget.connect(initiator, "colour=1"))
                    .isInstanceOf(ConnectStatusException.class)
                    .hasMessageContaining(NullTarget.nqn("colour=1"));
        }
    }

    @Test
    void queuesBeyondWhatWasGranted_areRefused() throws IOException {
        ConnectOptions two = ConnectOptions.defaults().withIoQueues(2);
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "", two)) {
            List<IoQueue> queues = new ArrayList<>();
            for (int i = 0; i < controller.ioQueueCount(); i++) {
                queues.add(controller.openQueue());
            }
            assertThat(queues).hasSizeGreaterThanOrEqualTo(2);
            assertThatThrownBy(controller::openQueue)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("I/O queues");
            queues.removeLast().close();
            queues.add(controller.openQueue());
            queues.forEach(IoQueue::close);
        }
    }

    @Test
    void fiftyRounds_leaveNothingOpen() throws IOException {
        try (LeakDetector detector = LeakDetector.start()) {
            try (Initiator initiator = Initiator.open()) {
                for (int i = 0; i < 50; i++) {
                    try (Controller controller = NullTarget.connect(initiator, "");
                            IoQueue queue = controller.openQueue();
                            BlockDevice device = controller.openDevice(1)) {
                        assertThat(queue.inFlightCount()).isZero();
                        assertThat(device.blockSize()).isEqualTo(512);
                    }
                }
            }
            assertThat(detector).isNotNull();
        }
    }

    @Test
    void manyControllersAtOnce_haveTheirOwnIds() throws IOException {
        try (Initiator initiator = Initiator.open()) {
            List<Controller> controllers = new ArrayList<>();
            ConnectOptions again = ConnectOptions.defaults().withDuplicateConnect(true);
            for (int i = 0; i < 20; i++) {
                controllers.add(NullTarget.connect(initiator, "", again));
            }
            assertThat(controllers).extracting(Controller::controllerId).doesNotHaveDuplicates();
            controllers.forEach(Controller::close);
            assertThat(controllers).allMatch(c -> c.state() == ControllerState.DEAD);
        }
    }
}

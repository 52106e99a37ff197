package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How a controller gets along while time passes: keep alive, recovery, time-outs, what it leaves
/// out. In virtual time.
@Isolated
@Timeout(60)
class ControlPlaneTest {
    private static final int TBKAS_OFFSET = 96;
    private static final int ANAGRPMAX_OFFSET = 344;

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    // What cannot be is left out.

    @Test
    void impossibleNamespace_isLeftOutAndTheOthersWork() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            scene.target.inject(Occasion.identify(IdentifyCns.NAMESPACE), format(15));
            try (Controller controller = scene.connect()) {
                assertThat(controller.namespaces()).extracting(Namespace::id).containsExactly(2);
                assertThatThrownBy(() -> controller.openDevice(1)).isInstanceOf(IOException.class);
                try (BlockDevice disk = controller.openDevice(2)) {
                    disk.read(0, block());
                }
                // The next time it makes sense.
                assertThat(controller.rescan()).extracting(Namespace::id).containsExactly(1, 2);
                controller.openDevice(1).close();
            }
        });
    }

    @Test
    void namespaceThatBecomesImpossible_isToldAndItsDeviceFails() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            try (Controller controller = scene.connect();
                    BlockDevice one = controller.openDevice(1);
                    BlockDevice two = controller.openDevice(2)) {
                scene.target.inject(Occasion.identify(IdentifyCns.NAMESPACE), format(15));
                controller.reset();
                scene.pass(Duration.ofSeconds(1));
                assertThat(scene.told(ControllerEvent.Ignored.class))
                        .singleElement()
                        .satisfies(event ->
                                assertThat(event.message()).contains("Namespace 1 is left out"));
                assertThatThrownBy(() -> one.read(0, block())).hasMessageContaining("removed");
                two.read(0, block());
            }
        });
    }

    /// The index of the LBA format; the target lists fewer.
    private static Fault format(int index) {
        return Fault.Patch.of(26, index, 1);
    }

    /// ANAGRPMAX below the groups of the log; group 0; a group that claims more namespaces than the
    /// log holds.
    @ParameterizedTest
    @CsvSource({"-1, 0, 4", "16, 0, 4", "20, 0x00FFFFFF, 4"})
    void malformedAnaLog_isNotUsedAndTheControllerIs(int offset, String value, int bytes) {
        VirtualScene.play(scene -> {
            if (offset < 0) {
                Misbehavior.identifyController(scene.target, ANAGRPMAX_OFFSET, 0, bytes);
            } else {
                scene.target.inject(
                        Occasion.logPage(0x0C).always(),
                        Fault.Patch.of(offset, Long.decode(value), bytes));
            }
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                assertThat(controller.anaLog()).isEmpty();
                disk.read(0, block());
                controller.reset();
                scene.pass(Duration.ofSeconds(1));
                assertThat(scene.told(ControllerEvent.Ignored.class)).isNotEmpty();
                disk.read(0, block());
            }
        });
    }

    @Test
    void unknownAnaState_isLivedWith() {
        VirtualScene.play(scene -> {
            scene.target.inject(Occasion.logPage(0x0C).always(), Fault.Patch.of(32, 9, 1));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                assertThat(controller.anaLog()).isPresent();
                disk.read(0, block());
            }
        });
    }

    // Keep alive.

    @Test
    void ioAlone_sparesKeepAliveWhereTrafficCounts() {
        VirtualScene.play(scene -> {
            scene.subsystem.identify(TBKAS_OFFSET, 1 << 6, 4);
            scene.options = scene.options.withKeepAliveTimeout(Duration.ofSeconds(8));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.pass(Duration.ofSeconds(3));
                long before = scene.target.adminCommandCount(AdminOpcode.KEEP_ALIVE);
                for (int i = 0; i < 600; i++) {
                    disk.read(0, block());
                    scene.pass(Duration.ofMillis(100));
                }
                assertThat(scene.target.adminCommandCount(AdminOpcode.KEEP_ALIVE))
                        .isLessThanOrEqualTo(before + 1);
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                assertThat(scene.events).isEmpty();
                scene.pass(Duration.ofSeconds(20));
                assertThat(scene.target.adminCommandCount(AdminOpcode.KEEP_ALIVE))
                        .as("without I/O they are needed")
                        .isGreaterThanOrEqualTo(before + 5);
            }
        });
    }

    @Test
    void commandsSentBeforeTheLook_proveNothing() {
        VirtualScene.play(scene -> {
            scene.subsystem.identify(TBKAS_OFFSET, 1 << 6, 4);
            scene.options = scene.options.withKeepAliveTimeout(Duration.ofSeconds(8));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(
                        Occasion.io(NvmOpcode.READ).always(),
                        new Fault.DelayAnswer(Duration.ofMillis(4500)));
                long before = scene.target.adminCommandCount(AdminOpcode.KEEP_ALIVE);
                for (int i = 0; i < 10; i++) {
                    // Each is answered two looks after it was sent.
                    disk.read(0, block());
                }
                assertThat(scene.target.adminCommandCount(AdminOpcode.KEEP_ALIVE))
                        .isGreaterThan(before + 15);
            }
        });
    }

    @Test
    void unansweredKeepAlive_isALossWithinItsTimeOut() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withKeepAliveTimeout(Duration.ofSeconds(4));
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.admin(AdminOpcode.KEEP_ALIVE).times(2), new Fault.DropAnswer());
                scene.await(
                        () -> !scene.told(ControllerEvent.StateChanged.class).isEmpty(),
                        Duration.ofSeconds(7),
                        "the loss");
                assertThat(scene.told(ControllerEvent.StateChanged.class).getFirst().status())
                        .satisfies(status -> {
                            assertThat(status.state()).isEqualTo(ControllerState.RESETTING);
                            assertThat(status.reason()).isNotEmpty();
                        });
                scene.target.heal();
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(20));
            }
        });
    }

    // Waiting costs nothing.

    @Test
    void lateSendCompletionOfConnect_isNotSpunFor() {
        VirtualScene.play(scene -> {
            scene.options =
                    scene.options
                            .withConnectTimeout(Duration.ofSeconds(3))
                            .withKeepAliveTimeout(Duration.ZERO);
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.connect(1), new Fault.DelaySendCompletion(Duration.ofMinutes(1)));
                long before = scene.clockLooks();
                try (BlockDevice disk = controller.openDevice(1)) {
                    // The queue is given up, and the next one works.
                    disk.read(0, block());
                }
                assertThat(scene.clockLooks() - before).isLessThan(2000);
            }
        });
    }

    // Queues of one command.

    @Test
    void compareAndWriteWithRoomForOneCommand_isRefusedByName() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withQueueSize(2).withIoQueues(1);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                assertThatThrownBy(() -> disk.compareAndWrite(0, block(), block()))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("queueSize");
                disk.read(0, block());
                try (IoQueue queue = controller.openQueue()) {
                    assertThat(queue.depth()).isEqualTo(1);
                }
            }
        });
    }

    // Retry delays.

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void retryDelay_isWaitedFor(int index) {
        VirtualScene.play(scene -> {
            scene.subsystem.identify(128, 3, 2).identify(130, 20, 2).identify(132, 70, 2);
            Duration delay = Duration.ofMillis(new int[] {300, 2000, 7000}[index - 1]);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                // Namespace Not Ready, with the delay's number.
                scene.target.inject(
                        Occasion.io(NvmOpcode.READ), new Fault.Answer(0x82 | index << 11, 0));
                assertThat(scene.taken(s -> disk.read(0, block())))
                        .isBetween(delay, delay.plusMillis(500));
            }
        });
    }

    @Test
    void doNotRetry_isNotRetried() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(Occasion.io(NvmOpcode.READ), new Fault.Answer(0x4082, 0));
                assertThatThrownBy(() -> disk.read(0, block())).isInstanceOf(NvmeException.class);
                assertThat(scene.target.ioCommandCount(NvmOpcode.READ)).isEqualTo(1);
            }
        });
    }
}

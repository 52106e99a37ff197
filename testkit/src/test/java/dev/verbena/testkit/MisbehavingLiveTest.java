package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.ControllerStatus;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.TimeoutPolicy;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Targets that begin to misbehave when all is well: each way is recovered from, and the reason is
/// told. In virtual time.
@Isolated
@Timeout(120)
class MisbehavingLiveTest {
    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    private static ControllerStatus firstStatus(VirtualScene scene) {
        return scene.told(ControllerEvent.StateChanged.class).getFirst().status();
    }

    /// What may come instead of the answer to a read, each with words of the reason that is told.
    record Wrong(Fault fault, String words) {
        @Override
        public String toString() {
            return fault.toString();
        }
    }

    static Stream<Wrong> wrongAnswers() {
        return Stream.of(
                new Wrong(new Fault.DuplicateAnswer(0), "no outstanding command"),
                new Wrong(new Fault.DuplicateAnswer(0x4082), "no outstanding command"),
                new Wrong(new Fault.WrongCommandId(1), "no outstanding command"),
                new Wrong(new Fault.WrongCommandId(0x8000), "no outstanding command"),
                new Wrong(new Fault.WrongCommandId(0xFFFF), "no outstanding command"),
                new Wrong(new Fault.ShortAnswer(0), "0 bytes"),
                new Wrong(new Fault.ShortAnswer(15), "15 bytes"),
                new Wrong(new Fault.InvalidateForeignKey(0), "key"),
                new Wrong(new Fault.InvalidateForeignKey(0x13), "lost"),
                new Wrong(new Fault.BreakConnection(), "lost"),
                new Wrong(new Fault.SendError(), "send failed"),
                new Wrong(new Fault.Disconnect(), "disconnected"));
    }

    @ParameterizedTest
    @MethodSource("wrongAnswers")
    void wrongAnswerToARead_isALossThatIsRecoveredFrom(Wrong wrong) {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withIoQueues(1);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                // Two at a time, so that there is a foreign key.
                scene.target.inject(
                        Occasion.io(NvmOpcode.READ), new Fault.DelayAnswer(Duration.ofMillis(50)));
                scene.target.inject(Occasion.io(NvmOpcode.READ).after(1), wrong.fault());
                var first = disk.readAsync(0, block());
                var second = disk.readAsync(512, block());
                first.join();
                second.join();
                scene.await(
                        () -> scene.told(ControllerEvent.StateChanged.class).size() >= 3,
                        Duration.ofSeconds(30),
                        "the recovery");
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(30));
                assertThat(firstStatus(scene).state()).isEqualTo(ControllerState.RESETTING);
                assertThat(firstStatus(scene).reason().orElseThrow()).contains(wrong.words());
                disk.read(0, block());
            }
        });
    }

    // No answer.

    @Test
    void unansweredRead_isATimeOutThatIsRecoveredFrom() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withIoTimeout(Duration.ofSeconds(5));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(Occasion.io(NvmOpcode.READ), new Fault.DropAnswer());
                assertThat(
                                scene.taken(s ->
                                        assertThatThrownBy(() -> disk.read(0, block()))
                                                .isInstanceOf(CommandTimeoutException.class)))
                        .isBetween(Duration.ofSeconds(5), Duration.ofSeconds(7));
                disk.read(0, block());
                assertThat(scene.told(ControllerEvent.StateChanged.class)).isNotEmpty();
            }
        });
    }

    @Test
    void unansweredCommand_isAbortedFirstWhereThePolicySaysSo() {
        VirtualScene.play(scene -> {
            scene.options =
                    scene.options
                            .withIoTimeout(Duration.ofSeconds(5))
                            .withTimeoutPolicy(TimeoutPolicy.ABORT_THEN_RECOVER);
            try (Controller controller = scene.connect();
                    IoQueue queue = controller.openQueue()) {
                scene.target.inject(Occasion.io(NvmOpcode.FLUSH), new Fault.DropAnswer());
                assertThat(queue.tryFlush(controller.namespace(1), 7)).isTrue();
                int[] ended = {0};
                while (queue.inFlightCount() > 0) {
                    queue.pollOrWait((token, status, result) -> ended[0] = status, 1_000_000_000);
                }
                assertThat(ended[0]).as("Command Abort Requested").isEqualTo(7);
                assertThat(scene.target.adminCommandCount(AdminOpcode.ABORT)).isEqualTo(1);
                assertThat(scene.told(ControllerEvent.StateChanged.class)).isEmpty();
            }
        });
    }

    @Test
    void unansweredCommand_isOnlyReportedWhereThePolicySaysSo() {
        VirtualScene.play(scene -> {
            scene.options =
                    scene.options
                            .withIoTimeout(Duration.ofSeconds(5))
                            .withTimeoutPolicy(TimeoutPolicy.REPORT_ONLY);
            try (Controller controller = scene.connect();
                    IoQueue queue = controller.openQueue()) {
                Namespace namespace = controller.namespace(1);
                scene.target.inject(Occasion.io(NvmOpcode.FLUSH), new Fault.DropAnswer());
                assertThat(queue.tryFlush(namespace, 7)).isTrue();
                Duration end = scene.now().plusSeconds(60);
                while (scene.now().compareTo(end) < 0) {
                    queue.pollOrWait((token, status, result) -> {}, 1_000_000_000);
                }
                assertThat(queue.inFlightCount()).isEqualTo(1);
                assertThat(queue.statistics().expired()).isPositive();
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    @Test
    void unansweredAdminCommand_isATimeOutAndALoss() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withAdminTimeout(Duration.ofSeconds(3));
            try (Controller controller = scene.connect()) {
                scene.target.inject(Occasion.admin(AdminOpcode.IDENTIFY), new Fault.DropAnswer());
                assertThatThrownBy(controller::rescan).isInstanceOf(CommandTimeoutException.class);
                scene.await(() -> !scene.events.isEmpty(), Duration.ofSeconds(1), "the loss");
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(30));
                controller.rescan();
            }
        });
    }

    // Events.

    /// Each type with some of its codes, and codes it does not have.
    static IntStream events() {
        return IntStream.range(0, 8)
                .flatMap(type ->
                        IntStream.of(0, 1, 2, 4, 5, 9, 0xEF, 0xF0, 0xFF)
                                .map(info -> type | info << 8 | 0x7E << 16));
    }

    @ParameterizedTest
    @MethodSource("events")
    void anyEventInAStorm_changesNothing(int event) {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                for (int i = 0; i < 50; i++) {
                    scene.target.raiseEvent(event);
                }
                disk.read(0, block());
                scene.pass(Duration.ofSeconds(5));
                disk.read(0, block());
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                assertThat(scene.told(ControllerEvent.StateChanged.class)).isEmpty();
            }
        });
    }

    /// What a namespace is, decides whether its device goes on: no answer is no other answer.
    @ParameterizedTest
    @ValueSource(ints = {0x0006, 0x400C})
    void identityThatCannotBeToldNow_isNoOtherIdentity(int status) {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                Occasion descriptors =
                        Occasion.identify(IdentifyCns.NAMESPACE_DESCRIPTORS).times(6);
                scene.target.inject(descriptors, new Fault.Answer(status, 0));
                if (status == 0x400C) {
                    assertThatThrownBy(controller::rescan).isInstanceOf(NvmeException.class);
                } else {
                    assertThat(controller.rescan()).hasSize(1);
                }
                disk.read(0, block());
                scene.target.heal();
                assertThat(scene.told(ControllerEvent.NamespacesChanged.class)).isEmpty();
                controller.rescan();
                disk.read(0, block());
            }
        });
    }

    /// Before NVMe 1.3 there is no such structure, and what controllers say then differs.
    @ParameterizedTest
    @ValueSource(ints = {0x0001, 0x4002, 0x000B, 0x4006})
    void controllerWithoutIdentities_isUsed(int status) {
        VirtualScene.play(scene -> {
            scene.target.inject(
                    Occasion.identify(IdentifyCns.NAMESPACE_DESCRIPTORS).always(),
                    new Fault.Answer(status, 0));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                disk.read(0, block());
                controller.rescan();
                disk.read(0, block());
            }
        });
    }

    @Test
    void changeThatCannotBeLookedAtNow_isLookedAtLater() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(
                        Occasion.identify(IdentifyCns.NAMESPACE_DESCRIPTORS).times(2),
                        new Fault.Answer(0x0006, 0));
                scene.subsystem.addNamespace(2, 64, 512);
                scene.await(
                        () -> !scene.told(ControllerEvent.NamespacesChanged.class).isEmpty(),
                        Duration.ofSeconds(10),
                        "the new namespace");
                assertThat(controller.namespace(2).blockCount()).isEqualTo(64);
                disk.read(0, block());
            }
        });
    }

    @Test
    void persistentInternalError_isALossThatIsRecoveredFrom() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.raiseEvent(0x00_03_00);
                scene.await(() -> !scene.events.isEmpty(), Duration.ofSeconds(5), "what follows");
                assertThat(firstStatus(scene).reason().orElseThrow())
                        .contains("persistent internal error");
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(30));
                disk.read(0, block());
            }
        });
    }

    // What is granted.

    @ParameterizedTest
    @ValueSource(longs = {0, 0xFFFF_FFFFL, 0xFFFF_0000L, 0x0000_FFFFL})
    void absurdNumberOfQueues_isLivedWith(long granted) {
        VirtualScene.play(scene -> {
            scene.target.inject(
                    Occasion.setFeature(Feature.NUMBER_OF_QUEUES).always(),
                    new Fault.Answer(0, granted));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                disk.read(0, block());
            }
        });
    }

    @Test
    void queueOfOneEntry_isRefusedWithTheField() {
        VirtualScene.play(scene -> {
            // MQES 0, which the specification forbids: no queue is that small.
            scene.subsystem.capabilities(1L << 16 | 15L << 24 | 1L << 37);
            try (Controller controller = scene.connect()) {
                assertThatThrownBy(() -> controller.openDevice(1))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("SQSIZE");
            }
        });
    }

    @Test
    void queueCountsUpAndDown_areFollowedAtEachReconnect() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withIoQueues(4).withPollQueues(0);
            scene.subsystem.queueCountMax(3);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                for (int count : new int[] {1, 4, 2, 16, 1}) {
                    scene.subsystem.queueCountMax(count);
                    controller.reset();
                    assertThat(controller.ioQueueCount()).isEqualTo(Math.min(4, count));
                    for (int i = 0; i < 10; i++) {
                        disk.read(512L * i, block());
                    }
                }
            }
        });
    }

    // Time-outs of recovery.

    @Test
    void targetAway_attemptsBackOffAndTheNextIsTold() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withReconnectDelay(Duration.ofSeconds(8));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.stop();
                scene.target.disconnectAll();
                scene.pass(Duration.ofSeconds(60));
                List<ControllerStatus> waits =
                        scene.told(ControllerEvent.StateChanged.class).stream()
                                .map(ControllerEvent.StateChanged::status)
                                .filter(status -> status.nextAttempt().isPresent())
                                .toList();
                assertThat(waits).hasSizeBetween(8, 25);
                assertThat(controller.status().attempts()).isGreaterThan(6);
                assertThat(controller.status().givesUpAt()).isPresent();
                scene.target.start();
                assertThat(scene.taken(s -> disk.read(0, block())))
                        .isLessThan(Duration.ofSeconds(9));
            }
        });
    }

    @Test
    void fastFail_failsWhatWaitsAndLetsTheControllerComeBack() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withFastIoFailTimeout(Duration.ofSeconds(5));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.stop();
                scene.target.disconnectAll();
                scene.pass(Duration.ofSeconds(1));
                assertThat(
                                scene.taken(s ->
                                        assertThatThrownBy(() -> disk.read(0, block()))
                                                .isInstanceOf(ConnectionLostException.class)))
                        .isBetween(Duration.ofSeconds(3), Duration.ofSeconds(5));
                assertThat(controller.status().requestsFail()).isTrue();
                assertThat(
                                scene.taken(s ->
                                        assertThatThrownBy(() -> disk.read(0, block()))
                                                .isInstanceOf(ConnectionLostException.class)))
                        .isLessThan(Duration.ofMillis(10));
                scene.target.start();
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(30));
                disk.read(0, block());
            }
        });
    }

    @Test
    void lossTimeOut_isTheEndWithAReason() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withCtrlLossTimeout(Duration.ofSeconds(20));
            Controller controller = scene.connect();
            BlockDevice disk = controller.openDevice(1);
            scene.target.stop();
            scene.target.disconnectAll();
            scene.pass(Duration.ofSeconds(1));
            assertThat(
                            scene.taken(s ->
                                    assertThatThrownBy(() -> disk.read(0, block()))
                                            .isInstanceOf(ConnectionLostException.class)))
                    .isBetween(Duration.ofSeconds(15), Duration.ofSeconds(21));
            scene.await(controller, ControllerState.DEAD, Duration.ofSeconds(5));
            assertThat(controller.status().reason().orElseThrow()).contains("nothing listens");
            disk.close();
            controller.close();
        });
    }

    @Test
    void silentTarget_isClosedInBoundedTime() {
        VirtualScene.play(scene -> {
            Controller controller = scene.connect();
            BlockDevice disk = controller.openDevice(1);
            Misbehavior.silence(scene.target);
            var read = disk.readAsync(0, block());
            // Noticed by the keep alive, whose time-out is 5 s, not by that of the read.
            assertThat(scene.taken(s -> controller.close())).isLessThan(Duration.ofSeconds(12));
            assertThat(read).isCompletedExceptionally();
        });
    }
}

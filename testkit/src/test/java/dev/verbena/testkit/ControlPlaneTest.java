package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
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
    void namespaceThatIsImpossibleAtTheReconnect_isToldAndItsDeviceWaits() {
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
                two.read(0, block());
                // The next time it makes sense.
                one.read(0, block());
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

    // Given up.

    @Test
    void controllerThatIsGivenUp_keepsNothingOfTheDevice_andItsMemoryCanStillBeRead() {
        VirtualScene.play(scene -> {
            scene.options =
                    scene.options
                            .withCtrlLossTimeout(Duration.ofSeconds(5))
                            .withReconnectDelay(Duration.ofSeconds(1));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1);
                    DmaArena arena = controller.newArena(4096)) {
                MemorySegment memory = arena.allocate(512, 512);
                disk.read(0, memory);
                memory.fill((byte) 7);
                IoQueue queue = controller.openQueue();
                scene.target.stop();
                scene.target.disconnectAll();
                scene.await(controller, ControllerState.DEAD, Duration.ofSeconds(60));
                assertThat(scene.fabric.queueCount()).as("its owner has to close it").isOne();
                queue.close();
                scene.await(
                        () -> scene.fabric.registrationCount() == 0,
                        Duration.ofSeconds(10),
                        "the end of the registrations");
                assertThat(scene.fabric.queueCount()).isZero();
                assertThat(memory.get(ValueLayout.JAVA_BYTE, 511)).isEqualTo((byte) 7);
                assertThatThrownBy(() -> disk.read(0, memory)).isInstanceOf(IOException.class);
            }
        });
    }

    // Many at once.

    @Test
    void manyAttemptsAtOnce_goOnAFewAtATime() {
        VirtualScene.play(scene -> {
            int count = 5 * Initiator.CONNECTS_MAX;
            AtomicInteger most = new AtomicInteger();
            scene.target.inject(
                    Occasion.connection().always(), new Fault.SlowAccept(Duration.ofMillis(200)));
            List<CompletableFuture<Controller>> attempts = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String nqn = VirtualScene.NQN + i;
                scene.target.addSubsystem(nqn).addNamespace(1, 64, 512);
                attempts.add(
                        scene.initiator().connectAsync(scene.target.address(), nqn, scene.options));
            }
            attempts.get(Initiator.CONNECTS_MAX + 3).cancel(false);
            int open = 0;
            for (CompletableFuture<Controller> attempt : attempts) {
                scene.await(
                        () -> {
                            most.accumulateAndGet(inProgress(scene, attempts), Math::max);
                            return attempt.isDone();
                        },
                        Duration.ofMinutes(2),
                        "an attempt");
                if (!attempt.isCancelled()) {
                    attempt.join().close();
                    open++;
                }
            }
            assertThat(open).isEqualTo(count - 1);
            assertThat(most.get()).isBetween(2, Initiator.CONNECTS_MAX);
        });
    }

    /// Connections that exist, without those whose attempts have ended.
    private static int inProgress(
            VirtualScene scene, List<CompletableFuture<Controller>> attempts) {
        long ended = attempts.stream().filter(a -> a.isDone() && !a.isCancelled()).count();
        return scene.fabric.queueCount() - (int) ended;
    }

    @Test
    void initiatorThatIsClosed_endsTheAttemptsThatWait() {
        VirtualScene.play(scene -> {
            scene.target.inject(
                    Occasion.connection().always(), new Fault.SlowAccept(Duration.ofMillis(200)));
            List<CompletableFuture<Controller>> attempts = new ArrayList<>();
            for (int i = 0; i < 3 * Initiator.CONNECTS_MAX; i++) {
                attempts.add(
                        scene.initiator()
                                .connectAsync(
                                        scene.target.address(), VirtualScene.NQN, scene.options));
            }
            scene.initiator().close();
            for (CompletableFuture<Controller> attempt : attempts) {
                scene.await(attempt::isDone, Duration.ofSeconds(30), "the end of an attempt");
                assertThat(attempt).isCompletedExceptionally();
            }
        });
    }
}

package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.CommandTimeoutException;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.TimeoutPolicy;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.NvmOpcode;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What each [TimeoutPolicy] makes of a command of a block device that is not answered. In virtual
/// time.
@Isolated
@Timeout(60)
class DeviceTimeoutTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    private interface Script {
        void play(VirtualScene scene, Controller controller, BlockDevice disk) throws Exception;
    }

    private static void play(TimeoutPolicy policy, Script script) {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withIoTimeout(TIMEOUT).withTimeoutPolicy(policy);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                script.play(scene, controller, disk);
            }
        });
    }

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    private static void assertTold(VirtualScene scene, BlockDevice disk, int times) {
        assertThat(scene.told(ControllerEvent.CommandExpired.class))
                .hasSize(times)
                .allSatisfy(e -> assertThat(e.command()).contains("of namespace 1"));
        assertThat(disk.statistics().expiredCount()).isEqualTo(times);
    }

    @Test
    void recover_tellsTheCallerAndTakesTheConnectionDown() {
        play(
                TimeoutPolicy.RECOVER,
                (scene, controller, disk) -> {
                    scene.target.inject(Occasion.io(NvmOpcode.READ), new Fault.DropAnswer());
                    Duration taken =
                            scene.taken(s ->
                                    assertThatThrownBy(() -> disk.read(0, block()))
                                            .isInstanceOf(CommandTimeoutException.class));
                    assertThat(taken).isBetween(TIMEOUT, TIMEOUT.plusSeconds(2));
                    disk.read(0, block());
                    assertTold(scene, disk, 1);
                    assertThat(scene.told(ControllerEvent.StateChanged.class)).isNotEmpty();
                });
    }

    /// Reads that are never answered, each from a thread of its own: on one queue or on several.
    private static void playUnansweredReads(TimeoutPolicy policy, int queues, Duration least) {
        Duration most = least.plusSeconds(3);
        VirtualScene.play(scene -> {
            scene.options =
                    scene.options
                            .withIoQueues(queues)
                            .withIoTimeout(TIMEOUT)
                            .withTimeoutPolicy(policy);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                int reads = 6;
                scene.target.inject(Occasion.io(NvmOpcode.READ).always(), new Fault.DropAnswer());
                // Accepted, and nothing done.
                scene.target.inject(
                        Occasion.admin(AdminOpcode.ABORT).always(), new Fault.Answer(0, 1));
                Duration start = scene.now();
                List<Duration> taken = new ArrayList<>();
                for (int i = 0; i < reads; i++) {
                    scene.start(
                            "reader " + i,
                            () -> {
                                assertThatThrownBy(() -> disk.read(0, block()))
                                        .isInstanceOf(CommandTimeoutException.class);
                                taken.add(scene.now().minus(start));
                            });
                }
                scene.await(() -> taken.size() == reads, Duration.ofMinutes(10), "the end of all");
                assertThat(taken).allSatisfy(t -> assertThat(t).isBetween(least, most));
                assertTold(scene, disk, reads);
                assertThat(scene.told(ControllerEvent.StateChanged.class))
                        .filteredOn(e -> e.status().state() == ControllerState.RESETTING)
                        .hasSize(1);
                assertThat(disk.statistics().repeatedCount()).isZero();
                scene.target.heal();
                disk.read(0, block());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void recover_commandsThatExpireTogetherEndTogether(int queues) {
        playUnansweredReads(TimeoutPolicy.RECOVER, queues, TIMEOUT);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void abortThatIsOfNoUse_commandsThatExpireTogetherEndTogether(int queues) {
        playUnansweredReads(TimeoutPolicy.ABORT_THEN_RECOVER, queues, TIMEOUT.multipliedBy(2));
    }

    @Test
    void abort_endsOnlyTheCommand() {
        play(
                TimeoutPolicy.ABORT_THEN_RECOVER,
                (scene, controller, disk) -> {
                    scene.target.inject(Occasion.io(NvmOpcode.READ), new Fault.DropAnswer());
                    assertThatThrownBy(() -> disk.read(0, block()))
                            .isInstanceOf(CommandTimeoutException.class)
                            .hasMessageContaining("abort");
                    disk.read(0, block());
                    assertThat(scene.target.adminCommandCount(AdminOpcode.ABORT)).isEqualTo(1);
                    assertThat(scene.told(ControllerEvent.StateChanged.class)).isEmpty();
                    assertTold(scene, disk, 1);
                });
    }

    @Test
    void abortThatIsOfNoUse_isFollowedByARecovery() {
        play(
                TimeoutPolicy.ABORT_THEN_RECOVER,
                (scene, controller, disk) -> {
                    scene.target.inject(Occasion.io(NvmOpcode.READ), new Fault.DropAnswer());
                    // Accepted, and nothing done.
                    scene.target.inject(Occasion.admin(AdminOpcode.ABORT), new Fault.Answer(0, 1));
                    Duration taken =
                            scene.taken(s ->
                                    assertThatThrownBy(() -> disk.read(0, block()))
                                            .isInstanceOf(CommandTimeoutException.class));
                    assertThat(taken)
                            .isBetween(
                                    TIMEOUT.multipliedBy(2),
                                    TIMEOUT.multipliedBy(2).plusSeconds(3));
                    disk.read(0, block());
                    assertTold(scene, disk, 1);
                    assertThat(scene.told(ControllerEvent.StateChanged.class)).isNotEmpty();
                });
    }

    @Test
    void abortOfACommandThatIsAnsweredAfterAll_costsNothing() {
        play(
                TimeoutPolicy.ABORT_THEN_RECOVER,
                (scene, controller, disk) -> {
                    scene.target.inject(
                            Occasion.io(NvmOpcode.READ),
                            new Fault.DelayAnswer(TIMEOUT.plus(Duration.ofSeconds(2))));
                    scene.target.inject(Occasion.admin(AdminOpcode.ABORT), new Fault.Answer(0, 1));
                    disk.read(0, block());
                    assertTold(scene, disk, 1);
                    assertThat(scene.told(ControllerEvent.StateChanged.class)).isEmpty();
                });
    }

    @Test
    void reportOnly_waitsForAsLongAsItTakes() {
        play(
                TimeoutPolicy.REPORT_ONLY,
                (scene, controller, disk) -> {
                    scene.target.inject(
                            Occasion.io(NvmOpcode.READ),
                            new Fault.DelayAnswer(Duration.ofSeconds(40)));
                    Duration taken = scene.taken(s -> disk.read(0, block()));
                    assertThat(taken).isBetween(Duration.ofSeconds(40), Duration.ofSeconds(41));
                    assertTold(scene, disk, 1);
                    assertThat(scene.target.adminCommandCount(AdminOpcode.ABORT)).isZero();
                    assertThat(scene.told(ControllerEvent.StateChanged.class)).isEmpty();
                });
    }

    @Test
    void reportOnly_aRequestThatALossInterruptsIsSentAgain() {
        play(
                TimeoutPolicy.REPORT_ONLY,
                (scene, controller, disk) -> {
                    scene.target.inject(Occasion.io(NvmOpcode.READ), new Fault.DropAnswer());
                    CompletableFuture<Void> read = disk.readAsync(0, block());
                    scene.pass(Duration.ofSeconds(30));
                    assertThat(read).isNotDone();
                    assertTold(scene, disk, 1);
                    scene.target.disconnectAll();
                    scene.await(read::isDone, Duration.ofSeconds(60), "the end of the read");
                    assertThat(read).isCompleted();
                    assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                });
    }
}

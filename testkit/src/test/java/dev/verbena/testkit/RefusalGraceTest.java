package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.ControllerStatus;
import dev.verbena.HostNotAllowedException;
import dev.verbena.SubsystemNotFoundException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/// A target that is being started again refuses with "do not retry" what it will soon accept. In
/// virtual time.
@Isolated
@Timeout(60)
class RefusalGraceTest {
    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    @Test
    void subsystemThatIsAbsentForHalfASecond_isConnectedAgain() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.withdraw(scene.subsystem);
                scene.target.disconnectAll();
                scene.pass(Duration.ofMillis(500));
                assertThat(controller.state()).isEqualTo(ControllerState.CONNECTING);
                scene.target.offer(scene.subsystem);
                disk.read(0, block());
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    @Test
    void subsystemThatStaysAbsent_isGivenUpAfterTheGrace_andTheStatusSaysWhen() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.target.withdraw(scene.subsystem);
                scene.target.disconnectAll();
                scene.pass(Duration.ofSeconds(2));
                ControllerStatus status = controller.status();
                assertThat(status.state()).isEqualTo(ControllerState.CONNECTING);
                assertThat(Duration.between(status.since(), status.givesUpAt().orElseThrow()))
                        .isBetween(
                                ConnectOptions.REFUSAL_GRACE,
                                ConnectOptions.REFUSAL_GRACE.plusSeconds(1));
                Duration before = scene.now();
                scene.await(controller, ControllerState.DEAD, Duration.ofSeconds(60));
                assertThat(scene.now().minus(before))
                        .isBetween(Duration.ofSeconds(27), Duration.ofSeconds(31));
                assertThatThrownBy(() -> controller.awaitLive(Duration.ofSeconds(1)))
                        .isInstanceOf(SubsystemNotFoundException.class);
            }
        });
    }

    @Test
    void hostThatIsNotAllowedForAWhile_isConnectedAgain() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.target.inject(Occasion.connect(0).times(8), new Fault.Answer(0x4184, 0));
                controller.reset();
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    @Test
    void firstConnect_failsAtOnce() {
        VirtualScene.play(scene -> {
            scene.target.inject(Occasion.connect(0), new Fault.Answer(0x4184, 0));
            assertThat(
                            scene.taken(now ->
                                    assertThatThrownBy(scene::connect)
                                            .isInstanceOf(HostNotAllowedException.class)))
                    .isLessThan(Duration.ofSeconds(1));
        });
    }

    @Test
    void attemptThatIsCutShortAtTheEnd_doesNotHideTheRefusalBeforeIt() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withCtrlLossTimeout(Duration.ofSeconds(2));
            try (Controller controller = scene.connect()) {
                scene.target.inject(Occasion.connect(0).times(1), new Fault.Answer(0x4184, 0));
                scene.target.disconnectAll();
                scene.pass(Duration.ofMillis(300));
                assertThat(controller.status().attempts()).isEqualTo(1);
                scene.target.inject(Occasion.connect(0).always(), new Fault.DropAnswer());
                scene.await(controller, ControllerState.DEAD, Duration.ofSeconds(60));
                assertThatThrownBy(() -> controller.awaitLive(Duration.ofSeconds(1)))
                        .isInstanceOf(HostNotAllowedException.class);
            }
        });
    }
}

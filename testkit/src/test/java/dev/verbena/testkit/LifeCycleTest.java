package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/// What ends, ends for everybody who waits: closing beside anything else, interrupts, and threads
/// that cannot be started. In virtual time.
@Isolated
@Timeout(120)
class LifeCycleTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private static MemorySegment block() {
        return MemorySegment.ofArray(new byte[512]);
    }

    /// Moments from right away to when everything has long been done.
    private static List<Duration> moments() {
        List<Duration> moments = new ArrayList<>();
        for (long micros = 0; micros < 60_000; micros += 1 + micros / 8) {
            moments.add(Duration.ofNanos(micros * 1000));
        }
        return moments;
    }

    /// Starts something that may fail, and keeps how it ended.
    private static CompletableFuture<Object> start(VirtualScene scene, VirtualScene.Script step) {
        CompletableFuture<Object> result = new CompletableFuture<>();
        scene.start(
                "user step",
                () -> {
                    try {
                        step.play(scene);
                        result.complete("done");
                    } catch (Throwable e) {
                        result.complete(e);
                    }
                });
        return result;
    }

    // The initiator is closed.

    @Test
    void resetBesideClose_ends() {
        for (Duration moment : moments()) {
            VirtualScene.play(scene -> {
                Controller controller = scene.connect();
                CompletableFuture<Object> reset = start(scene, s -> controller.reset());
                scene.pass(moment);
                scene.initiator().close();
                scene.await(reset::isDone, SOON, "the end of reset(), closed after " + moment);
                assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
                assertThatThrownBy(() -> controller.awaitLive(SOON))
                        .isInstanceOf(IOException.class);
            });
        }
    }

    @Test
    void openDiscoveryBesideClose_endsAndLeavesNothing() {
        for (Duration moment : moments()) {
            VirtualScene.play(scene -> {
                CompletableFuture<Object> opening =
                        start(
                                scene,
                                s -> {
                                    s.initiator()
                                            .openDiscovery(
                                                    s.target.address(), s.options, (of, log) -> {});
                                });
                scene.pass(moment);
                scene.initiator().close();
                scene.await(opening::isDone, SOON, "the end, closed after " + moment);
                scene.pass(Duration.ofSeconds(1));
                assertThat(scene.target.controllerCount()).isZero();
            });
        }
    }

    @Test
    void connectBesideClose_endsAndLeavesNothing() {
        for (Duration moment : moments()) {
            VirtualScene.play(scene -> {
                CompletableFuture<Object> opening = start(scene, VirtualScene::connect);
                scene.pass(moment);
                scene.initiator().close();
                scene.await(opening::isDone, SOON, "the end, closed after " + moment);
                if (opening.join() instanceof Throwable e) {
                    assertThat(e).isInstanceOfAny(IOException.class, IllegalStateException.class);
                }
                scene.pass(Duration.ofSeconds(1));
                assertThat(scene.target.controllerCount()).isZero();
            });
        }
    }

    @Test
    void openDiscoveryThatIsNotAnswered_canBeInterrupted() {
        VirtualScene.play(scene -> {
            scene.target.inject(Occasion.connect().always(), new Fault.DropAnswer());
            CompletableFuture<Object> ended = new CompletableFuture<>();
            Thread opener =
                    scene.start(
                            "user opener",
                            () -> {
                                try {
                                    scene.initiator()
                                            .openDiscovery(
                                                    scene.target.address(),
                                                    scene.options,
                                                    (of, log) -> {});
                                } catch (Throwable e) {
                                    ended.complete(e);
                                }
                            });
            scene.pass(Duration.ofMillis(100));
            opener.interrupt();
            scene.await(ended::isDone, Duration.ofSeconds(8), "the end");
            assertThat(ended.join()).isInstanceOf(InterruptedIOException.class);
        });
    }

    // A connect that was interrupted.

    @Test
    void interruptedConnect_canBeMadeAgainAtOnce() {
        VirtualScene.play(scene -> {
            scene.target.inject(Occasion.connect(), new Fault.DropAnswer());
            Thread user = Thread.currentThread();
            scene.start(
                    "interrupter",
                    () -> {
                        try {
                            Time.sleep(Duration.ofMillis(50));
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                        user.interrupt();
                    });
            assertThatThrownBy(scene::connect).isInstanceOf(InterruptedIOException.class);
            assertThat(Thread.interrupted()).isTrue();
            try (Controller controller = scene.connect()) {
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    // Threads cannot be started.

    @Test
    void noThreadToReconnect_isTriedAgainAndTold() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.threadsFail(true);
                scene.target.disconnectAll();
                scene.pass(Duration.ofSeconds(8));
                assertThat(controller.state()).isEqualTo(ControllerState.CONNECTING);
                assertThat(controller.status().reason().orElseThrow()).contains("thread");
                scene.threadsFail(false);
                disk.read(0, block());
                assertThat(scene.told(ControllerEvent.StateChanged.class)).isNotEmpty();
            }
        });
    }

    @Test
    void noThreadsAnyMore_isGivenUpInTimeAndClosed() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withCtrlLossTimeout(Duration.ofSeconds(5));
            Controller controller = scene.connect();
            scene.threadsFail(true);
            scene.target.disconnectAll();
            scene.await(controller, ControllerState.DEAD, SOON);
            assertThat(scene.taken(s -> controller.close())).isLessThan(SOON);
            assertThat(scene.told(ControllerEvent.StateChanged.class).getLast().status().state())
                    .isEqualTo(ControllerState.DEAD);
            scene.threadsFail(false);
        });
    }

    @Test
    void noThreadsToClose_closeReturns() {
        VirtualScene.play(scene -> {
            Controller controller = scene.connect();
            scene.threadsFail(true);
            assertThat(scene.taken(s -> controller.close())).isLessThan(SOON);
            assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
            scene.threadsFail(false);
        });
    }

    @Test
    void noThreadToConnect_isToldToEachAndTheirTurnsAreGivenBack() {
        VirtualScene.play(scene -> {
            scene.threadsFail(true);
            assertThatThrownBy(scene::connect)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("thread");
            List<CompletableFuture<Controller>> results = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                results.add(
                        scene.initiator()
                                .connectAsync(
                                        scene.target.address(), VirtualScene.NQN, scene.options));
            }
            assertThat(results).allSatisfy(result -> assertThat(result).isCompletedExceptionally());
            scene.threadsFail(false);
            scene.initiator()
                    .connectAsync(scene.target.address(), VirtualScene.NQN, scene.options)
                    .get()
                    .close();
        });
    }

    @Test
    void noThreadForTheQueuesOfADevice_isToldAndWorksLater() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.threadsFail(true);
                assertThatThrownBy(() -> controller.openDevice(1))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("thread");
                scene.threadsFail(false);
                try (BlockDevice disk = controller.openDevice(1)) {
                    disk.read(0, block());
                }
            }
        });
    }

    // How long closing takes.

    @Test
    void closeWithRequestsThatAreNotAnswered_takesTheirTimeAndNotTheSum() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withIoTimeout(Duration.ofSeconds(30));
            Controller controller = scene.connect();
            List<CompletableFuture<?>> writes = new ArrayList<>();
            scene.target.inject(Occasion.io(NvmOpcode.WRITE).always(), new Fault.DropAnswer());
            for (int i = 0; i < 5; i++) {
                writes.add(controller.openDevice(1).writeAsync(0, block()));
            }
            scene.pass(Duration.ofMillis(10));
            assertThat(scene.taken(s -> controller.close())).isLessThan(Duration.ofSeconds(40));
            assertThat(writes).allSatisfy(write -> assertThat(write).isDone());
        });
    }
}

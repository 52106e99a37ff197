package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.ConnectionLostException;
import dev.verbena.ConnectionRefusedException;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.ControllerStatus;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.Target;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Controllers that lose their target and get it back.
@TargetTest({"--qid-max", "8"})
class RecoveryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static ConnectOptions quick() {
        return LiveTarget.patient()
                .withIoQueues(2)
                .withReconnectDelay(Duration.ofSeconds(1))
                .withCtrlLossTimeout(Duration.ofMinutes(2));
    }

    private static Controller connect(Initiator initiator, LiveTarget live, ConnectOptions options)
            throws IOException {
        return initiator.connect(live.target(), live.nqn(), options);
    }

    private static void awaitNotLive(Controller controller) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (controller.state() == ControllerState.LIVE && System.nanoTime() < end) {
            Thread.sleep(20);
        }
        assertThat(controller.state()).isNotEqualTo(ControllerState.LIVE);
    }

    /// One command on a queue of its own.
    private static void run(Controller controller, boolean write, long lba, MemorySegment page)
            throws IOException {
        Namespace namespace = controller.namespace(1);
        int blocks = (int) (page.byteSize() / namespace.blockSize());
        int[] status = {-1};
        try (IoQueue queue = controller.openQueue()) {
            assertThat(
                            write
                                    ? queue.tryWrite(namespace, lba, blocks, page, 7)
                                    : queue.tryRead(namespace, lba, blocks, page, 7))
                    .isTrue();
            long end = System.nanoTime() + PATIENCE.toNanos();
            while (status[0] < 0 && System.nanoTime() < end) {
                if (queue.poll((token, s, result) -> status[0] = s) == 0) {
                    queue.await(10_000_000);
                }
            }
        }
        assertThat(status[0]).isZero();
    }

    private static void fill(MemorySegment page, int value) {
        for (long i = 0; i < page.byteSize(); i += 4) {
            page.set(ValueLayout.JAVA_INT, i, value * 31 + (int) i);
        }
    }

    private static void check(MemorySegment page, int value) {
        for (long i = 0; i < page.byteSize(); i += 4) {
            assertThat(page.get(ValueLayout.JAVA_INT, i)).isEqualTo(value * 31 + (int) i);
        }
    }

    @Test
    void targetGoneAndBack_controllerIsLiveAgainWithItsMemory(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live, quick());
                DmaArena arena = controller.newArena(8192)) {
            MemorySegment page = arena.allocate(4096, 4096);
            fill(page, 1);
            run(controller, true, 0, page);
            List<ControllerStatus> told = new CopyOnWriteArrayList<>();
            controller.addListener((c, event) -> {
                if (event instanceof ControllerEvent.StateChanged changed) {
                    told.add(changed.status());
                }
            });
            live.change("remove");
            awaitNotLive(controller);
            assertThat(controller.status().reason()).isPresent();
            assertThatThrownBy(controller::openQueue).isInstanceOf(ConnectionLostException.class);
            assertThat(controller.awaitLive(Duration.ofSeconds(3))).isFalse();
            assertThat(controller.status().attempts()).isPositive();
            assertThat(controller.status().givesUpAt()).isPresent();
            live.change("link", live.nqn());
            assertThat(controller.awaitLive(PATIENCE)).isTrue();
            page.fill((byte) 0);
            run(controller, false, 0, page);
            check(page, 1);
            assertThat(told)
                    .extracting(ControllerStatus::state)
                    .contains(ControllerState.RESETTING);
            assertThat(told)
                    .as("announced the next attempt")
                    .anyMatch(status -> status.nextAttempt().isPresent());
        } finally {
            live.change("link", live.nqn());
        }
    }

    @Test
    void twentyResets_loseNothingAndLeaveNothing(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live, quick());
                DmaArena arena = controller.newArena(8192)) {
            MemorySegment page = arena.allocate(4096, 4096);
            controller.reset();
            Leftovers before = Leftovers.now();
            for (int i = 0; i < 20; i++) {
                fill(page, i);
                run(controller, true, 8L * i, page);
                controller.reset();
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                page.fill((byte) 0);
                run(controller, false, 8L * i, page);
                check(page, i);
            }
            before.assertNothingAdded();
        }
    }

    @Test
    void fewerAndMoreQueuesOnReconnect_areUsed(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live, quick().withIoQueues(4))) {
            int before = controller.ioQueueCount();
            live.change("qid-max", live.nqn(), "1");
            controller.reset();
            assertThat(controller.ioQueueCount()).isEqualTo(1).isLessThan(before);
            controller.openQueue().close();
            live.change("qid-max", live.nqn(), "8");
            controller.reset();
            assertThat(controller.ioQueueCount()).isEqualTo(before);
        }
    }

    @Test
    void targetStaysAway_controllerIsGivenUpInTime(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        connect(
                                initiator,
                                live,
                                quick().withCtrlLossTimeout(Duration.ofSeconds(5)))) {
            live.change("remove");
            assertThatThrownBy(() -> controller.awaitLive(PATIENCE))
                    .isInstanceOf(IOException.class);
        } finally {
            live.change("link", live.nqn());
        }
    }

    /// Requests wait for a connection that is away, but not longer than they may; the controller
    /// goes on trying.
    @Test
    void targetAwayForLonger_failsRequestsFast_andComesBack(LiveTarget live) throws Exception {
        Duration most = Duration.ofSeconds(3);
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        connect(initiator, live, quick().withFastIoFailTimeout(most));
                BlockDevice device = controller.openDevice(1);
                DmaArena arena = controller.newArena(8192)) {
            MemorySegment page = arena.allocate(4096, 4096);
            fill(page, 8);
            device.write(0, page);
            long removed = System.nanoTime();
            live.change("remove");
            awaitNotLive(controller);
            CompletableFuture<Void> waiting = device.readAsync(0, page);
            assertThatThrownBy(() -> waiting.get(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .hasCauseInstanceOf(ConnectionLostException.class);
            Duration away = Duration.ofNanos(System.nanoTime() - removed);
            assertThat(away).isGreaterThan(most);
            assertThat(controller.status().requestsFail()).isTrue();
            assertThat(controller.status().givesUpAt()).isPresent();
            long start = System.nanoTime();
            assertThatThrownBy(() -> device.read(0, page))
                    .isInstanceOf(ConnectionLostException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .as("fails at once from now on")
                    .isLessThan(most);
            live.change("link", live.nqn());
            assertThat(controller.awaitLive(PATIENCE)).isTrue();
            assertThat(controller.status().requestsFail()).isFalse();
            page.fill((byte) 0);
            device.read(0, page);
            check(page, 8);
            System.out.println("requests failed " + away + " after the target was removed");
        } finally {
            live.change("link", live.nqn());
        }
    }

    @Test
    void controllerGivenUp_keepsNothingOfTheDevice(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open()) {
            connect(initiator, live, quick()).close();
            Leftovers before = Leftovers.now();
            ConnectOptions options = quick().withCtrlLossTimeout(Duration.ofSeconds(3));
            try (Controller controller = connect(initiator, live, options);
                    BlockDevice device = controller.openDevice(1);
                    DmaArena arena = controller.newArena(1 << 20)) {
                MemorySegment page = arena.allocate(4096, 4096);
                fill(page, 5);
                device.write(0, page);
                live.change("remove");
                assertThatThrownBy(() -> controller.awaitLive(PATIENCE))
                        .isInstanceOf(IOException.class);
                live.change("link", live.nqn());
                before.assertNoRdmaObjectAdded();
                assertThatThrownBy(() -> device.read(0, page)).isInstanceOf(IOException.class);
                fill(page, 6);
            }
        } finally {
            live.change("link", live.nqn());
        }
    }

    @Test
    void closeWhileTheTargetIsGone_isBounded(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open()) {
            Controller controller = connect(initiator, live, quick());
            live.change("remove");
            awaitNotLive(controller);
            long start = System.nanoTime();
            controller.close();
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(PATIENCE);
            assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
        } finally {
            live.change("link", live.nqn());
        }
    }

    @Test
    void nobodyListens_isToldAgainAndAgainWithoutALeak(LiveTarget live) throws Exception {
        Target silent = Target.rdma(live.target().traddr(), LiveTarget.SILENT_PORT);
        try (Initiator initiator = Initiator.open()) {
            assertThatThrownBy(() -> initiator.connect(silent, live.nqn()))
                    .isInstanceOf(ConnectionRefusedException.class);
            Leftovers before = Leftovers.now();
            for (int i = 0; i < Machine.count("refusals", 50); i++) {
                assertThatThrownBy(() -> initiator.connect(silent, live.nqn()))
                        .isInstanceOf(ConnectionRefusedException.class);
            }
            before.assertNothingAdded();
        }
    }
}

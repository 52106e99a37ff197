package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.ControllerStatus;
import dev.verbena.Initiator;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The connection breaks in every way there is while all three levels read and write: nothing is
/// lost, and the controller says at each moment what happens.
@TargetTest(
        value = {"--size", "16M", "--freezable"},
        spdk = "--poll")
@Timeout(value = 30, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LossUnderLoadTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /// Seconds after which the target has given up a host with a keep-alive time-out of 2 s. SPDK
    /// counts in units of 10 s.
    private static final String PAUSE = TargetControl.current() == TargetControl.SPDK ? "25" : "6";

    private static ConnectOptions options(int keepAliveSeconds) {
        return LiveTarget.patient()
                .withKeepAliveTimeout(Duration.ofSeconds(keepAliveSeconds))
                .withIoQueues(2)
                .withReconnectDelay(Duration.ofSeconds(1))
                .withCtrlLossTimeout(Duration.ofMinutes(3));
    }

    private static Controller connect(Initiator initiator, LiveTarget live, ConnectOptions options)
            throws IOException {
        return initiator.connect(live.target(), live.nqn(), options);
    }

    private static void assertBack(Controller controller, StateWatch watch, Load load)
            throws Exception {
        assertThat(controller.awaitLive(PATIENCE)).as("%s", controller.status()).isTrue();
        load.awaitProgress();
        StateWatch.assertExplained(controller.status());
        assertThat(watch.told()).extracting(ControllerStatus::state).contains(ControllerState.LIVE);
    }

    private static void report(String what, StateWatch watch, Load.Totals totals) {
        System.out.println(what + ": lost " + watch.losses() + " times; " + totals);
    }

    @AfterEach
    void restore(LiveTarget live) throws IOException {
        if (live.backing() != null) {
            live.change("freeze", live.nqn(), "1", "0");
            live.change("link", live.nqn());
        }
    }

    @Test
    void targetGoneAndBack_losesNothing(LiveTarget live) throws Exception {
        int times = Machine.count("losses", 3);
        try (Initiator initiator = Initiator.open()) {
            connect(initiator, live, options(60)).close();
            Leftovers before = Leftovers.now();
            try (Controller controller = connect(initiator, live, options(60));
                    StateWatch watch = new StateWatch(controller);
                    Load load = Load.start(live, controller)) {
                for (int i = 0; i < times; i++) {
                    if (i % 2 == 0) {
                        live.change("remove");
                    } else {
                        live.change("unlink", live.nqn());
                    }
                    watch.awaitLoss(PATIENCE);
                    assertPlansAreTold(controller);
                    live.change("link", live.nqn());
                    assertBack(controller, watch, load);
                }
                Load.Totals totals = load.stop();
                report("target gone " + times + " times", watch, totals);
                assertThat(watch.losses()).isGreaterThanOrEqualTo(times);
                assertThat(totals.aborted() + totals.repeated()).isPositive();
                watch.assertExplained();
            }
            before.assertNothingAdded();
        }
    }

    /// While the target is away: attempts are made, counted, and the next one is announced.
    private static void assertPlansAreTold(Controller controller) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        ControllerStatus status = controller.status();
        while (status.attempts() < 2 || status.nextAttempt().isEmpty()) {
            assertThat(System.nanoTime()).as("no plan in time: %s", status).isLessThan(end);
            assertThat(status.state()).isIn(ControllerState.RESETTING, ControllerState.CONNECTING);
            StateWatch.assertExplained(status);
            Thread.sleep(5);
            status = controller.status();
        }
        assertThat(status.toString()).contains("next attempt at").contains("given up at");
    }

    @Test
    void resets_loseNothing_andLeaveNothing(LiveTarget live) throws Exception {
        int times = Machine.count("resets", 15);
        try (Initiator initiator = Initiator.open()) {
            connect(initiator, live, options(60)).close();
            Leftovers before = Leftovers.now();
            try (Controller controller = connect(initiator, live, options(60));
                    StateWatch watch = new StateWatch(controller);
                    Load load = Load.start(live, controller)) {
                for (int i = 0; i < times; i++) {
                    controller.reset();
                    assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
                    if (i % 5 == 0) {
                        load.awaitProgress();
                    }
                    load.check();
                }
                load.awaitProgress();
                Load.Totals totals = load.stop();
                report(times + " resets", watch, totals);
                assertThat(watch.losses()).isGreaterThanOrEqualTo(Math.min(times, 500));
                watch.assertExplained();
            }
            before.assertNothingAdded();
        }
    }

    @Test
    void storageThatAnswersLate_isWaitedFor(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = connect(initiator, live, options(60));
                StateWatch watch = new StateWatch(controller);
                Load load = Load.start(live, controller)) {
            live.change("freeze", live.nqn(), "1", "1");
            Thread.sleep(3000);
            live.change("freeze", live.nqn(), "1", "0");
            assertBack(controller, watch, load);
            report("late storage", watch, load.stop());
            assertThat(watch.losses()).as("slow is not lost").isZero();
        }
    }

    /// The target is alive and its storage is not: commands time out, their buffers come back, and
    /// the answers, when they come at last, touch none of them.
    @Test
    void storageThatDoesNotAnswerInTime_neverTouchesBuffersGivenBack(LiveTarget live)
            throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        connect(
                                initiator,
                                live,
                                options(60).withIoTimeout(Duration.ofMillis(2500)));
                StateWatch watch = new StateWatch(controller)) {
            QueueLane lane = new QueueLane(controller, 0, 7);
            lane.start();
            awaitOperations(lane, 100);
            live.change("freeze", live.nqn(), "1", "1");
            ControllerStatus status = watch.awaitLoss(PATIENCE);
            assertThat(status.reason().orElseThrow()).contains("not answered");
            Thread.sleep(2000);
            live.change("freeze", live.nqn(), "1", "0");
            awaitOperations(lane, lane.operations() + 200);
            lane.stop();
            lane.join(PATIENCE.toMillis());
            assertThat(lane.aborted()).isPositive();
            for (ExpectedBlocks blocks : lane.expected()) {
                byte[] stored =
                        live.stored(blocks.byteOffset(0), (int) blocks.byteOffset(blocks.count()));
                blocks.check(MemorySegment.ofArray(stored), 0, blocks.count());
            }
            System.out.println(
                    "storage too late: " + lane.aborted() + " ended, " + lane.operations());
            watch.assertExplained();
        }
    }

    private static void awaitOperations(Lane lane, long count) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (lane.operations() < count) {
            lane.check();
            assertThat(System.nanoTime()).as("%d operations", lane.operations()).isLessThan(end);
            Thread.sleep(10);
        }
    }

    @Test
    void processStopped_comesBackAndLosesNothing(LiveTarget live) throws Exception {
        Machine.requireGuest();
        for (String seconds :
                List.of(System.getProperty("verbena.e2e.pauses", PAUSE).split(",", -1))) {
            int pause = Integer.parseInt(seconds);
            try (Initiator initiator = Initiator.open();
                    Controller controller = connect(initiator, live, options(2));
                    StateWatch watch = new StateWatch(controller);
                    Load load = Load.start(live, controller)) {
                long start = System.nanoTime();
                Machine.stopThisProcess(pause);
                assertThat(Duration.ofNanos(System.nanoTime() - start))
                        .isGreaterThan(Duration.ofSeconds(pause));
                assertBack(controller, watch, load);
                Load.Totals totals = load.stop();
                report("stopped for " + pause + " s", watch, totals);
                assertThat(watch.losses())
                        .as("the target gave us up without a sign of life")
                        .isPositive();
                watch.assertExplained();
            }
        }
    }
}

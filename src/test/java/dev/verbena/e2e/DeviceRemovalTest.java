package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerStatus;
import dev.verbena.Initiator;
import dev.verbena.Target;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The RDMA device, its link or its address goes away and comes back, while all levels read and
/// write.
@TargetTest({"--size", "16M"})
@OnlyWith(
        value = TargetControl.NVMET,
        because = "a process that runs the target would have to survive the removal too")
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeviceRemovalTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    /// How long the kernel may wait for us when the device is taken away: without end, where nobody
    /// lets go.
    private static final Duration REMOVAL_MAX = Duration.ofSeconds(60);

    private static ConnectOptions options() {
        return LiveTarget.patient()
                .withKeepAliveTimeout(Duration.ofSeconds(4))
                .withIoQueues(2)
                .withReconnectDelay(Duration.ofSeconds(1))
                .withCtrlLossTimeout(Duration.ofMinutes(3));
    }

    @BeforeEach
    void guestOnly() {
        Machine.requireGuest();
    }

    @AfterEach
    void restore() throws IOException {
        if (LiveTarget.run(List.of("rdma", "link")).isBlank()) {
            Machine.addDevice();
        }
    }

    /// The kernel's target does not listen again by itself.
    private static void relisten(LiveTarget live) throws IOException {
        live.change("unlink", live.nqn());
        live.change("link", live.nqn());
    }

    @Test
    void deviceGoesAndComes_everythingIsReleasedAndUsedAgain(LiveTarget live) throws Exception {
        int times = Machine.count("removals", 2);
        try (Initiator initiator = Initiator.open()) {
            try (Controller controller = initiator.connect(live.target(), live.nqn(), options());
                    StateWatch watch = new StateWatch(controller);
                    Load load = Load.start(live, controller)) {
                for (int i = 0; i < times; i++) {
                    long start = System.nanoTime();
                    Machine.deleteDevice();
                    Duration took = Duration.ofNanos(System.nanoTime() - start);
                    ControllerStatus status = watch.awaitLoss(PATIENCE);
                    System.out.println("device gone after " + took + ": " + status);
                    assertThat(took).as("the removal is not held up").isLessThan(REMOVAL_MAX);
                    assertThat(LiveTarget.run(List.of("rdma", "resource", "show"))).isBlank();
                    Thread.sleep(1500);
                    StateWatch.assertExplained(controller.status());
                    Machine.addDevice();
                    relisten(live);
                    assertThat(controller.awaitLive(PATIENCE))
                            .as("%s", controller.status())
                            .isTrue();
                    load.awaitProgress();
                }
                Load.Totals totals = load.stop();
                System.out.println("device gone " + times + " times: " + totals);
                assertThat(watch.losses()).isGreaterThanOrEqualTo(times);
                watch.assertExplained();
            }
            // The same once more, after everything of the first device is history.
            Leftovers before = Leftovers.now();
            try (Controller controller = initiator.connect(live.target(), live.nqn(), options())) {
                controller.reset();
            }
            before.assertNothingAdded();
        }
    }

    @Test
    void linkGoesDownAndUp_losesNothing(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options());
                StateWatch watch = new StateWatch(controller);
                Load load = Load.start(live, controller)) {
            for (int i = 0; i < Machine.count("flaps", 3); i++) {
                Machine.linkDown();
                // Shorter and longer than the keep-alive time-out.
                Thread.sleep(i % 3 == 2 ? 6000 : 300);
                Machine.linkUp();
                assertThat(controller.awaitLive(PATIENCE)).as("%s", controller.status()).isTrue();
                load.awaitProgress();
            }
            Load.Totals totals = load.stop();
            System.out.println("link down: lost " + watch.losses() + " times; " + totals);
            watch.assertExplained();
        }
    }

    @Test
    void addressGoesAndComes_pathIsMadeAgain(LiveTarget live) throws Exception {
        String address = "10.9.0.2";
        Machine.addAddress(address);
        live.change("add-port", "2", address);
        try (Initiator initiator = Initiator.open();
                Controller controller =
                        initiator.connect(Target.rdma(address, 4420), live.nqn(), options());
                StateWatch watch = new StateWatch(controller);
                Load load = Load.start(live, controller)) {
            // Its connections first: soft-RoCE's management queue pair breaks when it is to send
            // from an address that is gone.
            live.change("remove-port", "2");
            watch.awaitLoss(PATIENCE);
            awaitAttempts(controller, 1);
            Machine.deleteAddress(address);
            awaitAttempts(controller, controller.status().attempts() + 2);
            System.out.println("without address: " + controller.status());
            Machine.addAddress(address);
            live.change("add-port", "2", address);
            assertThat(controller.awaitLive(PATIENCE)).as("%s", controller.status()).isTrue();
            load.awaitProgress();
            Load.Totals totals = load.stop();
            System.out.println("address: lost " + watch.losses() + " times; " + totals);
            watch.assertExplained();
        } finally {
            if (LiveTarget.rig(List.of("status")).contains("\nport 2 ")) {
                live.change("remove-port", "2");
            }
            Machine.addAddress(address);
            Machine.deleteAddress(address);
        }
    }

    private static void awaitAttempts(Controller controller, int attempts)
            throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (controller.status().attempts() < attempts
                || controller.status().nextAttempt().isEmpty()) {
            assertThat(System.nanoTime()).as("%s", controller.status()).isLessThan(end);
            StateWatch.assertExplained(controller.status());
            Thread.sleep(10);
        }
    }
}

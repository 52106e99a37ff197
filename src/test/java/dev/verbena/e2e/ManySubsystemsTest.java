package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.Initiator;
import dev.verbena.nvme.DiscoveryEntry;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Many subsystems at the same time, each with several queues.
@TargetTest({"--subsystems", "24", "--size", "4M"})
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManySubsystemsTest {
    private static final int SUBSYSTEMS = 24;

    private static final Duration BOUND = Duration.ofMinutes(2);

    @Test
    void connectedAllAtOnce_noneIsLost(LiveTarget live) throws Exception {
        assumeTrue(live.backing() != null, "the target is not ours");
        int queues = Machine.count("queues", 4);
        try (Initiator initiator = Initiator.open()) {
            live.connect(initiator).close();
            Leftovers before = Leftovers.now();
            List<String> names =
                    initiator.discover(live.target(), LiveTarget.patient()).entries().stream()
                            .filter(e -> e.subsystemType() == DiscoveryEntry.SUBSYSTEM_NVM)
                            .map(DiscoveryEntry::subsystemNqn)
                            .toList();
            assertThat(names).hasSize(SUBSYSTEMS);
            long memory = Machine.residentKib();
            long start = System.nanoTime();
            List<CompletableFuture<Controller>> attempts = new ArrayList<>();
            for (String name : names) {
                attempts.add(
                        initiator.connectAsync(
                                live.target(),
                                name,
                                LiveTarget.patient().withIoQueues(queues).withPollQueues(0)));
            }
            List<Controller> controllers = new ArrayList<>();
            List<BlockDevice> devices = new ArrayList<>();
            for (CompletableFuture<Controller> attempt : attempts) {
                controllers.add(attempt.get(BOUND.toSeconds(), TimeUnit.SECONDS));
            }
            long connected = System.nanoTime();
            for (Controller controller : controllers) {
                devices.add(controller.openDevice(1));
            }
            long opened = System.nanoTime();
            for (int i = 0; i < devices.size(); i++) {
                assertThat(devices.get(i).statistics().queueCount()).isEqualTo(queues);
                byte[] content = new byte[8192];
                Arrays.fill(content, (byte) (i + 1));
                devices.get(i).write(0, MemorySegment.ofArray(content));
            }
            for (int i = 0; i < devices.size(); i++) {
                byte[] back = new byte[8192];
                devices.get(i).read(0, MemorySegment.ofArray(back));
                assertThat(back).containsOnly(i + 1);
                assertThat(controllers.get(i).state()).isEqualTo(ControllerState.LIVE);
                assertThat(controllers.get(i).status().attempts()).isZero();
                assertThat(controllers.get(i).status().reason()).isEmpty();
            }
            System.out.printf(
                    "%d subsystems: controllers in %d ms, %d I/O queues each in %d ms,"
                            + " resident memory +%d KiB (%d KiB each)%n",
                    SUBSYSTEMS,
                    (connected - start) / 1_000_000,
                    queues,
                    (opened - connected) / 1_000_000,
                    Machine.residentKib() - memory,
                    (Machine.residentKib() - memory) / SUBSYSTEMS);
            assertThat(Duration.ofNanos(opened - start)).isLessThan(BOUND);
            controllers.forEach(Controller::close);
            before.assertNothingOfThisProcessAdded();
        }
    }
}

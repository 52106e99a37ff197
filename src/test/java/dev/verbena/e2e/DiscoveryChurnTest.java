package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.verbena.DiscoveryLog;
import dev.verbena.Initiator;
import dev.verbena.nvme.DiscoveryEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The discovery log is read while it changes all the time.
@TargetTest({"--subsystems", "12", "--size", "1M"})
@OnlyWith(value = TargetControl.NVMET, because = "it changes the kernel's configuration by itself")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DiscoveryChurnTest {
    private static final Path NVMET = Path.of("/sys/kernel/config/nvmet");

    /// The first of these stay, the others come and go.
    private static final int LASTING = 6;

    private static final int ALL = 12;

    private volatile boolean stopping;
    private volatile int pauseMillis = 10;
    private final AtomicLong changes = new AtomicLong();
    private volatile @Nullable Exception failure;

    private static String name(LiveTarget live, int number) {
        return live.nqn().substring(0, live.nqn().length() - 1) + number;
    }

    /// Takes subsystems off the port and puts them back, as fast as it goes; not by `rig/target`,
    /// which takes too long.
    private void churn(LiveTarget live) {
        Path linked = NVMET.resolve("ports/1/subsystems");
        try {
            for (int i = 0; !stopping; i++) {
                String name = name(live, LASTING + 1 + i % (ALL - LASTING));
                Files.delete(linked.resolve(name));
                Files.createSymbolicLink(
                        linked.resolve(name), NVMET.resolve("subsystems").resolve(name));
                changes.addAndGet(2);
                Thread.sleep(pauseMillis);
            }
        } catch (IOException | InterruptedException e) {
            failure = e;
        }
    }

    @Test
    void logThatChangesWhileItIsRead_isReadWhole(LiveTarget live) throws Exception {
        assumeTrue(live.backing() != null, "the target is not ours to change");
        try (Initiator initiator = Initiator.open()) {
            Thread thread = Thread.ofPlatform().start(() -> churn(live));
            long start = System.nanoTime();
            int reads = Machine.count("discoveries", 30);
            int oneOff = 0;
            int givenUp = 0;
            try {
                for (int i = 0; i < reads; i++) {
                    if (i == reads / 2) {
                        // Slow enough for whole logs also on a machine that is emulated.
                        pauseMillis = 1000;
                    }
                    try {
                        oneOff += ALL - read(initiator, live).size();
                    } catch (IOException e) {
                        // It may change faster than it can be read; then that is said.
                        assertThat(e).hasMessageContaining("changed 10 times while it was read");
                        givenUp++;
                    }
                }
            } finally {
                stopping = true;
                thread.join();
            }
            assertThat(read(initiator, live)).hasSize(ALL);
            assertThat(failure).isNull();
            assertThat(givenUp).isLessThan(reads);
            System.out.printf(
                    "%d discoveries, %d with one subsystem off, %d given up, %.0f changes/s%n",
                    reads, oneOff, givenUp, changes.get() * 1e9 / (System.nanoTime() - start));
        }
    }

    /// Reads the log, and checks that it is a whole one.
    private static List<String> read(Initiator initiator, LiveTarget live) throws IOException {
        DiscoveryLog log = initiator.discover(live.target(), LiveTarget.patient());
        List<String> names =
                log.entries().stream()
                        .filter(e -> e.subsystemType() == DiscoveryEntry.SUBSYSTEM_NVM)
                        .map(DiscoveryEntry::subsystemNqn)
                        .toList();
        assertThat(names).doesNotHaveDuplicates();
        for (int n = 1; n <= LASTING; n++) {
            assertThat(names).contains(name(live, n));
        }
        // At most one is off at a time.
        assertThat(names).hasSizeBetween(ALL - 1, ALL);
        return names;
    }
}

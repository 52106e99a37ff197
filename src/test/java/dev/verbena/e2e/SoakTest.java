package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Mixed reading and writing at all levels under random faults, for as long as
/// `-Dverbena.soak.minutes` says; `./verify soak`. The seed it prints repeats the choice of faults
/// with `-Dverbena.soak.seed`; when what arrives is up to the machine.
@Tag("soak")
class SoakTest {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration SAMPLE_EVERY = Duration.ofSeconds(30);

    /// Kibibytes the process may grow by after the first quarter: code that is compiled late,
    /// allocator arenas.
    private static final long GROWTH_KIB_MAX = 48 << 10;

    /// What the process uses.
    private record Use(long residentKib, long heapKib, int threads, long descriptors) {
        static Use now() throws IOException {
            System.gc();
            try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
                return new Use(
                        Machine.residentKib(),
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() >> 10,
                        ManagementFactory.getThreadMXBean().getThreadCount(),
                        open.count());
            }
        }
    }

    private final long started = System.nanoTime();
    private long nextSample;
    private final List<Use> samples = new ArrayList<>();

    private void say(String text) {
        System.out.printf("soak %5d s: %s%n", (System.nanoTime() - started) / 1_000_000_000, text);
    }

    @Test
    void randomFaultsUnderLoad_loseNothing_andLeaveNothing() throws Exception {
        Machine.requireGuest();
        long minutes = Long.getLong("verbena.soak.minutes", 20);
        long seed = Long.getLong("verbena.soak.seed", System.nanoTime() & 0xFFFF_FFFFL);
        say(minutes + " minutes, -Dverbena.soak.seed=" + seed);
        LiveTarget.rig(List.of("down"));
        LiveTarget.rig(
                List.of(
                        "up",
                        "--size",
                        "16M",
                        "--max-size",
                        "32M",
                        "--namespaces",
                        "2",
                        "--qid-max",
                        "8",
                        "--freezable"));
        LiveTarget live = LiveTarget.ofRig();
        ConnectOptions options =
                LiveTarget.patient()
                        .withKeepAliveTimeout(Duration.ofSeconds(4))
                        .withIoQueues(2)
                        .withIoTimeout(Duration.ofSeconds(60))
                        .withReconnectDelay(Duration.ofSeconds(1))
                        .withCtrlLossTimeout(Duration.ofMinutes(5));
        try (Initiator initiator = Initiator.open()) {
            initiator.connect(live.target(), live.nqn(), options).close();
            Leftovers before = Leftovers.now();
            try (Controller controller = initiator.connect(live.target(), live.nqn(), options);
                    StateWatch watch = new StateWatch(controller);
                    Load load = Load.start(live, controller, seed, 16)) {
                ReopeningLane spare = new ReopeningLane(controller, 2, seed);
                spare.start();
                Faults faults = new Faults(live, initiator, controller, options, seed);
                try {
                    run(Duration.ofMinutes(minutes), controller, load, spare, faults);
                } finally {
                    spare.stop();
                }
                spare.join(PATIENCE.toMillis());
                finish(live, load, spare, watch);
                say("faults " + faults.counts());
            }
            before.assertNothingAdded();
            say("nothing is left: " + before);
        } finally {
            LiveTarget.rig(List.of("down"));
        }
        assertFlat();
        say("zero lost, zero duplicated, zero corrupted; seed " + seed);
    }

    private void run(
            Duration time, Controller controller, Load load, ReopeningLane spare, Faults faults)
            throws Exception {
        long end = System.nanoTime() + time.toNanos();
        nextSample = System.nanoTime();
        while (System.nanoTime() < end) {
            String fault = faults.next();
            assertThat(controller.awaitLive(PATIENCE))
                    .as("after '%s': %s", fault, controller.status())
                    .isTrue();
            load.awaitProgress();
            spare.check();
            if (System.nanoTime() >= nextSample) {
                nextSample = System.nanoTime() + SAMPLE_EVERY.toNanos();
                Use use = Use.now();
                samples.add(use);
                say(load.progress() + ", namespace 2 " + spare.operations() + "; " + use);
            }
        }
    }

    private void finish(LiveTarget live, Load load, ReopeningLane spare, StateWatch watch)
            throws Exception {
        samples.add(Use.now());
        Load.Totals totals = load.stop();
        for (ExpectedBlocks blocks : spare.expected()) {
            int bytes = Math.toIntExact(blocks.byteOffset(blocks.count()));
            blocks.check(
                    MemorySegment.ofArray(live.namespace(2).stored(0, bytes)), 0, blocks.count());
        }
        watch.assertExplained();
        say(
                "%,d operations, %,d blocks compared, lost or reset %d times; %s; namespace 2: %,d, %d refused"
                        .formatted(
                                totals.operations(),
                                totals.level2().blocksCompared(),
                                watch.losses(),
                                totals,
                                spare.operations(),
                                spare.refused()));
    }

    private void assertFlat() {
        Use early = samples.get(samples.size() / 4);
        Use last = samples.getLast();
        say("a quarter through " + early + ", at the end " + last);
        assertThat(last.residentKib() - early.residentKib())
                .as("KiB of resident memory added")
                .isLessThan(GROWTH_KIB_MAX);
        assertThat(last.threads()).isLessThanOrEqualTo(early.threads() + 4);
        assertThat(last.descriptors()).isLessThanOrEqualTo(early.descriptors() + 4);
    }
}

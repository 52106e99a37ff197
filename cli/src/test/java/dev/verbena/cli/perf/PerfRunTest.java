package dev.verbena.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.WaitMode;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.testkit.Fault;
import dev.verbena.testkit.Occasion;
import dev.verbena.testkit.TestFabric;
import dev.verbena.testkit.TestNamespace;
import dev.verbena.testkit.TestTarget;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Loads over a fabric in memory.
class PerfRunTest {
    private static final String NQN = "nqn.2026-01.invalid.test:perf";
    private static final int BLOCKS = 1024;

    /// Long enough for some I/Os on a machine that is busy with other work.
    private static final Duration RUNTIME = Duration.ofSeconds(1);

    private final TestFabric fabric = TestFabric.open();
    private final TestTarget target = fabric.addTarget("192.0.2.1", 4420);
    private final TestNamespace namespace = target.addSubsystem(NQN).addNamespace(1, BLOCKS, 512);

    @AfterEach
    void nothingIsLeft() {
        List<?> violations = fabric.violations();
        fabric.close();
        assertThat(violations).isEmpty();
    }

    private static final class Watching implements PerfRun.Observer {
        private int ramps;
        private int runs;
        private boolean readBack;

        @Override
        public void interval(String phase, Latencies interval, long start, long end, long whole) {
            if (phase.equals("ramp")) {
                ramps++;
            } else {
                runs++;
            }
        }

        @Override
        public void readingBack() {
            readBack = true;
        }
    }

    private static PerfSettings settings(
            Workload workload, int level, boolean blocking, int threads, int queues) {
        return new PerfSettings(
                workload,
                level,
                blocking,
                4,
                threads,
                queues,
                RUNTIME,
                Duration.ofMillis(50),
                true,
                WaitMode.ADAPTIVE,
                null);
    }

    private PerfResult run(PerfSettings settings, PerfRun.Observer observer) throws IOException {
        ConnectOptions options =
                ConnectOptions.defaults().withIoQueues(2).withPollQueues(settings.queues());
        try (Initiator initiator = fabric.openInitiator();
                Controller controller = initiator.connect(target.address(), NQN, options)) {
            return PerfRun.run(controller, controller.namespace(1), settings, observer);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1,false,1,1",
        "1,false,1,2",
        "1,false,2,3",
        "2,false,2,2",
        "2,true,2,1",
        "3,false,1,1",
        "3,true,2,1"
    })
    void mixedLoad_atEachLevel_isMeasuredAndVerified(
            int level, boolean blocking, int threads, int queues) throws Exception {
        Watching watching = new Watching();
        Workload workload = new Workload(true, 50, 2048, 0, 0, 5);
        PerfResult result = run(settings(workload, level, blocking, threads, queues), watching);
        assertThat(result.verified()).isTrue();
        assertThat(result.latencies().reads().getTotalCount()).isPositive();
        assertThat(result.latencies().writes().getTotalCount()).isPositive();
        assertThat(result.seconds()).isGreaterThanOrEqualTo(1.0);
        assertThat(watching.ramps).isPositive();
        assertThat(watching.runs).isPositive();
        assertThat(watching.readBack).isTrue();
        assertThat(target.ioCommandCount(NvmOpcode.WRITE)).isPositive();
    }

    @Test
    void writesOfALoad_areOnTheTarget() throws Exception {
        Workload workload = new Workload(false, 0, 4096, 8192, 65_536, 9);
        PerfResult result = run(settings(workload, 1, false, 1, 1), new Watching());
        assertThat(result.latencies().count()).isPositive();
        BlockPattern pattern = new BlockPattern(9, 512);
        var content = java.lang.foreign.MemorySegment.ofArray(namespace.read(16, 128));
        // Those that were written; how many depends on the machine.
        assertThat(pattern.check(content.asSlice(0, 4096), 16, BlockPattern.ANY_GENERATION))
                .isNull();
        assertThat(namespace.read(0, 16)).containsOnly(0);
        assertThat(namespace.read(144, 16)).containsOnly(0);
    }

    @ParameterizedTest
    @CsvSource({"1,false", "2,false", "2,true", "3,false", "3,true"})
    void writeThatWasNotCarriedOut_isFound(int level, boolean blocking) {
        // The controller says that all is well, and does nothing.
        target.inject(Occasion.io(NvmOpcode.WRITE).after(20).always(), new Fault.Answer(0, 0));
        Workload workload = new Workload(true, 30, 4096, 0, 0, 5);
        assertThatThrownBy(() -> run(settings(workload, level, blocking, 1, 1), new Watching()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Wrong data in block ");
    }

    @Test
    void contentThatNobodyMarked_isFoundByReading() {
        Workload workload = new Workload(true, 100, 4096, 0, 0, 5);
        assertThatThrownBy(() -> run(settings(workload, 1, false, 1, 1), new Watching()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("it holds no pattern of this command");
    }

    @ParameterizedTest
    @CsvSource({"1,false", "2,false", "2,true", "3,false", "3,true"})
    void errorOfTheController_endsTheRun_andSaysWhere(int level, boolean blocking) {
        // Unrecovered Read Error, not to be repeated.
        target.inject(Occasion.io(NvmOpcode.READ).after(5), new Fault.Answer(0x4281, 0));
        Workload workload = new Workload(true, 50, 4096, 0, 0, 5);
        assertThatThrownBy(() -> run(settings(workload, level, blocking, 1, 1), new Watching()))
                .isInstanceOf(IOException.class)
                .hasMessageMatching("The read of block \\d+ \\(8 blocks\\) failed: .*Read Error.*");
    }

    @Test
    void interruption_endsTheRunEarly_withWhatThereIs() throws Exception {
        Workload workload = new Workload(true, 50, 4096, 0, 0, 5);
        PerfSettings endless =
                new PerfSettings(
                        workload,
                        1,
                        false,
                        1,
                        1,
                        1,
                        Duration.ofHours(1),
                        Duration.ZERO,
                        true,
                        WaitMode.ADAPTIVE,
                        null);
        Thread caller = Thread.currentThread();
        Thread impatient =
                Thread.ofPlatform()
                        .start(() -> {
                            while (target.ioCommandCount(NvmOpcode.WRITE) < 50) {
                                Thread.onSpinWait();
                            }
                            caller.interrupt();
                        });
        PerfResult result = run(endless, new Watching());
        impatient.join();
        assertThat(result.interrupted()).isTrue();
        assertThat(result.verified()).isFalse();
        assertThat(result.latencies().count()).isPositive();
        assertThat(result.toText()).contains("(interrupted)").doesNotContain("Verified");
    }

    @Test
    void rangeThatDoesNotFit_isRefusedWithTheReason() {
        refused(new Workload(true, 100, 4096, 0, 1 << 20, 1), "namespace 1 has 524288");
        refused(new Workload(true, 100, 1000, 0, 0, 1), "--bs 1000 is no multiple of");
        refused(new Workload(true, 100, 4096, 100, 0, 1), "--offset 100 is no multiple of");
        refused(new Workload(true, 100, 4096, 0, 512, 1), "--size is smaller than --bs");
        refused(new Workload(true, 100, 65_536, 0, 131_072, 1), "--verify wants room");
    }

    private void refused(Workload workload, String message) {
        assertThatThrownBy(() -> run(settings(workload, 1, false, 1, 1), new Watching()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }
}

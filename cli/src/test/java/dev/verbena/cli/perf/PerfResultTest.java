package dev.verbena.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.MemoryMode;
import dev.verbena.WaitMode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class PerfResultTest {
    private static PerfResult result() {
        Latencies latencies = new Latencies();
        Histogram reads = new Histogram(1, Meter.LATENCY_NANOS_MAX, Meter.DIGITS);
        for (int i = 1; i <= 1000; i++) {
            reads.recordValue(i * 1000L);
        }
        latencies.add(reads, new Histogram(1, Meter.LATENCY_NANOS_MAX, Meter.DIGITS));
        return new PerfResult(
                new PerfSettings(
                        new Workload(true, 100, 4096, 0, 0, 1),
                        1,
                        false,
                        32,
                        1,
                        1,
                        Duration.ofSeconds(2),
                        Duration.ZERO,
                        false,
                        WaitMode.POLL,
                        null),
                latencies,
                MemoryMode.SLAB,
                4096,
                2_000_000_000L,
                10_000_000,
                PerfResult.Counts.between(List.of(), List.of()),
                false,
                false);
    }

    @Test
    void numbers_followFromCountAndTime() {
        Map<String, Object> values = result().values();
        assertThat(values)
                .containsEntry("iops", 500.0)
                .containsEntry("mib_per_s", 1.95)
                .containsEntry("cpu_ns_per_io", 10_000L)
                .containsEntry("elapsed_ms", 2000L);
        assertThat(result().toJson())
                .contains(
                        "\"p50\": 500",
                        "\"p99.9\": 999",
                        "\"iodepth\": 32",
                        "\"memory_mode\": \"SLAB\"",
                        "\"ios\": 1000");
    }

    @Test
    void table_namesTheLoadAndLeavesOutWhatDidNotHappen() {
        assertThat(result().toText())
                .startsWith("4 KiB random read, depth 32, IoQueue, poll\n")
                .contains("500 µs", "990 µs", "1000 I/Os in 2.0 s")
                .doesNotContain("write");
    }
}

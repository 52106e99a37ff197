package dev.verbena.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LiveReportTest {
    private static final long SECOND = 1_000_000_000L;

    @TempDir private Path folder = Path.of("");

    private static Latencies interval() {
        Latencies latencies = new Latencies();
        Meter meter = Meter.ofOneThread();
        for (int i = 0; i < 1000; i++) {
            meter.record(i % 4 == 0, 2_000_000);
        }
        meter.collect(latencies);
        return latencies;
    }

    @Test
    void line_hasProgressRateBandwidthAndLatency() {
        assertThat(LiveReport.line("run", 4096, interval(), 4 * SECOND, 5 * SECOND, 10 * SECOND))
                .isEqualTo(
                        "run  [##########..........] 5 of 10 s  1,000 IOPS  3.9 MiB/s  2 ms, p99 2"
                                + " ms");
    }

    @Test
    void line_withoutIo_saysSo() {
        assertThat(LiveReport.line("ramp", 4096, new Latencies(), 0, SECOND, SECOND))
                .contains("no I/O has ended");
    }

    @Test
    void withoutLive_nothingIsPrinted() throws Exception {
        StringWriter text = new StringWriter();
        try (LiveReport report = new LiveReport(new PrintWriter(text), false, 4096, null)) {
            report.interval("run", interval(), 0, SECOND, SECOND);
        }
        assertThat(text.toString()).isEmpty();
    }

    @Test
    void log_isReadByHdrHistogram_withoutTheRamp() throws Exception {
        Path file = folder.resolve("a.hdr");
        try (LiveReport report =
                new LiveReport(new PrintWriter(new StringWriter()), false, 4096, file)) {
            report.interval("ramp", interval(), 0, SECOND, SECOND);
            report.interval("run", interval(), 0, SECOND, 2 * SECOND);
            report.interval("run", interval(), SECOND, 2 * SECOND, 2 * SECOND);
        }
        long reads = 0;
        long writes = 0;
        try (HistogramLogReader reader = new HistogramLogReader(file.toFile())) {
            while (reader.hasNext()) {
                Histogram next = (Histogram) reader.nextIntervalHistogram();
                if (next == null) {
                    break;
                }
                if (next.getTag().equals("read")) {
                    reads += next.getTotalCount();
                } else {
                    writes += next.getTotalCount();
                }
            }
        }
        assertThat(reads).isEqualTo(1500);
        assertThat(writes).isEqualTo(500);
    }
}

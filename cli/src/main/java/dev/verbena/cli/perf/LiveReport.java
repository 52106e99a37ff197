package dev.verbena.cli.perf;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;
import org.jspecify.annotations.Nullable;

/// Tells how a run goes: a line that is rewritten in place, and the HdrHistogram log.
public final class LiveReport implements PerfRun.Observer, AutoCloseable {
    /// Histogram logs count in seconds, as their readers expect.
    private static final double NANOS_PER_SECOND = 1e9;

    private static final int BAR = 20;

    private final PrintWriter out;
    private final boolean live;
    private final int blockBytes;
    private final @Nullable PrintStream file;
    private final @Nullable HistogramLogWriter log;

    /// @param blockBytes bytes of an I/O
    /// @param hdrLog where the log goes; null for none
    LiveReport(PrintWriter out, boolean live, int blockBytes, @Nullable Path hdrLog)
            throws IOException {
        this.out = out;
        this.live = live;
        this.blockBytes = blockBytes;
        if (hdrLog == null) {
            file = null;
            log = null;
        } else {
            file =
                    new PrintStream(
                            new BufferedOutputStream(Files.newOutputStream(hdrLog)),
                            false,
                            StandardCharsets.UTF_8);
            log = new HistogramLogWriter(file);
            log.outputComment("[latencies in nanoseconds, tags read and write]");
            log.outputLogFormatVersion();
            log.outputStartTime(System.currentTimeMillis());
            log.outputLegend();
        }
    }

    @Override
    public void interval(String phase, Latencies interval, long start, long end, long whole) {
        if (live) {
            out.print("\r\u001b[K" + line(phase, blockBytes, interval, start, end, whole));
            out.flush();
        }
        if (!phase.equals("ramp")) {
            output("read", interval.reads(), start, end);
            output("write", interval.writes(), start, end);
        }
    }

    private void output(String tag, Histogram histogram, long start, long end) {
        HistogramLogWriter writer = log;
        if (writer != null && histogram.getTotalCount() > 0) {
            histogram.setTag(tag);
            writer.outputIntervalHistogram(
                    start / NANOS_PER_SECOND, end / NANOS_PER_SECOND, histogram, 1e6);
        }
    }

    /// One interval as a line: progress, IOPS, bandwidth, mean and 99th percentile.
    public static String line(
            String phase, int blockBytes, Latencies interval, long start, long end, long whole) {
        int done = whole == 0 ? BAR : (int) Math.min(BAR, end * BAR / whole);
        Histogram all = interval.all();
        double iops = interval.count() / Math.max(1e-9, (end - start) / NANOS_PER_SECOND);
        String latency =
                all.getTotalCount() == 0
                        ? "no I/O has ended"
                        : Quantity.nanos(all.getMean())
                                + ", p99 "
                                + Quantity.nanos(all.getValueAtPercentile(99));
        return String.format(
                Locale.ROOT,
                "%-4s [%s%s] %.0f of %.0f s  %,.0f IOPS  %,.1f MiB/s  %s",
                phase,
                "#".repeat(done),
                ".".repeat(BAR - done),
                end / NANOS_PER_SECOND,
                whole / NANOS_PER_SECOND,
                iops,
                iops * blockBytes / (1 << 20),
                latency);
    }

    @Override
    public void readingBack() {
        if (live) {
            out.print("\r\u001b[Kreading back what was written");
            out.flush();
        }
    }

    /// @throws IOException when the log could not be written as a whole
    @Override
    public void close() throws IOException {
        if (live) {
            out.print("\r\u001b[K");
            out.flush();
        }
        PrintStream writer = file;
        if (writer != null) {
            boolean failed = writer.checkError();
            writer.close();
            if (failed) {
                throw new IOException("The histogram log is incomplete: is the disk full?");
            }
        }
    }
}

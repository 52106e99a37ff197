package dev.verbena.cli.perf;

import dev.verbena.MemoryMode;
import dev.verbena.QueueStatistics;
import dev.verbena.nvme.Rendered;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;

/// What a run found.
///
/// @param latencies of what was measured
/// @param memory what the controller could reach of this host's memory, as it was decided
/// @param inCapsuleBytesMax largest write that could travel in its command capsule, 0 for none
/// @param elapsedNanos how long that took
/// @param cpuNanos processor time of the whole process meanwhile
/// @param counts of the queues, level 1 only
/// @param verified whether all that was read has been checked, and all that was written been read
///   back
/// @param interrupted whether it was ended early
public record PerfResult(
        PerfSettings settings,
        Latencies latencies,
        MemoryMode memory,
        int inCapsuleBytesMax,
        long elapsedNanos,
        long cpuNanos,
        Counts counts,
        boolean verified,
        boolean interrupted)
        implements Rendered {
    private static final double[] PERCENTILES = {50, 90, 95, 99, 99.9, 99.99};

    /// What the queues of level 1 did while it was measured.
    ///
    /// @param queues how many these are; 0 at other levels
    public record Counts(
            int queues,
            long inCapsule,
            long keyed,
            long bounced,
            long doorbells,
            long polls,
            long emptyPolls,
            long waits) {
        static Counts between(List<QueueStatistics> before, List<QueueStatistics> after) {
            return new Counts(
                    after.size(),
                    difference(before, after, QueueStatistics::inCapsule),
                    difference(before, after, it -> it.keyed() + it.keyedList()),
                    difference(before, after, QueueStatistics::bounced),
                    difference(before, after, QueueStatistics::doorbells),
                    difference(before, after, QueueStatistics::polls),
                    difference(before, after, QueueStatistics::emptyPolls),
                    difference(before, after, QueueStatistics::waits));
        }

        private static long difference(
                List<QueueStatistics> before,
                List<QueueStatistics> after,
                ToLongFunction<QueueStatistics> count) {
            return after.stream().mapToLong(count).sum() - before.stream().mapToLong(count).sum();
        }

        private Map<String, Object> values() {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("queues", queues);
            values.put("in_capsule", inCapsule);
            values.put("keyed", keyed);
            values.put("bounced", bounced);
            values.put("doorbells", doorbells);
            values.put("polls", polls);
            values.put("empty_polls", emptyPolls);
            values.put("waits", waits);
            return values;
        }
    }

    double seconds() {
        return elapsedNanos / 1e9;
    }

    /// I/Os in a second.
    double iops() {
        return iops(latencies.count());
    }

    private double iops(long count) {
        return elapsedNanos == 0 ? 0 : count / seconds();
    }

    private double mebibytesPerSecond(long count) {
        return iops(count) * settings.workload().blockBytes() / (1 << 20);
    }

    /// One line: what was done, how.
    String headline() {
        return String.format(
                Locale.ROOT,
                "%s, depth %d%s, %s, %s",
                settings.workload(),
                settings.depth(),
                settings.threads() == 1 ? "" : " × " + settings.threads() + " threads",
                settings.levelName(),
                settings.waitMode().toString().toLowerCase(Locale.ROOT));
    }

    @Override
    public Map<String, Object> values() {
        Workload workload = settings.workload();
        Map<String, Object> job = new LinkedHashMap<>();
        job.put("random", workload.random());
        job.put("rwmixread", workload.readPercent());
        job.put("bs", workload.blockBytes());
        job.put("iodepth", settings.depth());
        job.put("threads", settings.threads());
        job.put("queues", settings.queues());
        job.put("level", settings.level());
        job.put("blocking", settings.blocking());
        job.put("wait_mode", settings.waitMode().toString());
        job.put("memory_mode", memory.toString());
        job.put("in_capsule_bytes_max", inCapsuleBytesMax);
        job.put("verify", settings.verify());
        job.put("offset", workload.offsetBytes());
        job.put("size", workload.sizeBytes());
        job.put("ramp_ms", settings.ramp().toMillis());
        job.put("runtime_ms", settings.runtime().toMillis());
        job.put("randseed", workload.seed());
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("job", job);
        values.put("elapsed_ms", elapsedNanos / 1_000_000);
        values.put("interrupted", interrupted);
        values.put("verified", verified);
        values.put("iops", rounded(iops()));
        values.put("mib_per_s", rounded(mebibytesPerSecond(latencies.count())));
        values.put(
                "cpu_ns_per_io",
                latencies.count() == 0 ? 0 : Math.round((double) cpuNanos / latencies.count()));
        values.put("read", direction(latencies.reads()));
        values.put("write", direction(latencies.writes()));
        if (counts.queues() > 0) {
            values.put("queue_counts", counts.values());
        }
        return values;
    }

    private Map<String, Object> direction(Histogram histogram) {
        long count = histogram.getTotalCount();
        Map<String, Object> latency = new LinkedHashMap<>();
        if (count > 0) {
            latency.put("min", histogram.getMinValue());
            latency.put("mean", Math.round(histogram.getMean()));
            latency.put("stddev", Math.round(histogram.getStdDeviation()));
            for (double percentile : PERCENTILES) {
                latency.put(name(percentile), histogram.getValueAtPercentile(percentile));
            }
            latency.put("max", histogram.getMaxValue());
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("ios", count);
        values.put("iops", rounded(iops(count)));
        values.put("mib_per_s", rounded(mebibytesPerSecond(count)));
        values.put("latency_ns", latency);
        return values;
    }

    private static double rounded(double value) {
        return Math.round(value * 100) / 100.0;
    }

    private static String name(double percentile) {
        String text = Double.toString(percentile);
        return "p" + (text.endsWith(".0") ? text.substring(0, text.length() - 2) : text);
    }

    @Override
    public String toText() {
        StringBuilder text = new StringBuilder(headline()).append('\n');
        text.append(
                String.format(
                        Locale.ROOT,
                        "%-6s %12s %10s %10s %10s %10s %10s %10s %10s %10s%n",
                        "",
                        "IOPS",
                        "MiB/s",
                        "mean",
                        "min",
                        "p50",
                        "p99",
                        "p99.9",
                        "p99.99",
                        "max"));
        line(text, "read", latencies.reads());
        line(text, "write", latencies.writes());
        text.append(
                String.format(
                        Locale.ROOT,
                        "%d I/Os in %.1f s%s, %s of processor time each%n",
                        latencies.count(),
                        seconds(),
                        interrupted ? " (interrupted)" : "",
                        latencies.count() == 0
                                ? "none"
                                : Quantity.nanos((double) cpuNanos / latencies.count())));
        if (counts.queues() > 0) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "%d queue%s: %d in capsule, %d keyed, %d doorbells, %d polls (%d"
                                    + " empty), %d waits%n",
                            counts.queues(),
                            counts.queues() == 1 ? "" : "s",
                            counts.inCapsule(),
                            counts.keyed(),
                            counts.doorbells(),
                            counts.polls(),
                            counts.emptyPolls(),
                            counts.waits()));
        }
        if (verified) {
            text.append("Verified: every block read was as it was written.\n");
        }
        return text.toString();
    }

    private void line(StringBuilder text, String name, Histogram histogram) {
        long count = histogram.getTotalCount();
        if (count == 0) {
            return;
        }
        text.append(
                String.format(
                        Locale.ROOT,
                        "%-6s %,12.0f %10.1f %10s %10s %10s %10s %10s %10s %10s%n",
                        name,
                        iops(count),
                        mebibytesPerSecond(count),
                        Quantity.nanos(histogram.getMean()),
                        Quantity.nanos(histogram.getMinValue()),
                        Quantity.nanos(histogram.getValueAtPercentile(50)),
                        Quantity.nanos(histogram.getValueAtPercentile(99)),
                        Quantity.nanos(histogram.getValueAtPercentile(99.9)),
                        Quantity.nanos(histogram.getValueAtPercentile(99.99)),
                        Quantity.nanos(histogram.getMaxValue())));
    }
}

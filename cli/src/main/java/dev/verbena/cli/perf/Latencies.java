package dev.verbena.cli.perf;

import org.HdrHistogram.Histogram;

/// Latencies of reads and of writes over some time, in nanoseconds.
///
/// Threads: one.
public final class Latencies {
    private final Histogram reads = empty();
    private final Histogram writes = empty();

    private static Histogram empty() {
        return new Histogram(1, Meter.LATENCY_NANOS_MAX, Meter.DIGITS);
    }

    void add(Histogram moreReads, Histogram moreWrites) {
        reads.add(moreReads);
        writes.add(moreWrites);
    }

    void add(Latencies more) {
        add(more.reads, more.writes);
    }

    void clear() {
        reads.reset();
        writes.reset();
    }

    public Histogram reads() {
        return reads;
    }

    public Histogram writes() {
        return writes;
    }

    /// Of both.
    Histogram all() {
        Histogram all = reads.copy();
        all.add(writes);
        return all;
    }

    public long count() {
        return reads.getTotalCount() + writes.getTotalCount();
    }
}

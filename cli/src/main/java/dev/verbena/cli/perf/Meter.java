package dev.verbena.cli.perf;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.IntervalHistogramProvider;
import org.HdrHistogram.Recorder;
import org.HdrHistogram.SingleWriterRecorder;
import org.HdrHistogram.ValueRecorder;
import org.jspecify.annotations.Nullable;

/// Takes latencies while another thread collects them. Recording allocates nothing.
///
/// Threads: recording as the factory method says; collecting by one thread.
final class Meter {
    /// Longest latency that is told apart, in nanoseconds: one minute.
    static final long LATENCY_NANOS_MAX = 60_000_000_000L;

    /// Significant decimal digits of what is kept.
    static final int DIGITS = 3;

    private final Direction reads;
    private final Direction writes;

    private Meter(Direction reads, Direction writes) {
        this.reads = reads;
        this.writes = writes;
    }

    /// Recorded by one thread only; the cheapest, for level 1.
    static Meter ofOneThread() {
        return new Meter(ofOneWriter(), ofOneWriter());
    }

    private static Direction ofOneWriter() {
        SingleWriterRecorder recorder = new SingleWriterRecorder(1, LATENCY_NANOS_MAX, DIGITS);
        return new Direction(recorder, recorder);
    }

    /// Recorded by any thread, for the others: a stream's I/Os may end on any thread.
    static Meter shared() {
        return new Meter(ofManyWriters(), ofManyWriters());
    }

    private static Direction ofManyWriters() {
        Recorder recorder = new Recorder(1, LATENCY_NANOS_MAX, DIGITS);
        return new Direction(recorder, recorder);
    }

    void record(boolean write, long nanos) {
        (write ? writes : reads).recorder.recordValue(Math.clamp(nanos, 0, LATENCY_NANOS_MAX));
    }

    /// Adds what was recorded since the last time.
    void collect(Latencies into) {
        into.add(reads.collect(), writes.collect());
    }

    /// A recorder under its two names, and the histogram that it fills in turn with another.
    private static final class Direction {
        private final ValueRecorder recorder;
        private final IntervalHistogramProvider<Histogram> provider;
        private @Nullable Histogram last;

        Direction(ValueRecorder recorder, IntervalHistogramProvider<Histogram> provider) {
            this.recorder = recorder;
            this.provider = provider;
        }

        Histogram collect() {
            Histogram now = provider.getIntervalHistogram(last);
            last = now;
            return now;
        }
    }
}

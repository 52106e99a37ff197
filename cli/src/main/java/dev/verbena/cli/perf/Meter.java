package dev.verbena.cli.perf;

import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/// Takes latencies while another thread collects them. Recording allocates nothing.
///
/// Threads: recording as the implementation says; collecting by one thread.
sealed interface Meter {
    /// Longest latency that is told apart, in nanoseconds: one minute.
    long LATENCY_NANOS_MAX = 60_000_000_000L;

    /// Significant decimal digits of what is kept.
    int DIGITS = 3;

    void record(boolean write, long nanos);

    /// Adds what was recorded since the last time.
    void collect(Latencies into);

    /// Recorded by one thread only.
    static Meter ofOneThread() {
        return new OneThread();
    }

    /// Recorded by any thread.
    static Meter shared() {
        return new Shared();
    }

    private static long clamp(long nanos) {
        return Math.clamp(nanos, 0, LATENCY_NANOS_MAX);
    }

    /// For level 1: the cheapest.
    final class OneThread implements Meter {
        private final SingleWriterRecorder reads = recorder();
        private final SingleWriterRecorder writes = recorder();
        private @Nullable Histogram oldReads;
        private @Nullable Histogram oldWrites;

        private static SingleWriterRecorder recorder() {
            return new SingleWriterRecorder(1, LATENCY_NANOS_MAX, DIGITS);
        }

        @Override
        public void record(boolean write, long nanos) {
            (write ? writes : reads).recordValue(clamp(nanos));
        }

        @Override
        public void collect(Latencies into) {
            oldReads = reads.getIntervalHistogram(oldReads);
            oldWrites = writes.getIntervalHistogram(oldWrites);
            into.add(oldReads, oldWrites);
        }
    }

    /// For the others: a stream's I/Os may end on any thread.
    final class Shared implements Meter {
        private final Recorder reads = recorder();
        private final Recorder writes = recorder();
        private @Nullable Histogram oldReads;
        private @Nullable Histogram oldWrites;

        private static Recorder recorder() {
            return new Recorder(1, LATENCY_NANOS_MAX, DIGITS);
        }

        @Override
        public void record(boolean write, long nanos) {
            (write ? writes : reads).recordValue(clamp(nanos));
        }

        @Override
        public void collect(Latencies into) {
            oldReads = reads.getIntervalHistogram(oldReads);
            oldWrites = writes.getIntervalHistogram(oldWrites);
            into.add(oldReads, oldWrites);
        }
    }
}

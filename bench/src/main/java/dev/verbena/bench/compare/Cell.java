package dev.verbena.bench.compare;

import java.util.Arrays;
import java.util.List;

/// What one program did at one workload, over all rounds.
///
/// @param iops I/Os in a second
/// @param mean latency, microseconds
/// @param p50 median latency, microseconds
/// @param p99 99th percentile of the latency, microseconds
/// @param processorMicros processor time of the program per I/O
record Cell(Spread iops, Spread mean, Spread p50, Spread p99, Spread processorMicros) {
    /// Values of the rounds.
    record Spread(List<Double> values) {
        double median() {
            double[] sorted = sorted();
            int middle = sorted.length / 2;
            return sorted.length % 2 == 1
                    ? sorted[middle]
                    : (sorted[middle - 1] + sorted[middle]) / 2;
        }

        double least() {
            return sorted()[0];
        }

        double greatest() {
            return sorted()[values.size() - 1];
        }

        private double[] sorted() {
            double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
            Arrays.sort(sorted);
            return sorted;
        }
    }
}

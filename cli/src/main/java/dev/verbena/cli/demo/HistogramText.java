package dev.verbena.cli.demo;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/// A latency histogram as text: one bar for each doubling of the latency, and the usual
/// percentiles.
final class HistogramText {
    private static final int BAR_WIDTH = 50;
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};

    private HistogramText() {}

    static String format(Histogram histogram) {
        StringBuilder text = new StringBuilder();
        long total = histogram.getTotalCount();
        if (total == 0) {
            return "  no completions\n";
        }
        int first = bucket(histogram.getMinValue());
        int last = bucket(histogram.getMaxValue());
        long most = 1;
        for (int i = first; i <= last; i++) {
            most = Math.max(most, count(histogram, i));
        }
        for (int i = first; i <= last; i++) {
            long count = count(histogram, i);
            text.append(
                    String.format(
                            Locale.ROOT,
                            "  %10.1f us .. %10.1f us %9d %s%n",
                            (1L << i) / 1000.0,
                            (1L << (i + 1)) / 1000.0,
                            count,
                            "#".repeat((int) Math.ceilDiv(count * BAR_WIDTH, most))));
        }
        text.append("  ");
        for (double percentile : PERCENTILES) {
            text.append(
                    String.format(
                            Locale.ROOT,
                            "p%s %.1f us, ",
                            percentile == Math.rint(percentile)
                                    ? Integer.toString((int) percentile)
                                    : Double.toString(percentile),
                            histogram.getValueAtPercentile(percentile) / 1000.0));
        }
        return text.append(
                        String.format(
                                Locale.ROOT, "max %.1f us%n", histogram.getMaxValue() / 1000.0))
                .toString();
    }

    private static int bucket(long value) {
        return Long.SIZE - 1 - Long.numberOfLeadingZeros(Math.max(1, value));
    }

    private static long count(Histogram histogram, int bucket) {
        return histogram.getCountBetweenValues(1L << bucket, (1L << (bucket + 1)) - 1);
    }
}

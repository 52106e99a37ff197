package dev.verbena.cli.perf;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// Latency by percentile, as a picture.
///
/// The picture has a background of its own, so that it can be read on dark and on light pages. Both
/// axes are logarithmic: percentiles by their distance from 100 %.
public final class PercentilePlot {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 560;

    /// Points per halving of the distance to 100 %.
    private static final int TICKS_PER_HALF = 10;

    /// Where the axis reaches farther, only powers of ten have a label.
    private static final double STEPS_RANGE_MAX = 2000;

    /// Reads and writes must not look like two variants of one thing.
    private static final Color[] LINES = {new Color(0x00, 0x5F, 0xB8), new Color(0xC8, 0x50, 0x00)};

    /// One line of the picture.
    ///
    /// @param name for the legend
    /// @param latencies in nanoseconds, one at least
    public record Curve(String name, Histogram latencies) {}

    private PercentilePlot() {}

    /// Whether a file name ends in a format that can be written.
    public static boolean isSupported(Path file) {
        return ChartLook.isSupported(file);
    }

    /// Draws a picture.
    ///
    /// @param file its name ends in .svg or .png
    /// @param title what was measured
    /// @param curves one or more
    /// @throws IOException when the file cannot be written, or this machine has no fonts
    public static void write(Path file, String title, List<Curve> curves) throws IOException {
        ChartLook.write(() -> chart(title, curves), file);
    }

    /// Finds out, before a long measurement, whether a picture can be drawn here. It also loads
    /// what draws: that is not possible any more once the process is about to end, as after Ctrl-C.
    ///
    /// @param file its name ends in .svg or .png; it is not touched
    /// @throws IOException when this machine has no fonts
    public static void rehearse(Path file) throws IOException {
        Histogram any = new Histogram(1, Meter.LATENCY_NANOS_MAX, Meter.DIGITS);
        any.recordValue(1000);
        ChartLook.rehearse(() -> chart("any", List.of(new Curve("any", any))), file);
    }

    static XYChart chart(String title, List<Curve> curves) {
        XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(title)
                        .xAxisTitle("Percentile of I/Os (%)")
                        .yAxisTitle("Latency (µs)")
                        .build();
        double farthest = 10;
        double least = Double.MAX_VALUE;
        double most = 0;
        for (Curve curve : curves) {
            Points points = new Points(curve.latencies());
            farthest = Math.max(farthest, points.xs[points.xs.length - 1]);
            least = Math.min(least, points.ys[0]);
            most = Math.max(most, points.ys[points.ys.length - 1]);
            XYSeries series = chart.addSeries(curve.name(), points.xs, points.ys);
            series.setMarker(SeriesMarkers.NONE);
        }
        style(chart.getStyler());
        XYStyler styler = chart.getStyler();
        styler.setXAxisMin(1.0);
        styler.setXAxisMax(nextDecade(farthest));
        double low = previousStep(least);
        double high = nextStep(most);
        styler.setYAxisMin(low);
        styler.setYAxisMax(high);
        boolean steps = high / low <= STEPS_RANGE_MAX;
        styler.setYAxisTickLabelsFormattingFunction(value -> microseconds(value, steps));
        return chart;
    }

    private static void style(XYStyler styler) {
        ChartLook.apply(styler);
        styler.setXAxisLogarithmic(true);
        styler.setYAxisLogarithmic(true);
        styler.setXAxisLogarithmicDecadeOnly(false);
        styler.setYAxisLogarithmicDecadeOnly(false);
        styler.setXAxisTickLabelsFormattingFunction(PercentilePlot::percentile);
        styler.setLegendPosition(Styler.LegendPosition.InsideNW);
        styler.setSeriesColors(LINES);
    }

    /// Points of a line: x is the reciprocal of the distance to 100 %, y are microseconds.
    private static final class Points {
        private final double[] xs;
        private final double[] ys;

        Points(Histogram histogram) {
            double count = histogram.getTotalCount();
            List<double[]> points = new ArrayList<>();
            for (HistogramIterationValue value : histogram.percentiles(TICKS_PER_HALF)) {
                double distance = 1 - value.getPercentileLevelIteratedTo() / 100;
                // The last I/O is not at 100 %, where no logarithmic axis reaches.
                double x = Math.min(count, 1 / Math.max(distance, 1 / count));
                double y = Math.max(value.getValueIteratedTo(), 1) / 1000.0;
                points.add(new double[] {x, y});
            }
            xs = points.stream().mapToDouble(point -> point[0]).toArray();
            ys = points.stream().mapToDouble(point -> point[1]).toArray();
        }
    }

    private static double nextDecade(double value) {
        return Math.pow(10, Math.ceil(Math.log10(value) - 1e-9));
    }

    /// 1, 2 or 5 times a power of ten.
    private static double nextStep(double value) {
        double decade = Math.pow(10, Math.floor(Math.log10(value)));
        for (double step : new double[] {1, 2, 5}) {
            if (value <= step * decade) {
                return step * decade;
            }
        }
        return 10 * decade;
    }

    private static double previousStep(double value) {
        double decade = Math.pow(10, Math.floor(Math.log10(value)));
        double found = decade;
        for (double step : new double[] {2, 5}) {
            if (value >= step * decade) {
                found = step * decade;
            }
        }
        return found;
    }

    /// What a place on the axis means: "0", "50", "90", "99", "99.9"; nothing between these.
    static String percentile(double x) {
        if (isNear(x, 2)) {
            return "50";
        }
        int nines = (int) Math.round(Math.log10(x));
        if (!isNear(x, Math.pow(10, nines))) {
            return "";
        }
        return switch (nines) {
            case 0 -> "0";
            case 1 -> "90";
            case 2 -> "99";
            default -> "99." + "9".repeat(Math.max(0, nines - 2));
        };
    }

    /// Labels of 1, 2 and 5 times a power of ten, or of the powers only; nothing between these.
    static String microseconds(double value, boolean steps) {
        double leading = value / Math.pow(10, Math.floor(Math.log10(value) + 1e-9));
        boolean labelled =
                isNear(leading, 1) || (steps && (isNear(leading, 2) || isNear(leading, 5)));
        if (!labelled) {
            return "";
        }
        return value >= 0.999
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%.1g", value);
    }

    private static boolean isNear(double value, double wanted) {
        return Math.abs(value - wanted) < 1e-6 * wanted;
    }
}

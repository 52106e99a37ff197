package dev.verbena.cli.perf;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.internal.chartpart.IChart;
import org.knowm.xchart.style.AxesChartStyler;

/// How all pictures look, and how they are written.
///
/// They have a background of their own, so that they can be read on dark and on light pages.
public final class ChartLook {
    private static final Color BACKGROUND = new Color(0xFD, 0xFD, 0xFB);
    private static final Color TEXT = new Color(0x22, 0x26, 0x2B);
    private static final Color GRID = new Color(0xDD, 0xDF, 0xE2);

    /// Told apart by people who do not see all colours as well.
    private static final Color[] SERIES = {
        new Color(0x00, 0x5F, 0xB8),
        new Color(0x5B, 0xA8, 0xE5),
        new Color(0x00, 0x2E, 0x5D),
        new Color(0xC8, 0x50, 0x00),
        new Color(0xF0, 0x9A, 0x4A),
        new Color(0x00, 0x7A, 0x5A),
        new Color(0x5C, 0xC0, 0x9E),
        new Color(0x00, 0x45, 0x34),
        new Color(0x8A, 0x2D, 0x8F),
        new Color(0x6B, 0x6B, 0x6B)
    };

    private ChartLook() {}

    /// Sets colours, lines and letters.
    public static void apply(AxesChartStyler styler) {
        styler.setChartBackgroundColor(BACKGROUND);
        styler.setPlotBackgroundColor(BACKGROUND);
        styler.setLegendBackgroundColor(BACKGROUND);
        styler.setLegendBorderColor(GRID);
        styler.setChartFontColor(TEXT);
        styler.setAxisTickLabelsColor(TEXT);
        styler.setAxisTickMarksColor(TEXT);
        styler.setPlotBorderColor(TEXT);
        styler.setPlotGridLinesColor(GRID);
        styler.setPlotGridLinesStroke(new BasicStroke(1));
        styler.setSeriesColors(SERIES);
        BasicStroke[] lines = new BasicStroke[SERIES.length];
        Arrays.fill(lines, new BasicStroke(2.5f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
        styler.setSeriesLines(lines);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 17));
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        styler.setChartPadding(14);
        styler.setChartTitlePadding(12);
        styler.setAxisTickPadding(8);
        // Numbers of different length end at the axis.
        styler.setYAxisLabelAlignment(AxesChartStyler.TextAlignment.Right);
    }

    static boolean isSupported(Path file) {
        return format(file) != null;
    }

    private static @Nullable String format(Path file) {
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".png")) {
            return "png";
        }
        return name.endsWith(".svg") ? "svg" : null;
    }

    /// Writes a picture.
    ///
    /// @param file its name ends in .svg or .png
    /// @throws IOException when the file cannot be written, or this machine has no fonts
    public static void write(IChart chart, Path file) throws IOException {
        write(() -> chart, file);
    }

    /// Makes a picture and writes it.
    static void write(Supplier<? extends IChart> chart, Path file) throws IOException {
        String format = requireFormat(file);
        try (OutputStream out = Files.newOutputStream(file)) {
            draw(chart, out, format);
        }
    }

    /// Makes a picture for nobody, in the format of a file.
    static void rehearse(Supplier<? extends IChart> chart, Path file) throws IOException {
        draw(chart, OutputStream.nullOutputStream(), requireFormat(file));
    }

    private static void draw(Supplier<? extends IChart> chart, OutputStream out, String format)
            throws IOException {
        headless();
        try {
            ChartEncoder.saveChart(chart.get(), out, format);
        } catch (LinkageError | InternalError e) {
            throw new IOException(
                    "Cannot draw: the JDK finds no fonts here. Install fontconfig and a font"
                            + " (Debian, Ubuntu: apt install fontconfig fonts-dejavu-core)",
                    e);
        } catch (IllegalStateException e) {
            // What draws wants to be told of the process' end when it is loaded; too late for that.
            if (String.valueOf(e.getMessage()).equals("Shutdown in progress")) {
                throw new InterruptedIOException("The process is ending");
            }
            throw e;
        }
    }

    private static String requireFormat(Path file) {
        String format = format(file);
        if (format == null) {
            throw new IllegalArgumentException(file + ": a picture's name ends in .svg or .png");
        }
        return format;
    }

    /// No window is ever opened.
    public static void headless() {
        System.setProperty("java.awt.headless", "true");
    }
}

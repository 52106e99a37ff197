package dev.verbena.cli.perf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.knowm.xchart.XYChart;

class PercentilePlotTest {
    @TempDir private Path folder = Path.of("");

    private static PercentilePlot.Curve curve(String name, long nanos) {
        Histogram histogram = new Histogram(1, Meter.LATENCY_NANOS_MAX, Meter.DIGITS);
        for (int i = 1; i <= 5000; i++) {
            histogram.recordValue(nanos + (i % 100 == 0 ? 50L * nanos : i));
        }
        return new PercentilePlot.Curve(name, histogram);
    }

    @Test
    void axes_haveTitlesWithUnits() {
        XYChart chart = PercentilePlot.chart("4 KiB random read", List.of(curve("read", 20_000)));
        assertThat(chart.getTitle()).isEqualTo("4 KiB random read");
        assertThat(chart.getXAxisTitle()).isEqualTo("Percentile of I/Os (%)");
        assertThat(chart.getYAxisTitle()).isEqualTo("Latency (µs)");
    }

    @Test
    void svg_hasALineForEachCurve() throws Exception {
        Path file = folder.resolve("a.svg");
        PercentilePlot.write(
                file, "4 KiB random read", List.of(curve("read", 20_000), curve("write", 40_000)));
        assertThat(Files.readString(file))
                .startsWith("<?xml")
                .contains("stroke:rgb(0,95,184)", "stroke:rgb(200,80,0)", "</svg>");
    }

    @Test
    void png_showsTitlesAndLabelsOnAllSides() throws Exception {
        Path file = folder.resolve("a.png");
        PercentilePlot.write(file, "title", List.of(curve("read", 20_000)));
        BufferedImage image = ImageIO.read(file.toFile());
        int width = image.getWidth();
        int height = image.getHeight();
        assertThat(darkPixels(image, 0, 0, width, 40)).as("title").isPositive();
        assertThat(darkPixels(image, 0, 0, 40, height)).as("axis of latency").isPositive();
        assertThat(darkPixels(image, 0, height - 35, width, height)).as("percentiles").isPositive();
    }

    private static int darkPixels(BufferedImage image, int fromX, int fromY, int toX, int toY) {
        int count = 0;
        for (int x = fromX; x < toX; x++) {
            for (int y = fromY; y < toY; y++) {
                count += (image.getRGB(x, y) & 0xFF) < 0x60 ? 1 : 0;
            }
        }
        return count;
    }

    @Test
    void png_hasABackgroundOfItsOwn() throws Exception {
        Path file = folder.resolve("a.png");
        PercentilePlot.write(file, "title", List.of(curve("read", 20_000)));
        BufferedImage image = ImageIO.read(file.toFile());
        assertThat(image.getWidth()).isEqualTo(960);
        for (int x = 0; x < image.getWidth(); x += 10) {
            for (int y = 0; y < image.getHeight(); y += 10) {
                assertThat(image.getRGB(x, y) >>> 24).isEqualTo(0xFF);
            }
        }
        assertThat(image.getRGB(1, 1) & 0xFFFFFF).isEqualTo(0xFDFDFB);
    }

    @Test
    void labels_areWhatThePlaceMeans() {
        assertThat(PercentilePlot.percentile(1)).isEqualTo("0");
        assertThat(PercentilePlot.percentile(2)).isEqualTo("50");
        assertThat(PercentilePlot.percentile(3)).isEmpty();
        assertThat(PercentilePlot.percentile(10)).isEqualTo("90");
        assertThat(PercentilePlot.percentile(100_000)).isEqualTo("99.999");
        assertThat(PercentilePlot.microseconds(2000, true)).isEqualTo("2,000");
        assertThat(PercentilePlot.microseconds(2000, false)).isEmpty();
        assertThat(PercentilePlot.microseconds(0.1, false)).isEqualTo("0.1");
    }

    @Test
    void oneLatency_canBeDrawn() throws Exception {
        Histogram single = new Histogram(1, Meter.LATENCY_NANOS_MAX, Meter.DIGITS);
        single.recordValue(12_345);
        Path file = folder.resolve("one.svg");
        PercentilePlot.write(file, "one", List.of(new PercentilePlot.Curve("read", single)));
        assertThat(file).isNotEmptyFile();
    }

    @Test
    void rehearsal_leavesNoFile() throws Exception {
        Path file = folder.resolve("later.svg");
        PercentilePlot.rehearse(file);
        assertThat(file).doesNotExist();
    }

    @Test
    void otherFormats_areRefused() {
        Path file = folder.resolve("a.gif");
        assertThat(PercentilePlot.isSupported(file)).isFalse();
        assertThatThrownBy(() -> PercentilePlot.write(file, "", List.of(curve("read", 1))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(".svg or .png");
    }
}

package dev.verbena.bench.compare;

import dev.verbena.cli.perf.ChartLook;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.CategoryStyler;
import org.knowm.xchart.style.Styler;

/// Bars: IOPS of each program as a multiple of the C loop's, workload by workload.
final class ComparisonPlot {
    private static final int WIDTH = 1400;
    private static final int HEIGHT = 600;

    private ComparisonPlot() {}

    static void write(Path file, Results results) throws IOException {
        ChartLook.headless();
        Set<String> programs = new LinkedHashSet<>();
        List<String> labels = new ArrayList<>();
        for (Workload workload : results.workloads()) {
            programs.addAll(results.programs(workload));
            labels.add(workload.title());
        }
        String base = hasLoop(results) ? Results.LOOP : Results.FIO;
        CategoryChart chart =
                new CategoryChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title("IOPS beside " + base + ": more is better, 1.0 is as many")
                        .xAxisTitle("Workload")
                        .yAxisTitle("IOPS, multiple of the best " + base)
                        .build();
        for (String program : programs) {
            List<Double> ratios = new ArrayList<>();
            for (Workload workload : results.workloads()) {
                double best = results.bestIops(workload, base);
                boolean ran = best > 0 && results.programs(workload).contains(program);
                ratios.add(ran ? results.cell(workload, program).iops().median() / best : 0.0);
            }
            chart.addSeries(program, labels, ratios);
        }
        CategoryStyler styler = chart.getStyler();
        ChartLook.apply(styler);
        styler.setYAxisMin(0.0);
        styler.setYAxisDecimalPattern("0.0");
        styler.setAvailableSpaceFill(0.85);
        styler.setLegendPosition(Styler.LegendPosition.OutsideE);
        ChartLook.write(chart, file);
    }

    private static boolean hasLoop(Results results) {
        return results.workloads().stream()
                .allMatch(workload -> results.bestIops(workload, Results.LOOP) > 0);
    }
}

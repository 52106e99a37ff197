package dev.verbena.bench.compare;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Everything that was measured.
final class Results {
    /// Programs that Verbena is compared with begin so.
    static final String FIO = "fio";

    static final String LOOP = "nvme-loop";

    private static final int COLUMNS = 8;

    private record Line(String program, List<Double> figures) {}

    private final Map<Workload, List<Line>> lines = new LinkedHashMap<>();

    private Results() {}

    /// @param text lines of round, workload, program, IOPS, mean, p50, p99, processor time
    static Results read(List<String> text) {
        Results results = new Results();
        for (String each : text) {
            String[] parts = each.split("\t", -1);
            if (parts.length != COLUMNS) {
                throw new IllegalArgumentException("Not a line of results: '" + each + "'");
            }
            List<Double> figures = new ArrayList<>();
            for (int i = 3; i < COLUMNS; i++) {
                figures.add(Double.parseDouble(parts[i]));
            }
            results.lines
                    .computeIfAbsent(Workload.parse(parts[1]), ignored -> new ArrayList<>())
                    .add(new Line(parts[2], figures));
        }
        return results;
    }

    List<Workload> workloads() {
        return List.copyOf(lines.keySet());
    }

    List<String> programs(Workload workload) {
        return of(workload).stream().map(Line::program).distinct().toList();
    }

    private List<Line> of(Workload workload) {
        return lines.getOrDefault(workload, List.of());
    }

    Cell cell(Workload workload, String program) {
        List<Cell.Spread> columns = new ArrayList<>();
        for (int i = 0; i < COLUMNS - 3; i++) {
            int column = i;
            columns.add(
                    new Cell.Spread(
                            of(workload).stream()
                                    .filter(line -> line.program().equals(program))
                                    .map(line -> line.figures().get(column))
                                    .toList()));
        }
        return new Cell(
                columns.get(0), columns.get(1), columns.get(2), columns.get(3), columns.get(4));
    }

    /// The best median of the variants of a program; 0 when none ran.
    double bestIops(Workload workload, String family) {
        return programs(workload).stream()
                .filter(program -> program.startsWith(family))
                .mapToDouble(program -> cell(workload, program).iops().median())
                .max()
                .orElse(0);
    }

    /// The least median of the median latency of the variants of a program; 0 when none ran.
    double bestLatency(Workload workload, String family) {
        return programs(workload).stream()
                .filter(program -> program.startsWith(family))
                .mapToDouble(program -> cell(workload, program).p50().median())
                .min()
                .orElse(0);
    }
}

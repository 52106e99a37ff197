package dev.verbena.bench.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Makes a table, a picture and JSON of what `bench/compare` measured.
@Command(name = "report", mixinStandardHelpOptions = true)
public final class Report implements Callable<Integer> {
    @Option(names = "--rounds", required = true, description = "what was measured, tab-separated")
    private Path rounds = Path.of("");

    @Option(names = "--facts", required = true, description = "lines about the guest")
    private Path facts = Path.of("");

    @Option(names = "--machine", required = true, description = "what it ran on")
    private String machine = "";

    @Option(names = "--command", required = true, description = "how it was started")
    private String command = "";

    @Option(names = "--out", required = true, description = "folder")
    private Path out = Path.of("");

    private Report() {}

    public static void main(String... arguments) {
        System.exit(new CommandLine(new Report()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        Results results = Results.read(Files.readAllLines(rounds));
        List<String> known = Files.readAllLines(facts);
        String table = table(results, known);
        Files.writeString(out.resolve("table.md"), table);
        Files.writeString(out.resolve("results.json"), ResultsJson.write(results, intro(known)));
        for (String suffix : List.of("svg", "png")) {
            ComparisonPlot.write(out.resolve("picture." + suffix), results);
        }
        System.out.println(table);
        System.out.println("Written: " + out + "/table.md, results.json, picture.svg, picture.png");
        return 0;
    }

    private List<String> intro(List<String> known) {
        List<String> lines = new ArrayList<>();
        lines.add("command: " + command);
        lines.add("machine: " + machine);
        lines.addAll(known);
        return lines;
    }

    private String table(Results results, List<String> known) {
        StringBuilder text = new StringBuilder();
        text.append("`").append(command).append("`\n\n");
        text.append(machine).append("; ").append(String.join("; ", known)).append('\n');
        for (Workload workload : results.workloads()) {
            text.append("\n### ").append(workload.title()).append("\n\n");
            text.append(
                    "| | IOPS | spread | × fio | × C loop | median latency, µs | × fio | × C loop |"
                            + " p99, µs | processor time each, µs |\n");
            text.append("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
            for (String program : results.programs(workload)) {
                text.append(line(results, workload, program));
            }
        }
        return text.toString();
    }

    private static String line(Results results, Workload workload, String program) {
        Cell cell = results.cell(workload, program);
        return String.format(
                Locale.ROOT,
                "| %s | %,.0f | %.0f–%.0f %% | %s | %s | %,.0f | %s | %s | %,.0f | %,.0f |%n",
                program,
                cell.iops().median(),
                100 * cell.iops().least() / cell.iops().median(),
                100 * cell.iops().greatest() / cell.iops().median(),
                ratio(cell.iops().median(), results.bestIops(workload, Results.FIO)),
                ratio(cell.iops().median(), results.bestIops(workload, Results.LOOP)),
                cell.p50().median(),
                ratio(cell.p50().median(), results.bestLatency(workload, Results.FIO)),
                ratio(cell.p50().median(), results.bestLatency(workload, Results.LOOP)),
                cell.p99().median(),
                cell.processorMicros().median());
    }

    private static String ratio(double value, double base) {
        return base > 0 ? String.format(Locale.ROOT, "%.2f", value / base) : "";
    }
}

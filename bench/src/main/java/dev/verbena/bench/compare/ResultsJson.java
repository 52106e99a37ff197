package dev.verbena.bench.compare;

import dev.verbena.nvme.Rendered;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The results with the values of every round, as JSON.
record ResultsJson(Map<String, Object> values) implements Rendered {
    static String write(Results results, List<String> about) {
        List<Object> all = new ArrayList<>();
        for (Workload workload : results.workloads()) {
            for (String program : results.programs(workload)) {
                Cell cell = results.cell(workload, program);
                Map<String, Object> entry = new LinkedHashMap<>();
                entry.put("rw", workload.rw());
                entry.put("bs", workload.bytes());
                entry.put("iodepth", workload.depth());
                entry.put("program", program);
                entry.put("iops", spread(cell.iops()));
                entry.put("mean_us", spread(cell.mean()));
                entry.put("p50_us", spread(cell.p50()));
                entry.put("p99_us", spread(cell.p99()));
                entry.put("processor_us_per_io", spread(cell.processorMicros()));
                all.add(entry);
            }
        }
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("about", about);
        values.put("results", all);
        return new ResultsJson(values).toJson() + "\n";
    }

    private static Map<String, Object> spread(Cell.Spread spread) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("median", spread.median());
        values.put("rounds", spread.values());
        return values;
    }

    @Override
    public String toText() {
        return toJson();
    }
}

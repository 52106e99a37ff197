package dev.verbena.bench.compare;

import java.util.Locale;

/// A workload, named `rw-bytes-depth` as in `bench/compare`.
///
/// @param rw fio's name of the pattern
/// @param bytes of an I/O
/// @param depth I/Os outstanding
record Workload(String rw, int bytes, int depth) {
    static Workload parse(String name) {
        String[] parts = name.split("-", -1);
        if (parts.length != 3) {
            throw new IllegalArgumentException("'" + name + "' is no workload");
        }
        return new Workload(parts[0], Integer.parseInt(parts[1]), Integer.parseInt(parts[2]));
    }

    /// For people.
    String title() {
        return String.format(
                Locale.ROOT,
                "%d KiB %s, depth %d",
                bytes / 1024,
                rw.equals("randread") ? "random read" : "random write",
                depth);
    }
}

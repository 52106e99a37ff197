package dev.verbena.nvme;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Sizes and offsets that a C compiler gives the structures of libnvme's headers: {@code
 * layout.csv}, made by {@code src/test/fixtures/layout}.
 */
final class Headers {
    private static final Map<String, Map<String, List<Integer>>> HEADERS = headers();

    private static Map<String, Map<String, List<Integer>>> headers() {
        Map<String, Map<String, List<Integer>>> headers = new HashMap<>();
        try (var in = Objects.requireNonNull(Headers.class.getResourceAsStream("layout.csv"));
                var reader =
                        new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
            for (String line : reader.lines().filter(text -> !text.startsWith("#")).toList()) {
                String[] words = line.split(",", -1);
                headers.computeIfAbsent(words[0], name -> new LinkedHashMap<>())
                        .put(
                                words[1],
                                List.of(Integer.valueOf(words[2]), Integer.valueOf(words[3])));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return headers;
    }

    static Map<String, List<Integer>> header(String structure) {
        return Objects.requireNonNull(HEADERS.get(structure), structure);
    }

    static List<Integer> place(String structure, String field) {
        return Objects.requireNonNull(header(structure).get(field), field);
    }

    static int offset(String structure, String field) {
        return place(structure, field).getFirst();
    }

    private Headers() {}

    static Set<String> structures() {
        return HEADERS.keySet();
    }
}

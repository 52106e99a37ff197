package dev.verbena.nvme;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What {@code src/test/fixtures/capture} brought back from real controllers. */
final class Captured {
    private Captured() {}

    static MemorySegment bytes(String name) {
        return MemorySegment.ofArray(resource(name + ".bin"));
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> json(String name) {
        Object value = JsonReader.read(string(name + ".json"));
        // The effects log is a list with one entry for each command set asked for: one.
        return (Map<String, Object>) (value instanceof List<?> list ? list.getFirst() : value);
    }

    static String text(String name) {
        return string(name + ".txt");
    }

    private static String string(String file) {
        return new String(resource(file), StandardCharsets.UTF_8);
    }

    private static byte[] resource(String file) {
        try (var in = Captured.class.getResourceAsStream("captured/" + file)) {
            if (in == null) {
                throw new AssertionError("no fixture " + file);
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

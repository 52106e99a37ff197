package dev.verbena.nvme;

import dev.verbena.nvme.internal.Json;
import java.util.Map;

/** Something that can be shown to people and to programs, in the words nvme-cli uses. */
public interface Rendered {
    /** Every field by name, in order: numbers, strings, booleans, and maps and lists of them. */
    Map<String, Object> values();

    /** Several lines of text, each ended by a line feed. */
    String toText();

    /** {@link #values()} as JSON. */
    default String toJson() {
        return Json.write(values());
    }
}

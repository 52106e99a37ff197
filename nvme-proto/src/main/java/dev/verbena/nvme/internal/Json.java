package dev.verbena.nvme.internal;

import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Writes maps, lists, strings, numbers and booleans as JSON (RFC 8259), two blanks of indent a
 * level.
 */
public final class Json {
    private Json() {}

    /** The JSON text of a map, without a final line feed. */
    public static String write(Map<String, Object> map) {
        StringBuilder text = new StringBuilder();
        value(text, map, 0);
        return text.toString();
    }

    /** An unsigned 64-bit value as JSON shows it. */
    public static Number unsigned(long value) {
        return value >= 0 ? (Number) value : new BigInteger(Long.toUnsignedString(value));
    }

    private static void value(StringBuilder text, Object value, int depth) {
        switch (value) {
            case Map<?, ?> map -> object(text, map, depth);
            case List<?> list -> array(text, list, depth);
            case Number number -> text.append(number);
            case Boolean bool -> text.append(bool);
            default -> string(text, value.toString());
        }
    }

    private static void object(StringBuilder text, Map<?, ?> map, int depth) {
        text.append('{');
        Iterator<? extends Map.Entry<?, ?>> entries = map.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<?, ?> entry = entries.next();
            line(text, depth + 1);
            string(text, String.valueOf(entry.getKey()));
            text.append(": ");
            value(text, entry.getValue(), depth + 1);
            text.append(entries.hasNext() ? "," : "");
        }
        if (!map.isEmpty()) {
            line(text, depth);
        }
        text.append('}');
    }

    private static void array(StringBuilder text, List<?> list, int depth) {
        text.append('[');
        for (int i = 0; i < list.size(); i++) {
            line(text, depth + 1);
            value(text, list.get(i), depth + 1);
            text.append(i < list.size() - 1 ? "," : "");
        }
        if (!list.isEmpty()) {
            line(text, depth);
        }
        text.append(']');
    }

    private static void line(StringBuilder text, int depth) {
        text.append('\n').append("  ".repeat(depth));
    }

    private static void string(StringBuilder text, String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                default -> {
                    if (c < 0x20 || Character.isSurrogate(c)) {
                        text.append(Text.format("\\u%04x", (int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }
}

package dev.verbena.nvme;

import dev.verbena.nvme.internal.Bytes;
import dev.verbena.nvme.internal.Text;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which fields a structure has, where, and how they are shown.
 *
 * <p>Written as text, one field a line: name, offset, size in bytes, kind. Kinds are
 *
 * <ul>
 *   <li>{@code dec}, {@code hex}: an unsigned number; hexadecimal in text, except 0, as C's {@code
 *       %#x} has it
 *   <li>{@code hex6}: a number with six hexadecimal digits in text
 *   <li>{@code big}: an unsigned number of 16 bytes, a string in JSON
 *   <li>{@code ascii}: text up to its first NUL, padding kept; {@code utf8}: likewise
 *   <li>{@code bytes}: hexadecimal digits in wire order; {@code uuid}: the same with hyphens
 * </ul>
 *
 * <p>A fifth word {@code later} marks a field of a newer revision than nvme-cli 2.3 knows: it is
 * shown only where it is not zero.
 */
public final class FieldTable {
    private enum Kind {
        DEC,
        HEX,
        HEX6,
        BIG,
        ASCII,
        UTF8,
        BYTES,
        UUID
    }

    private record Field(String name, int offset, int size, Kind kind, boolean later) {
        boolean shown(Bytes bytes, int base) {
            return !later || !bytes.isZero(base + offset, size);
        }

        Object value(Bytes bytes, int base) {
            int at = base + offset;
            return switch (kind) {
                case DEC, HEX, HEX6 -> number(bytes.unsigned(at, size));
                case BIG -> bytes.unsigned(at, size).toString();
                case ASCII -> bytes.padded(at, size);
                case UTF8 -> bytes.utf8(at, size);
                case BYTES -> bytes.hex(at, size);
                case UUID -> uuid(bytes.hex(at, size));
            };
        }

        String text(Bytes bytes, int base) {
            BigInteger zeroOr = size <= 16 ? bytes.unsigned(base + offset, size) : BigInteger.ZERO;
            return switch (kind) {
                case HEX -> zeroOr.signum() == 0 ? "0" : "0x" + zeroOr.toString(16);
                case HEX6 -> Text.format("%06x", zeroOr);
                default -> value(bytes, base).toString();
            };
        }

        private static Number number(BigInteger value) {
            return value.bitLength() < Long.SIZE ? (Number) value.longValueExact() : value;
        }

        private static String uuid(String hex) {
            return hex.substring(0, 8)
                    + "-"
                    + hex.substring(8, 12)
                    + "-"
                    + hex.substring(12, 16)
                    + "-"
                    + hex.substring(16, 20)
                    + "-"
                    + hex.substring(20);
        }
    }

    private final List<Field> fields;

    private FieldTable(List<Field> fields) {
        this.fields = fields;
    }

    /**
     * Reads a table.
     *
     * @throws IllegalArgumentException if a line is malformed, or a name or a byte occurs twice
     */
    public static FieldTable of(String table) {
        List<Field> fields = new ArrayList<>();
        Set<String> names = new HashSet<>();
        Set<Integer> bytes = new HashSet<>();
        for (String line : table.lines().toList()) {
            Field field = field(line.strip().split(" +", -1), line);
            if (!names.add(field.name())) {
                throw new IllegalArgumentException("Two fields have the name of \"" + line + "\"");
            }
            for (int i = 0; i < field.size(); i++) {
                if (!bytes.add(field.offset() + i)) {
                    throw new IllegalArgumentException("\"" + line + "\" overlaps another field");
                }
            }
            fields.add(field);
        }
        return new FieldTable(List.copyOf(fields));
    }

    private static Field field(String[] words, String line) {
        if (words.length < 4 || words.length > 5) {
            throw new IllegalArgumentException("Not a field: \"" + line + "\"");
        }
        return new Field(
                words[0],
                Integer.parseInt(words[1]),
                Integer.parseInt(words[2]),
                Kind.valueOf(words[3].toUpperCase(java.util.Locale.ROOT)),
                words.length == 5);
    }

    /** Offset and size of each field by name, in the table's order. */
    Map<String, List<Integer>> layout() {
        Map<String, List<Integer>> layout = new LinkedHashMap<>();
        for (Field field : fields) {
            layout.put(field.name(), List.of(field.offset(), field.size()));
        }
        return layout;
    }

    /** First byte after the last field. */
    int end() {
        return fields.stream().mapToInt(field -> field.offset() + field.size()).max().orElse(0);
    }

    /** The fields by name, in the table's order. */
    Map<String, Object> values(Bytes bytes, int base) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (Field field : fields) {
            if (field.shown(bytes, base)) {
                values.put(field.name(), field.value(bytes, base));
            }
        }
        return values;
    }

    /** One line a field: the name padded to a width, a colon, a blank, the value. */
    String text(Bytes bytes, int base, int width) {
        StringBuilder text = new StringBuilder();
        for (Field field : fields) {
            if (field.shown(bytes, base)) {
                text.append(Text.format("%-" + width + "s: ", field.name()))
                        .append(field.text(bytes, base))
                        .append('\n');
            }
        }
        return text.toString();
    }
}

package dev.verbena.nvme.internal;

import java.util.HexFormat;
import java.util.Locale;

/** Text made from wire values. */
public final class Text {
    private static final HexFormat UPPER = HexFormat.of().withUpperCase();

    private Text() {}

    /** Bytes as ASCII; whatever is not printable appears as {@code \xNN}. */
    public static String printable(byte[] bytes, int offset, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = offset; i < offset + length; i++) {
            int value = bytes[i] & 0xFF;
            if (value >= 0x20 && value < 0x7F) {
                text.append((char) value);
            } else {
                text.append("\\x").append(UPPER.toHexDigits(bytes[i]));
            }
        }
        return text.toString();
    }

    /** Text with control and formatting characters replaced by visible escapes. */
    public static String printable(String text) {
        StringBuilder result = new StringBuilder(text.length());
        text.codePoints().forEach(point -> appendPrintable(result, point));
        return result.toString();
    }

    private static void appendPrintable(StringBuilder result, int point) {
        int type = Character.getType(point);
        boolean visible =
                !Character.isISOControl(point)
                        && type != Character.FORMAT
                        && type != Character.LINE_SEPARATOR
                        && type != Character.PARAGRAPH_SEPARATOR
                        && type != Character.SURROGATE
                        && type != Character.UNASSIGNED;
        if (visible) {
            result.appendCodePoint(point);
        } else if (point < 0x100) {
            result.append("\\x").append(UPPER.toHexDigits((byte) point));
        } else {
            result.append("\\u{").append(Integer.toHexString(point)).append('}');
        }
    }

    /** Hexadecimal as C's {@code %#x} has it: with a prefix, but 0 without. */
    public static String alternateHex(long value) {
        return value == 0 ? "0" : "0x" + Long.toHexString(value);
    }

    /** {@code String.format} in the root locale: what is printed never depends on the machine. */
    @SuppressWarnings("AnnotateFormatMethod") // would need a dependency at run time
    public static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }
}

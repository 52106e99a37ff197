package dev.verbena.cli.base;

import java.math.BigInteger;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Numbers as nvme-cli takes them: decimal, or hexadecimal behind `0x`; unsigned up to the width of
/// the field, or negative.
public final class Numbers {
    private Numbers() {}

    /// Teaches a command line to read them.
    public static void register(CommandLine line) {
        ITypeConverter<Integer> ints = text -> (int) parse(text, Integer.SIZE);
        ITypeConverter<Long> longs = text -> parse(text, Long.SIZE);
        line.registerConverter(int.class, ints);
        line.registerConverter(Integer.class, ints);
        line.registerConverter(long.class, longs);
        line.registerConverter(Long.class, longs);
    }

    /// Reads a number.
    ///
    /// @param bits of the field it is for
    static long parse(String text, int bits) {
        String digits = text.toLowerCase(Locale.ROOT);
        boolean negative = digits.startsWith("-");
        digits = negative ? digits.substring(1) : digits;
        boolean hexadecimal = digits.startsWith("0x");
        digits = hexadecimal ? digits.substring(2) : digits;
        BigInteger value;
        try {
            if (digits.startsWith("-") || digits.startsWith("+")) {
                throw new NumberFormatException(text);
            }
            value = new BigInteger(digits, hexadecimal ? 16 : 10);
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not a number");
        }
        value = negative ? value.negate() : value;
        boolean fits = negative ? value.bitLength() < bits : value.bitLength() <= bits;
        if (!fits) {
            throw new TypeConversionException("'" + text + "' does not fit " + bits + " bits");
        }
        return value.longValue();
    }

    /// Hexadecimal with leading zeroes, as C's `%0Nx`.
    public static String hex(long value, int digits) {
        return String.format(Locale.ROOT, "%0" + digits + "x", value);
    }
}

package dev.verbena.cli.base;

import java.math.BigInteger;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Numbers as nvme-cli takes them: decimal, or hexadecimal behind `0x`.
///
/// Each option says how wide its field is, by its converter. What does not fit is refused: cut to
/// the field it would be another number. There is no converter for a plain `int` or `long`, so that
/// no option can leave its width out.
public final class Numbers {
    private Numbers() {}

    /// Makes options that do not say their width fail, whatever they are given.
    public static void register(CommandLine line) {
        for (Class<?> type : new Class<?>[] {int.class, Integer.class, long.class, Long.class}) {
            line.registerConverter(
                    type,
                    text -> {
                        throw new IllegalStateException("An option does not say its width");
                    });
        }
    }

    /// The numbers an option takes.
    public interface Range {
        BigInteger min();

        BigInteger max();
    }

    /// A number in a range that 64 bits can tell apart.
    private record Bounds(BigInteger min, BigInteger max, String outside) implements Range {
        static Bounds ofField(int bits) {
            BigInteger max = BigInteger.ONE.shiftLeft(bits).subtract(BigInteger.ONE);
            return new Bounds(
                    BigInteger.ZERO, max, " does not fit " + bits + " bits: it must be 0.." + max);
        }

        static Bounds of(long min, long max) {
            return new Bounds(
                    BigInteger.valueOf(min),
                    BigInteger.valueOf(max),
                    " is out of range: it must be " + min + ".." + max);
        }

        long parse(String text) {
            BigInteger value = number(text);
            if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
                throw new TypeConversionException("'" + text + "'" + outside);
            }
            return value.longValue();
        }
    }

    private static BigInteger number(String text) {
        String digits = text.toLowerCase(Locale.ROOT);
        boolean negative = digits.startsWith("-");
        digits = negative ? digits.substring(1) : digits;
        boolean hexadecimal = digits.startsWith("0x");
        digits = hexadecimal ? digits.substring(2) : digits;
        try {
            if (digits.startsWith("-") || digits.startsWith("+")) {
                throw new NumberFormatException(text);
            }
            BigInteger value = new BigInteger(digits, hexadecimal ? 16 : 10);
            return negative ? value.negate() : value;
        } catch (NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not a number");
        }
    }

    /// Converts to an `int`, which holds fields of up to 32 bits.
    public abstract static class OfInt implements ITypeConverter<Integer>, Range {
        private final Bounds bounds;

        private OfInt(Bounds bounds) {
            this.bounds = bounds;
        }

        /// A field of so many bits, at most 32.
        protected OfInt(int bits) {
            this(Bounds.ofField(bits));
        }

        /// A number from `min` to `max`.
        protected OfInt(int min, int max) {
            this(Bounds.of(min, max));
        }

        @Override
        public final BigInteger min() {
            return bounds.min();
        }

        @Override
        public final BigInteger max() {
            return bounds.max();
        }

        @Override
        public final Integer convert(String text) {
            return (int) bounds.parse(text);
        }
    }

    /// Converts to a `long`.
    public abstract static class OfLong implements ITypeConverter<Long>, Range {
        private final Bounds bounds;

        private OfLong(Bounds bounds) {
            this.bounds = bounds;
        }

        /// A field of so many bits, at most 64.
        protected OfLong(int bits) {
            this(Bounds.ofField(bits));
        }

        /// A number from `min` to `max`.
        protected OfLong(long min, long max) {
            this(Bounds.of(min, max));
        }

        @Override
        public final BigInteger min() {
            return bounds.min();
        }

        @Override
        public final BigInteger max() {
            return bounds.max();
        }

        @Override
        public final Long convert(String text) {
            return bounds.parse(text);
        }
    }

    /// A field of two bits.
    public static final class Bits2 extends OfInt {
        Bits2() {
            super(2);
        }
    }

    /// A field of three bits.
    public static final class Bits3 extends OfInt {
        Bits3() {
            super(3);
        }
    }

    /// A field of four bits.
    public static final class Bits4 extends OfInt {
        Bits4() {
            super(4);
        }
    }

    /// A field of seven bits.
    public static final class Bits7 extends OfInt {
        Bits7() {
            super(7);
        }
    }

    /// A field of eight bits.
    public static final class Bits8 extends OfInt {
        Bits8() {
            super(8);
        }
    }

    /// A field of 16 bits.
    public static final class Bits16 extends OfInt {
        Bits16() {
            super(16);
        }
    }

    /// A field of 32 bits.
    public static final class Bits32 extends OfInt {
        Bits32() {
            super(32);
        }
    }

    /// A field of 64 bits.
    public static final class Bits64 extends OfLong {
        Bits64() {
            super(64);
        }
    }

    /// A number of things or bytes, also 0; not a field.
    public static final class Count extends OfInt {
        Count() {
            super(0, Integer.MAX_VALUE);
        }
    }

    /// A number of things or bytes, at least 1; not a field.
    public static final class Positive extends OfInt {
        Positive() {
            super(1, Integer.MAX_VALUE);
        }
    }

    /// The value of a field of 64 bits.
    public static Number unsigned(long value) {
        return value >= 0 ? (Number) value : new BigInteger(Long.toUnsignedString(value));
    }

    /// Hexadecimal with leading zeroes, as C's `%0Nx`.
    public static String hex(long value, int digits) {
        return String.format(Locale.ROOT, "%0" + digits + "x", value);
    }
}

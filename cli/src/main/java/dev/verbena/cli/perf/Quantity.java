package dev.verbena.cli.perf;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Sizes and times as people write them.
final class Quantity {
    private static final Pattern NUMBER_AND_UNIT = Pattern.compile("(\\d{1,18})([a-zA-Z]*)");
    private static final String[] BYTE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Quantity() {}

    /// fio's sizes: `4k`, `128KiB`, `1m`; powers of 1024, bytes without a unit.
    static long parseBytes(String text) {
        Matcher matcher = NUMBER_AND_UNIT.matcher(text);
        if (matcher.matches()) {
            int shift =
                    switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
                        case "", "b" -> 0;
                        case "k", "kb", "kib" -> 10;
                        case "m", "mb", "mib" -> 20;
                        case "g", "gb", "gib" -> 30;
                        case "t", "tb", "tib" -> 40;
                        default -> -1;
                    };
            long number = Long.parseLong(matcher.group(1));
            if (shift >= 0 && number <= Long.MAX_VALUE >> shift) {
                return number << shift;
            }
        }
        throw new IllegalArgumentException(
                "'" + text + "' is no size; write it like 4096, 4k, 128k or 1m");
    }

    /// fio's times: `30`, `30s`, `500ms`, `2m`, `1h`; seconds without a unit.
    static Duration parseTime(String text) {
        Matcher matcher = NUMBER_AND_UNIT.matcher(text);
        if (matcher.matches()) {
            long milliseconds =
                    switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
                        case "ms" -> 1;
                        case "", "s" -> 1_000;
                        case "m" -> 60_000;
                        case "h" -> 3_600_000;
                        default -> -1;
                    };
            long number = Long.parseLong(matcher.group(1));
            if (milliseconds > 0 && number <= Duration.ofDays(365).toMillis() / milliseconds) {
                return Duration.ofMillis(number * milliseconds);
            }
        }
        throw new IllegalArgumentException(
                "'" + text + "' is no time; write it like 30, 30s, 500ms or 2m");
    }

    /// The largest unit that leaves a whole number: "4 KiB", "512 B".
    static String bytes(long bytes) {
        int unit = 0;
        long value = bytes;
        while (value != 0 && value % 1024 == 0 && unit < BYTE_UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return value + " " + BYTE_UNITS[unit];
    }

    /// Three digits and a unit: "564 µs", "2.9 ms".
    static String nanos(double nanos) {
        if (nanos < 1_000) {
            return number(nanos) + " ns";
        }
        if (nanos < 1_000_000) {
            return number(nanos / 1e3) + " µs";
        }
        return nanos < 1e9 ? number(nanos / 1e6) + " ms" : number(nanos / 1e9) + " s";
    }

    /// The same of a whole number.
    static String nanos(long nanos) {
        return nanos((double) nanos);
    }

    private static String number(double value) {
        String format = value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f";
        String text = String.format(Locale.ROOT, format, value);
        return text.endsWith(".00") ? text.substring(0, text.length() - 3) : text;
    }

    /// Converts an option that is a size.
    static final class Bytes implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            try {
                return parseBytes(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    /// Converts an option that is a time.
    static final class Time implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            try {
                return parseTime(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }
}

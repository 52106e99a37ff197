package dev.verbena.cli.doctor;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/// One thing that was looked at.
///
/// @param level whether it is good
/// @param check what was looked at
/// @param text what was found
/// @param fix what to do; empty when there is nothing to do
record Finding(Level level, String check, String text, String fix) {
    enum Level {
        /// As it should be.
        OK,
        /// Works, but could be better, or not for everything.
        WARNING,
        /// Does not work.
        PROBLEM
    }

    static Finding ok(String check, String text) {
        return new Finding(Level.OK, check, text, "");
    }

    static Finding warning(String check, String text, String fix) {
        return new Finding(Level.WARNING, check, text, fix);
    }

    static Finding problem(String check, String text, String fix) {
        return new Finding(Level.PROBLEM, check, text, fix);
    }

    Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("level", level.name().toLowerCase(Locale.ROOT));
        values.put("check", check);
        values.put("finding", text);
        if (!fix.isEmpty()) {
            values.put("fix", fix);
        }
        return values;
    }

    String line() {
        String line =
                String.format(
                        Locale.ROOT,
                        "%-8s %-14s %s%n",
                        level.name().toLowerCase(Locale.ROOT),
                        check,
                        text);
        return fix.isEmpty() ? line : line + String.format(Locale.ROOT, "%23s fix: %s%n", "", fix);
    }
}

package dev.verbena.verbs.ffi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The limit on locked memory, read from `/proc/self/limits` (proc(5)).
public final class MemoryLock {
    private MemoryLock() {}

    /// A sentence that names the present limit and how to raise it.
    public static String hint() {
        return "registered memory counts against RLIMIT_MEMLOCK (now "
                + softLimit()
                + "): raise it with `ulimit -l unlimited`, LimitMEMLOCK=infinity in a systemd unit,"
                + " or memlock in /etc/security/limits.conf";
    }

    private static String softLimit() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
                if (line.startsWith("Max locked memory")) {
                    String soft = line.substring("Max locked memory".length()).strip();
                    String value = soft.substring(0, soft.indexOf(' '));
                    return value.equals("unlimited") ? value : value + " bytes";
                }
            }
        } catch (IOException e) {
            return "unknown: " + e.getMessage();
        }
        return "unknown";
    }
}

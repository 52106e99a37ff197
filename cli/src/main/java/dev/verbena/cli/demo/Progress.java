package dev.verbena.cli.demo;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/// One line that tells how far something is: rewritten in place on a terminal, now and then a new
/// line elsewhere.
final class Progress {
    private static final long TERMINAL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long FILE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final PrintWriter out;
    private final boolean terminal;
    private long lastShown = System.nanoTime();
    private boolean lineOpen;

    Progress(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /// Tells the state, if it is time to.
    void show(String what, long doneBytes, long totalBytes) {
        if (due()) {
            line(
                    String.format(
                            Locale.ROOT,
                            "  %s: %s of %s",
                            what,
                            mebibytes(doneBytes),
                            mebibytes(totalBytes)));
        }
    }

    boolean due() {
        return System.nanoTime() - lastShown >= (terminal ? TERMINAL_NANOS : FILE_NANOS);
    }

    void line(String text) {
        lastShown = System.nanoTime();
        if (terminal) {
            out.print("\r\u001b[K" + text);
            lineOpen = true;
        } else {
            out.println(text);
        }
        out.flush();
    }

    /// The step has ended well.
    void done(String what, long bytes) {
        result(String.format(Locale.ROOT, "  %s: %s", what, mebibytes(bytes)));
    }

    /// Prints a line that stays.
    void result(String text) {
        if (lineOpen) {
            out.print("\r\u001b[K");
            lineOpen = false;
        }
        out.println(text);
        out.flush();
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }
}

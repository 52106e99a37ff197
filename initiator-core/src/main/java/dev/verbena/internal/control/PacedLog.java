package dev.verbena.internal.control;

import dev.verbena.internal.time.Pace;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Writes into a log at a pace: what a target can cause as often as it likes must not fill a disk.
/// Lines that are left out are counted, and told of in one line.
///
/// Threads: any.
public final class PacedLog {
    /// Lines that may come at once.
    static final int LINES_AT_ONCE = 20;

    /// Time between two lines after that.
    static final Duration LINE_INTERVAL = Duration.ofSeconds(1);

    /// Time after which lines that were left out are told of.
    static final Duration SUMMARY_DELAY = Duration.ofSeconds(10);

    private final System.Logger log;
    private final ControlRuntime runtime;
    private final String about;
    private final Consumer<String> onSummary;
    private final Pace pace = new Pace(LINES_AT_ONCE, LINE_INTERVAL);
    private long leftOut;
    private String lastLeftOut = "";

    /// @param about what the lines are about, for the line that stands for many
    public PacedLog(System.Logger log, ControlRuntime runtime, String about) {
        this(log, runtime, about, line -> {});
    }

    /// @param onSummary told of each line that stands for many
    public PacedLog(
            System.Logger log, ControlRuntime runtime, String about, Consumer<String> onSummary) {
        this.log = log;
        this.runtime = runtime;
        this.about = about;
        this.onSummary = onSummary;
    }

    /// Writes a line, or counts it.
    public boolean log(Level level, String message) {
        return log(level, message, null);
    }

    /// Writes a line, or counts it.
    ///
    /// @return false when the line was only counted
    public boolean log(Level level, String message, @Nullable Throwable e) {
        boolean may = level.compareTo(Level.INFO) < 0 || mayLog(message);
        if (may) {
            log.log(level, message, e);
        }
        return may;
    }

    private boolean mayLog(String message) {
        boolean first;
        synchronized (this) {
            if (pace.tryTake(runtime.nanoTime())) {
                return true;
            }
            first = leftOut == 0;
            leftOut++;
            lastLeftOut = message;
        }
        if (first) {
            runtime.schedule(SUMMARY_DELAY, this::summarize);
        }
        return false;
    }

    private void summarize() {
        String line;
        synchronized (this) {
            line = leftOut + " lines about " + about + " were left out, the last: " + lastLeftOut;
            leftOut = 0;
        }
        log.log(Level.WARNING, line);
        onSummary.accept(line);
    }
}

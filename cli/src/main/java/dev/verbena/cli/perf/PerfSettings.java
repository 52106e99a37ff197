package dev.verbena.cli.perf;

import dev.verbena.WaitMode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How a load is carried out.
///
/// @param level of the API: 1 `IoQueue`, 2 `BlockDevice`, 3 channel
/// @param blocking levels 2 and 3: blocking calls from virtual threads instead of callbacks
/// @param depth I/Os each thread keeps outstanding, 1 or more
/// @param threads 1 or more
/// @param queues I/O queues; at level 1 not fewer than threads
/// @param runtime what is measured
/// @param ramp what comes before and is not measured
/// @param verify whether what is written is marked, and what is read is checked
/// @param waitMode how level 1 waits for completions
/// @param spin longest spin of adaptive waiting at level 1; null for the library's
public record PerfSettings(
        Workload workload,
        int level,
        boolean blocking,
        int depth,
        int threads,
        int queues,
        Duration runtime,
        Duration ramp,
        boolean verify,
        WaitMode waitMode,
        @Nullable Duration spin) {
    /// Most I/Os that callbacks keep outstanding: with more a callback could have to wait for a
    /// place, on the thread that makes places free.
    static final int CHAINED_MAX = 1024;

    static final int LEVEL_MAX = 3;

    /// More than any queue is deep.
    static final int DEPTH_MAX = 1 << 16;

    /// More than any controller has queues for.
    static final int THREADS_MAX = 1 << 12;

    /// What does not go together.
    ///
    /// @throws IllegalArgumentException with a sentence for the user
    public PerfSettings {
        require(level >= 1 && level <= LEVEL_MAX, "--level is 1, 2 or 3, not " + level);
        require(
                depth >= 1 && depth <= DEPTH_MAX,
                "--iodepth is 1.." + DEPTH_MAX + ", not " + depth);
        require(
                threads >= 1 && threads <= THREADS_MAX,
                "--threads is 1.." + THREADS_MAX + ", not " + threads);
        require(queues >= 1, "--queues is 1 or more, not " + queues);
        require(
                level != 1 || queues >= threads,
                "At level 1 a queue belongs to one thread: --queues must be --threads ("
                        + threads
                        + ") or more, not "
                        + queues);
        require(!blocking || level != 1, "Level 1 has no blocking calls: --level 2 or 3");
        require(spin == null || level == 1, "--spin is for level 1");
        require(!runtime.isZero(), "--runtime is more than nothing");
        require(
                level == 1 || blocking || (long) depth * threads <= CHAINED_MAX,
                "--iodepth times --threads is "
                        + (long) depth * threads
                        + "; without --blocking it is at most "
                        + CHAINED_MAX
                        + " at levels 2 and 3");
    }

    /// One thread with an `IoQueue`, without ramp and verification.
    public static PerfSettings ofQueue(
            Workload workload, int depth, Duration runtime, WaitMode waitMode) {
        return new PerfSettings(
                workload, 1, false, depth, 1, 1, runtime, Duration.ZERO, false, waitMode, null);
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /// For people: "IoQueue", "BlockDevice, async", ….
    String levelName() {
        return switch (level) {
            case 1 -> "IoQueue";
            case 2 -> blocking ? "BlockDevice, blocking" : "BlockDevice, async";
            default -> blocking ? "byte channel" : "asynchronous channel";
        };
    }
}

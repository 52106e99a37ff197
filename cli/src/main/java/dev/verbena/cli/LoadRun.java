package dev.verbena.cli;

import dev.verbena.CompletionHandler;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.nvme.NvmeStatus;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// Random reads at a fixed depth for some time, with the latency of each.
final class LoadRun implements CompletionHandler {
    private static final long LATENCY_NANOS_MAX = TimeUnit.SECONDS.toNanos(60);

    /// How long to sleep for a completion. The command's own deadline bounds the wait.
    private static final long AWAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /// Polls before sleeping: on a machine with few processors, the target needs the one that would
    /// spin.
    private static final int SPINS = 8;

    private final Namespace namespace;
    private final int depth;
    private final int blocks;
    private final MemorySegment[] buffers;
    private final long[] startedNanos;
    private final int[] free;
    private final SplittableRandom random;
    private final Histogram latencies = new Histogram(LATENCY_NANOS_MAX, 3);
    private int freeCount;
    private int firstError;

    private LoadRun(Namespace namespace, DmaArena arena, int depth, int bytes, long seed) {
        this.namespace = namespace;
        this.depth = depth;
        this.blocks = Math.max(1, bytes / namespace.blockSize());
        this.buffers = new MemorySegment[depth];
        this.startedNanos = new long[depth];
        this.free = new int[depth];
        this.random = new SplittableRandom(seed);
        for (int i = 0; i < depth; i++) {
            buffers[i] = arena.allocate((long) blocks * namespace.blockSize(), 4096);
            free[i] = i;
        }
        freeCount = depth;
    }

    /// What a run found.
    record Result(int depth, int bytes, double iops, Histogram latencies) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "depth %d, %d B random reads: %.0f IOPS, median %.1f us, p99 %.1f us",
                    depth,
                    bytes,
                    iops,
                    latencies.getValueAtPercentile(50) / 1000.0,
                    latencies.getValueAtPercentile(99) / 1000.0);
        }
    }

    static Result run(
            Controller controller,
            Namespace namespace,
            int depth,
            int bytes,
            Duration duration,
            long seed,
            Progress progress)
            throws IOException {
        try (DmaArena arena = controller.newArena((long) depth * Math.max(bytes, 65_536));
                IoQueue queue = controller.openQueue()) {
            if (queue.depth() < depth) {
                throw new IOException(
                        "The controller allows "
                                + queue.depth()
                                + " commands, "
                                + depth
                                + " are wanted");
            }
            LoadRun run = new LoadRun(namespace, arena, depth, bytes, seed);
            double iops = run.run(queue, duration, progress);
            return new Result(depth, run.blocks * namespace.blockSize(), iops, run.latencies);
        }
    }

    private double run(IoQueue queue, Duration duration, Progress progress) throws IOException {
        long begin = System.nanoTime();
        long end = begin + duration.toNanos();
        int idle = 0;
        long now = begin;
        while (firstError == 0 && (now < end || queue.inFlightCount() > 0)) {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("Interrupted while measuring");
            }
            if (now < end) {
                start(queue);
            }
            if (queue.poll(this) > 0) {
                idle = 0;
            } else if (++idle > SPINS) {
                queue.await(AWAIT_NANOS);
            }
            now = System.nanoTime();
            if (progress.due()) {
                report(now - begin, progress);
            }
        }
        if (firstError != 0) {
            throw new IOException(
                    "A read at depth " + depth + " failed: " + NvmeStatus.describe(firstError));
        }
        return latencies.getTotalCount() / ((now - begin) / 1e9);
    }

    private void start(IoQueue queue) throws IOException {
        while (freeCount > 0) {
            int index = free[freeCount - 1];
            long lba = random.nextLong(namespace.blockCount() / blocks) * blocks;
            startedNanos[index] = System.nanoTime();
            if (!queue.tryRead(namespace, lba, blocks, buffers[index], index)) {
                return;
            }
            freeCount--;
        }
    }

    @Override
    public void completed(long token, int status, long result) {
        int index = (int) token;
        latencies.recordValue(Math.min(LATENCY_NANOS_MAX, System.nanoTime() - startedNanos[index]));
        free[freeCount++] = index;
        if (status != 0 && firstError == 0) {
            firstError = status;
        }
    }

    private void report(long elapsedNanos, Progress progress) {
        progress.line(
                String.format(
                        Locale.ROOT,
                        "  depth %d: %.0f s, %d reads, %.0f IOPS",
                        depth,
                        elapsedNanos / 1e9,
                        latencies.getTotalCount(),
                        latencies.getTotalCount() / (elapsedNanos / 1e9)));
    }
}

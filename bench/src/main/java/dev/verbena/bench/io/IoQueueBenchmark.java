package dev.verbena.bench.io;

import dev.verbena.CompletionHandler;
import dev.verbena.IoQueue;
import dev.verbena.WaitMode;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// Level 1: one 4 KiB I/O of an [IoQueue] that keeps `depth` outstanding.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@SuppressWarnings("NullAway.Init") // made in connect()
public class IoQueueBenchmark implements CompletionHandler {
    /// I/Os of an invocation: the way down to none outstanding and up again must not matter.
    private static final int BATCH = 1024;

    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    @Param({"1", "32"})
    public int depth = 1;

    @Param({"ADAPTIVE"})
    public WaitMode waitMode = WaitMode.ADAPTIVE;

    private IoTarget target;
    private IoQueue queue;
    private int[] free;
    private int freeCount;
    private int badStatus;

    @Setup
    public void connect() throws IOException {
        target = new IoTarget(depth, waitMode);
        queue = target.controller().openQueue();
        free = new int[depth];
        for (int i = 0; i < depth; i++) {
            free[i] = i;
        }
        freeCount = depth;
    }

    @TearDown
    public void disconnect() {
        queue.close();
        target.close();
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int read() throws IOException {
        return batch(false);
    }

    /// In the capsule, where the controller takes 4 KiB there.
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int write() throws IOException {
        IoTarget.requireOverwritable();
        return batch(true);
    }

    private int batch(boolean write) throws IOException {
        int left = BATCH;
        while (left > 0 || freeCount < depth) {
            while (left > 0 && freeCount > 0) {
                int index = free[freeCount - 1];
                boolean accepted =
                        write
                                ? queue.tryWrite(
                                        target.namespace(),
                                        target.nextLba(),
                                        target.blocks(),
                                        target.buffer(index),
                                        index)
                                : queue.tryRead(
                                        target.namespace(),
                                        target.nextLba(),
                                        target.blocks(),
                                        target.buffer(index),
                                        index);
                if (!accepted) {
                    throw new IOException("The queue takes fewer than " + depth + " commands");
                }
                freeCount--;
                left--;
            }
            queue.pollOrWait(this, WAIT_NANOS);
        }
        if (badStatus != 0) {
            throw new IOException("Status " + Integer.toHexString(badStatus) + "h");
        }
        return freeCount;
    }

    @Override
    public void completed(long token, int status, long result) {
        if (status != 0) {
            badStatus = status;
        }
        free[freeCount++] = (int) token;
    }
}

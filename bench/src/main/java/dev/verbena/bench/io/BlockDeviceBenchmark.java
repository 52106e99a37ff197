package dev.verbena.bench.io;

import dev.verbena.BlockDevice;
import dev.verbena.WaitMode;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
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

/// Level 2: one 4 KiB read of a [BlockDevice], with `depth` futures outstanding, or blocking.
///
/// Two threads work on it, the caller's and the queue's: wall clock on a machine with fewer free
/// processors says little.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
@SuppressWarnings("NullAway.Init") // made in connect()
public class BlockDeviceBenchmark {
    private static final int BATCH = 1024;

    @Param({"1", "32"})
    public int depth = 1;

    private IoTarget target;
    private BlockDevice device;
    private CompletableFuture<Void>[] futures;

    @Setup
    @SuppressWarnings({"unchecked", "rawtypes"})
    public void connect() throws IOException {
        target = new IoTarget(depth, WaitMode.ADAPTIVE);
        device = target.controller().openDevice(target.namespace().id());
        futures = new CompletableFuture[depth];
    }

    @TearDown
    public void disconnect() {
        device.close();
        target.close();
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void readAsync() {
        int oldest = 0;
        for (int i = 0; i < BATCH; i++) {
            CompletableFuture<Void> before = futures[oldest];
            if (before != null) {
                before.join();
            }
            futures[oldest] = device.readAsync(offset(), target.buffer(oldest));
            oldest = oldest + 1 == depth ? 0 : oldest + 1;
        }
    }

    /// At depth 1 whatever the parameter says.
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void readBlocking() throws IOException {
        for (int i = 0; i < BATCH; i++) {
            device.read(offset(), target.buffer(0));
        }
    }

    private long offset() {
        return target.nextLba() * device.blockSize();
    }
}

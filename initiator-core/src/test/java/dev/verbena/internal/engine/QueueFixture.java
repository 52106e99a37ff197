package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.TimeoutPolicy;
import dev.verbena.WaitMode;
import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.FakeTarget;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.Region;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// Device queues over a target in memory.
final class QueueFixture implements AutoCloseable {
    static final int BLOCK = FakeTarget.BLOCK_SIZE;
    static final int BLOCK_COUNT = 8192;
    static final int DEPTH = 4;
    static final FabricFailure LOST =
            new FabricFailure(FabricFailure.Kind.DISCONNECTED, "the target disconnected");

    /// 8 blocks per command, one descriptor, nothing in the capsule.
    static final DataPlacement SMALL = new DataPlacement(0, 0, 64, 1, 8 * BLOCK);

    final FakeMemoryDomain memory = new FakeMemoryDomain();
    final FakeTarget target = new FakeTarget(memory, BLOCK_COUNT);
    final List<FabricFailure> losses = new CopyOnWriteArrayList<>();
    final DeviceQueues queues;
    DeviceContext context = new DeviceContext(limits(0));
    DataPlacement placement = SMALL;
    int depth = DEPTH;
    boolean answers = true;
    private final List<FakeFabricQueue> fabrics = new ArrayList<>();

    QueueFixture() {
        this(Duration.ofMinutes(1));
    }

    QueueFixture(Duration timeout) {
        this(timeout, 5, WaitMode.ADAPTIVE);
    }

    QueueFixture(Duration timeout, int retries, WaitMode waitMode) {
        queues =
                new DeviceQueues(
                        "test-",
                        memory,
                        new DeviceSettings(
                                timeout,
                                TimeoutPolicy.RECOVER,
                                waitMode,
                                retries,
                                () -> 0,
                                index -> 20 * index));
    }

    static NamespaceLimits limits(int boundaryBlocks) {
        CommandLimits commands =
                new CommandLimits(0xFFFF, 1, 1, 1 << 20, 1 << 20, 1 << 20, 1 << 20, 4, 100, 250);
        return new NamespaceLimits(
                1, commands, BLOCK, BLOCK_COUNT, boundaryBlocks, 16, 32, 10, 5, 100, 3, 7, 15, 4);
    }

    /// Starts on new queues.
    QueueFixture start(int count) {
        List<DeviceQueues.QueueOf> fresh = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            fresh.add(new DeviceQueues.QueueOf(DeviceQueues.Kind.DEFAULT, queue()));
        }
        queues.start(fresh, placement, losses::add);
        return this;
    }

    /// Suspends and waits.
    boolean suspend() {
        queues.suspend();
        return queues.awaitGone();
    }

    /// Gives up and waits.
    boolean fail(String why) {
        queues.fail(new IOException(why));
        return queues.awaitGone();
    }

    CommandQueue queue() {
        FakeFabricQueue fabric =
                new FakeFabricQueue(fabrics.size() + 1, depth, placement.slotBytes());
        if (answers) {
            fabric.target(target);
        }
        fabrics.add(fabric);
        return new CommandQueue(fabric);
    }

    FakeFabricQueue fabric(int index) {
        return fabrics.get(index);
    }

    FakeFabricQueue lastFabric() {
        return fabrics.getLast();
    }

    <T> DeviceRequest<T> submit(DeviceRequest<T> request) {
        queues.submit(request);
        return request;
    }

    DeviceRequest<Void> submit(DeviceRequest.Kind kind, long block, MemorySegment segment) {
        return submit(
                new DeviceRequest<>(context, kind, block * BLOCK, segment.byteSize(), segment));
    }

    DeviceRequest<Void> read(long block, MemorySegment segment) {
        return submit(DeviceRequest.Kind.READ, block, segment);
    }

    DeviceRequest<Void> readBlock(long block) {
        return read(block, MemorySegment.ofArray(new byte[BLOCK]));
    }

    DeviceRequest<Void> write(long block, MemorySegment segment) {
        return submit(DeviceRequest.Kind.WRITE, block, segment);
    }

    DeviceRequest<Void> flush() {
        return submit(
                new DeviceRequest<>(context, DeviceRequest.Kind.FLUSH, 0, 1, MemorySegment.NULL));
    }

    DeviceRequest<Void> blocks(DeviceRequest.Kind kind, long block, long count) {
        return submit(
                new DeviceRequest<>(
                        context, kind, block * BLOCK, count * BLOCK, MemorySegment.NULL));
    }

    Region registered(Arena arena, int blocks) {
        return memory.register(arena.allocate((long) blocks * BLOCK, 64));
    }

    static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    static Throwable failureOf(CompletableFuture<?> future) throws Exception {
        try {
            get(future);
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
        throw new AssertionError("The request succeeded");
    }

    static byte[] random(int bytes) {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        return data;
    }

    /// Closes everything; nothing may be left.
    @Override
    public void close() {
        if (!answers) {
            fabrics.forEach(fabric -> fabric.fail(LOST));
        }
        queues.close();
        assertThat(fabrics).allMatch(FakeFabricQueue::isClosed);
        assertThat(context.outstandingCount()).isZero();
    }
}

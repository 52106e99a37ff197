package dev.verbena.channel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.DeviceFixture;
import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.internal.engine.DeviceQueues;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Writes of less than a block, which read first and wait for each other.
@Timeout(120)
class UnalignedWritesTest {
    private DeviceFixture fixture;
    private DeviceFileChannel file;

    /// Answers of reads, while they are withheld.
    private final Queue<Runnable> withheld = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void open() throws IOException {
        fixture = new DeviceFixture(64);
        file = DeviceFileChannel.open(fixture.device, Access.READ_WRITE);
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private static void until(BooleanSupplier condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).isNegative();
            Thread.sleep(1);
        }
    }

    /// From now on reads of the device are not answered until the target is told to.
    private void withholdReads() {
        fixture.target.intercept((FakeFabricQueue queue, SentCapsule capsule) -> {
            if (capsule.namespaceId() != 1 || capsule.opcode() != NvmOpcode.READ) {
                return false;
            }
            withheld.add(() -> fixture.target.accept(queue, capsule));
            return true;
        });
    }

    private void answerReads() {
        fixture.target.intercept(null);
        for (Runnable answer = withheld.poll(); answer != null; answer = withheld.poll()) {
            answer.run();
        }
    }

    private static Throwable failureOf(Future<?> future) throws Exception {
        until(future::isDone);
        return future.exceptionNow();
    }

    @ParameterizedTest
    @ValueSource(ints = {4_000, 100_000})
    void deviceClosesWhileManyWritesWaitForOneBlock_allEnd(int count) throws Exception {
        withholdReads();
        List<Future<Integer>> writes = new ArrayList<>(count);
        AtomicInteger begun = new AtomicInteger();
        Thread writer =
                Thread.ofPlatform()
                        .start(() -> {
                            for (int i = 0; i < count; i++) {
                                writes.add(file.write(ByteBuffer.allocate(1), i % 512));
                                begun.incrementAndGet();
                            }
                        });
        until(() -> begun.get() >= BlockLocks.WAITING_MAX && !withheld.isEmpty());
        Thread closer = Thread.ofPlatform().start(fixture.device::close);
        until(() -> {
            var read = fixture.device.readAsync(0, MemorySegment.ofArray(new byte[512]));
            return read.isCompletedExceptionally();
        });
        answerReads();
        writer.join();
        closer.join();
        for (Future<Integer> write : writes) {
            assertThat(failureOf(write)).isInstanceOf(IOException.class);
        }
        // No range stays taken, and nothing waits.
        assertThat(failureOf(file.write(ByteBuffer.allocate(1), 0)))
                .isInstanceOf(IOException.class);
    }

    @Test
    void moreWritesThanCanWait_blockTheirCallerUntilThereIsAPlace() throws Exception {
        withholdReads();
        int count = BlockLocks.WAITING_MAX + 100;
        List<Future<Integer>> writes = new ArrayList<>();
        AtomicInteger begun = new AtomicInteger();
        Thread writer =
                Thread.ofVirtual()
                        .start(() -> {
                            for (int i = 0; i < count; i++) {
                                writes.add(
                                        file.write(
                                                ByteBuffer.wrap(new byte[] {(byte) i}), i % 512));
                                begun.incrementAndGet();
                            }
                        });
        until(() -> begun.get() > BlockLocks.WAITING_MAX);
        until(() -> writer.getState() == Thread.State.TIMED_WAITING);
        assertThat(begun.get()).isEqualTo(BlockLocks.WAITING_MAX + 1);
        // Other blocks are nobody's business here.
        Future<Integer> other = file.write(ByteBuffer.allocate(512), 512);
        answerReads();
        writer.join();
        for (Future<Integer> write : writes) {
            assertThat(write.get(60, TimeUnit.SECONDS)).isEqualTo(1);
        }
        assertThat(other.get(60, TimeUnit.SECONDS)).isEqualTo(512);
        assertThat(fixture.target.disk()[511]).isEqualTo((byte) 1023);
        assertThat(fixture.target.disk()[99]).isEqualTo((byte) (1024 + 99));
    }

    @Test
    void stageThatWritesWhenTooManyWait_isRefusedAndNotBlocked() throws Exception {
        withholdReads();
        List<Future<Integer>> writes = new ArrayList<>();
        for (int i = 0; i <= BlockLocks.WAITING_MAX; i++) {
            writes.add(file.write(ByteBuffer.allocate(1), 5));
        }
        // Else the read of the first write would be taken for the flush.
        until(() -> !withheld.isEmpty());
        AtomicReference<Runnable> flushed = new AtomicReference<>();
        fixture.target.intercept((FakeFabricQueue queue, SentCapsule capsule) -> {
            flushed.set(() -> queue.respond(capsule, 0, 0));
            return true;
        });
        AtomicReference<Future<Integer>> refused = new AtomicReference<>();
        CompletableFuture<Void> stage =
                fixture.device
                        .flushAsync()
                        .thenAccept(nothing -> {
                            assertThat(DeviceQueues.isAnyWorkerThread()).isTrue();
                            refused.set(file.write(ByteBuffer.allocate(1), 5));
                        });
        until(() -> flushed.get() != null);
        flushed.get().run();
        stage.get(60, TimeUnit.SECONDS);
        assertThat(failureOf(refused.get()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("are waiting already");
        answerReads();
        for (Future<Integer> one : writes) {
            assertThat(one.get(60, TimeUnit.SECONDS)).isEqualTo(1);
        }
    }

    @Test
    void confinedMemoryOfAnUnalignedWrite_isFreeAtOnceWhenItsReadIsAnsweredLater()
            throws Exception {
        withholdReads();
        Future<Integer> write;
        try (Arena confined = Arena.ofConfined()) {
            ByteBuffer buffer = confined.allocate(100).fill((byte) 7).asByteBuffer();
            write = file.write(buffer, 3);
            until(() -> !withheld.isEmpty());
        }
        CountDownLatch answered = new CountDownLatch(1);
        Thread.ofPlatform()
                .start(() -> {
                    answerReads();
                    answered.countDown();
                });
        answered.await();
        assertThat(write.get(60, TimeUnit.SECONDS)).isEqualTo(100);
        assertThat(fixture.target.disk()[3]).isEqualTo((byte) 7);
        assertThat(fixture.target.disk()[102]).isEqualTo((byte) 7);
        assertThat(fixture.target.disk()[103]).isZero();
    }

    @Test
    void confinedMemoryOfAnAlignedWriteThatWaitsForARange_isWritten() throws Exception {
        withholdReads();
        Future<Integer> first = file.write(ByteBuffer.allocate(1), 0);
        Future<Integer> second;
        try (Arena confined = Arena.ofConfined()) {
            second = file.write(confined.allocate(512).fill((byte) 9).asByteBuffer(), 0);
        }
        Thread.ofPlatform().start(this::answerReads);
        assertThat(first.get(60, TimeUnit.SECONDS)).isEqualTo(1);
        assertThat(second.get(60, TimeUnit.SECONDS)).isEqualTo(512);
        assertThat(fixture.target.disk()[0]).isEqualTo((byte) 9);
    }
}

package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.NvmCommands;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Block devices as a user has them, and as they follow their controller.
@Timeout(60)
class BlockDeviceTest {
    private static final int BLOCK = 512;
    private static final FabricFailure LOST =
            new FabricFailure(FabricFailure.Kind.DISCONNECTED, "the target disconnected");

    private DeviceFixture fixture;
    private BlockDevice device;

    @BeforeEach
    void open() throws IOException {
        fixture =
                new DeviceFixture(
                        4096, options -> options.withReconnectDelay(Duration.ofMillis(100)));
        device = fixture.device;
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    private static byte[] random(int bytes, long seed) {
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        return data;
    }

    @Test
    void connectionLostUnderARequest_itEndsOnTheNextConnection() throws Exception {
        byte[] data = random(64 * BLOCK, 1);
        CompletableFuture<FakeFabricQueue> used = new CompletableFuture<>();
        fixture.target.intercept((queue, capsule) -> {
            if (queue.queueId() == 0 || capsule.opcode() != 1) {
                return false;
            }
            used.complete(queue);
            return true;
        });
        CompletableFuture<Void> write = device.writeAsync(0, MemorySegment.ofArray(data));
        FakeFabricQueue queue = used.get(20, TimeUnit.SECONDS);
        fixture.target.intercept(null);
        queue.fail(LOST);
        write.get(30, TimeUnit.SECONDS);
        assertThat(fixture.controller.awaitLive(Duration.ofSeconds(20))).isTrue();
        byte[] back = new byte[data.length];
        device.read(0, MemorySegment.ofArray(back));
        assertThat(back).isEqualTo(data);
        assertThat(device.statistics().repeatedCount()).isPositive();
    }

    @Test
    void reset_isNotSeenByThoseWhoReadAndWrite() throws Exception {
        byte[] data = random(8 * BLOCK, 2);
        for (int i = 0; i < 5; i++) {
            device.write((long) i * data.length, MemorySegment.ofArray(data));
            fixture.controller.reset();
            byte[] back = new byte[data.length];
            device.read((long) i * data.length, MemorySegment.ofArray(back));
            assertThat(back).isEqualTo(data);
        }
        assertThat(device.statistics().failedCount()).isZero();
    }

    @Test
    void everyCommand_doesWhatItSays() throws IOException {
        byte[] data = random(20 * BLOCK, 3);
        device.write(0, MemorySegment.ofArray(data), Durability.DURABLE);
        device.compare(0, MemorySegment.ofArray(data));
        device.verify(0, data.length);
        device.copy(List.of(new ByteRange(0, 20L * BLOCK)), 100L * BLOCK);
        device.compare(100L * BLOCK, MemorySegment.ofArray(data));
        byte[] next = random(BLOCK, 4);
        device.compareAndWrite(
                0, MemorySegment.ofArray(Arrays.copyOf(data, BLOCK)), MemorySegment.ofArray(next));
        assertThat(fixture.target.disk()).startsWith(next);
        device.writeZeroes(0, 2L * BLOCK);
        device.deallocate(4L * BLOCK, BLOCK);
        System.arraycopy(new byte[2 * BLOCK], 0, data, 0, 2 * BLOCK);
        System.arraycopy(new byte[BLOCK], 0, data, 4 * BLOCK, BLOCK);
        assertThat(fixture.target.disk()).startsWith(data);
        device.writeUncorrectable(0, BLOCK);
        assertThatThrownBy(() -> device.verify(0, BLOCK)).isInstanceOf(NvmeException.class);
        device.flush();
        MemorySegment entry = MemorySegment.ofArray(new byte[64]);
        NvmCommands.read(entry, 0, 0, 99, 5, 1, 0);
        byte[] block = new byte[BLOCK];
        assertThat(device.command(entry, MemorySegment.ofArray(block))).isZero();
        assertThat(block).isEqualTo(Arrays.copyOfRange(data, 5 * BLOCK, 6 * BLOCK));
    }

    @Test
    void rawCommandWithMoreDataThanOneCommandMoves_isRefused(@TempDir Path directory)
            throws Exception {
        MemorySegment entry = MemorySegment.ofArray(new byte[64]);
        NvmCommands.write(entry, 0, 0, 99, 5, 1, 0);
        int most = fixture.controller.transferBytesMax();
        try (FileChannel file =
                        FileChannel.open(
                                directory.resolve("sparse"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE);
                Arena arena = Arena.ofShared()) {
            // As an int: one block, and a negative number.
            for (long bytes : new long[] {most + 512L, (1L << 32) + BLOCK, 3L << 30}) {
                MemorySegment data =
                        file.map(FileChannel.MapMode.READ_WRITE, 0, (1L << 32) + BLOCK, arena)
                                .asSlice(0, bytes);
                assertThatThrownBy(() -> device.command(entry, data))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(bytes + " bytes")
                        .hasMessageContaining("" + most);
            }
        }
        assertThat(fixture.target.seen()).noneMatch(c -> c.opcode() == 1 && c.namespaceId() == 1);
    }

    @Test
    void byteBuffers_moveTheirPositionOnlyWhenBlocking() throws Exception {
        ByteBuffer source = ByteBuffer.wrap(random(3 * BLOCK, 5)).position(BLOCK);
        device.write(BLOCK, source);
        assertThat(source.hasRemaining()).isFalse();
        ByteBuffer target = ByteBuffer.allocateDirect(2 * BLOCK);
        device.readAsync(BLOCK, target).get(20, TimeUnit.SECONDS);
        assertThat(target.position()).isZero();
        assertThat(target).isEqualTo(source.position(BLOCK));
        device.read(BLOCK, target);
        assertThat(target.hasRemaining()).isFalse();
    }

    @Test
    void requestsThatCannotBe_areRefusedAtOnce() {
        MemorySegment block = MemorySegment.ofArray(new byte[BLOCK]);
        MemorySegment tooLong = MemorySegment.ofArray(new byte[9 * BLOCK]);
        for (Supplier<CompletableFuture<?>> call :
                List.<Supplier<CompletableFuture<?>>>of(
                        () -> device.writeAsync(3, block),
                        () -> device.readAsync(0, List.of()),
                        () -> device.readAsync(0, List.of(block, block.asReadOnly())),
                        () -> device.writeZeroesAsync(0, 0, false),
                        () -> device.deallocateAsync(List.of()),
                        () -> device.deallocateAsync(List.of(new ByteRange(0, Long.MAX_VALUE))),
                        () -> device.copyAsync(List.of(new ByteRange(0, BLOCK)), -BLOCK),
                        () -> device.compareAndWriteAsync(0, tooLong, tooLong),
                        () -> device.compareAndWriteAsync(0, block, tooLong),
                        () -> device.commandAsync(block, null),
                        () -> device.commandAsync(MemorySegment.ofArray(new byte[64]), block))) {
            assertThatThrownBy(
                            () -> {
                                var _ = call.get();
                            })
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(fixture.target.seen()).noneMatch(c -> c.opcode() == 1);
    }

    @Test
    void commandsTheControllerLacks_areRefusedByName() throws IOException {
        assertThat(device.geometry().compareAndWriteBytesMax()).isEqualTo(8 * BLOCK);
        try (DeviceFixture poor = new DeviceFixture(64, options -> options, false)) {
            BlockDevice without = poor.device;
            MemorySegment block = MemorySegment.ofArray(new byte[BLOCK]);
            assertThatThrownBy(() -> without.compare(0, block))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("Compare");
            assertThatThrownBy(() -> without.writeZeroes(0, BLOCK))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> without.deallocate(0, BLOCK))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> without.copy(List.of(new ByteRange(0, BLOCK)), 0))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> without.compareAndWrite(0, block, block))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void namespaceChanges_theDeviceFollowsOrRefuses() throws IOException {
        assertThat(device.byteSize()).isEqualTo(4096 * BLOCK);
        fixture.target.namespace(0, 2048, 8);
        fixture.target.namespace(8, 2048, 8);
        fixture.controller.rescan();
        assertThat(device.byteSize()).isEqualTo(2048 * BLOCK);
        fixture.target.namespace(130, 12, 1);
        fixture.controller.rescan();
        assertThatThrownBy(device::flush).hasMessageContaining("open it again");
        fixture.target.namespace(130, 9, 1);
    }

    @Test
    void virtualThreadsThatWait_freeTheirCarriers() throws Exception {
        // More waiting threads than carriers can exist: if one kept its carrier, nobody would
        // answer.
        fixture.target.ignore(capsule -> capsule.opcode() == 2 && capsule.namespaceId() == 1);
        int count = 600;
        Thread[] threads = new Thread[count];
        try (Arena arena = Arena.ofShared()) {
            for (int i = 0; i < count; i++) {
                MemorySegment buffer = arena.allocate(BLOCK);
                threads[i] =
                        Thread.ofVirtual()
                                .start(() -> {
                                    try {
                                        device.read(0, buffer);
                                    } catch (IOException e) {
                                        // The interrupt below.
                                    }
                                });
            }
            for (Thread thread : threads) {
                while (thread.getState() != Thread.State.WAITING) {
                    Thread.sleep(1);
                }
            }
            CompletableFuture<Boolean> ran = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> ran.complete(true));
            assertThat(ran.get(20, TimeUnit.SECONDS)).isTrue();
            for (Thread thread : threads) {
                thread.interrupt();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            fixture.target.intercept(null);
            fixture.transport.queues().get(1).fail(LOST);
            device.flush();
            while (device.statistics().requestCount() < count) {
                Thread.sleep(1);
            }
        }
    }
}

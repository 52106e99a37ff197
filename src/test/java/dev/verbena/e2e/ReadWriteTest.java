package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.CompletionHandler;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TargetTest({"--inline", "4096"})
class ReadWriteTest {
    private static final long SEED = 7;

    private Initiator initiator;
    private Controller controller;

    @BeforeAll
    void connect(LiveTarget live) throws IOException {
        initiator = Initiator.open();
        controller = live.connect(initiator);
    }

    @AfterAll
    void close() {
        initiator.close();
    }

    private static byte[] pattern(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(SEED + seed).nextBytes(content);
        return content;
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 1024, 4096, 4608, 8192, 65_536, 1 << 20, 3 << 20})
    void device_writesAndReadsInPlace(int bytes, LiveTarget live) throws IOException {
        byte[] content = pattern(bytes, bytes);
        long offset = 5L * 512 + bytes;
        try (BlockDevice device = controller.openDevice(1);
                DmaArena arena = device.newArena(2L * bytes)) {
            MemorySegment out = arena.allocate(bytes, 512);
            out.copyFrom(MemorySegment.ofArray(content));
            device.write(offset, out);
            assertThat(live.stored(offset, bytes)).isEqualTo(content);

            MemorySegment in = arena.allocate(bytes, 512);
            device.read(offset, in);
            assertThat(in.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
            assertThat(device.bouncedCount()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 66_048, 1 << 20})
    void device_bouncesForeignMemory(int bytes, LiveTarget live) throws IOException {
        byte[] content = pattern(bytes, bytes + 1);
        long offset = 4L << 20;
        try (BlockDevice device = controller.openDevice(1);
                Arena confined = Arena.ofConfined()) {
            device.write(offset, MemorySegment.ofArray(content));
            assertThat(live.stored(offset, bytes)).isEqualTo(content);

            MemorySegment in = confined.allocate(bytes);
            device.read(offset, in);
            assertThat(in.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(content);
            assertThat(device.bouncedCount()).isPositive();
        }
    }

    @Test
    void queue_placesSmallWritesInTheCapsule_largeOnesByKey(LiveTarget live) throws IOException {
        Namespace namespace = controller.namespace(1);
        assertThat(controller.inCapsuleBytesMax()).isEqualTo(4096);
        try (IoQueue queue = controller.openQueue();
                DmaArena arena = controller.newArena(64 << 10)) {
            MemorySegment small = arena.allocate(4096, 4096);
            MemorySegment large = arena.allocate(8192, 4096);
            small.copyFrom(MemorySegment.ofArray(pattern(4096, 21)));
            large.copyFrom(MemorySegment.ofArray(pattern(8192, 22)));
            List<Long> done = new ArrayList<>();
            CompletionHandler handler =
                    (token, status, result) -> {
                        assertThat(status).isZero();
                        done.add(token);
                    };
            assertThat(queue.tryWrite(namespace, 100, 8, small, 1)).isTrue();
            assertThat(queue.tryWrite(namespace, 200, 16, large, 2)).isTrue();
            collect(queue, handler, done, 2);
            assertThat(queue.statistics().inCapsule()).isEqualTo(1);
            assertThat(queue.statistics().keyed()).isEqualTo(1);
            assertThat(live.stored(100 * 512, 4096)).isEqualTo(pattern(4096, 21));
            assertThat(live.stored(200 * 512, 8192)).isEqualTo(pattern(8192, 22));

            MemorySegment back = arena.allocate(8192, 4096);
            assertThat(queue.tryRead(namespace, 200, 16, back, 3)).isTrue();
            assertThat(queue.tryFlush(namespace, 4)).isTrue();
            collect(queue, handler, done, 4);
            assertThat(back.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(pattern(8192, 22));
            assertThat(done).containsExactlyInAnyOrder(1L, 2L, 3L, 4L);
        }
    }

    private static void collect(
            IoQueue queue, CompletionHandler handler, List<Long> done, int count) {
        while (done.size() < count) {
            if (queue.poll(handler) == 0) {
                queue.await(100_000_000);
            }
        }
    }

    @Test
    void queue_filledToItsDepth_refusesOneMore_andCompletesEachOnce() throws IOException {
        Namespace namespace = controller.namespace(1);
        try (IoQueue queue = controller.openQueue();
                DmaArena arena = controller.newArena(1 << 20)) {
            MemorySegment page = arena.allocate(4096, 4096);
            int rounds = 10;
            int[] times = new int[queue.depth() * rounds];
            List<Long> done = new ArrayList<>();
            CompletionHandler handler =
                    (token, status, result) -> {
                        assertThat(status).isZero();
                        times[(int) token]++;
                        done.add(token);
                    };
            int next = 0;
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < queue.depth(); i++) {
                    assertThat(queue.tryRead(namespace, i * 8L, 8, page, next++)).isTrue();
                }
                assertThat(queue.tryRead(namespace, 0, 8, page, -1)).isFalse();
                collect(queue, handler, done, next);
            }
            assertThat(times).containsOnly(1);
            assertThat(queue.inFlightCount()).isZero();
        }
    }

    @Test
    void manyVirtualThreads_readAndWriteTheirOwnBlocks() throws Exception {
        int threads = 64;
        try (BlockDevice device = controller.openDevice(1);
                DmaArena arena = device.newArena(threads * 4096L);
                ExecutorService tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                int id = i;
                MemorySegment page = arena.allocate(4096, 4096);
                results.add(
                        tasks.submit(() -> {
                            byte[] content = pattern(4096, 1000 + id);
                            page.copyFrom(MemorySegment.ofArray(content));
                            device.write((8L << 20) + id * 4096L, page);
                            page.fill((byte) 0);
                            device.read((8L << 20) + id * 4096L, page);
                            return page.mismatch(MemorySegment.ofArray(content)) == -1;
                        }));
            }
            for (Future<Boolean> result : results) {
                assertThat(result.get()).isTrue();
            }
        }
    }

    @Test
    void arena_refusesToCloseWhileCommandsUseIt() throws IOException {
        try (BlockDevice device = controller.openDevice(1)) {
            DmaArena arena = device.newArena(16 << 20);
            MemorySegment buffer = arena.allocate(16 << 20, 4096);
            CompletableFuture<Void> read = device.readAsync(0, buffer);
            int refusals = 0;
            while (!read.isDone()) {
                if (arena.scope().isAlive()) {
                    try {
                        arena.close();
                    } catch (IllegalStateException e) {
                        assertThat(e).hasMessageContaining("commands still use this memory");
                        refusals++;
                    }
                }
            }
            read.join();
            assertThat(refusals).isPositive();
            arena.close();
            assertThat(buffer.scope().isAlive()).isFalse();
        }
    }

    @Test
    void requestsThatDoNotFit_areRefusedBeforeTheyAreSent() throws IOException {
        try (BlockDevice device = controller.openDevice(1)) {
            MemorySegment block = MemorySegment.ofArray(new byte[512]);
            assertThatThrownBy(() -> device.read(100, block))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("multiples of 512");
            assertThatThrownBy(() -> device.write(device.byteSize(), block))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> device.write(0, MemorySegment.ofArray(new byte[100])))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> device.read(0, block.asReadOnly()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("read-only");
        }
    }

    @Test
    void queue_withForeignMemory_isRefusedWithTheWayOut() throws IOException {
        Namespace namespace = controller.namespace(1);
        try (IoQueue queue = controller.openQueue()) {
            assertThatThrownBy(() ->
                            queue.tryRead(namespace, 0, 1, MemorySegment.ofArray(new byte[512]), 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("Controller.newArena");
            assertThat(queue.inFlightCount()).isZero();
        }
    }
}

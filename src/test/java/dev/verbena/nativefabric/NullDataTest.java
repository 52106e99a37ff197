package dev.verbena.nativefabric;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Data goes where it should, whole, and comes back: every size, every way a controller may want
/// it.
@NullFabricTest
class NullDataTest {
    private static final int AWAIT_NANOS = 10_000_000;

    /// Controllers that differ in what the placement of data depends on.
    static Stream<String> controllers() {
        return Stream.of(
                "",
                "in_capsule=0",
                "in_capsule=16384",
                "icdoff=4",
                "icdoff=256&in_capsule=8192",
                "offsets=0",
                "msdbd=1",
                "mdts=0",
                "mdts=1",
                "lbads=12",
                "lbads=12&icdoff=1&in_capsule=4096&mdts=3");
    }

    @ParameterizedTest
    @MethodSource("controllers")
    void device_everySize_inPlaceAndBounced(String options) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, options);
                BlockDevice device = controller.openDevice(1);
                DmaArena arena = device.newArena(10 << 20)) {
            MemorySegment out = arena.allocate(4 << 20, 4096);
            MemorySegment in = arena.allocate(4 << 20, 4096);
            int block = device.blockSize();
            for (int blocks : new int[] {1, 2, 3, 7, 8, 9, 16, 33, 64, 255, 256, 257, 1000}) {
                int bytes = blocks * block;
                byte[] content = Patterns.of(bytes, blocks);
                long offset = (long) blocks * block * 3;
                MemorySegment source = out.asSlice(0, bytes);
                source.copyFrom(MemorySegment.ofArray(content));
                device.write(offset, source);
                assertThat(NullTarget.stored(1, offset, bytes)).isEqualTo(content);
                MemorySegment back = in.asSlice(0, bytes);
                device.read(offset, back);
                assertThat(back.mismatch(source)).isEqualTo(-1);

                byte[] other = Patterns.of(bytes, -blocks);
                device.write(offset, MemorySegment.ofArray(other));
                assertThat(NullTarget.stored(1, offset, bytes)).isEqualTo(other);
                byte[] heap = new byte[bytes];
                device.read(offset, MemorySegment.ofArray(heap));
                assertThat(heap).isEqualTo(other);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("controllers")
    void queue_everySizeOfACommand_atOddAddresses(String options) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, options);
                IoQueue queue = controller.openQueue();
                DmaArena arena = controller.newArena(4 << 20)) {
            Namespace namespace = controller.namespace(1);
            int block = namespace.blockSize();
            MemorySegment out = arena.allocate(1 << 20, 4096);
            MemorySegment in = arena.allocate(1 << 20, 4096);
            long inCapsule = 0;
            for (int blocks = 1;
                    blocks * block <= Math.min(controller.transferBytesMax(), 1 << 19);
                    blocks = blocks * 2 + (blocks & 1)) {
                int bytes = blocks * block;
                // Neither page nor block nor word: what DMA memory may be.
                MemorySegment source = out.asSlice(blocks % 61, bytes);
                MemorySegment back = in.asSlice(blocks % 13, bytes);
                Patterns.fill(source, blocks);
                await(queue, queue.tryWrite(namespace, blocks, blocks, source, 1));
                assertThat(NullTarget.stored(1, (long) blocks * block, bytes))
                        .isEqualTo(source.toArray(ValueLayout.JAVA_BYTE));
                await(queue, queue.tryRead(namespace, blocks, blocks, back, 2));
                assertThat(back.mismatch(source)).isEqualTo(-1);
                inCapsule += bytes <= controller.inCapsuleBytesMax() ? 1 : 0;
            }
            assertThat(queue.statistics().inCapsule()).isEqualTo(inCapsule);
        }
    }

    private static void await(IoQueue queue, boolean accepted) {
        assertThat(accepted).isTrue();
        List<Integer> statuses = new ArrayList<>();
        CompletionHandler handler = (token, status, result) -> statuses.add(status);
        while (statuses.isEmpty()) {
            if (queue.poll(handler) == 0) {
                queue.await(AWAIT_NANOS);
            }
        }
        assertThat(statuses).containsExactly(0);
    }

    @Test
    void namespaces_doNotShareTheirContent() throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "namespaces=3")) {
            for (int id = 1; id <= 3; id++) {
                try (BlockDevice device = controller.openDevice(id)) {
                    device.write(0, MemorySegment.ofArray(Patterns.of(8192, id)));
                }
            }
            for (int id = 1; id <= 3; id++) {
                assertThat(NullTarget.stored(id, 0, 8192)).isEqualTo(Patterns.of(8192, id));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 31, 127})
    void queue_mixedReadsAndWrites_keepEveryBlock(int depth) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "");
                IoQueue queue = controller.openQueue();
                DmaArena arena = controller.newArena(depth * 8192L)) {
            MixedRun run = new MixedRun(queue, controller.namespace(1), arena, depth);
            run.run(5000);
            assertThat(run.mismatches()).isEmpty();
            assertThat(queue.inFlightCount()).isZero();
            assertThat(queue.statistics().submitted()).isEqualTo(5000);
        }
    }

    @Test
    void device_eightThreads_eachSeeTheirOwnBlocks() throws Exception {
        int threads = 8;
        int area = 1 << 20;
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "mdts=4");
                BlockDevice device = controller.openDevice(1);
                ExecutorService tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                long base = (16L << 20) + (long) t * area;
                int seed = t;
                results.add(tasks.submit(() -> writeAndCheck(device, base, area, seed)));
            }
            for (Future<Boolean> result : results) {
                assertThat(result.get()).isTrue();
            }
        }
    }

    private static boolean writeAndCheck(BlockDevice device, long base, int area, int seed)
            throws IOException {
        Random random = new Random(seed);
        byte[] expected = new byte[area];
        try (Arena confined = Arena.ofConfined()) {
            device.write(base, MemorySegment.ofArray(expected));
            for (int i = 0; i < 50; i++) {
                int blocks = 1 + random.nextInt(300);
                int at = random.nextInt(area / 512 - blocks) * 512;
                byte[] content = Patterns.of(blocks * 512, random.nextLong());
                System.arraycopy(content, 0, expected, at, content.length);
                device.write(base + at, MemorySegment.ofArray(content));
                MemorySegment back = confined.allocate(content.length);
                device.read(base + at, back);
                if (back.mismatch(MemorySegment.ofArray(content)) != -1) {
                    return false;
                }
            }
        }
        return java.util.Arrays.equals(NullTarget.stored(1, base, area), expected);
    }
}

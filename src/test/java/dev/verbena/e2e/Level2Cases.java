package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BlockDevice;
import dev.verbena.ByteRange;
import dev.verbena.Controller;
import dev.verbena.DeviceStatistics;
import dev.verbena.DmaArena;
import dev.verbena.Durability;
import dev.verbena.Initiator;
import dev.verbena.MemoryMode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Block devices against a real target; a class for each target. What was written is read on the
/// target's side.
abstract class Level2Cases {
    /// Bytes of the device that are used.
    private static final int BYTES_USED = 16 << 20;

    private LiveTarget target;
    private Initiator initiator;
    Controller controller;
    BlockDevice device;
    private int block;

    /// Which of the targets is meant.
    LiveTarget choose(LiveTarget live) {
        return live;
    }

    /// What to ask for.
    MemoryMode mode() {
        return MemoryMode.AUTO;
    }

    @BeforeAll
    void connect(LiveTarget live) throws IOException {
        target = choose(live);
        initiator = Initiator.open();
        controller =
                initiator.connect(
                        target.target(),
                        target.nqn(),
                        LiveTarget.patient().withIoQueues(4).withMemoryMode(mode()));
        // Soft-RoCE is a software device, where keys per command buy nothing.
        assertThat(controller.memoryMode())
                .isEqualTo(mode() == MemoryMode.AUTO ? MemoryMode.SLAB : mode());
        device = controller.openDevice(1);
        block = device.blockSize();
        assertThat(device.byteSize()).isGreaterThanOrEqualTo(BYTES_USED);
    }

    @AfterAll
    void close() {
        if (initiator != null) {
            initiator.close();
        }
    }

    private static byte[] pattern(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 8, 9, 16, 31, 32, 33, 64, 129, 256, 1000})
    void everySize_atSubPageOffsets_arrivesAndComesBack(int blocks) throws IOException {
        int bytes = Math.min(blocks * block, 4 << 20);
        byte[] content = pattern(bytes, blocks);
        long offset = 5L * block;
        try (DmaArena arena = device.newArena(2L * bytes + 16_384)) {
            for (int shift : new int[] {0, 512, 4}) {
                long copied = device.bouncedCount();
                MemorySegment out = arena.allocate(bytes + 4096L, 4096).asSlice(shift, bytes);
                out.copyFrom(MemorySegment.ofArray(content));
                device.write(offset, out);
                assertThat(target.stored(offset, bytes)).isEqualTo(content);
                out.fill((byte) 0);
                device.read(offset, out);
                assertThat(out.mismatch(MemorySegment.ofArray(content))).isEqualTo(-1);
                assertThat(device.bouncedCount()).isEqualTo(copied);
                if (2L * bytes > (4 << 20)) {
                    break;
                }
                offset += bytes;
                if (shift == 512) {
                    break;
                }
            }
        }
    }

    @Test
    void fourMebibytes_fromEveryKindOfMemory() throws IOException {
        byte[] content = pattern(4 << 20, 4);
        try (Arena confined = Arena.ofConfined();
                DmaArena arena = device.newArena(4 << 20)) {
            for (MemorySegment buffer :
                    List.of(
                            MemorySegment.ofArray(new byte[content.length]),
                            confined.allocate(content.length),
                            arena.allocate(content.length, 4096))) {
                buffer.copyFrom(MemorySegment.ofArray(content));
                device.write(0, buffer);
                assertThat(target.stored(0, content.length)).isEqualTo(content);
                buffer.fill((byte) 0);
                device.read(0, buffer);
                assertThat(buffer.mismatch(MemorySegment.ofArray(content))).isEqualTo(-1);
                device.write(0, MemorySegment.ofArray(new byte[content.length]));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8, 15, 16})
    void segments_registeredAndNot_arriveInOrder(int count) throws IOException {
        Random random = new Random(count);
        try (DmaArena arena = device.newArena(1 << 20)) {
            for (int round = 0; round < 6; round++) {
                int bytes = (1 + random.nextInt(20)) * block;
                byte[] content = pattern(bytes, round);
                List<MemorySegment> out = new ArrayList<>();
                List<MemorySegment> in = new ArrayList<>();
                int at = 0;
                for (int i = 0; i < count; i++) {
                    int left = bytes - at - 4 * (count - 1 - i);
                    int size = i == count - 1 ? left : 4 * (1 + random.nextInt(left / 4));
                    boolean registered = round % 3 == 0 || (round % 3 == 1 && i % 2 == 0);
                    MemorySegment piece =
                            registered && bytes < 100_000
                                    ? arena.allocate(size, 4)
                                    : MemorySegment.ofArray(new byte[size]);
                    MemorySegment.copy(content, at, piece, ValueLayout.JAVA_BYTE, 0, size);
                    out.add(piece);
                    in.add(MemorySegment.ofArray(new byte[size]));
                    at += size;
                }
                device.write(7L * block, out);
                assertThat(target.stored(7L * block, bytes)).isEqualTo(content);
                device.read(7L * block, in);
                int from = 0;
                for (MemorySegment piece : in) {
                    int size = (int) piece.byteSize();
                    assertThat(piece.toArray(ValueLayout.JAVA_BYTE))
                            .isEqualTo(Arrays.copyOfRange(content, from, from + size));
                    from += size;
                }
            }
        }
    }

    @Test
    void zeroesAndDeallocation_reachTheirBlocksOnly() throws IOException {
        byte[] content = pattern(64 * block, 9);
        device.write(0, MemorySegment.ofArray(content), Durability.DURABLE);
        device.writeZeroes(8L * block, 5L * block);
        Arrays.fill(content, 8 * block, 13 * block, (byte) 0);
        assertThat(target.stored(0, content.length)).isEqualTo(content);
        device.deallocate(
                List.of(
                        new ByteRange(16L * block, 8L * block),
                        new ByteRange(32L * block, 8L * block)));
        // What deallocated blocks hold is the target's business; their neighbours are not.
        byte[] now = target.stored(0, content.length);
        for (int[] kept : new int[][] {{0, 16}, {24, 32}, {40, 64}}) {
            assertThat(Arrays.copyOfRange(now, kept[0] * block, kept[1] * block))
                    .isEqualTo(Arrays.copyOfRange(content, kept[0] * block, kept[1] * block));
        }
        device.flush();
    }

    @Test
    void mixedOperationsOfManyThreads_everyBlockHoldsWhatItShould()
            throws IOException, InterruptedException {
        DeviceStatistics before = device.statistics();
        ContentChecker.Plan plan = ContentChecker.Plan.standard(BYTES_USED / block);
        ContentChecker.Result result = new ContentChecker(device, plan, true).run();
        DeviceStatistics after = device.statistics();
        System.out.println(plan + ": " + result + " " + after);
        assertThat(result.reads() + result.writes() + result.zeroes() + result.flushes())
                .isGreaterThanOrEqualTo(plan.count());
        assertThat(result.blocksCompared()).isGreaterThan(plan.count());
        assertThat(after.failedCount()).isEqualTo(before.failedCount());
        assertThat(after.requestCount() - before.requestCount())
                .isGreaterThanOrEqualTo(plan.count());
    }
}

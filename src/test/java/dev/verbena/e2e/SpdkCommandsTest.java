package dev.verbena.e2e;

import static dev.verbena.e2e.Level1Harness.content;
import static dev.verbena.e2e.Level1Harness.pattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockRanges;
import dev.verbena.BufferList;
import dev.verbena.Controller;
import dev.verbena.CopySources;
import dev.verbena.Initiator;
import dev.verbena.IoOptions;
import dev.verbena.MemoryMode;
import dev.verbena.QueueStatistics;
import dev.verbena.nvme.NvmeStatus;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Level 1 with what SPDK has and Linux's target has not: lists of data descriptors, compare, fused
/// pairs, copy. Blocks of 4096 bytes.
@TargetTest({"--block-size", "4096"})
@OnlyWith(value = TargetControl.SPDK, because = "Linux's target takes one data descriptor")
class SpdkCommandsTest {
    private static final IoOptions PLAIN = IoOptions.DEFAULT;
    private static final int BLOCK = 4096;

    private Initiator initiator;
    private Controller controller;
    private Level1Harness h;

    @BeforeAll
    void connect(LiveTarget live) throws IOException {
        initiator = Initiator.open();
        controller = live.connect(initiator);
        h = new Level1Harness(controller, 1, 16 << 20);
        assertThat(h.blockSize()).isEqualTo(BLOCK);
        assertThat(controller.identify().maximumDataBlockDescriptors()).isEqualTo(16);
    }

    @AfterAll
    void close() {
        if (h != null) {
            h.close();
        }
        initiator.close();
    }

    private void put(int lba, int blocks, long seed) throws IOException {
        MemorySegment data = h.filled(blocks * BLOCK, seed);
        assertThat(h.run(t -> h.queue.tryWrite(h.namespace, lba, blocks, data, t))).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 15, 16})
    void pieces_travelAsAListWithoutACopy(int count, LiveTarget live) throws IOException {
        int blocks = 17;
        int lba = 100 * count;
        BufferList list = h.pieces(count, blocks * BLOCK, count);
        QueueStatistics before = h.queue.statistics();
        assertThat(h.run(t -> h.queue.tryWrite(h.namespace, lba, blocks, list, t, PLAIN))).isZero();
        assertThat(live.stored((long) lba * BLOCK, blocks * BLOCK))
                .isEqualTo(pattern(blocks * BLOCK, count));
        Level1Harness.wipe(list);
        assertThat(h.run(t -> h.queue.tryRead(h.namespace, lba, blocks, list, t, PLAIN))).isZero();
        assertThat(content(list)).isEqualTo(pattern(blocks * BLOCK, count));
        QueueStatistics after = h.queue.statistics();
        assertThat(after.keyedList() - before.keyedList()).isEqualTo(2);
        assertThat(after.bounced()).isEqualTo(before.bounced());
    }

    @Test
    void compare_tellsEqualFromDifferent() throws IOException {
        put(10, 4, 1);
        BufferList same = h.pieces(3, 4 * BLOCK, 1);
        assertThat(h.run(t -> h.queue.tryCompare(h.namespace, 10, 4, same, t, PLAIN))).isZero();
        MemorySegment other = h.filled(4 * BLOCK, 2);
        int status = h.run(t -> h.queue.tryCompare(h.namespace, 10, 4, other, t, PLAIN));
        assertThat(new NvmeStatus(status).name()).isEqualTo("Compare Failure");
    }

    @Test
    void compareAndWrite_writesOnlyWhatWasExpected(LiveTarget live) throws IOException {
        put(20, 1, 3);
        MemorySegment old = h.filled(BLOCK, 3);
        MemorySegment fresh = h.filled(BLOCK, 4);
        assertThat(h.run(t -> h.queue.tryCompareAndWrite(h.namespace, 20, 1, old, fresh, t, PLAIN)))
                .isZero();
        assertThat(live.stored(20L * BLOCK, BLOCK)).isEqualTo(pattern(BLOCK, 4));
        // What is there now is no longer what is expected.
        int status = h.run(t -> h.queue.tryCompareAndWrite(h.namespace, 20, 1, old, old, t, PLAIN));
        assertThat(new NvmeStatus(status).name()).isEqualTo("Compare Failure");
        assertThat(live.stored(20L * BLOCK, BLOCK)).isEqualTo(pattern(BLOCK, 4));
    }

    /// In strict mode both lists of the pair travel by the bounce pool; what follows in its slots
    /// must not end the next read's run.
    @Test
    void bouncedPair_thenFlushesUnderABouncedRead_readsWhatIsThere(LiveTarget live)
            throws IOException {
        int blocks = 16;
        int bytes = blocks * BLOCK;
        try (Initiator other = Initiator.open();
                Controller strict =
                        live.connect(
                                other,
                                LiveTarget.patient()
                                        .withMemoryMode(MemoryMode.STRICT)
                                        .withInCapsuleData(false));
                Level1Harness s = new Level1Harness(strict, 1, 16 << 20)) {
            for (int round = 0; round < 50; round++) {
                long seed = 1000L + round;
                put(200, 1, seed);
                put(300, blocks, seed + 1);
                BufferList old = s.pieces(3, BLOCK, seed);
                BufferList fresh = s.pieces(3, BLOCK, seed + 2);
                assertThat(
                                s.run(t ->
                                        s.queue.tryCompareAndWrite(
                                                s.namespace, 200, 1, old, fresh, t, PLAIN)))
                        .isZero();
                assertThat(live.stored(200L * BLOCK, BLOCK)).isEqualTo(pattern(BLOCK, seed + 2));
                BufferList read = s.pieces(3, bytes, 0);
                Level1Harness.wipe(read);
                assertThat(s.queue.tryRead(s.namespace, 300, blocks, read, 1, PLAIN)).isTrue();
                int flushes = 0;
                while (flushes < 8 && s.queue.tryFlush(s.namespace, 2)) {
                    flushes++;
                }
                assertThat(flushes).isPositive();
                while (s.queue.inFlightCount() > 0) {
                    s.queue.pollOrWait(
                            (token, status, result) -> {
                                assertThat(status).isZero();
                                if (token == 1) {
                                    assertThat(content(read)).isEqualTo(pattern(bytes, seed + 1));
                                }
                            },
                            100_000_000);
                }
            }
        }
    }

    @Test
    void copy_movesBlocksWithoutTheHost(LiveTarget live) throws IOException {
        put(40, 8, 5);
        CopySources one = new CopySources().add(40, 8);
        assertThat(h.run(t -> h.queue.tryCopy(h.namespace, 60, one, t, PLAIN))).isZero();
        assertThat(live.stored(60L * BLOCK, 8 * BLOCK)).isEqualTo(pattern(8 * BLOCK, 5));
    }

    @Test
    void zeroesAndDeallocation_leaveTheNeighboursAlone(LiveTarget live) throws IOException {
        put(80, 16, 6);
        assertThat(h.run(t -> h.queue.tryWriteZeroes(h.namespace, 82, 3, t, PLAIN))).isZero();
        BlockRanges two = new BlockRanges().add(88, 2).add(92, 1);
        assertThatThrownBy(() -> h.queue.tryDeallocate(h.namespace, two, 0, PLAIN))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("2 ranges; one command takes 1..1 (DMRL)");
        for (BlockRanges one :
                new BlockRanges[] {new BlockRanges().add(88, 2), new BlockRanges().add(92, 1)}) {
            assertThat(h.run(t -> h.queue.tryDeallocate(h.namespace, one, t, PLAIN))).isZero();
        }
        byte[] stored = live.stored(80L * BLOCK, 16 * BLOCK);
        byte[] written = pattern(16 * BLOCK, 6);
        assertThat(Arrays.copyOfRange(stored, 2 * BLOCK, 5 * BLOCK)).containsOnly(0);
        for (int[] range : new int[][] {{0, 2}, {5, 8}, {10, 12}, {13, 16}}) {
            assertThat(Arrays.copyOfRange(stored, range[0] * BLOCK, range[1] * BLOCK))
                    .isEqualTo(Arrays.copyOfRange(written, range[0] * BLOCK, range[1] * BLOCK));
        }
    }
}

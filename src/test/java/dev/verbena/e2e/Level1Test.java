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
import dev.verbena.QueueStatistics;
import dev.verbena.WaitMode;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.SubmissionEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Level 1 with the commands that every target has.
@TargetTest({"--inline", "4096"})
class Level1Test {
    private static final IoOptions PLAIN = IoOptions.DEFAULT;

    private Initiator initiator;
    private Controller controller;
    private Level1Harness h;

    @BeforeAll
    void connect(LiveTarget live) throws IOException {
        initiator = Initiator.open();
        controller = live.connect(initiator);
        h = new Level1Harness(controller, 1, 32 << 20);
    }

    @AfterAll
    void close() {
        h.close();
        initiator.close();
    }

    @ParameterizedTest
    @CsvSource({
        "1, 512",
        "2, 512",
        "4, 4096",
        "5, 4096",
        "2, 4608",
        "3, 65536",
        "16, 65536",
        "16, 1048576"
    })
    void pieces_arriveInOrder(int count, int most, LiveTarget live) throws IOException {
        int lba = 1000 + count;
        // SPDK takes 128 KiB in a command.
        int bytes = Math.min(most, controller.transferBytesMax());
        BufferList list = h.pieces(count, bytes, bytes + count);
        int blocks = bytes / 512;
        assertThat(h.run(t -> h.queue.tryWrite(h.namespace, lba, blocks, list, t, PLAIN))).isZero();
        assertThat(live.stored(lba * 512L, bytes)).isEqualTo(pattern(bytes, bytes + count));
        Level1Harness.wipe(list);
        assertThat(h.run(t -> h.queue.tryRead(h.namespace, lba, blocks, list, t, PLAIN))).isZero();
        assertThat(content(list)).isEqualTo(pattern(bytes, bytes + count));
    }

    @Test
    @OnlyWith(value = TargetControl.NVMET, because = "SPDK takes 16 data descriptors")
    void piecesForOneDescriptor_areCopiedAndCounted() throws IOException {
        QueueStatistics before = h.queue.statistics();
        assertThat(controller.identify().maximumDataBlockDescriptors()).isEqualTo(1);
        BufferList list = h.pieces(3, 8192, 1);
        assertThat(h.run(t -> h.queue.tryRead(h.namespace, 0, 16, list, t, PLAIN))).isZero();
        BufferList small = h.pieces(3, 1024, 1);
        assertThat(h.run(t -> h.queue.tryWrite(h.namespace, 0, 2, small, t, PLAIN))).isZero();
        QueueStatistics after = h.queue.statistics();
        assertThat(after.bounced() - before.bounced()).isEqualTo(1);
        assertThat(after.inCapsule() - before.inCapsule()).isEqualTo(1);
        assertThat(after.keyedList()).isZero();
    }

    @Test
    void writeZeroes_zeroesOnlyItsBlocks(LiveTarget live) throws IOException {
        MemorySegment block = h.filled(8192, 5);
        IoOptions fua = PLAIN.forceUnitAccess();
        assertThat(h.run(t -> h.queue.tryWrite(h.namespace, 3000, 16, block, t, fua))).isZero();
        assertThat(h.run(t -> h.queue.tryWriteZeroes(h.namespace, 3004, 5, t, PLAIN))).isZero();
        byte[] expected = pattern(8192, 5);
        Arrays.fill(expected, 4 * 512, 9 * 512, (byte) 0);
        assertThat(live.stored(3000 * 512L, 8192)).isEqualTo(expected);
    }

    @Test
    @OnlyWith(
            value = TargetControl.NVMET,
            because = "SPDK takes one range per command; SpdkCommandsTest has that")
    void deallocate_leavesTheNeighboursAlone(LiveTarget live) throws IOException {
        MemorySegment data = h.filled(64 << 10, 6);
        assertThat(h.run(t -> h.queue.tryWrite(h.namespace, 4096, 128, data, t))).isZero();
        BlockRanges ranges = new BlockRanges().add(4104, 8).add(4200, 16);
        assertThat(h.run(t -> h.queue.tryDeallocate(h.namespace, ranges, t, PLAIN))).isZero();
        byte[] stored = live.stored(4096 * 512L, 64 << 10);
        byte[] written = pattern(64 << 10, 6);
        // What was deallocated holds anything now.
        for (int[] range : new int[][] {{0, 8}, {16, 104}, {120, 128}}) {
            assertThat(Arrays.copyOfRange(stored, range[0] * 512, range[1] * 512))
                    .isEqualTo(Arrays.copyOfRange(written, range[0] * 512, range[1] * 512));
        }
    }

    @Test
    void raw_readsWritesAndFlushes(LiveTarget live) throws IOException {
        MemorySegment entry = MemorySegment.ofArray(new byte[SubmissionEntry.SIZE]);
        NvmCommands.write(entry, 0, 0, 1, 5000, 4, 0);
        MemorySegment data = h.filled(2048, 7);
        assertThat(h.run(t -> h.queue.tryRaw(entry, data, t, PLAIN))).isZero();
        assertThat(live.stored(5000 * 512L, 2048)).isEqualTo(pattern(2048, 7));
        NvmCommands.flush(entry, 0, 0, 1);
        assertThat(h.run(t -> h.queue.tryRaw(entry, (MemorySegment) null, t, PLAIN))).isZero();
        NvmCommands.read(entry, 0, 0, 1, 5000, 4, 0);
        BufferList list = h.pieces(3, 2048, 0);
        assertThat(h.run(t -> h.queue.tryRaw(entry, list, t, PLAIN))).isZero();
        assertThat(content(list)).isEqualTo(pattern(2048, 7));
        // The target's own refusal comes through: Invalid Opcode.
        SubmissionEntry.begin(entry, 0, 0x80, 0, 1);
        int status = h.run(t -> h.queue.tryRaw(entry, (MemorySegment) null, t, PLAIN));
        assertThat(status & 0x7FF).isEqualTo(1);
    }

    @Test
    @OnlyWith(value = TargetControl.NVMET, because = "SPDK has most of these commands")
    void commandsTheTargetDoesNotHave_areRefusedByName() {
        MemorySegment block = h.filled(512, 1);
        int oncs = controller.identify().oncs();
        if ((oncs & 1) == 0) {
            assertThatThrownBy(() -> h.queue.tryCompare(h.namespace, 0, 1, block, 0, PLAIN))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("Compare (ONCS bit 0");
        }
        assertThat(oncs & 0x182).as("verify, copy, write uncorrectable").isZero();
        assertThatThrownBy(() -> h.queue.tryVerify(h.namespace, 0, 1, 0, PLAIN))
                .hasMessageContaining("Verify (ONCS bit 7");
        assertThatThrownBy(() -> h.queue.tryWriteUncorrectable(h.namespace, 0, 1, 0, PLAIN))
                .hasMessageContaining("Write Uncorrectable (ONCS bit 1");
        CopySources sources = new CopySources().add(0, 1);
        assertThatThrownBy(() -> h.queue.tryCopy(h.namespace, 8, sources, 0, PLAIN))
                .hasMessageContaining("Copy (ONCS bit 8");
        assertThatThrownBy(
                        () -> h.queue.tryCompareAndWrite(h.namespace, 0, 1, block, block, 0, PLAIN))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("FUSES bit 0");
        assertThat(h.queue.inFlightCount()).isZero();
    }

    @ParameterizedTest
    @EnumSource(WaitMode.class)
    void everyWayOfWaiting_bringsTheAnswer(WaitMode mode) throws IOException {
        h.queue.waitMode(mode, Duration.ofNanos(20_000));
        MemorySegment page = h.arena.allocate(4096, 4096);
        for (int i = 0; i < 200; i++) {
            int lba = i * 8;
            assertThat(h.run(t -> h.queue.tryRead(h.namespace, lba, 8, page, t))).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ADAPTIVE", "EVENT"})
    void idleOwner_usesNextToNoProcessorTime(WaitMode mode) {
        h.queue.waitMode(mode, Duration.ofNanos(50_000));
        var threads = ManagementFactory.getThreadMXBean();
        long wall = System.nanoTime();
        long start = threads.getCurrentThreadCpuTime();
        while (System.nanoTime() - wall < Duration.ofSeconds(2).toNanos()) {
            h.queue.pollOrWait((token, status, result) -> {}, 1_000_000_000);
        }
        long used = threads.getCurrentThreadCpuTime() - start;
        assertThat(used).isLessThan(Duration.ofMillis(200).toNanos());
    }
}

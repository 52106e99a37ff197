package dev.verbena;

import static dev.verbena.Level1Fixture.bytes;
import static dev.verbena.Level1Fixture.pattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeDisk;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.SubmissionEntry;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every command of level 1 against a disk in memory.
@Timeout(60)
class Level1CommandsTest {
    private static final IoOptions PLAIN = IoOptions.DEFAULT;

    private Level1Fixture f;
    private IoQueue queue;
    private Namespace namespace;

    @BeforeEach
    void open() throws IOException {
        f = Level1Fixture.open();
        queue = f.queue;
        namespace = f.namespace;
    }

    @AfterEach
    void close() {
        f.close();
    }

    private void put(int lba, int blocks, long seed) throws IOException {
        assertThat(queue.tryWrite(namespace, lba, blocks, f.filled(blocks * 512, seed), 0))
                .isTrue();
        assertThat(f.status()).isZero();
    }

    @Test
    void flagsOfWrite_standInDword12() throws IOException {
        IoOptions options = PLAIN.forceUnitAccess().limitedRetry();
        assertThat(queue.tryWrite(namespace, 4, 2, f.filled(1024, 1), 0, options)).isTrue();
        assertThat(f.status()).isZero();
        assertThat(f.lastSent().u32(48))
                .isEqualTo(1 | NvmCommands.FORCE_UNIT_ACCESS | NvmCommands.LIMITED_RETRY);
        assertThat(f.disk.blocks(4, 2)).isEqualTo(pattern(1024, 1));
    }

    @Test
    void compare_tellsEqualFromDifferent() throws IOException {
        put(10, 8, 1);
        assertThat(queue.tryCompare(namespace, 10, 8, f.filled(4096, 1), 0, PLAIN)).isTrue();
        assertThat(f.status()).isZero();
        assertThat(queue.tryCompare(namespace, 10, 8, f.filled(4096, 2), 0, PLAIN)).isTrue();
        assertThat(f.status()).isEqualTo(FakeDisk.COMPARE_FAILURE);
        assertThat(queue.statistics().mediaErrors()).isEqualTo(1);
    }

    @Test
    void writeZeroes_zeroesOnlyItsBlocks() throws IOException {
        put(0, 8, 1);
        assertThat(queue.tryWriteZeroes(namespace, 2, 3, 0, PLAIN.deallocate())).isTrue();
        assertThat(f.status()).isZero();
        assertThat(f.lastSent().u32(48)).isEqualTo(2 | NvmCommands.DEALLOCATE);
        byte[] expected = pattern(4096, 1);
        java.util.Arrays.fill(expected, 1024, 2560, (byte) 0);
        assertThat(f.disk.blocks(0, 8)).isEqualTo(expected);
    }

    @Test
    void writeUncorrectable_letsVerifyAndReadFail_untilWrittenAgain() throws IOException {
        put(0, 4, 1);
        assertThat(queue.tryVerify(namespace, 0, 4, 0, PLAIN)).isTrue();
        assertThat(f.status()).isZero();
        assertThat(queue.tryWriteUncorrectable(namespace, 1, 1, 0, PLAIN)).isTrue();
        assertThat(f.status()).isZero();
        assertThat(queue.tryVerify(namespace, 0, 4, 0, PLAIN)).isTrue();
        assertThat(f.status()).isEqualTo(FakeDisk.UNRECOVERED);
        assertThat(queue.tryRead(namespace, 1, 1, f.arena.allocate(512, 512), 0)).isTrue();
        assertThat(f.status()).isEqualTo(FakeDisk.UNRECOVERED);
        put(1, 1, 2);
        assertThat(queue.tryVerify(namespace, 0, 4, 0, PLAIN)).isTrue();
        assertThat(f.status()).isZero();
    }

    @Test
    void deallocate_sendsEveryRange() throws IOException {
        put(0, 16, 1);
        BlockRanges ranges = new BlockRanges().add(1, 2).add(8, 1).add(15, 1, 0x11);
        assertThat(queue.tryDeallocate(namespace, ranges, 0, PLAIN)).isTrue();
        ranges.clear();
        assertThat(f.status()).isZero();
        byte[] expected = pattern(8192, 1);
        for (int block : new int[] {1, 2, 8, 15}) {
            java.util.Arrays.fill(expected, block * 512, block * 512 + 512, (byte) 0);
        }
        assertThat(f.disk.blocks(0, 16)).isEqualTo(expected);
        assertThat(f.lastSent().u32(40)).isEqualTo(2);
        assertThat(f.lastSent().u32(44)).isEqualTo(NvmCommands.ATTRIBUTE_DEALLOCATE);
        // All of the list's buffer, the rest of it empty; small enough for the capsule.
        assertThat(f.lastSent().dataBytes()).isEqualTo(4096);
        byte[] sent = f.memory.gather(f.lastSent().data());
        assertThat(java.util.Arrays.copyOfRange(sent, 48, 4096)).containsOnly(0);
    }

    @Test
    void datasetManagement_passesAttributes() throws IOException {
        BlockRanges ranges = new BlockRanges().add(1, 2, 0x25);
        assertThat(queue.tryDatasetManagement(namespace, ranges, 3, 0, PLAIN)).isTrue();
        assertThat(f.status()).isZero();
        assertThat(f.lastSent().u32(44)).isEqualTo(3);
        assertThatThrownBy(() -> queue.tryDatasetManagement(namespace, ranges, 8, 0, PLAIN))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(queue.inFlightCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void copy_inEachFormat_bringsTheBlocks(int format) throws IOException {
        put(0, 16, 1);
        CopySources sources = new CopySources(format);
        if (format < 2) {
            sources.add(12, 2).add(0, 1).add(5, 3);
        } else {
            sources.add(namespace, 12, 2).add(namespace, 0, 1).add(namespace, 5, 3);
        }
        assertThat(queue.tryCopy(namespace, 100, sources, 0, PLAIN.forceUnitAccess())).isTrue();
        sources.clear();
        assertThat(f.status()).isZero();
        byte[] all = pattern(8192, 1);
        byte[] expected = new byte[6 * 512];
        System.arraycopy(all, 12 * 512, expected, 0, 1024);
        System.arraycopy(all, 0, expected, 1024, 512);
        System.arraycopy(all, 5 * 512, expected, 1536, 1536);
        assertThat(f.disk.blocks(100, 6)).isEqualTo(expected);
        assertThat(f.lastSent().u32(48)).isEqualTo(2 | format << 8 | NvmCommands.FORCE_UNIT_ACCESS);
    }

    @Test
    void compareAndWrite_isAdjacentAndCompletesOnce() throws IOException {
        put(20, 2, 1);
        MemorySegment old = f.filled(1024, 1);
        MemorySegment fresh = f.filled(1024, 2);
        assertThat(queue.tryCompareAndWrite(namespace, 20, 2, old, fresh, 7, PLAIN)).isTrue();
        assertThat(queue.inFlightCount()).isEqualTo(2);
        f.poll();
        assertThat(f.done).containsExactly(new Level1Fixture.Done(7, 0));
        f.done.clear();
        assertThat(f.disk.blocks(20, 2)).isEqualTo(pattern(1024, 2));
        // Again it differs: nothing is written, and the reason is told, not the consequence.
        assertThat(queue.tryCompareAndWrite(namespace, 20, 2, old, old, 8, PLAIN)).isTrue();
        f.poll();
        assertThat(f.done).containsExactly(new Level1Fixture.Done(8, FakeDisk.COMPARE_FAILURE));
        f.done.clear();
        assertThat(f.disk.blocks(20, 2)).isEqualTo(pattern(1024, 2));
        assertThat(queue.statistics().completed()).isEqualTo(5);
        assertThat(queue.inFlightCount()).isZero();
    }

    @Test
    void compareAndWrite_withOneSlotLeft_isRefusedWithoutEffect() throws IOException {
        f.target.ignore(c -> c.opcode() == NvmOpcode.FLUSH);
        for (int i = 0; i < queue.depth() - 1; i++) {
            assertThat(queue.tryFlush(namespace, i)).isTrue();
        }
        MemorySegment block = f.filled(512, 1);
        assertThat(queue.tryCompareAndWrite(namespace, 0, 1, block, block, 99, PLAIN)).isFalse();
        assertThat(queue.inFlightCount()).isEqualTo(queue.depth() - 1);
        f.arena.close(); // nothing is held
        assertThat(f.arena.scope().isAlive()).isFalse();
    }

    @Test
    void raw_takesDirectionFromOpcode() throws IOException {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment entry = scratch.allocate(64);
            NvmCommands.write(entry, 0, 0xFFFF, 1, 30, 2, 0);
            assertThat(queue.tryRaw(entry, f.filled(1024, 5), 1, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
            assertThat(f.disk.blocks(30, 2)).isEqualTo(pattern(1024, 5));

            NvmCommands.read(entry, 0, 0, 1, 30, 2, 0);
            MemorySegment in = f.arena.allocate(1024, 64);
            assertThat(queue.tryRaw(entry, in, 1, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
            assertThat(bytes(in)).isEqualTo(pattern(1024, 5));

            NvmCommands.flush(entry, 0, 0, -1);
            assertThat(queue.tryRaw(entry, (MemorySegment) null, 1, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
            assertThat(f.lastSent().namespaceId()).isEqualTo(-1);
        }
    }

    @Test
    void raw_thatCannotBeMeant_isRefusedWithoutEffect() {
        MemorySegment buffer = f.filled(512, 1);
        MemorySegment entry = MemorySegment.ofArray(new byte[64]);
        record Bad(int opcode, int fused, String message) {}
        for (Bad bad :
                new Bad[] {
                    new Bad(0x00, 0, "moves no data"),
                    new Bad(0x7F, 0, "Fabrics"),
                    new Bad(0x83, 0, "both ways"),
                    new Bad(0x05, 1, "fused")
                }) {
            SubmissionEntry.begin(entry, 0, bad.opcode(), 0, 1);
            SubmissionEntry.fused(entry, 0, bad.fused());
            assertThatThrownBy(() -> queue.tryRaw(entry, buffer, 1, PLAIN))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(bad.message());
        }
        MemorySegment tooShort = entry.asSlice(0, 63);
        assertThatThrownBy(() -> queue.tryRaw(tooShort, buffer, 1, PLAIN))
                .isInstanceOf(IllegalArgumentException.class);
        SubmissionEntry.begin(entry, 0, NvmOpcode.WRITE, 0, 1);
        assertThatThrownBy(() -> queue.tryRaw(entry, buffer, 1, PLAIN.forceUnitAccess()))
                .isInstanceOf(IllegalArgumentException.class);
        SubmissionEntry.begin(entry, 0, NvmOpcode.READ, 0, 1);
        assertThatThrownBy(() -> queue.tryRaw(entry, buffer.asReadOnly(), 1, PLAIN))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(queue.inFlightCount()).isZero();
        f.arena.close(); // nothing is held
        assertThat(f.arena.scope().isAlive()).isFalse();
    }

    @Test
    void flags_ofOtherCommands_areRefused() {
        MemorySegment block = f.filled(512, 1);
        IoOptions deallocate = PLAIN.deallocate();
        IoOptions fua = PLAIN.forceUnitAccess();
        BlockRanges ranges = new BlockRanges().add(0, 1);
        for (org.assertj.core.api.ThrowableAssert.ThrowingCallable wrong :
                new org.assertj.core.api.ThrowableAssert.ThrowingCallable[] {
                    () -> queue.tryRead(namespace, 0, 1, block, 0, deallocate),
                    () -> queue.tryVerify(namespace, 0, 1, 0, deallocate),
                    () -> queue.tryFlush(namespace, 0, fua),
                    () -> queue.tryDeallocate(namespace, ranges, 0, fua),
                    () -> queue.tryWriteUncorrectable(namespace, 0, 1, 0, fua),
                    () -> queue.tryCopy(namespace, 0, new CopySources().add(0, 1), 0, deallocate)
                }) {
            assertThatThrownBy(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("has no flags");
        }
        assertThat(queue.inFlightCount()).isZero();
    }

    @Test
    void statistics_countWhatHappened() throws IOException {
        put(0, 1, 1);
        MemorySegment large = f.arena.allocate(8192, 512);
        assertThat(queue.tryRead(namespace, 0, 16, large, 0)).isTrue();
        assertThat(f.status()).isZero();
        f.target.refuse(c -> c.opcode() == NvmOpcode.FLUSH, 0x4002, 0);
        assertThat(queue.tryFlush(namespace, 0)).isTrue();
        assertThat(f.status()).isEqualTo(0x4002);
        f.target.refuse(c -> c.opcode() == NvmOpcode.FLUSH, 0x702, 0);
        assertThat(queue.tryFlush(namespace, 0)).isTrue();
        assertThat(f.status()).isEqualTo(0x702);
        f.target.intercept(f.disk);
        QueueStatistics counts = queue.statistics();
        assertThat(counts.submitted()).isEqualTo(4);
        assertThat(counts.completed()).isEqualTo(4);
        assertThat(counts.inCapsule()).isEqualTo(1);
        assertThat(counts.keyed()).isEqualTo(1);
        assertThat(counts.genericErrors()).isEqualTo(1);
        assertThat(counts.vendorErrors()).isEqualTo(1);
        assertThat(counts.errors()).isEqualTo(2);
        assertThat(counts.polls()).isEqualTo(8);
        assertThat(counts.emptyPolls()).isEqualTo(4);
        SentCapsule last = f.lastSent();
        assertThat(last.opcode()).isEqualTo(NvmOpcode.FLUSH);
    }
}

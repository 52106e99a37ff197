package dev.verbena;

import static dev.verbena.Level1Fixture.bytes;
import static dev.verbena.Level1Fixture.pattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.Level1Fixture.Done;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.Sgl;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Data in several pieces of memory: every way it can travel.
@Timeout(60)
class Level1VectoredTest {
    private static final IoOptions PLAIN = IoOptions.DEFAULT;

    private static Level1Fixture withDescriptors(int msdbd) throws IOException {
        return Level1Fixture.open(f -> {
            f.target.identify(1803, msdbd, 1);
            f.target.identify(1792, (64 + 8192) / 16, 4);
        });
    }

    /// Pieces of uneven length with gaps between them, `bytes` in all.
    private static BufferList pieces(Level1Fixture f, int count, int bytes, long seed) {
        BufferList list = new BufferList();
        byte[] content = pattern(bytes, seed);
        int from = 0;
        for (int i = 0; i < count; i++) {
            int length = i == count - 1 ? bytes - from : bytes / count - 3 + i % 5;
            MemorySegment piece = f.arena.allocate(length + 7, 1).asSlice(3, length);
            MemorySegment.copy(MemorySegment.ofArray(content), from, piece, 0, length);
            from += length;
            list.add(piece);
        }
        assertThat(list.byteSize()).isEqualTo(bytes);
        return list;
    }

    private static byte[] content(BufferList list) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < list.size(); i++) {
            all.writeBytes(bytes(list.segment(i)));
        }
        return all.toByteArray();
    }

    private static void wipe(BufferList list) {
        for (int i = 0; i < list.size(); i++) {
            list.segment(i).fill((byte) 0);
        }
    }

    /// Descriptors allowed, pieces, bytes, SGL type of the write, SGL type of the read.
    @ParameterizedTest
    @CsvSource({
        "1, 1, 4096, 01, 40",
        "1, 4, 4096, 01, 40",
        "1, 5, 4096, 01, 40", // a copy of 5 pieces fits the capsule again
        "1, 4, 16384, 40, 40",
        "8, 4, 4096, 01, 31",
        "8, 5, 4096, 31, 31",
        "8, 8, 16384, 31, 31",
        "8, 9, 16384, 40, 40",
        "16, 16, 65536, 31, 31",
        "0, 16, 131072, 31, 31"
    })
    void piecesOfAnyLength_travelByTheRules(
            int msdbd, int count, int size, String writeType, String readType) throws IOException {
        try (Level1Fixture f = withDescriptors(msdbd)) {
            BufferList list = pieces(f, count, size, 1);
            assertThat(f.queue.tryWrite(f.namespace, 8, size / 512, list, 0, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
            assertThat(f.lastSent().sglType()).isEqualTo(Integer.parseInt(writeType, 16));
            assertThat(f.disk.blocks(8, size / 512)).isEqualTo(pattern(size, 1));
            wipe(list);
            assertThat(f.queue.tryRead(f.namespace, 8, size / 512, list, 0, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
            assertThat(f.lastSent().sglType()).isEqualTo(Integer.parseInt(readType, 16));
            assertThat(content(list)).isEqualTo(pattern(size, 1));
            assertThat(f.queue.tryCompare(f.namespace, 8, size / 512, list, 0, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
        }
    }

    @Test
    void statistics_tellTheWays() throws IOException {
        try (Level1Fixture f = withDescriptors(4)) {
            BufferList four = pieces(f, 4, 16_384, 1);
            BufferList five = pieces(f, 5, 16_384, 1);
            assertThat(f.queue.tryWrite(f.namespace, 0, 32, four, 0, PLAIN)).isTrue();
            assertThat(f.queue.tryRead(f.namespace, 0, 32, five, 0, PLAIN)).isTrue();
            f.poll();
            QueueStatistics counts = f.queue.statistics();
            assertThat(counts.keyedList()).isEqualTo(1);
            assertThat(counts.bounced()).isEqualTo(1);
            assertThat(counts.keyed()).isEqualTo(1);
            assertThat(counts.inCapsule()).isZero();
        }
    }

    @Test
    void bouncedRead_isCopiedBeforeTheHandlerRuns_evenWhenTheListWasReused() throws IOException {
        try (Level1Fixture f = withDescriptors(1)) {
            assertThat(f.queue.tryWrite(f.namespace, 0, 4, f.filled(2048, 9), 0)).isTrue();
            assertThat(f.status()).isZero();
            MemorySegment a = f.arena.allocate(1000, 1);
            MemorySegment b = f.arena.allocate(1048, 1);
            BufferList list = new BufferList().add(a).add(b);
            assertThat(f.queue.tryRead(f.namespace, 0, 4, list, 0, PLAIN)).isTrue();
            list.clear();
            boolean[] seen = {false};
            f.queue.poll((token, status, result) -> {
                byte[] all = pattern(2048, 9);
                assertThat(bytes(a)).isEqualTo(java.util.Arrays.copyOf(all, 1000));
                assertThat(bytes(b)).isEqualTo(java.util.Arrays.copyOfRange(all, 1000, 2048));
                seen[0] = true;
            });
            assertThat(seen[0]).isTrue();
        }
    }

    @Test
    void failedBouncedRead_leavesTheBuffersAlone() throws IOException {
        try (Level1Fixture f = withDescriptors(1)) {
            BufferList list = pieces(f, 2, 1024, 3);
            f.target.refuse(c -> c.opcode() == NvmOpcode.READ, 0x281, 0);
            assertThat(f.queue.tryRead(f.namespace, 0, 2, list, 0, PLAIN)).isTrue();
            assertThat(f.status()).isEqualTo(0x281);
            assertThat(content(list)).isEqualTo(pattern(1024, 3));
            f.target.intercept(f.disk);
        }
    }

    @Test
    void arenaOfBouncedRead_refusesToClose() throws IOException {
        try (Level1Fixture f = withDescriptors(1)) {
            DmaArena own = f.controller.newArena(4096);
            BufferList list = new BufferList().add(own.allocate(500, 1)).add(own.allocate(524, 1));
            f.target.ignore(c -> c.opcode() == NvmOpcode.READ);
            assertThat(f.queue.tryRead(f.namespace, 0, 2, list, 5, PLAIN)).isTrue();
            f.queue.submit();
            assertThatThrownBy(own::close).isInstanceOf(IllegalStateException.class);
            f.fabric.respond(f.lastSent(), 0, 0);
            f.poll();
            assertThat(f.done).containsExactly(new Done(5, 0));
            own.close();
            assertThat(own.scope().isAlive()).isFalse();
            f.target.intercept(f.disk);
        }
    }

    @Test
    void queueClosedUnderBouncedRead_givesEverythingBack() throws IOException {
        Level1Fixture f = withDescriptors(1);
        BufferList list = pieces(f, 3, 1536, 3);
        f.target.ignore(c -> c.opcode() == NvmOpcode.READ);
        assertThat(f.queue.tryRead(f.namespace, 0, 3, list, 5, PLAIN)).isTrue();
        f.queue.submit();
        f.target.intercept(f.disk);
        f.close();
        assertThat(f.memory.registeredCount()).isZero();
        assertThat(f.done).isEmpty();
    }

    @Test
    void bouncePoolInUse_refusesWithoutEffect_untilSomethingEnds() throws IOException {
        try (Level1Fixture f =
                Level1Fixture.open(x -> x.target.identify(77, 8, 1), o -> o.withQueueSize(33))) {
            // MDTS of 1 MiB, so the pool holds one command of that size.
            BufferList big = pieces(f, 2, 1024 * 512, 3);
            BufferList small = new BufferList().add(f.arena.allocate(5, 1));
            small.add(f.arena.allocate(507, 1));
            f.target.ignore(c -> c.opcode() == NvmOpcode.READ);
            assertThat(f.queue.tryRead(f.namespace, 0, 1024, big, 1, PLAIN)).isTrue();
            assertThat(f.queue.tryRead(f.namespace, 0, 1, small, 2, PLAIN)).isTrue();
            assertThat(f.queue.tryRead(f.namespace, 0, 1024, big, 3, PLAIN)).isFalse();
            assertThat(f.queue.inFlightCount()).isEqualTo(2);
            f.queue.submit();
            f.fabric.respond(f.fabric.sent().get(f.fabric.sent().size() - 2), 0, 0);
            f.poll();
            assertThat(f.queue.tryRead(f.namespace, 0, 1024, big, 3, PLAIN)).isTrue();
            assertThat(f.queue.statistics().bounced()).isEqualTo(3);
            f.target.intercept(f.disk);
        }
    }

    @Test
    void poolThatCannotBeRegistered_isAnErrorWithoutEffect() throws IOException {
        try (Level1Fixture f = withDescriptors(1)) {
            BufferList list = pieces(f, 2, 1024, 3);
            f.memory.failRegister(new IllegalStateException("no more locked memory"));
            assertThatThrownBy(() -> f.queue.tryRead(f.namespace, 0, 2, list, 0, PLAIN))
                    .hasMessage("no more locked memory");
            assertThat(f.queue.inFlightCount()).isZero();
            f.memory.failRegister(null);
            assertThat(f.queue.tryRead(f.namespace, 0, 2, list, 0, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16})
    void compareAndWrite_ofPieces_isOneOperation(int msdbd) throws IOException {
        try (Level1Fixture f = withDescriptors(msdbd)) {
            assertThat(f.queue.tryWrite(f.namespace, 0, 4, f.filled(2048, 1), 0)).isTrue();
            assertThat(f.status()).isZero();
            BufferList old = pieces(f, 6, 2048, 1);
            BufferList fresh = pieces(f, 7, 2048, 2);
            for (int i = 0; i < 100; i++) {
                boolean even = i % 2 == 0;
                assertThat(
                                f.queue.tryCompareAndWrite(
                                        f.namespace,
                                        0,
                                        4,
                                        even ? old : fresh,
                                        even ? fresh : old,
                                        i,
                                        PLAIN))
                        .isTrue();
                f.poll();
                assertThat(f.done).containsExactly(new Done(i, 0));
                f.done.clear();
                assertThat(f.disk.blocks(0, 4)).isEqualTo(pattern(2048, even ? 2 : 1));
            }
        }
    }

    @Test
    void raw_withPieces_travelsByTheRulesToo() throws IOException {
        try (Level1Fixture f = withDescriptors(4)) {
            MemorySegment entry = MemorySegment.ofArray(new byte[64]);
            NvmCommands.write(entry, 0, 0, 1, 3, 32, 0);
            assertThat(f.queue.tryRaw(entry, pieces(f, 3, 16_384, 4), 0, PLAIN)).isTrue();
            assertThat(f.status()).isZero();
            assertThat(f.lastSent().sglType()).isEqualTo(Sgl.TYPE_LAST_SEGMENT);
            assertThat(f.disk.blocks(3, 32)).isEqualTo(pattern(16_384, 4));
        }
    }

    @Test
    void inCapsuleDataOff_everyWriteIsKeyed() throws IOException {
        try (Level1Fixture f = Level1Fixture.open(x -> {}, o -> o.withInCapsuleData(false))) {
            assertThat(f.controller.inCapsuleBytesMax()).isZero();
            assertThat(f.queue.tryWrite(f.namespace, 0, 1, f.filled(512, 1), 0)).isTrue();
            assertThat(f.status()).isZero();
            assertThat(f.lastSent().sglType()).isEqualTo(Sgl.TYPE_KEYED);
        }
    }

    @Test
    void listsThatDoNotFit_areRefusedWithoutEffect() throws IOException {
        try (Level1Fixture f = withDescriptors(1)) {
            BufferList good = pieces(f, 2, 1024, 1);
            MemorySegment piece = f.arena.allocate(512, 1);
            BufferList foreign = new BufferList().add(piece).add(Arena.ofAuto().allocate(512));
            BufferList readOnly = new BufferList().add(piece).add(piece.asReadOnly());
            assertThatThrownBy(() -> f.queue.tryRead(f.namespace, 0, 3, good, 0, PLAIN))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> f.queue.tryRead(f.namespace, 0, 2, foreign, 0, PLAIN))
                    .hasMessageContaining("open DmaArena");
            assertThatThrownBy(() -> f.queue.tryRead(f.namespace, 0, 2, readOnly, 0, PLAIN))
                    .hasMessageContaining("read-only");
            assertThatThrownBy(() -> f.queue.tryRead(f.namespace, 0, 1, new BufferList(), 0, PLAIN))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(f.queue.inFlightCount()).isZero();
            // Fixture: an arena that is still held would not close.
        }
    }

    @Test
    void bufferList_holdsItsLimitAndNoMore() {
        BufferList list = new BufferList();
        MemorySegment one = MemorySegment.ofArray(new byte[3]);
        for (int i = 0; i < BufferList.SEGMENTS_MAX; i++) {
            list.add(one);
        }
        assertThat(list.size()).isEqualTo(16);
        assertThat(list.byteSize()).isEqualTo(48);
        assertThatThrownBy(() -> list.add(one)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> list.add(one.asSlice(0, 0)))
                .isInstanceOf(IllegalArgumentException.class);
        list.clear();
        assertThat(list.byteSize()).isZero();
        assertThatThrownBy(() -> list.segment(0)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}

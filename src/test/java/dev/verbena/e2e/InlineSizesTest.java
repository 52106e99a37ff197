package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BufferList;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoOptions;
import dev.verbena.QueueStatistics;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How data travels: in the capsule up to what the port takes (IOCCSZ), by key beyond; and out of
/// buffers that lie as badly as they can.
@TargetTest({"--size", "4M"})
@OnlyWith(value = TargetControl.NVMET, because = "SPDK has no port without in-capsule data")
class InlineSizesTest {
    private static final int BLOCK = 512;

    @ParameterizedTest
    @ValueSource(ints = {0, 4096, 8192, 16_384})
    void writesUpToTheLimit_travelInTheCapsule_largerOnesDoNot(int inline, LiveTarget live)
            throws Exception {
        live.change("down");
        live.change("up", "--size", "4M", "--inline", Integer.toString(inline));
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator);
                Level1Harness h = new Level1Harness(controller, 1, 1 << 20)) {
            assertThat(controller.inCapsuleBytesMax()).isEqualTo(inline);
            assertThat(controller.identify().ioCommandCapsuleBytes()).isEqualTo(64 + inline);
            for (int bytes : new int[] {BLOCK, 4096, 8192, 16_384, inline, inline + BLOCK}) {
                if (bytes == 0) {
                    continue;
                }
                QueueStatistics before = h.queue.statistics();
                MemorySegment data = h.filled(bytes, bytes);
                assertThat(h.run(t -> h.queue.tryWrite(h.namespace, 64, bytes / BLOCK, data, t)))
                        .isZero();
                QueueStatistics after = h.queue.statistics();
                boolean inCapsule = bytes <= inline;
                assertThat(after.inCapsule() - before.inCapsule())
                        .as("%d bytes in the capsule", bytes)
                        .isEqualTo(inCapsule ? 1 : 0);
                assertThat(after.keyed() - before.keyed()).isEqualTo(inCapsule ? 0 : 1);
                assertThat(live.stored(64L * BLOCK, bytes))
                        .isEqualTo(Level1Harness.pattern(bytes, bytes));
                data.fill((byte) 0);
                assertThat(h.run(t -> h.queue.tryRead(h.namespace, 64, bytes / BLOCK, data, t)))
                        .isZero();
                assertThat(
                                data.mismatch(
                                        MemorySegment.ofArray(Level1Harness.pattern(bytes, bytes))))
                        .isEqualTo(-1);
            }
        }
    }

    /// One to sixteen pieces, of two arenas in turn, each across a page or at the very end of its
    /// arena.
    @Test
    void piecesOfSeveralRegions_arriveInOrder(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator);
                DmaArena one = controller.newArena(1 << 18);
                DmaArena two = controller.newArena(1 << 18);
                Level1Harness h = new Level1Harness(controller, 1, 1 << 16)) {
            List<MemorySegment> whole =
                    List.of(one.allocate(1 << 18, 4096), two.allocate(1 << 18, 4096));
            for (int count = 1; count <= 16; count++) {
                int bytes = count * 1024;
                List<MemorySegment> pieces = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    MemorySegment arena = whole.get(i % 2);
                    long at =
                            i >= count - 2
                                    ? arena.byteSize() - 1024
                                    : 4096L * (i + 1) - 4 - 4L * (i % 7);
                    pieces.add(arena.asSlice(at, 1024));
                }
                BufferList list = new BufferList();
                byte[] content = Level1Harness.pattern(bytes, count);
                for (int i = 0; i < count; i++) {
                    pieces.get(i).copyFrom(MemorySegment.ofArray(content).asSlice(i * 1024L, 1024));
                    list.add(pieces.get(i));
                }
                int blocks = bytes / BLOCK;
                assertThat(
                                h.run(t ->
                                        h.queue.tryWrite(
                                                h.namespace,
                                                8,
                                                blocks,
                                                list,
                                                t,
                                                IoOptions.DEFAULT)))
                        .isZero();
                assertThat(live.stored(8L * BLOCK, bytes))
                        .as("%d pieces", count)
                        .isEqualTo(content);
                Level1Harness.wipe(list);
                assertThat(
                                h.run(t ->
                                        h.queue.tryRead(
                                                h.namespace,
                                                8,
                                                blocks,
                                                list,
                                                t,
                                                IoOptions.DEFAULT)))
                        .isZero();
                assertThat(Level1Harness.content(list)).as("%d pieces", count).isEqualTo(content);
            }
        }
    }
}

package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.QueueFixture.BLOCK;
import static dev.verbena.internal.engine.QueueFixture.failureOf;
import static dev.verbena.internal.engine.QueueFixture.get;
import static dev.verbena.internal.engine.QueueFixture.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.verbena.NvmeException;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.Sgl;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Reads, writes and compares: how they are cut, and where their data is.
@Timeout(60)
class DeviceTransferTest {
    private final QueueFixture fixture = new QueueFixture().start(1);

    @AfterEach
    void close() {
        fixture.close();
    }

    private void restart(DataPlacement placement, int boundaryBlocks) {
        fixture.suspend();
        fixture.placement = placement;
        fixture.context = new DeviceContext(QueueFixture.limits(boundaryBlocks));
        fixture.start(1);
    }

    private List<Long> counts() {
        return fixture.target.seen().stream().map(c -> (c.u32(48) & 0xFFFF) + 1L).toList();
    }

    @Test
    void heapArray_isBouncedAndReadBack() throws Exception {
        byte[] data = random(8 * BLOCK);
        get(fixture.write(16, MemorySegment.ofArray(data)));
        byte[] back = new byte[data.length];
        get(fixture.read(16, MemorySegment.ofArray(back)));
        assertThat(back).isEqualTo(data);
        assertThat(fixture.context.bouncedCount()).isEqualTo(2);
        assertThat(fixture.queues.statistics().bouncedBytes()).isEqualTo(2L * data.length);
    }

    @Test
    void registeredMemory_isUsedInPlaceAndGivenBack() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            Region region = fixture.registered(arena, 8);
            byte[] data = random(8 * BLOCK);
            region.segment().copyFrom(MemorySegment.ofArray(data));
            get(fixture.write(0, region.segment()));
            assertThat(fixture.fabric(0).lastSent().sglAddress()).isEqualTo(region.address());
            assertThat(fixture.context.bouncedCount()).isZero();
            assertThat(region.userCount()).isZero();
            assertThat(fixture.memory.unregister(region)).isTrue();
        }
        assertThat(fixture.target.disk()).startsWith(random(8 * BLOCK));
    }

    @Test
    void requestLongerThanTransferLimit_isCutIntoCommandsInOrder() throws Exception {
        byte[] data = random(21 * BLOCK);
        get(fixture.write(3, MemorySegment.ofArray(data)));
        assertThat(fixture.target.seen())
                .extracting(c -> c.u64(40), c -> c.u32(48) & 0xFFFF)
                .containsExactly(tuple(3L, 7), tuple(11L, 7), tuple(19L, 4));
        byte[] back = new byte[data.length];
        get(fixture.read(3, MemorySegment.ofArray(back)));
        assertThat(back).isEqualTo(data);
    }

    @Test
    void optimalBoundary_isNotCrossed() throws Exception {
        restart(QueueFixture.SMALL, 5);
        try (Arena arena = Arena.ofShared()) {
            Region region = fixture.registered(arena, 14);
            get(fixture.write(3, region.segment()));
            assertThat(fixture.target.seen())
                    .extracting(c -> c.u64(40), c -> (c.u32(48) & 0xFFFF) + 1)
                    .containsExactly(tuple(3L, 2), tuple(5L, 5), tuple(10L, 5), tuple(15L, 2));
            assertThat(fixture.memory.unregister(region)).isTrue();
        }
    }

    @Test
    void requestOfMoreCommandsThanSlots_completes() throws Exception {
        byte[] data = random(1000 * BLOCK);
        get(fixture.write(0, MemorySegment.ofArray(data)));
        byte[] back = new byte[data.length];
        get(fixture.read(0, MemorySegment.ofArray(back)));
        assertThat(back).isEqualTo(data);
    }

    @Test
    void transferLimitNotAMultipleOfBlocks_isRoundedDown() throws Exception {
        restart(new DataPlacement(0, 0, 64, 1, 3 * BLOCK + 100), 0);
        get(fixture.read(0, MemorySegment.ofArray(new byte[7 * BLOCK])));
        assertThat(counts()).containsExactly(3L, 3L, 1L);
    }

    @Test
    void blockLargerThanTransferLimit_failsTheRequestWithBothSizes() throws Exception {
        restart(new DataPlacement(0, 0, 64, 1, BLOCK - 1), 0);
        assertThat(failureOf(fixture.readBlock(0))).hasMessageContaining("512", "511");
    }

    @Test
    void forceUnitAccess_isAFlagOfEveryCommand() throws Exception {
        get(
                fixture.submit(
                        new DeviceRequest<Void>(
                                        fixture.context,
                                        DeviceRequest.Kind.WRITE,
                                        0,
                                        20L * BLOCK,
                                        MemorySegment.ofArray(random(20 * BLOCK)))
                                .flags(NvmCommands.FORCE_UNIT_ACCESS)));
        assertThat(fixture.target.seen())
                .hasSize(3)
                .allMatch(c -> (c.u32(48) & NvmCommands.FORCE_UNIT_ACCESS) != 0);
    }

    @Test
    void compare_saysWhetherContentIsTheSame() throws Exception {
        byte[] data = random(10 * BLOCK);
        get(fixture.write(0, MemorySegment.ofArray(data)));
        get(fixture.submit(DeviceRequest.Kind.COMPARE, 0, MemorySegment.ofArray(data.clone())));
        data[9 * BLOCK]++;
        assertThat(
                        failureOf(
                                fixture.submit(
                                        DeviceRequest.Kind.COMPARE,
                                        0,
                                        MemorySegment.ofArray(data))))
                .isInstanceOfSatisfying(
                        NvmeException.class,
                        e -> assertThat(e.status().typeAndCode()).isEqualTo(0x285))
                .hasMessageContaining("A compare of 2 blocks at LBA 8");
    }

    // Several segments.

    private DeviceRequest<Void> vectored(
            DeviceRequest.Kind kind, long block, List<MemorySegment> segments) {
        Scatter scatter = new Scatter(segments);
        return fixture.submit(
                new DeviceRequest<Void>(
                                fixture.context,
                                kind,
                                block * BLOCK,
                                scatter.byteSize(),
                                MemorySegment.NULL)
                        .scatter(scatter));
    }

    /// Cuts random pieces, every other one from registered memory.
    private List<MemorySegment> pieces(Region region, int bytes, Random random) {
        List<MemorySegment> pieces = new ArrayList<>();
        int left = bytes;
        int used = 0;
        while (left > 0) {
            int size = Math.min(left, 1 + random.nextInt(3 * BLOCK));
            if (random.nextBoolean() && used + size <= region.byteSize()) {
                pieces.add(region.segment().asSlice(used, size));
                used += size;
            } else {
                pieces.add(MemorySegment.ofArray(new byte[size]));
            }
            left -= size;
        }
        return pieces;
    }

    private static byte[] content(List<MemorySegment> pieces) {
        byte[] all = new byte[(int) pieces.stream().mapToLong(MemorySegment::byteSize).sum()];
        int at = 0;
        for (MemorySegment piece : pieces) {
            MemorySegment.copy(piece, ValueLayout.JAVA_BYTE, 0, all, at, (int) piece.byteSize());
            at += (int) piece.byteSize();
        }
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 16})
    void mixedSegments_readBackWhatWasWritten(int descriptors) throws Exception {
        restart(new DataPlacement(2 * BLOCK, 3, 64, descriptors, 128 * BLOCK), 0);
        Random random = new Random(descriptors);
        Region region = fixture.registered(Arena.ofAuto(), 400);
        for (int round = 0; round < 100; round++) {
            int blocks = 1 + random.nextInt(60);
            List<MemorySegment> out = pieces(region, blocks * BLOCK, random);
            for (MemorySegment piece : out) {
                byte[] bytes = new byte[(int) piece.byteSize()];
                random.nextBytes(bytes);
                piece.copyFrom(MemorySegment.ofArray(bytes));
            }
            byte[] expected = content(out);
            int block = random.nextInt(1000);
            get(vectored(DeviceRequest.Kind.WRITE, block, out));
            List<MemorySegment> in = pieces(region, blocks * BLOCK, random);
            in.forEach(piece -> piece.fill((byte) 0));
            get(vectored(DeviceRequest.Kind.READ, block, in));
            assertThat(content(in)).as("round " + round).isEqualTo(expected);
        }
        assertThat(region.userCount()).isZero();
    }

    @Test
    void registeredSegments_travelAsAListOfDescriptorsWhereAllowed() throws Exception {
        restart(new DataPlacement(0, 0, 64, 16, 1 << 20), 0);
        Region region = fixture.registered(Arena.ofAuto(), 32);
        List<MemorySegment> parts = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            parts.add(region.segment().asSlice(i * 2L * BLOCK, BLOCK));
        }
        get(vectored(DeviceRequest.Kind.WRITE, 0, parts));
        assertThat(fixture.context.bouncedCount()).isZero();
        assertThat(fixture.target.seen())
                .singleElement()
                .satisfies(c -> assertThat(c.sglType()).isEqualTo(Sgl.TYPE_LAST_SEGMENT));
    }

    @Test
    void registeredSegmentsAndOneDescriptor_areCopiedTogether() throws Exception {
        Region region = fixture.registered(Arena.ofAuto(), 32);
        List<MemorySegment> parts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            parts.add(region.segment().asSlice(i * 2L * BLOCK, BLOCK));
        }
        get(vectored(DeviceRequest.Kind.WRITE, 0, parts));
        assertThat(fixture.target.seen()).hasSize(1);
        assertThat(fixture.context.bouncedCount()).isEqualTo(1);
    }

    @Test
    void longRegisteredSegments_areNotCopied() throws Exception {
        restart(new DataPlacement(0, 0, 64, 1, 1 << 20), 0);
        Region region = fixture.registered(Arena.ofAuto(), 100);
        get(
                vectored(
                        DeviceRequest.Kind.WRITE,
                        0,
                        List.of(
                                region.segment().asSlice(0, 40L * BLOCK),
                                region.segment().asSlice(50L * BLOCK, 40L * BLOCK))));
        assertThat(fixture.context.bouncedCount()).isZero();
        assertThat(counts()).containsExactly(40L, 40L);
    }

    // Failures of requests.

    @Test
    void errorOfOnePart_failsRequestAfterAllStartedPartsEnded() throws Exception {
        List<SentCapsule> held = new ArrayList<>();
        fixture.target.intercept((queue, capsule) -> {
            synchronized (held) {
                held.add(capsule);
            }
            return true;
        });
        DeviceRequest<Void> future = fixture.read(0, MemorySegment.ofArray(new byte[32 * BLOCK]));
        fixture.fabric(0).awaitSent(4);
        fixture.fabric(0).respond(held.get(2), 0x0281, 0);
        fixture.fabric(0).respond(held.get(0), 0, 0);
        fixture.fabric(0).respond(held.get(1), 0, 0);
        Thread.sleep(20);
        assertThat(future).isNotDone();
        fixture.fabric(0).respond(held.get(3), 0, 0);
        assertThat(failureOf(future))
                .isInstanceOf(NvmeException.class)
                .hasMessageContaining("8 blocks at LBA 16 of namespace 1");
        assertThat(fixture.losses).isEmpty();
        assertThat(fixture.fabric(0).sent()).hasSize(4);
    }

    @Test
    void errorOfEarlyPart_restIsNotStarted() throws Exception {
        fixture.target.refuse(capsule -> capsule.u64(40) == 0, 0x4280, 0);
        assertThat(failureOf(fixture.read(0, MemorySegment.ofArray(new byte[1000 * BLOCK]))))
                .isInstanceOf(NvmeException.class);
        assertThat(fixture.fabric(0).sent()).hasSizeLessThan(20);
    }

    @Test
    void requestFails_othersGoOn() throws Exception {
        fixture.target.refuse(capsule -> capsule.u64(40) == 5, 0x4280, 0);
        DeviceRequest<Void> bad = fixture.readBlock(5);
        DeviceRequest<Void> good = fixture.readBlock(6);
        assertThat(failureOf(bad)).isInstanceOf(NvmeException.class);
        get(good);
        assertThat(fixture.queues.statistics().failedCount()).isEqualTo(1);
    }

    @Test
    void memoryCannotBeRegistered_failsOnlyThatRequest() throws Exception {
        fixture.memory.failRegister(new IllegalStateException("the limit on locked memory"));
        assertThat(failureOf(fixture.readBlock(0)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the limit on locked memory");
        fixture.memory.failRegister(null);
        get(fixture.readBlock(0));
    }

    @Test
    void bouncedSegmentClosedBeforeItsTurn_failsOnlyThatRequest() throws Exception {
        Arena arena = Arena.ofShared();
        MemorySegment segment = arena.allocate(BLOCK);
        arena.close();
        assertThat(failureOf(fixture.write(0, segment)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("memory of the request");
        get(fixture.readBlock(0));
    }

    @Test
    void bouncedSegmentClosedDuringRead_failsOnlyThatRequest() throws Exception {
        Arena arena = Arena.ofShared();
        fixture.target.ignore(capsule -> true);
        DeviceRequest<Void> future = fixture.read(0, arena.allocate(BLOCK));
        fixture.fabric(0).awaitSent(1);
        arena.close();
        fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
        assertThat(failureOf(future)).hasMessageContaining("memory of the request");
        fixture.target.intercept(null);
        get(fixture.readBlock(0));
    }

    @Test
    void freedSegmentWhoseAddressIsRegisteredAgain_isNotUsed() throws Exception {
        Arena freed = Arena.ofShared();
        MemorySegment stale = freed.allocate(BLOCK, 64);
        freed.close();
        // What an allocator does at once: the same address, somebody else's memory.
        fixture.memory.register(stale);
        assertThat(failureOf(fixture.read(0, stale))).isInstanceOf(IOException.class);
        assertThat(fixture.fabric(0).sent()).noneMatch(c -> c.sglAddress() == stale.address());
    }

    @Test
    void queuedRequest_holdsItsRegionUntilItEnds() throws Exception {
        fixture.target.ignore(capsule -> true);
        List<DeviceRequest<Void>> busy = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            busy.add(fixture.readBlock(i));
        }
        fixture.fabric(0).awaitSent(4);
        Region region = fixture.registered(Arena.ofAuto(), 1);
        DeviceRequest<Void> waiting = fixture.read(9, region.segment());
        assertThat(fixture.memory.unregister(region)).isFalse();
        fixture.target.intercept(null);
        for (SentCapsule capsule : fixture.fabric(0).sent()) {
            fixture.fabric(0).respond(capsule, 0, 0);
        }
        get(waiting);
        assertThat(fixture.memory.unregister(region)).isTrue();
        for (DeviceRequest<Void> future : busy) {
            get(future);
        }
    }

    @Test
    void cancelledFuture_doesNotFreeTheBuffer() throws Exception {
        fixture.target.ignore(capsule -> true);
        Region region = fixture.registered(Arena.ofAuto(), 1);
        DeviceRequest<Void> future = fixture.read(0, region.segment());
        fixture.fabric(0).awaitSent(1);
        assertThat(future.cancel(true)).isTrue();
        assertThat(fixture.memory.unregister(region)).isFalse();
        fixture.target.intercept(null);
        fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
        get(fixture.flush());
        assertThat(fixture.memory.unregister(region)).isTrue();
    }

    @Test
    void stageThrows_workerGoesOn() throws Exception {
        var stage =
                fixture.readBlock(0)
                        .thenRun(() -> {
                            throw new StackOverflowError();
                        });
        assertThat(failureOf(stage)).isInstanceOf(StackOverflowError.class);
        get(fixture.readBlock(0));
    }
}

package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.MemoryMode;
import dev.verbena.QueueStatistics;
import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.internal.memory.Region;
import dev.verbena.internal.memory.RegionLease;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IoCommandsTest {
    private static final long TIMEOUT = 60_000_000_000L;

    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final Region region = memory.register(Arena.ofAuto().allocate(1 << 16));

    /// The caller has counted itself where the command is expected to be accepted.
    private CommandData data(long address, int bytes) {
        return new CommandData().add(region, address, bytes);
    }

    private SentCapsule write(DataPlacement placement, int bytes) {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 4, placement.capsuleHeaderBytes());
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, placement);
        assertThat(region.tryAcquire()).isTrue();
        assertThat(
                        io.tryRanged(
                                NvmOpcode.WRITE,
                                3,
                                0x1_0000_0002L,
                                bytes / 512,
                                0,
                                data(region.address(), bytes),
                                0,
                                TIMEOUT))
                .isTrue();
        queue.ring();
        return fabric.lastSent();
    }

    @Test
    void readCapsule_carriesKeyThatLetsControllerWrite() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 4);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(8192, 4, 64, 1, 1 << 20));
        assertThat(region.tryAcquire()).isTrue();
        long address = region.address() + 512;
        assertThat(
                        io.tryRanged(
                                NvmOpcode.READ,
                                3,
                                0x1_0000_0002L,
                                8,
                                0,
                                data(address, 4096),
                                0,
                                TIMEOUT))
                .isTrue();
        queue.ring();
        SentCapsule capsule = fabric.lastSent();
        assertThat(capsule.opcode()).isEqualTo(2);
        assertThat(capsule.namespaceId()).isEqualTo(3);
        assertThat(capsule.u64(40)).isEqualTo(0x1_0000_0002L);
        assertThat(capsule.u32(48)).isEqualTo(7);
        assertThat(capsule.u8(1)).isEqualTo(0x40);
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_KEYED);
        assertThat(capsule.sglAddress()).isEqualTo(address);
        assertThat(capsule.sglLength()).isEqualTo(4096);
        assertThat(capsule.sglKey()).isEqualTo(region.controllerWritesKey());
        assertThat(capsule.dataBytes()).isZero();
        assertThat(io.statistics().keyed()).isEqualTo(1);
        assertThat(io.statistics().inCapsule()).isZero();
    }

    @Test
    void writeAtInCapsuleLimit_travelsInCapsule() {
        SentCapsule capsule = write(new DataPlacement(4096, 4, 64, 1, 1 << 20), 4096);
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_IN_CAPSULE);
        assertThat(capsule.sglAddress()).isZero();
        assertThat(capsule.sglLength()).isEqualTo(4096);
        assertThat(capsule.headerBytes()).isEqualTo(64);
        assertThat(capsule.data())
                .containsExactly(new SentCapsule.Piece(region.address(), 4096, region.localKey()));
    }

    @Test
    void writeOneBlockOverInCapsuleLimit_isKeyedWithReadOnlyKey() {
        SentCapsule capsule = write(new DataPlacement(4096, 4, 64, 1, 1 << 20), 4608);
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_KEYED);
        assertThat(capsule.sglKey()).isEqualTo(region.controllerReadsKey());
        assertThat(capsule.sglLength()).isEqualTo(4608);
        assertThat(capsule.dataBytes()).isZero();
    }

    @Test
    void writeWithIcdoff_putsDataBehindZeroedGap() {
        SentCapsule capsule = write(new DataPlacement(4096, 4, 64 + 128, 1, 1 << 20), 512);
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_IN_CAPSULE);
        assertThat(capsule.headerBytes()).isEqualTo(64 + 128);
        for (long offset = 64; offset < 64 + 128; offset += 8) {
            assertThat(capsule.u64(offset)).isZero();
        }
        assertThat(capsule.dataBytes()).isEqualTo(512);
    }

    @Test
    void keyedWriteWithIcdoff_sendsOnlyTheCommand() {
        SentCapsule capsule = write(new DataPlacement(512, 4, 64 + 128, 1, 1 << 20), 1024);
        assertThat(capsule.headerBytes()).isEqualTo(64);
    }

    @Test
    void flush_hasKeyedSglOfLengthZero() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 4);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(0, 0, 64, 1, 1 << 20));
        assertThat(io.tryFlush(9, 0, TIMEOUT)).isTrue();
        queue.ring();
        assertThat(fabric.lastSent().opcode()).isZero();
        assertThat(fabric.lastSent().namespaceId()).isEqualTo(9);
        assertThat(fabric.lastSent().sglType()).isEqualTo(Sgl.TYPE_KEYED);
        assertThat(fabric.lastSent().sglLength()).isZero();
        assertThat(fabric.lastSent().sglKey()).isZero();
    }

    @Test
    void slotUsedBefore_leavesNothingOfTheEarlierCommand() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 1);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(0, 0, 64, 1, 1 << 20));
        assertThat(region.tryAcquire()).isTrue();
        assertThat(
                        io.tryRanged(
                                NvmOpcode.WRITE,
                                3,
                                77,
                                8,
                                0,
                                data(region.address(), 4096),
                                0,
                                TIMEOUT))
                .isTrue();
        queue.ring();
        fabric.respond(fabric.lastSent(), 0, 0);
        queue.poll((token, slot, status, result) -> {});
        assertThat(io.tryFlush(3, 0, TIMEOUT)).isTrue();
        queue.ring();
        assertThat(fabric.lastSent().u64(40)).isZero();
        assertThat(fabric.lastSent().u64(48)).isZero();
        assertThat(fabric.lastSent().sglAddress()).isZero();
    }

    @Test
    void noSlotFree_everythingIsRefusedAndNothingCounted() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 1);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(4096, 4, 64, 1, 1 << 20));
        assertThat(io.tryFlush(1, 0, TIMEOUT)).isTrue();
        assertThat(io.tryFlush(1, 0, TIMEOUT)).isFalse();
        assertThat(
                        io.tryRanged(
                                NvmOpcode.READ,
                                1,
                                0,
                                1,
                                0,
                                data(region.address(), 512),
                                0,
                                TIMEOUT))
                .isFalse();
        assertThat(
                        io.tryRanged(
                                NvmOpcode.WRITE,
                                1,
                                0,
                                1,
                                0,
                                data(region.address(), 512),
                                0,
                                TIMEOUT))
                .isFalse();
        assertThat(io.statistics().submitted()).isEqualTo(1);
        assertThat(region.userCount()).isZero();
    }

    @Test
    void valueThatDoesNotFit_givesSlotBack() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 2);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(4096, 4, 64, 1, 1 << 20));
        long address = region.address();
        assertThatThrownBy(() ->
                        io.tryRanged(NvmOpcode.READ, 1, 0, 0, 0, data(address, 512), 0, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        io.tryRanged(
                                NvmOpcode.WRITE, 1, 0, 65_537, 0, data(address, 512), 0, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        io.tryRanged(
                                NvmOpcode.WRITE, 1, 0, 1, 0, data(address, 1 << 24), 0, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        io.tryRanged(NvmOpcode.READ, 1, 0, 1, 0, data(address, -1), 0, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(queue.freeCount()).isEqualTo(2);
        assertThat(io.statistics().submitted()).isZero();
    }

    /// The short way must not differ from the long one by a byte.
    @ParameterizedTest
    @CsvSource({
        "2, 512, SLAB",
        "2, 8192, SLAB",
        "1, 4096, SLAB",
        "1, 4608, SLAB",
        "5, 512, SLAB",
        "5, 8192, SLAB",
        "2, 512, STRICT",
        "1, 4096, STRICT",
        "1, 8192, STRICT"
    })
    void leasedMemory_makesTheSameCapsule(int opcode, int bytes, MemoryMode mode) {
        Sent described = transfer(opcode, bytes, mode, false);
        Sent leased = transfer(opcode, bytes, mode, true);
        assertThat(leased).isEqualTo(described);
    }

    /// What is seen of a command on the wire and in the statistics.
    private record Sent(
            List<Byte> header, List<Integer> dataBytes, int tag, QueueStatistics statistics) {}

    private static Sent transfer(int opcode, int bytes, MemoryMode mode, boolean leased) {
        FakeMemoryDomain domain = new FakeMemoryDomain(mode);
        FakeFabricQueue fabric = new FakeFabricQueue(1, 4);
        if (mode == MemoryMode.STRICT) {
            fabric.bindKeys(domain);
        }
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(4096, 4, 64, 1, 1 << 20));
        Region memory = domain.register(Arena.ofAuto().allocate(1 << 16));
        RegionLease lease = Objects.requireNonNull(queue.lease(memory));
        assertThat(lease.tryAcquire()).isTrue();
        long lba = 0x1_0000_0002L;
        int flags = NvmCommands.FORCE_UNIT_ACCESS;
        long at = memory.address() + 512;
        CommandData data = new CommandData().add(lease, at, bytes);
        assertThat(
                        leased
                                ? io.tryTransfer(
                                        opcode, 3, lba, 8, flags, lease, at, bytes, 7, TIMEOUT)
                                : io.tryRanged(opcode, 3, lba, 8, flags, data, 7, TIMEOUT))
                .isTrue();
        queue.ring();
        SentCapsule sent = fabric.lastSent();
        QueueStatistics statistics = io.statistics();
        assertThat(memory.userCount()).isEqualTo(1);
        fabric.respondAsAsked(sent, 0, 0);
        List<Long> tokens = new ArrayList<>();
        queue.poll((token, slot, status, result) -> tokens.add(token));
        assertThat(tokens).containsExactly(7L);
        assertThat(memory.userCount()).isZero();
        assertThat(queue.freeCount()).isEqualTo(4);
        // Addresses and keys are those of another region each time.
        assertThat(sent.sglType() == Sgl.TYPE_IN_CAPSULE ? at : sent.sglAddress()).isEqualTo(at);
        List<Byte> header = new ArrayList<>();
        for (int i = 0; i < SubmissionEntry.SIZE; i++) {
            boolean differs = i >= SubmissionEntry.SGL_OFFSET && i < SubmissionEntry.SGL_OFFSET + 8;
            header.add((byte) (differs ? 0 : sent.u8(i)));
        }
        assertThat(sent.data()).allMatch(piece -> piece.address() == at);
        return new Sent(
                header,
                sent.data().stream().map(SentCapsule.Piece::bytes).toList(),
                sent.tag(),
                statistics);
    }
}

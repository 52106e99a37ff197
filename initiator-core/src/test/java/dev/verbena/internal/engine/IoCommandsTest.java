package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.Sgl;
import dev.verbena.testkit.FakeFabricQueue;
import dev.verbena.testkit.FakeMemoryDomain;
import dev.verbena.testkit.SentCapsule;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

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
                        io.tryWrite(
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
        assertThat(io.tryRead(3, 0x1_0000_0002L, 8, 0, data(address, 4096), 0, TIMEOUT)).isTrue();
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
        assertThat(io.tryWrite(3, 77, 8, 0, data(region.address(), 4096), 0, TIMEOUT)).isTrue();
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
        assertThat(io.tryRead(1, 0, 1, 0, data(region.address(), 512), 0, TIMEOUT)).isFalse();
        assertThat(io.tryWrite(1, 0, 1, 0, data(region.address(), 512), 0, TIMEOUT)).isFalse();
        assertThat(io.statistics().submitted()).isEqualTo(1);
        assertThat(region.userCount()).isZero();
    }

    @Test
    void valueThatDoesNotFit_givesSlotBack() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 2);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(4096, 4, 64, 1, 1 << 20));
        long address = region.address();
        assertThatThrownBy(() -> io.tryRead(1, 0, 0, 0, data(address, 512), 0, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> io.tryWrite(1, 0, 65_537, 0, data(address, 512), 0, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> io.tryWrite(1, 0, 1, 0, data(address, 1 << 24), 0, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> io.tryRead(1, 0, 1, 0, data(address, -1), 0, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(queue.freeCount()).isEqualTo(2);
        assertThat(io.statistics().submitted()).isZero();
    }
}

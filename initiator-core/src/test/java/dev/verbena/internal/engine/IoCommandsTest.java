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

    private SentCapsule write(DataPlacement placement, int bytes) {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 4, placement.capsuleHeaderBytes());
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, placement, TIMEOUT);
        assertThat(region.tryAcquire()).isTrue();
        assertThat(io.tryWrite(3, 0x1_0000_0002L, bytes / 512, region, region.address(), bytes, 0))
                .isTrue();
        queue.ring();
        return fabric.lastSent();
    }

    @Test
    void readCapsule_carriesKeyThatLetsControllerWrite() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 4);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(8192, 64, 1 << 20), TIMEOUT);
        assertThat(region.tryAcquire()).isTrue();
        long address = region.address() + 512;
        assertThat(io.tryRead(3, 0x1_0000_0002L, 8, region, address, 4096, 0)).isTrue();
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
        assertThat(io.keyedCount()).isEqualTo(1);
        assertThat(io.inCapsuleCount()).isZero();
    }

    @Test
    void writeAtInCapsuleLimit_travelsInCapsule() {
        SentCapsule capsule = write(new DataPlacement(4096, 64, 1 << 20), 4096);
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_IN_CAPSULE);
        assertThat(capsule.sglAddress()).isZero();
        assertThat(capsule.sglLength()).isEqualTo(4096);
        assertThat(capsule.headerBytes()).isEqualTo(64);
        assertThat(capsule.data())
                .containsExactly(new SentCapsule.Piece(region.address(), 4096, region.localKey()));
    }

    @Test
    void writeOneBlockOverInCapsuleLimit_isKeyedWithReadOnlyKey() {
        SentCapsule capsule = write(new DataPlacement(4096, 64, 1 << 20), 4608);
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_KEYED);
        assertThat(capsule.sglKey()).isEqualTo(region.controllerReadsKey());
        assertThat(capsule.sglLength()).isEqualTo(4608);
        assertThat(capsule.dataBytes()).isZero();
    }

    @Test
    void writeWithIcdoff_putsDataBehindZeroedGap() {
        SentCapsule capsule = write(new DataPlacement(4096, 64 + 128, 1 << 20), 512);
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_IN_CAPSULE);
        assertThat(capsule.headerBytes()).isEqualTo(64 + 128);
        for (long offset = 64; offset < 64 + 128; offset += 8) {
            assertThat(capsule.u64(offset)).isZero();
        }
        assertThat(capsule.dataBytes()).isEqualTo(512);
    }

    @Test
    void keyedWriteWithIcdoff_sendsOnlyTheCommand() {
        SentCapsule capsule = write(new DataPlacement(512, 64 + 128, 1 << 20), 1024);
        assertThat(capsule.headerBytes()).isEqualTo(64);
    }

    @Test
    void flush_hasKeyedSglOfLengthZero() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 4);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(0, 64, 1 << 20), TIMEOUT);
        assertThat(io.tryFlush(9, 0)).isTrue();
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
        IoCommands io = new IoCommands(queue, new DataPlacement(0, 64, 1 << 20), TIMEOUT);
        assertThat(region.tryAcquire()).isTrue();
        assertThat(io.tryWrite(3, 77, 8, region, region.address(), 4096, 0)).isTrue();
        queue.ring();
        fabric.respond(fabric.lastSent(), 0, 0);
        queue.poll((token, slot, status, result) -> {});
        assertThat(io.tryFlush(3, 0)).isTrue();
        queue.ring();
        assertThat(fabric.lastSent().u64(40)).isZero();
        assertThat(fabric.lastSent().u64(48)).isZero();
        assertThat(fabric.lastSent().sglAddress()).isZero();
    }

    @Test
    void noSlotFree_everythingIsRefusedAndNothingCounted() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 1);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(4096, 64, 1 << 20), TIMEOUT);
        assertThat(io.tryFlush(1, 0)).isTrue();
        assertThat(io.tryFlush(1, 0)).isFalse();
        assertThat(io.tryRead(1, 0, 1, region, region.address(), 512, 0)).isFalse();
        assertThat(io.tryWrite(1, 0, 1, region, region.address(), 512, 0)).isFalse();
        assertThat(io.submittedCount()).isEqualTo(1);
        assertThat(region.userCount()).isZero();
    }

    @Test
    void valueThatDoesNotFit_givesSlotBack() {
        FakeFabricQueue fabric = new FakeFabricQueue(1, 2);
        CommandQueue queue = new CommandQueue(fabric);
        IoCommands io = new IoCommands(queue, new DataPlacement(4096, 64, 1 << 20), TIMEOUT);
        long address = region.address();
        assertThatThrownBy(() -> io.tryRead(1, 0, 0, region, address, 512, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> io.tryWrite(1, 0, 65_537, region, address, 512, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> io.tryWrite(1, 0, 1, region, address, 1 << 24, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> io.tryRead(1, 0, 1, region, address, -1, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(queue.freeCount()).isEqualTo(2);
        assertThat(io.submittedCount()).isZero();
    }
}

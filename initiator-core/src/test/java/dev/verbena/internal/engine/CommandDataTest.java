package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.internal.engine.CommandData.Direction;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How the data of a command gets into its capsule, and who holds its memory meanwhile.
class CommandDataTest {
    private static final int ROOM = SubmissionEntry.SIZE + CommandData.SEGMENTS_MAX * Sgl.SIZE;

    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final FakeFabricQueue fabric = new FakeFabricQueue(1, 4, ROOM);
    private final CommandQueue queue = new CommandQueue(fabric);
    private final CommandData data = new CommandData();
    private int completed;

    private Region held(int bytes) {
        Region region = memory.register(Arena.ofAuto().allocate(bytes));
        assertThat(region.tryAcquire()).isTrue();
        return region;
    }

    private SentCapsule send() {
        int slot = queue.acquire();
        NvmCommands.write(
                queue.capsules(), queue.capsuleOffset(slot), queue.commandId(slot), 1, 0, 1, 0);
        queue.submit(slot, 7, data, System.nanoTime() + 60_000_000_000L);
        queue.ring();
        return fabric.lastSent();
    }

    private void poll() {
        queue.poll((token, slot, status, result) -> completed++);
    }

    @Test
    void noData_hasKeyedDescriptorOfLengthZero() {
        SentCapsule capsule = send();
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_KEYED);
        assertThat(capsule.sglLength()).isZero();
        assertThat(capsule.headerBytes()).isEqualTo(64);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keyed_carriesKeyOfItsDirection(boolean reads) {
        Region region = held(4096);
        data.direction(reads ? Direction.CONTROLLER_READS : Direction.CONTROLLER_WRITES)
                .add(region, region.address() + 512, 1024)
                .keyed();
        SentCapsule capsule = send();
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_KEYED);
        assertThat(capsule.sglAddress()).isEqualTo(region.address() + 512);
        assertThat(capsule.sglLength()).isEqualTo(1024);
        assertThat(capsule.sglKey())
                .isEqualTo(reads ? region.controllerReadsKey() : region.controllerWritesKey());
        assertThat(capsule.dataBytes()).isZero();
    }

    @Test
    void severalSegmentsInCapsule_areGatheredInOrderBehindGap() {
        Region one = held(4096);
        Region two = held(4096);
        data.direction(Direction.CONTROLLER_READS)
                .add(one, one.address(), 512)
                .add(two, two.address() + 1024, 1024)
                .inCapsule(64 + 128);
        SentCapsule capsule = send();
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_IN_CAPSULE);
        assertThat(capsule.sglAddress()).isZero();
        assertThat(capsule.sglLength()).isEqualTo(1536);
        assertThat(capsule.headerBytes()).isEqualTo(64 + 128);
        assertThat(capsule.data())
                .containsExactly(
                        new SentCapsule.Piece(one.address(), 512, one.localKey()),
                        new SentCapsule.Piece(two.address() + 1024, 1024, two.localKey()));
    }

    @Test
    void keyedList_putsOneDescriptorPerSegmentBehindCommand() {
        data.direction(Direction.CONTROLLER_WRITES);
        Region[] regions = new Region[CommandData.SEGMENTS_MAX];
        for (int i = 0; i < regions.length; i++) {
            regions[i] = held(4096);
            data.add(regions[i], regions[i].address() + i, 512 + i);
        }
        data.keyedList();
        SentCapsule capsule = send();
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_LAST_SEGMENT);
        assertThat(capsule.sglAddress()).isZero();
        assertThat(capsule.sglLength()).isEqualTo(16 * Sgl.SIZE);
        assertThat(capsule.headerBytes()).isEqualTo(ROOM);
        for (int i = 0; i < regions.length; i++) {
            int at = 64 + 16 * i;
            assertThat(Sgl.type(capsule.header(), at)).isEqualTo(Sgl.TYPE_KEYED);
            assertThat(Sgl.address(capsule.header(), at)).isEqualTo(regions[i].address() + i);
            assertThat(Sgl.keyedLength(capsule.header(), at)).isEqualTo(512 + i);
            assertThat(Sgl.key(capsule.header(), at)).isEqualTo(regions[i].controllerWritesKey());
        }
    }

    @Test
    void listLongerThanCapsule_isRefusedAndSlotCanBeAbandoned() {
        // A capsule's grain is a cache line: room for the command and four descriptors.
        CommandQueue narrow = new CommandQueue(new FakeFabricQueue(1, 4, 64 + 16));
        assertThat(narrow.capsuleBytes()).isEqualTo(128);
        Region region = held(4096);
        for (int i = 0; i < 5; i++) {
            data.add(region, region.address(), 512);
        }
        data.keyedList();
        int slot = narrow.acquire();
        assertThatThrownBy(() -> narrow.submit(slot, 0, data, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("144 bytes")
                .hasMessageContaining("128");
        narrow.abandon(slot);
        assertThat(narrow.freeCount()).isEqualTo(4);
        assertThat(region.userCount()).isEqualTo(1);
    }

    @Test
    void completion_givesEveryRegionBack() {
        Region one = held(4096);
        Region two = held(4096);
        data.add(one, one.address(), 512).add(two, two.address(), 512).inCapsule(64);
        SentCapsule capsule = send();
        data.clear();
        assertThat(one.userCount()).isEqualTo(1);
        assertThat(two.userCount()).isEqualTo(1);
        fabric.respond(capsule, 0, 0);
        poll();
        assertThat(completed).isEqualTo(1);
        assertThat(one.userCount()).isZero();
        assertThat(two.userCount()).isZero();
    }

    @Test
    void sameSlotWithFewerSegments_givesBackOnlyItsOwn() {
        Region one = held(4096);
        Region two = held(4096);
        data.add(one, one.address(), 512).add(two, two.address(), 512).inCapsule(64);
        fabric.respond(send(), 0, 0);
        poll();
        assertThat(one.tryAcquire()).isTrue();
        data.clear().add(one, one.address(), 512).keyed();
        fabric.respond(send(), 0, 0);
        poll();
        assertThat(completed).isEqualTo(2);
        assertThat(one.userCount()).isZero();
        assertThat(two.userCount()).isZero();
    }

    @Test
    void queuePairThatCannotBeDestroyed_keepsEveryRegionInUse() {
        Region one = held(4096);
        Region two = held(4096);
        data.add(one, one.address(), 512).add(two, two.address(), 512).inCapsule(64);
        send();
        fabric.drains(false);
        fabric.destroys(false);
        queue.fail(new FabricFailure(FabricFailure.Kind.DISCONNECTED, "gone"));
        poll();
        assertThat(completed).isEqualTo(1);
        assertThat(one.userCount()).isEqualTo(1);
        assertThat(two.userCount()).isEqualTo(1);
    }

    @Test
    void segmentOutsideItsRegion_isRefused() {
        Region region = held(4096);
        assertThatThrownBy(() -> data.add(region, region.address() + 4000, 97))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("97 bytes");
        assertThatThrownBy(() -> data.add(region, region.address(), 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(data.count()).isZero();
    }

    @Test
    void seventeenthSegment_isRefused() {
        Region region = held(4096);
        for (int i = 0; i < CommandData.SEGMENTS_MAX; i++) {
            data.add(region, region.address(), 1);
        }
        assertThatThrownBy(() -> data.add(region, region.address(), 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("16");
    }

    @Test
    void releasedData_givesBackAndForgets() {
        Region region = held(4096);
        data.add(region, region.address(), 1);
        data.release();
        assertThat(region.userCount()).isZero();
        assertThat(data.count()).isZero();
        assertThat(data.byteSize()).isZero();
    }
}

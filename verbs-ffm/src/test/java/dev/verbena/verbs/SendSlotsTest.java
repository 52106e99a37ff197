package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_send_wr;
import dev.verbena.verbs.ffi.gen.ibv_sge;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the setters write, read back through the generated accessors.
class SendSlotsTest {
    private final Arena arena = Arena.ofShared();
    private final SendSlots slots = SendSlots.allocate(arena, 4, 3);

    @AfterEach
    void free() {
        arena.close();
    }

    private MemorySegment request(int slot) {
        return Native.at(slots.address(slot), ibv_send_wr.layout());
    }

    private MemorySegment element(int slot, int index) {
        long list = ibv_send_wr.sg_list(request(slot)).address();
        return Native.at(list + index * ibv_sge.sizeof(), ibv_sge.layout());
    }

    @Test
    void initialize_setsWhatStaysAndClearsTheRest() {
        slots.segment(1, 2, 1, 2, 3);
        slots.segmentCount(1, 3);
        slots.next(1, 2);
        slots.remote(1, 5, 6);
        slots.initialize(1, 0x1122334455667788L, SendSlots.RDMA_READ, SendSlots.SIGNALED);
        MemorySegment request = request(1);
        assertThat(ibv_send_wr.wr_id(request)).isEqualTo(0x1122334455667788L);
        assertThat(ibv_send_wr.opcode(request)).isEqualTo(SendSlots.RDMA_READ);
        assertThat(ibv_send_wr.send_flags(request)).isEqualTo(SendSlots.SIGNALED);
        assertThat(ibv_send_wr.num_sge(request)).isZero();
        assertThat(ibv_send_wr.next(request).address()).isZero();
        MemorySegment rdma = ibv_send_wr.wr.rdma(ibv_send_wr.wr(request));
        assertThat(ibv_send_wr.wr.rdma.remote_addr(rdma)).isZero();
        assertThat(ibv_sge.length(element(1, 2))).isZero();
    }

    @Test
    void newSlots_areEmptySendsWithTheirIndexAsId() {
        for (int i = 0; i < slots.slotCount(); i++) {
            assertThat(ibv_send_wr.wr_id(request(i))).isEqualTo(i);
            assertThat(ibv_send_wr.opcode(request(i))).isEqualTo(SendSlots.SEND);
            assertThat(ibv_send_wr.num_sge(request(i))).isZero();
        }
    }

    @Test
    void segment_landsInItsElementOnly() {
        slots.segment(2, 1, 0xabcd0000L, -1, 0x55);
        assertThat(ibv_sge.addr(element(2, 1))).isEqualTo(0xabcd0000L);
        assertThat(ibv_sge.length(element(2, 1))).isEqualTo(-1);
        assertThat(ibv_sge.lkey(element(2, 1))).isEqualTo(0x55);
        assertThat(ibv_sge.addr(element(2, 0))).isZero();
        assertThat(ibv_sge.addr(element(2, 2))).isZero();
        assertThat(ibv_send_wr.wr_id(request(3))).isEqualTo(3);
    }

    @Test
    void next_chainsAndUnchains() {
        slots.next(0, 3);
        assertThat(ibv_send_wr.next(request(0)).address()).isEqualTo(slots.address(3));
        slots.next(0, -1);
        assertThat(ibv_send_wr.next(request(0)).address()).isZero();
    }

    @Test
    void remoteAndKeys_landWhereTheHeaderPutsThem() {
        slots.remote(0, 0x7000_0000_1234L, 0xdead);
        MemorySegment rdma = ibv_send_wr.wr.rdma(ibv_send_wr.wr(request(0)));
        assertThat(ibv_send_wr.wr.rdma.remote_addr(rdma)).isEqualTo(0x7000_0000_1234L);
        assertThat(ibv_send_wr.wr.rdma.rkey(rdma)).isEqualTo(0xdead);
        slots.invalidateKey(0, 77);
        assertThat(ibv_send_wr.invalidate_rkey(request(0))).isEqualTo(77);
        slots.immediate(0, 0x01020304);
        assertThat(
                        Native.MEMORY.get(
                                ValueLayout.JAVA_BYTE,
                                slots.address(0) + ibv_send_wr.imm_data$offset()))
                .as("network byte order")
                .isEqualTo((byte) 1);
    }

    @Test
    void atomic_landsWhereTheHeaderPutsIt() {
        slots.atomic(1, 0x7000_0000_1238L, 0xbeef, 11, -12);
        MemorySegment atomic = ibv_send_wr.wr.atomic(ibv_send_wr.wr(request(1)));
        assertThat(ibv_send_wr.wr.atomic.remote_addr(atomic)).isEqualTo(0x7000_0000_1238L);
        assertThat(ibv_send_wr.wr.atomic.compare_add(atomic)).isEqualTo(11);
        assertThat(ibv_send_wr.wr.atomic.swap(atomic)).isEqualTo(-12);
        assertThat(ibv_send_wr.wr.atomic.rkey(atomic)).isEqualTo(0xbeef);
        assertThat(ibv_send_wr.wr_id(request(2))).isEqualTo(2);
    }

    @Test
    void slots_doNotShareCacheLines() {
        assertThat((slots.address(1) - slots.address(0)) % 64).isZero();
        assertThat(slots.address(0) % 64).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 4, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void slotOutOfRange_isRefused(int slot) {
        assertThatThrownBy(() -> slots.wrId(slot, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slots.segment(slot, 0, 0, 0, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slots.initialize(slot, 0, 0, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {-2, 4, Integer.MIN_VALUE})
    void nextOutOfRange_isRefused(int next) {
        assertThatThrownBy(() -> slots.next(0, next)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void segmentOutOfRange_isRefused() {
        assertThatThrownBy(() -> slots.segment(0, 3, 0, 0, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slots.segmentCount(0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class);
        slots.segmentCount(0, 3);
        assertThat(ibv_send_wr.num_sge(request(0))).isEqualTo(3);
    }

    @Test
    void allocateOutOfRange_isRefused() {
        assertThatThrownBy(() -> SendSlots.allocate(arena, 0, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("slotCount 0");
        assertThatThrownBy(() -> SendSlots.allocate(arena, SendSlots.SLOTS_MAX + 1, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SendSlots.allocate(arena, 1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("segmentsPerSlot 0");
        assertThatThrownBy(() -> SendSlots.allocate(arena, 1, SendSlots.SEGMENTS_MAX + 1))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void failedSlot_isTheOneTheProviderNamed() {
        assertThat(slots.failedSlot()).isEqualTo(-1);
        Native.MEMORY.set(ValueLayout.JAVA_LONG, slots.badCell(), slots.address(2));
        assertThat(slots.failedSlot()).isEqualTo(2);
        Native.MEMORY.set(ValueLayout.JAVA_LONG, slots.badCell(), slots.address(2) + 8);
        assertThat(slots.failedSlot()).isEqualTo(-1);
        Native.MEMORY.set(ValueLayout.JAVA_LONG, slots.badCell(), slots.address(0) - 64);
        assertThat(slots.failedSlot()).isEqualTo(-1);
    }

    @Test
    void bindFields_lieWhereTheHeaderPutsThem() {
        // Bind itself needs a device's window and region; its addresses are the sums checked here.
        assertThat(ibv_send_wr.bind_mw$offset() + ibv_send_wr.bind_mw.bind_info$offset())
                .isEqualTo(96);
        assertThat(ibv_send_wr.wr$offset() + ibv_send_wr.wr.rdma.rkey$offset()).isEqualTo(48);
    }
}

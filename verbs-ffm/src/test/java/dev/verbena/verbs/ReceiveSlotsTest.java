package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_recv_wr;
import dev.verbena.verbs.ffi.gen.ibv_sge;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReceiveSlotsTest {
    private final Arena arena = Arena.ofShared();
    private final ReceiveSlots slots = ReceiveSlots.allocate(arena, 3, 2);

    @AfterEach
    void free() {
        arena.close();
    }

    @Test
    void setters_landWhereTheHeaderPutsThem() {
        slots.initialize(1, -5);
        slots.segment(1, 1, 0x1000, 16, 9);
        slots.segmentCount(1, 2);
        slots.next(1, 0);
        MemorySegment request = Native.at(slots.address(1), ibv_recv_wr.layout());
        assertThat(ibv_recv_wr.wr_id(request)).isEqualTo(-5);
        assertThat(ibv_recv_wr.num_sge(request)).isEqualTo(2);
        assertThat(ibv_recv_wr.next(request).address()).isEqualTo(slots.address(0));
        MemorySegment element =
                Native.at(
                        ibv_recv_wr.sg_list(request).address() + ibv_sge.sizeof(),
                        ibv_sge.layout());
        assertThat(ibv_sge.addr(element)).isEqualTo(0x1000);
        assertThat(ibv_sge.length(element)).isEqualTo(16);
        assertThat(ibv_sge.lkey(element)).isEqualTo(9);
        slots.wrId(1, 12);
        slots.next(1, -1);
        assertThat(ibv_recv_wr.wr_id(request)).isEqualTo(12);
        assertThat(ibv_recv_wr.next(request).address()).isZero();
    }

    @Test
    void outOfRange_isRefused() {
        assertThatThrownBy(() -> slots.next(3, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slots.next(0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slots.segment(0, 2, 0, 0, 0))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> slots.segmentCount(0, -1))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> ReceiveSlots.allocate(arena, -1, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}

package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_wc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class WorkCompletionsTest {
    @Test
    void accessors_readTheirMember() {
        try (Arena arena = Arena.ofConfined()) {
            WorkCompletions batch = WorkCompletions.allocate(arena, 3);
            MemorySegment entry = Native.at(batch.address() + 2 * ibv_wc.sizeof(), ibv_wc.layout());
            ibv_wc.wr_id(entry, 1L << 40);
            ibv_wc.status(entry, 10);
            ibv_wc.opcode(entry, WorkCompletions.RECV);
            ibv_wc.vendor_err(entry, 3);
            ibv_wc.byte_len(entry, 4);
            ibv_wc.invalidated_rkey(entry, 5);
            ibv_wc.qp_num(entry, 6);
            ibv_wc.wc_flags(entry, WorkCompletions.WITH_INV);
            assertThat(batch.wrId(2)).isEqualTo(1L << 40);
            assertThat(batch.status(2)).isEqualTo(10);
            assertThat(batch.opcode(2)).isEqualTo(WorkCompletions.RECV);
            assertThat(batch.vendorError(2)).isEqualTo(3);
            assertThat(batch.byteLength(2)).isEqualTo(4);
            assertThat(batch.invalidatedKey(2)).isEqualTo(5);
            assertThat(batch.immediate(2)).isEqualTo(0x05000000);
            assertThat(batch.queuePairNumber(2)).isEqualTo(6);
            assertThat(batch.flags(2)).isEqualTo(WorkCompletions.WITH_INV);
            assertThat(batch.wrId(1)).isZero();
        }
    }

    @Test
    void indexOutOfRange_isRefused() {
        try (Arena arena = Arena.ofConfined()) {
            WorkCompletions batch = WorkCompletions.allocate(arena, 2);
            assertThatThrownBy(() -> batch.wrId(2)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> batch.status(-1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> WorkCompletions.allocate(arena, 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(
                            () -> WorkCompletions.allocate(arena, WorkCompletions.CAPACITY_MAX + 1))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void status_isTotal() {
        assertThat(WorkCompletionStatus.of(WorkCompletionStatus.SUCCESS_VALUE))
                .isEqualTo(WorkCompletionStatus.SUCCESS);
        assertThat(WorkCompletionStatus.of(WorkCompletionStatus.FLUSHED_VALUE))
                .isEqualTo(WorkCompletionStatus.WR_FLUSH_ERR);
        for (int value : new int[] {-1, 24, 1000, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
            assertThat(WorkCompletionStatus.of(value)).isEqualTo(WorkCompletionStatus.UNKNOWN);
            assertThat(WorkCompletionStatus.name(value)).isEqualTo("status " + value);
        }
        assertThat(WorkCompletionStatus.describe(10)).startsWith("REM_ACCESS_ERR (remote access");
    }
}

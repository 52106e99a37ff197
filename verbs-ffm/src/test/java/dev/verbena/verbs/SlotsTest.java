package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.verbs.ffi.gen.ibv_recv_wr;
import dev.verbena.verbs.ffi.gen.ibv_send_wr;
import org.junit.jupiter.api.Test;

/// What [Slots] takes for granted about the two structures it fills.
class SlotsTest {
    @Test
    void sendAndReceiveRequests_beginAlike() {
        assertThat(ibv_recv_wr.wr_id$offset()).isEqualTo(ibv_send_wr.wr_id$offset());
        assertThat(ibv_recv_wr.next$offset()).isEqualTo(ibv_send_wr.next$offset());
        assertThat(ibv_recv_wr.sg_list$offset()).isEqualTo(ibv_send_wr.sg_list$offset());
        assertThat(ibv_recv_wr.num_sge$offset()).isEqualTo(ibv_send_wr.num_sge$offset());
    }

    @Test
    void slots_consistOfWholeLongs() {
        // They are cleared in longs.
        assertThat(ibv_send_wr.sizeof() % Long.BYTES).isZero();
        assertThat(ibv_recv_wr.sizeof() % Long.BYTES).isZero();
    }
}

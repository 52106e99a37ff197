package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.Disposition.FollowUp;
import dev.verbena.nvme.Disposition.SamePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DispositionTest {
    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(
            textBlock =
                    """
                    0x000, IO, NO, false, NONE
                    0x001, IO, NO, false, NONE
                    0x002, IO, NO, false, NONE
                    0x003, IO, NO, false, NONE
                    0x004, IO, NOW, false, NONE
                    0x005, IO, WAIT, true, NONE
                    0x006, IO, NOW, true, NONE
                    0x007, IO, NO, false, NONE
                    0x008, IO, NO, true, NONE
                    0x009, IO, NO, false, NONE
                    0x00A, IO, NO, false, NONE
                    0x00B, IO, NO, false, RESCAN_NAMESPACES
                    0x00D, IO, NO, false, NONE
                    0x00C, ADMIN, NO, false, NONE
                    0x00E, IO, NO, false, NONE
                    0x00F, IO, NO, false, NONE
                    0x010, IO, NO, false, NONE
                    0x011, IO, NO, false, NONE
                    0x015, IO, NO, false, NONE
                    0x016, IO, NO, false, NONE
                    0x018, ADMIN, NO, false, NONE
                    0x019, ADMIN, NO, true, RECONNECT
                    0x01A, ADMIN, NO, false, RECONNECT
                    0x01B, IO, NO, false, NONE
                    0x01C, IO, WAIT, false, NONE
                    0x01D, IO, WAIT, false, NONE
                    0x01E, IO, NO, false, NONE
                    0x020, IO, NO, false, NONE
                    0x021, IO, WAIT, true, NONE
                    0x022, IO, NOW, true, NONE
                    0x024, ADMIN, WAIT, false, NONE
                    0x07F, IO, NOW, false, NONE
                    0x080, IO, NO, false, NONE
                    0x081, IO, NO, false, NONE
                    0x082, IO, WAIT, true, NONE
                    0x083, IO, NO, false, NONE
                    0x084, IO, WAIT, false, NONE
                    0x105, ADMIN, NO, false, NONE
                    0x182, IO, NO, false, NONE
                    0x181, FABRICS, WAIT, false, NONE
                    0x181, IO, NO, false, NONE
                    0x182, FABRICS, NO, false, NONE
                    0x183, FABRICS, NO, false, READ_DISCOVERY_LOG
                    0x184, FABRICS, NO, false, NONE
                    0x190, FABRICS, NO, false, READ_DISCOVERY_LOG
                    0x191, FABRICS, NOW, false, REAUTHENTICATE
                    0x191, IO, NOW, false, REAUTHENTICATE
                    0x280, IO, NO, false, NONE
                    0x281, IO, NO, false, NONE
                    0x282, IO, NO, false, NONE
                    0x283, IO, NO, false, NONE
                    0x284, IO, NO, false, NONE
                    0x285, IO, NO, false, NONE
                    0x286, IO, NO, false, NONE
                    0x287, IO, NO, false, NONE
                    0x288, IO, NO, false, NONE
                    0x300, IO, NOW, true, NONE
                    0x301, IO, NO, true, READ_ANA_LOG
                    0x302, IO, WAIT, true, READ_ANA_LOG
                    0x303, IO, WAIT, true, READ_ANA_LOG
                    0x360, IO, NO, true, NONE
                    0x370, IO, NO, true, NONE
                    0x371, IO, NO, true, NONE
                    0x400, IO, NOW, false, NONE
                    0x7C0, IO, NOW, false, NONE
                    """)
    void status_isDisposedAsTheTableSays(
            String status,
            StatusContext context,
            SamePath samePath,
            boolean otherPath,
            FollowUp followUp) {
        int value = Integer.decode(status);
        assertThat(Disposition.of(new NvmeStatus(value), context))
                .isEqualTo(new Disposition(samePath, otherPath, followUp));
        Disposition forbidden =
                Disposition.of(new NvmeStatus(value | NvmeStatus.DO_NOT_RETRY), context);
        assertThat(forbidden).isEqualTo(new Disposition(SamePath.NO, false, followUp));
        assertThat(forbidden.isFinal()).isTrue();
    }

    @Test
    void everyStatus_hasADisposition() {
        for (int value = 0; value < 0x8000; value++) {
            for (StatusContext context : StatusContext.values()) {
                Disposition disposition = Disposition.of(new NvmeStatus(value), context);
                boolean canRetry = disposition.samePath() != SamePath.NO || disposition.otherPath();
                assertThat(disposition.isFinal()).isEqualTo(!canRetry);
            }
        }
    }
}

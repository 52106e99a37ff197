package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatusTest {
    @Test
    void completionEntry_isReadField_byField() {
        MemorySegment entry = MemorySegment.ofArray(new byte[24]);
        CompletionEntry.encode(entry, 3, 0x1122334455667788L, 0xFFFF, 7, 0x8001, 0x4002);

        assertThat(CompletionEntry.dword0(entry, 3)).isEqualTo(0x55667788);
        assertThat(CompletionEntry.dword1(entry, 3)).isEqualTo(0x11223344);
        assertThat(CompletionEntry.result64(entry, 3)).isEqualTo(0x1122334455667788L);
        assertThat(CompletionEntry.sqHead(entry, 3)).isEqualTo(0xFFFF);
        assertThat(CompletionEntry.sqId(entry, 3)).isEqualTo(7);
        assertThat(CompletionEntry.commandId(entry, 3)).isEqualTo(0x8001);
        assertThat(CompletionEntry.status(entry, 3)).isEqualTo(0x4002);
        assertThat(Entries.u8(entry, 3 + 14)).isEqualTo(4);
        assertThat(Entries.u8(entry, 3 + 15)).isEqualTo(0x80);
    }

    @Test
    void everyStatus_hasANameInEveryContext() {
        for (int value = 0; value < 0x8000; value++) {
            NvmeStatus status = new NvmeStatus(value);
            assertThat(status.name()).isNotBlank();
            for (StatusContext context : StatusContext.values()) {
                assertThat(status.toString(context))
                        .contains("SCT")
                        .startsWith(status.name(context));
            }
        }
    }

    @Test
    void flags_areSeparate() {
        NvmeStatus status = new NvmeStatus(0x4002 | 0x2000 | 2 << 11);
        assertThat(status.doNotRetry()).isTrue();
        assertThat(status.more()).isTrue();
        assertThat(status.retryDelayIndex()).isEqualTo(2);
        assertThat(status.isSuccess()).isFalse();
        assertThat(status)
                .hasToString("Invalid Field in Command (SCT 0h, SC 02h, CRD 2, More, DNR)");
        assertThat(new NvmeStatus(0x8000)).isEqualTo(NvmeStatus.SUCCESS);
        assertThat(new NvmeStatus(0x4000).isSuccess()).isTrue();
        assertThat(NvmeStatus.of(2, 0x81, true).value()).isEqualTo(0x4281);
    }

    @ParameterizedTest
    @CsvSource({
        "0x180, ADMIN, Command Specific Status 80h",
        "0x180, IO, Conflicting Attributes",
        "0x180, FABRICS, Incompatible Format",
        "0x1B8, IO, Zoned Boundary Error",
        "0x10A, ADMIN, Invalid Format",
        "0x186, IO, Fast Copy Not Possible",
        "0x132, ADMIN, Insufficient Discovery Resources",
        "0x281, IO, Unrecovered Read Error",
        "0x371, IO, Command Aborted By Host",
        "0x7C5, IO, Vendor Specific Status C5h",
        "0x4FF, IO, Reserved Status FFh",
        "0x0FE, ADMIN, Generic Command Status FEh"
    })
    void codes_areNamedByContext(String value, StatusContext context, String name) {
        assertThat(new NvmeStatus(Integer.decode(value)).name(context)).isEqualTo(name);
        assertThat(NvmeStatus.describe(Integer.decode(value), context)).startsWith(name);
    }

    @Test
    void describe_isToString() {
        assertThat(NvmeStatus.describe(0)).isEqualTo("Successful Completion (SCT 0h, SC 00h)");
        assertThat(NvmeStatus.describe(0x182)).startsWith("Command Specific Status 82h");
    }

    @Test
    void opcodeNames_areTotal() {
        for (int i = 0; i < 256; i++) {
            assertThat(AdminOpcode.name(i)).isNotBlank();
            assertThat(NvmOpcode.name(i)).isNotBlank();
            assertThat(FabricsCommandType.name(i)).isNotBlank();
            assertThat(IdentifyCns.name(i)).isNotBlank();
            assertThat(LogPage.name(i)).isNotBlank();
            assertThat(Feature.name(i)).isNotBlank();
            assertThat(CommandSet.name(i)).isNotBlank();
        }
        assertThat(AdminOpcode.name(0xC1)).isEqualTo("Vendor Specific C1h");
        assertThat(NvmOpcode.name(0x03)).isEqualTo("Reserved 03h");
        assertThat(FabricsCommandType.name(0xC0)).isEqualTo("Vendor Specific C0h");
    }

    @Test
    void dataDirection_isInTheOpcode() {
        assertThat(DataDirection.of(NvmOpcode.FLUSH)).isEqualTo(DataDirection.NONE);
        assertThat(DataDirection.of(NvmOpcode.WRITE)).isEqualTo(DataDirection.HOST_TO_CONTROLLER);
        assertThat(DataDirection.of(AdminOpcode.IDENTIFY))
                .isEqualTo(DataDirection.CONTROLLER_TO_HOST);
        assertThat(DataDirection.of(0xC3)).isEqualTo(DataDirection.BIDIRECTIONAL);
    }
}

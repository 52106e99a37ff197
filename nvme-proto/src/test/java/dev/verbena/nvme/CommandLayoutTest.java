package dev.verbena.nvme;

import static dev.verbena.nvme.Entries.dwords;
import static dev.verbena.nvme.Entries.encoded;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.verbena.nvme.Entries.Encoder;
import dev.verbena.nvme.zns.ZoneCommands;
import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Dwords of the commands that are not on the path of a connect. */
class CommandLayoutTest {
    private static final String NO_SGL = "00000000 00000000 00000000 40000000";

    @ParameterizedTest(name = "{0}")
    @MethodSource({
        "dev.verbena.nvme.CommandTables#management",
        "dev.verbena.nvme.CommandTables#io"
    })
    void command_hasItsOpcodeAndDwords(
            String name, int opcode, String nsid, String dwords, Encoder encoder) {
        String expected = (dwords + " 00000000".repeat(6)).substring(0, 6 * 9 - 1);
        assertThat(dwords(encoded(encoder)))
                .as(name)
                .isEqualTo(
                        "000140"
                                + HexFormat.of().toHexDigits((byte) opcode)
                                + " "
                                + nsid
                                + " 00000000".repeat(4)
                                + " "
                                + NO_SGL
                                + " "
                                + expected);
    }

    static Stream<Encoder> refused() {
        return Stream.of(
                (s, o) -> ManagementCommands.firmwareDownload(s, o, 1, 6, 0),
                (s, o) -> ManagementCommands.firmwareDownload(s, o, 1, 8, 2),
                (s, o) -> ManagementCommands.directiveSend(s, o, 1, 1, 0, 0, 0, 3, 0),
                (s, o) -> ReservationCommands.report(s, o, 1, 1, 6),
                (s, o) -> IoManagementCommands.receive(s, o, 1, 1, 1, 0, 6),
                (s, o) -> ZoneCommands.managementReceive(s, o, 1, 1, 0, 0, 0, false, 7),
                (s, o) -> ZoneCommands.append(s, o, 1, 1, 0, 1, 1),
                (s, o) -> NvmCommands.copy(s, o, 1, 1, 0, 257, 0, 0, 0),
                (s, o) -> NvmCommands.copy(s, o, 1, 1, 0, 1, 4, 0, 0),
                (s, o) -> NvmCommands.datasetManagement(s, o, 1, 1, 0, 0),
                (s, o) -> AdminCommands.getLogPage(s, o, 1, 0, 2, 0, false, 512, 2),
                (s, o) -> Sgl.lastSegment(s, o, 0, 0),
                (s, o) -> SubmissionEntry.dword(s, o, 16, 0),
                (s, o) -> SubmissionEntry.fused(s, o, 3),
                (s, o) -> CopyRanges.encode(s, o, 0, 0, 1, 0, 1),
                (s, o) -> CopyRanges.options(s, o, 0, 1, CopyRanges.FAST_COPY_ONLY),
                (s, o) -> CopyRanges.encode(s, o, 0, 1, 1, 0, 1),
                (s, o) -> CopyRanges.protection(s, o, 0, 0, 0, 1L << 32, 0, 0),
                (s, o) -> DatasetRanges.encode(s, o, 0, 0, 0, 1L << 32),
                (s, o) -> CompletionEntry.encode(s, o, 0, 0, 0, 0, 0x8000),
                (s, o) -> ControllerList.encode(s, o, new int[2048]));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void argumentThatDoesNotFit_isRefused(Encoder encoder) {
        MemorySegment memory = MemorySegment.ofArray(new byte[8192]);
        assertThatIllegalArgumentException().isThrownBy(() -> encoder.encode(memory, 0));
    }

    @Test
    void hintsAndProtection_areAddedToACommand() {
        MemorySegment entry = encoded((s, o) -> NvmCommands.write(s, o, 1, 1, 0, 1, 0));
        NvmCommands.hints(entry, 0, 0x45, 1, 0xBEEF);
        ProtectionInformation.encode(entry, 0, 0x11223344, 0x5566, 0x7788);
        assertThat(dwords(entry)).endsWith(" 00100000 beef0045 11223344 77885566");

        NvmCommands.hints(entry, 0, 0, 2, 0);
        ProtectionInformation.encode(entry, 0, 0xABCD, 0x1122334455667788L, 1, 2);
        assertThat(dwords(entry))
                .startsWith("00014001 00000001 0000abcd 11223344")
                .endsWith(" 00200000 00000000 55667788 00020001");
    }

    @Test
    void datasetRanges_areSixteenBytesEach() {
        byte[] memory =
                encoded(
                        DatasetRanges.BUFFER_SIZE,
                        (s, o) -> {
                            DatasetRanges.clear(s, o);
                            DatasetRanges.encode(s, o, 1, 2, 0x1122334455667788L, 0xFFFFFFFFL);
                        });
        assertThat(HexFormat.of().formatHex(memory, 0, 36))
                .isEqualTo("00".repeat(16) + "02000000ffffffff8877665544332211" + "00".repeat(4));
    }

    @Test
    void copyRanges_haveTheLayoutOfTheirFormat() {
        String lba = "8877665544332211";
        assertThat(copyRange(0, 0, 0, 0x01020304L))
                .isEqualTo("00".repeat(8) + lba + "ffff" + "00".repeat(6) + "0102030455667788");
        assertThat(copyRange(2, 9, 0, 0x01020304L))
                .isEqualTo(
                        "09" + "00".repeat(7) + lba + "ffff" + "00".repeat(6) + "0102030455667788");
        assertThat(copyRange(1, 0, 0xA1B2, 0x0102030405060708L))
                .isEqualTo(
                        "00".repeat(8)
                                + lba
                                + "ffff"
                                + "00".repeat(8)
                                + "a1b2010203040506070855667788");
        assertThat(copyRange(3, 9, 0, 0))
                .isEqualTo("09" + "00".repeat(7) + lba + "ffff" + "00".repeat(18) + "55667788");
    }

    private static String copyRange(int format, int namespaceId, int tagsUpper, long tagsLower) {
        int size = CopyRanges.size(format);
        byte[] memory =
                encoded(
                        2 * size,
                        (s, o) -> {
                            CopyRanges.encode(s, o, 0, format, 0, 0, 1);
                            CopyRanges.encode(
                                    s, o, 1, format, namespaceId, 0x1122334455667788L, 65536);
                            CopyRanges.protection(
                                    s, o, 1, format, tagsUpper, tagsLower, 0x6655, 0x8877);
                        });
        return HexFormat.of().formatHex(memory, size, 2 * size);
    }

    @Test
    void reservationKeysAndControllerLists_areLittleEndian() {
        assertThat(
                        HexFormat.of()
                                .formatHex(
                                        encoded(
                                                ReservationCommands.KEYS_SIZE,
                                                (s, o) -> ReservationCommands.keys(s, o, 1, -2))))
                .isEqualTo("0100000000000000feffffffffffffff");
        assertThat(
                        HexFormat.of()
                                .formatHex(
                                        encoded(
                                                ReservationCommands.KEY_SIZE,
                                                (s, o) -> ReservationCommands.key(s, o, 3))))
                .isEqualTo("0300000000000000");
        byte[] list =
                encoded(ControllerList.SIZE, (s, o) -> ControllerList.encode(s, o, 1, 0xFFF0));
        assertThat(ControllerList.decode(MemorySegment.ofArray(list))).containsExactly(1, 0xFFF0);
        assertThat(ControllerList.toText(java.util.List.of(1, 0xFFF0)))
                .isEqualTo("[   0]:0x1\n[   1]:0xfff0\n");
    }
}

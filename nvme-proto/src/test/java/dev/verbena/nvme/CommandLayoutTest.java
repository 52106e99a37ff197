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
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Dwords of the commands that are not on the path of a connect. */
class CommandLayoutTest {
    private static final String NO_SGL = "00000000 00000000 00000000 40000000";

    private static Arguments command(
            String name, int opcode, String nsid, String dwords, Encoder encoder) {
        return Arguments.of(name, opcode, nsid, dwords, encoder);
    }

    static Stream<Arguments> management() {
        return Stream.of(
                command(
                        "format",
                        0x80,
                        "ffffffff",
                        "00003773 00000000",
                        (s, o) ->
                                ManagementCommands.formatNvm(s, o, 1, -1, 0x33, true, 3, true, 3)),
                command(
                        "format plain",
                        0x80,
                        "00000002",
                        "00000004 00000000",
                        (s, o) -> ManagementCommands.formatNvm(s, o, 1, 2, 4, false, 0, false, 0)),
                command(
                        "sanitize",
                        0x84,
                        "00000000",
                        "000003fb deadbeef",
                        (s, o) ->
                                ManagementCommands.sanitize(
                                        s,
                                        o,
                                        1,
                                        ManagementCommands.SANITIZE_OVERWRITE,
                                        true,
                                        15,
                                        true,
                                        true,
                                        0xDEADBEEF)),
                command(
                        "sanitize plain",
                        0x84,
                        "00000000",
                        "00000002 00000000",
                        (s, o) ->
                                ManagementCommands.sanitize(
                                        s,
                                        o,
                                        1,
                                        ManagementCommands.SANITIZE_BLOCK_ERASE,
                                        false,
                                        0,
                                        false,
                                        false,
                                        0)),
                command(
                        "create namespace",
                        0x0D,
                        "00000000",
                        "00000000 02000000",
                        (s, o) -> ManagementCommands.createNamespace(s, o, 1, CommandSet.ZONED)),
                command(
                        "delete namespace",
                        0x0D,
                        "00000009",
                        "00000001 00000000",
                        (s, o) -> ManagementCommands.deleteNamespace(s, o, 1, 9)),
                command(
                        "attach",
                        0x15,
                        "00000009",
                        "00000000 00000000",
                        (s, o) -> ManagementCommands.attachNamespace(s, o, 1, 9)),
                command(
                        "detach",
                        0x15,
                        "00000009",
                        "00000001 00000000",
                        (s, o) -> ManagementCommands.detachNamespace(s, o, 1, 9)),
                command(
                        "firmware download",
                        0x11,
                        "00000000",
                        "000003ff 80000001",
                        (s, o) ->
                                ManagementCommands.firmwareDownload(s, o, 1, 4096, 0x2_0000_0004L)),
                command(
                        "firmware commit",
                        0x10,
                        "00000000",
                        "8000001a 00000000",
                        (s, o) -> ManagementCommands.firmwareCommit(s, o, 1, 2, 3, 1)),
                command(
                        "self-test",
                        0x14,
                        "ffffffff",
                        "0000000f 00000000",
                        (s, o) ->
                                ManagementCommands.deviceSelfTest(
                                        s, o, 1, -1, ManagementCommands.SELF_TEST_ABORT)),
                command(
                        "security send",
                        0x81,
                        "00000001",
                        "ef123456 00000200",
                        (s, o) ->
                                ManagementCommands.securitySend(
                                        s, o, 1, 1, 0xEF, 0x1234, 0x56, 512)),
                command(
                        "security receive",
                        0x82,
                        "00000001",
                        "01000100 00000800",
                        (s, o) -> ManagementCommands.securityReceive(s, o, 1, 1, 1, 1, 0, 2048)),
                command(
                        "directive send",
                        0x19,
                        "00000001",
                        "00000000 00010102 00000005",
                        (s, o) -> ManagementCommands.directiveSend(s, o, 1, 1, 1, 2, 1, 4, 5)),
                command(
                        "directive receive",
                        0x1A,
                        "00000001",
                        "00000000 beef0001 00000000",
                        (s, o) ->
                                ManagementCommands.directiveReceive(
                                        s, o, 1, 1, 0, 1, 0xBEEF, 0, 0)),
                command(
                        "cross-controller reset",
                        0x38,
                        "00000000",
                        "00070500 00000000 90abcdef 12345678",
                        (s, o) ->
                                ManagementCommands.crossControllerReset(
                                        s, o, 1, 7, 5, 0x12345678_90ABCDEFL)));
    }

    static Stream<Arguments> io() {
        return Stream.of(
                command(
                        "compare",
                        0x05,
                        "00000001",
                        "00000010 00000000 40000007",
                        (s, o) ->
                                NvmCommands.compare(
                                        s, o, 1, 1, 16, 8, NvmCommands.FORCE_UNIT_ACCESS)),
                command(
                        "write zeroes",
                        0x08,
                        "00000001",
                        "00000010 00000000 02000007",
                        (s, o) ->
                                NvmCommands.writeZeroes(s, o, 1, 1, 16, 8, NvmCommands.DEALLOCATE)),
                command(
                        "write uncorrectable",
                        0x04,
                        "00000001",
                        "00000010 00000000 00000007",
                        (s, o) -> NvmCommands.writeUncorrectable(s, o, 1, 1, 16, 8)),
                command(
                        "verify",
                        0x0C,
                        "00000001",
                        "00000010 00000000 14000007",
                        (s, o) ->
                                NvmCommands.verify(
                                        s,
                                        o,
                                        1,
                                        1,
                                        16,
                                        8,
                                        NvmCommands.CHECK_GUARD | NvmCommands.CHECK_REFERENCE_TAG)),
                command(
                        "dataset management",
                        0x09,
                        "00000001",
                        "000000ff 00000004",
                        (s, o) ->
                                NvmCommands.datasetManagement(
                                        s, o, 1, 1, 256, NvmCommands.ATTRIBUTE_DEALLOCATE)),
                command(
                        "copy",
                        0x19,
                        "00000001",
                        "00000020 00000000 8000a203",
                        (s, o) ->
                                NvmCommands.copy(
                                        s, o, 1, 1, 32, 4, 2, 10, NvmCommands.LIMITED_RETRY)),
                command(
                        "cancel",
                        0x18,
                        "ffffffff",
                        "ffff0003 00000001",
                        (s, o) -> NvmCommands.cancel(s, o, 1, -1, 3, 0xFFFF, 1)),
                command(
                        "I/O management receive",
                        0x12,
                        "00000001",
                        "00000001 000003ff",
                        (s, o) -> NvmCommands.ioManagementReceive(s, o, 1, 1, 1, 0, 4096)),
                command(
                        "I/O management send",
                        0x1D,
                        "00000001",
                        "00030001 00000000",
                        (s, o) -> NvmCommands.ioManagementSend(s, o, 1, 1, 1, 3)),
                command(
                        "register",
                        0x0D,
                        "00000001",
                        "c000000a 00000000",
                        (s, o) ->
                                ReservationCommands.register(
                                        s,
                                        o,
                                        1,
                                        1,
                                        ReservationCommands.REPLACE,
                                        true,
                                        ReservationCommands.PERSIST_SET)),
                command(
                        "register plain",
                        0x0D,
                        "00000001",
                        "00000000 00000000",
                        (s, o) ->
                                ReservationCommands.register(
                                        s,
                                        o,
                                        1,
                                        1,
                                        ReservationCommands.REGISTER,
                                        false,
                                        ReservationCommands.PERSIST_NO_CHANGE)),
                command(
                        "acquire",
                        0x11,
                        "00000001",
                        "00000302 00000000",
                        (s, o) ->
                                ReservationCommands.acquire(
                                        s,
                                        o,
                                        1,
                                        1,
                                        ReservationCommands.PREEMPT_AND_ABORT,
                                        false,
                                        3)),
                command(
                        "acquire ignoring the key",
                        0x11,
                        "00000001",
                        "00000108 00000000",
                        (s, o) ->
                                ReservationCommands.acquire(
                                        s, o, 1, 1, ReservationCommands.ACQUIRE, true, 1)),
                command(
                        "release",
                        0x15,
                        "00000001",
                        "00000600 00000000",
                        (s, o) ->
                                ReservationCommands.release(
                                        s, o, 1, 1, ReservationCommands.RELEASE, false, 6)),
                command(
                        "clear",
                        0x15,
                        "00000001",
                        "00000009 00000000",
                        (s, o) ->
                                ReservationCommands.release(
                                        s, o, 1, 1, ReservationCommands.CLEAR, true, 0)),
                command(
                        "report",
                        0x0E,
                        "00000001",
                        "0000001f 00000001",
                        (s, o) -> ReservationCommands.report(s, o, 1, 1, 128)),
                command(
                        "zone send",
                        0x79,
                        "00000002",
                        "00008000 00000000 00000000 00000203",
                        (s, o) ->
                                ZoneCommands.managementSend(
                                        s, o, 1, 2, 0x8000, ZoneCommands.OPEN, false, true)),
                command(
                        "zone send all",
                        0x79,
                        "00000002",
                        "00000000 00000000 00000000 00000104",
                        (s, o) ->
                                ZoneCommands.managementSend(
                                        s, o, 1, 2, 0, ZoneCommands.RESET, true, false)),
                command(
                        "zone receive",
                        0x7A,
                        "00000002",
                        "00008000 00000000 000003ff 00010201",
                        (s, o) ->
                                ZoneCommands.managementReceive(
                                        s,
                                        o,
                                        1,
                                        2,
                                        0x8000,
                                        ZoneCommands.REPORT_EXTENDED,
                                        2,
                                        true,
                                        4096)),
                command(
                        "zone receive all",
                        0x7A,
                        "00000002",
                        "00000000 00000000 00000000 00000000",
                        (s, o) ->
                                ZoneCommands.managementReceive(
                                        s,
                                        o,
                                        1,
                                        2,
                                        0,
                                        ZoneCommands.REPORT,
                                        ZoneCommands.FILTER_ALL,
                                        false,
                                        4)),
                command(
                        "zone append",
                        0x7D,
                        "00000002",
                        "00008000 00000000 0000000f",
                        (s, o) -> ZoneCommands.append(s, o, 1, 2, 0x8000, 16, 0)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"management", "io"})
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
        NvmCommands.protection(entry, 0, 0x11223344, 0x5566, 0x7788);
        assertThat(dwords(entry)).endsWith(" 00100000 beef0045 11223344 77885566");

        NvmCommands.hints(entry, 0, 0, 2, 0);
        NvmCommands.protection(entry, 0, 0xABCD, 0x1122334455667788L, 1, 2);
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

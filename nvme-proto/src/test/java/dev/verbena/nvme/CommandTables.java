package dev.verbena.nvme;

import dev.verbena.nvme.Entries.Encoder;
import dev.verbena.nvme.zns.ZoneCommands;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/**
 * Commands and the dwords from 10 on that they must have: tables, for {@link CommandLayoutTest}.
 */
final class CommandTables {
    private CommandTables() {}

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
                        (s, o) -> SecurityCommands.send(s, o, 1, 1, 0xEF, 0x1234, 0x56, 512)),
                command(
                        "security receive",
                        0x82,
                        "00000001",
                        "01000100 00000800",
                        (s, o) -> SecurityCommands.receive(s, o, 1, 1, 1, 1, 0, 2048)),
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
                        (s, o) -> IoManagementCommands.receive(s, o, 1, 1, 1, 0, 4096)),
                command(
                        "I/O management send",
                        0x1D,
                        "00000001",
                        "00030001 00000000",
                        (s, o) -> IoManagementCommands.send(s, o, 1, 1, 1, 3)),
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
}

package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.testkit.CommandHandler;
import dev.verbena.testkit.Fault;
import dev.verbena.testkit.Occasion;
import dev.verbena.testkit.TestFabric;
import dev.verbena.testkit.TestTarget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Reports that take more than one command, and what the commands say on the wire.
@SuppressWarnings("ByteBufferBackingArray") // all of them are allocated here
class ReportsTest {
    private static final String NQN = "nqn.2026-01.org.example:disk";
    private static final int CONTROLLER_LIST = 0x13;
    private static final int ALLOCATED_LIST = 0x10;
    private static final int ACTIVE_LIST_OF_SET = 0x07;
    private static final int ALLOCATED_LIST_OF_SET = 0x1A;
    private static final int NAMESPACE_OF_SET = 0x05;
    private static final int ZONE_BLOCKS = 8;

    private TestFabric fabric = TestFabric.open();
    private TestTarget target = fabric.addTarget("192.0.2.1", 4420);
    private Shell shell =
            Shell.over(fabric).variable("VERBENA_TARGET", "192.0.2.1:4420/" + NQN + "/1");

    /// The submission queue entries that arrived.
    private List<ByteBuffer> entries = new CopyOnWriteArrayList<>();

    @BeforeEach
    void offer() {
        target.addSubsystem(NQN).addNamespace(1, 2048, 512);
    }

    @AfterEach
    void close() {
        assertThat(target.controllerCount()).as("connections left behind").isZero();
        assertThat(fabric.violations()).isEmpty();
        fabric.close();
    }

    private Shell.Ended ok(String line) {
        Shell.Ended ended = shell.run(line.split(" ", -1));
        assertThat(ended.status()).as(ended.err()).isZero();
        return ended;
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer page(int bytes) {
        return little(new byte[bytes]);
    }

    /// Answers Identify of some structures.
    private void identify(int cns, java.util.function.UnaryOperator<ByteBuffer> answer) {
        target.handle((queueId, bytes, dataBytes) -> {
            ByteBuffer entry = little(bytes);
            return queueId == 0 && entry.get(0) == AdminOpcode.IDENTIFY && entry.get(40) == cns
                    ? answer.apply(entry).array()
                    : null;
        });
    }

    // Lists of controllers.

    /// A list of the controllers from one on, as a subsystem with so many has it.
    private static ByteBuffer controllers(int first, int count) {
        int listed = Math.clamp((long) count - first, 0, 2047);
        ByteBuffer list = page(4096).putShort((short) listed);
        for (int i = 0; i < listed; i++) {
            list.putShort((short) (first + i));
        }
        return list;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2046, 2047, 2048, 4094, 5000, 65_536})
    void controllers_areListedHoweverManyListsItTakes(int count) {
        identify(
                CONTROLLER_LIST,
                entry -> controllers(Short.toUnsignedInt(entry.getShort(42)), count));
        String text = ok("list-ctrl").out();
        assertThat(text.lines().count()).isEqualTo(count);
        if (count > 0) {
            assertThat(text.strip()).endsWith(":0x%x".formatted(count - 1));
        }
        assertThat(ok("list-ctrl -o json").out().split("ctrl_id", -1)).hasSize(count + 1);
        assertThat(ok("list-ctrl -b").bytes().length % 4096).isZero();
    }

    @Test
    void controllersThatDoNotAscend_areShownUntilThereAndSaid() {
        identify(CONTROLLER_LIST, entry -> controllers(0, 5000));
        Shell.Ended ended = shell.run("list-ctrl");
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.out()).hasLineCount(2047);
        assertThat(ended.err())
                .contains("Not shown: what is behind id 2046", "do not ascend")
                .hasLineCount(1);
    }

    // Lists of namespaces.

    /// The ids behind one, as a subsystem with so many has them.
    private static ByteBuffer namespaces(ByteBuffer entry, long count) {
        long after = Integer.toUnsignedLong(entry.getInt(4));
        ByteBuffer list = page(4096);
        for (long id = after + 1; id <= count && list.hasRemaining(); id++) {
            list.putInt((int) id);
        }
        return list;
    }

    @ParameterizedTest
    @CsvSource({
        "list-ns --all, 16",
        "list-ns --csi 2, 7",
        "list-ns --all --csi 1, 26",
        "list-ns -a -o json, 16"
    })
    void namespaces_areListedUpToABoundThatIsSaid(String line, int cns) {
        identify(cns, entry -> namespaces(entry, 3000));
        assertThat(ok(line).out().split("0x|\"nsid\"", -1)).hasSize(3001);
        identify(cns, entry -> namespaces(entry, 65_536));
        assertThat(ok(line).out().split("0x|\"nsid\"", -1)).hasSize(65_537);
        identify(cns, entry -> namespaces(entry, 0xFFFF_FFFFL));
        Shell.Ended ended = shell.run(line.split(" ", -1));
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.out().split("0x|\"nsid\"", -1)).hasSize(65_537);
        assertThat(ended.err()).contains("more than 65536", "--namespace-id 65537").hasLineCount(1);
    }

    @Test
    void commandSetOfAList_isSentAndTheFirstIdIsOneLess() {
        for (int cns : new int[] {ALLOCATED_LIST, ACTIVE_LIST_OF_SET, ALLOCATED_LIST_OF_SET}) {
            entries.clear();
            identify(
                    cns,
                    entry -> {
                        entries.add(entry);
                        return namespaces(entry, 0);
                    });
            boolean all = cns != ACTIVE_LIST_OF_SET;
            ok("list-ns -n 7" + (all ? " -a" : "") + (cns == ALLOCATED_LIST ? "" : " -y 2"));
            assertThat(entries.getLast().getInt(4)).isEqualTo(6);
            assertThat(entries.getLast().get(47)).isEqualTo((byte) (cns == ALLOCATED_LIST ? 0 : 2));
        }
    }

    // Reservations.

    private static CommandHandler registrants(int count) {
        return (queueId, bytes, dataBytes) -> {
            if (queueId == 0 || bytes[0] != NvmOpcode.RESERVATION_REPORT) {
                return null;
            }
            ByteBuffer whole = page(64 + 64 * count).putInt(0, 77).put(4, (byte) 5);
            whole.putShort(5, (short) count);
            for (int i = 0; i < count; i++) {
                whole.putShort(64 + 64 * i, (short) i).putLong(64 + 64 * i + 8, 1000 + i);
            }
            return Arrays.copyOf(whole.array(), dataBytes);
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 100, 1000, 16_383})
    void registrants_areReportedHoweverManyThereAre(int count) {
        target.handle(registrants(count));
        String text = ok("resv-report").out();
        assertThat(text).contains("regctl    : " + count);
        assertThat(text.split("regctlext\\[", -1)).hasSize(count + 1);
        if (count > 0) {
            assertThat(text).contains("rkey       : " + Integer.toHexString(999 + count));
        }
        assertThat(ok("resv-report -o json").out().split("\"rkey\"", -1)).hasSize(count + 1);
        assertThat(ok("resv-report -b").bytes().length).isGreaterThanOrEqualTo(64 + 64 * count);
    }

    @Test
    void registrantsThatFitNoCommand_areCounted() {
        target.handle(registrants(65_535));
        Shell.Ended ended = shell.run("resv-report");
        assertThat(ended.status()).isEqualTo(1);
        int shown = ended.out().split("regctlext\\[", -1).length - 1;
        assertThat(shown).isGreaterThan(10_000);
        assertThat(ended.err())
                .contains("Not shown: " + (65_535 - shown) + " registrants")
                .hasLineCount(1);
    }

    // Zones.

    private static CommandHandler zones(int count) {
        return (queueId, bytes, dataBytes) -> {
            ByteBuffer entry = little(bytes);
            if (queueId == 0) {
                return entry.get(0) == AdminOpcode.IDENTIFY
                                && entry.get(40) == NAMESPACE_OF_SET
                                && entry.get(47) == 2
                        ? page(4096).putLong(2816, ZONE_BLOCKS).array()
                        : null;
            }
            if (entry.get(0) != NvmOpcode.ZONE_MANAGEMENT_RECEIVE) {
                return null;
            }
            int first = (int) (entry.getLong(40) / ZONE_BLOCKS);
            ByteBuffer report = page(dataBytes).putLong(0, Math.max(0, count - first));
            for (int i = 0; i < dataBytes / 64 - 1 && first + i < count; i++) {
                report.put(64 + 64 * i, (byte) 2).put(64 + 64 * i + 1, (byte) 0x10);
                report.putLong(64 + 64 * i + 16, (long) (first + i) * ZONE_BLOCKS);
            }
            return report.array();
        };
    }

    @Test
    void tenThousandZones_areReportedOverTheWire() {
        target.handle(zones(10_000));
        String json = ok("zns report-zones -o json").out();
        assertThat(json.split("\"slba\"", -1)).hasSize(10_001);
        assertThat(json).contains("10000");
        String text = ok("zns report-zones").out();
        assertThat(text).contains("nr_zones: 10000");
        assertThat(text).contains("0x%x".formatted(9_999 * ZONE_BLOCKS));
        assertThat(ok("zns report-zones -b").bytes()).hasSize(64 * 10_001);
    }

    // Log pages.

    private record Asked(int page, boolean retained, int namespaceId, int bytes, long offset) {
        static Asked of(ByteBuffer entry) {
            int dwords =
                    Short.toUnsignedInt(entry.getShort(42))
                            | Short.toUnsignedInt(entry.getShort(44)) << 16;
            return new Asked(
                    Byte.toUnsignedInt(entry.get(40)),
                    (entry.get(41) & 0x80) != 0,
                    entry.getInt(4),
                    4 * (dwords + 1),
                    entry.getLong(48));
        }
    }

    /// What a command asks for of one page, behind what the connection itself reads.
    private List<Asked> asked(String line, int page) {
        List<Asked> all = new CopyOnWriteArrayList<>();
        target.handle((queueId, bytes, dataBytes) -> {
            ByteBuffer entry = little(bytes);
            if (queueId != 0 || entry.get(0) != AdminOpcode.GET_LOG_PAGE) {
                return null;
            }
            all.add(Asked.of(entry));
            return page == 0x0C ? null : new byte[dataBytes];
        });
        ok(line);
        return all.stream().filter(each -> each.page() == page).toList();
    }

    /// nvme-cli retains the event of two pages, by which a connection itself lives.
    @ParameterizedTest
    @CsvSource({
        "smart-log -n 0xffffffff, 2, false, -1, 512",
        "smart-log, 2, false, 1, 512",
        "error-log -e 1, 1, false, -1, 64",
        "effects-log, 5, false, 0, 4096",
        "fw-log, 3, false, -1, 512",
        "supported-log-pages, 0, false, 0, 1024",
        "self-test-log, 6, false, -1, 564",
        "sanitize-log, 0x81, false, 0, 512",
        "changed-ns-list-log, 4, true, -1, 4096",
        "ana-log, 0x0c, true, 0, 0",
        "ana-log -g, 0x0c, true, 0, 0",
        "endurance-log -g 1, 9, false, -1, 512",
        "resv-notif-log, 0x80, false, -1, 64",
        "zns changed-zone-list, 0xbf, false, 1, 4096",
        "get-log -i 2 -l 512, 2, false, 1, 512",
        "get-log -i 2 -l 512 --rae, 2, true, 1, 512"
    })
    void log_isAskedForAsNvmeCliDoes(
            String line, String page, boolean retained, int namespaceId, int bytes) {
        Asked last = asked(line, Integer.decode(page)).getLast();
        assertThat(last.retained()).isEqualTo(retained);
        assertThat(last.namespaceId()).isEqualTo(namespaceId);
        if (bytes > 0) {
            assertThat(last.bytes()).isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"get-log -i 0xc0 -l 9000", "error-log -e 128"})
    void logInPieces_clearsItsEventWithTheLastOne(String line) {
        // So many errors are kept that their log takes two pieces.
        target.inject(Occasion.identify(0x01).always(), new Fault.Patch(262, "ff"));
        List<Asked> pieces = asked(line, line.startsWith("get") ? 0xC0 : 1);
        List<Boolean> retained = new ArrayList<>();
        long at = 0;
        for (Asked piece : pieces) {
            assertThat(piece.offset()).isEqualTo(at);
            at += piece.bytes();
            retained.add(piece.retained());
        }
        assertThat(retained.removeLast()).isFalse();
        assertThat(retained).isNotEmpty().allMatch(each -> each);
        if (line.startsWith("get")) {
            assertThat(retained).hasSize(2);
            assertThat(asked(line + " -r", 0xC0)).allMatch(Asked::retained);
        }
    }

    // Features.

    @Test
    void eventsOfFlexibleDataPlacement_areReadByTheirCount() {
        List<Integer> lengths = new CopyOnWriteArrayList<>();
        target.handle((queueId, bytes, dataBytes) -> {
            if (queueId != 0 || bytes[0] != AdminOpcode.GET_FEATURES || bytes[40] != 0x1E) {
                return null;
            }
            lengths.add(dataBytes);
            return new byte[dataBytes];
        });
        ok("get-feature -f 0x1e -c 0x00030000");
        ok("get-feature -f 0x1e -c 0x00ff0001");
        assertThat(lengths).containsExactly(6, 510);
    }
}

package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.NvmeCliJson;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each command against a real controller (QEMU's) that Linux's target hands through: 4 KiB blocks,
/// a zoned namespace, protection information, and the optional commands.
@TargetTest("--passthru")
class CommandsPassthruTest {
    private static final int BLOCK = 4096;

    private Commands commands = new Commands("");
    private LiveTarget live = new LiveTarget(dev.verbena.Target.rdma("0.0.0.0"), "", null);
    private String device = "";

    @BeforeAll
    void connect(LiveTarget target) throws IOException {
        live = target.passthru();
        commands = Commands.of(live);
        device = Commands.connectKernel(live);
    }

    @AfterAll
    void disconnect() throws IOException {
        if (!device.isEmpty()) {
            Commands.disconnectKernel(live);
        }
    }

    static Stream<CommandComparison> comparisons() {
        return """
        id-ctrl                       | id-ctrl DEV                | cntlid
        id-ns -n 1                    | id-ns DEV -n 1             |
        id-ns -n 3                    | id-ns DEV -n 3             |
        list-ns                       | list-ns DEV                |
        ns-descs -n 1                 | ns-descs DEV -n 1          |
        ns-descs -n 2                 | ns-descs DEV -n 2          |
        smart-log                     | smart-log DEV              |
        error-log -e 4                | error-log DEV -e 4         |
        effects-log                   | effects-log DEV -c 0       |
        effects-log -c 2              | effects-log DEV -c 2       |
        fw-log                        | fw-log DEV                 |
        zns id-ctrl                   | zns id-ctrl DEV            |
        zns id-ns -n 2                | zns id-ns DEV -n 2         |
        zns report-zones -n 2         | zns report-zones ZONED     |
        zns report-zones -n 2 -d 3    | zns report-zones ZONED -d 3 |
        """
                .lines()
                .map(CommandComparison::parse);
    }

    @ParameterizedTest
    @MethodSource("comparisons")
    void json_hasNvmeClisValues(CommandComparison comparison) throws IOException {
        comparison.check(commands, device);
    }

    @ParameterizedTest
    @ValueSource(strings = {"get-feature -f 4", "get-feature -f 0x0e", "reset", "show-regs"})
    void command_works(String line) {
        Commands.Ended json = commands.run(line + " --output-format json");
        assertThat(json.status()).as(json.err()).isZero();
        assertThat(NvmeCliJson.parse(json.out())).isNotEmpty();
    }

    private static byte[] pattern(int bytes, int seed) {
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        return data;
    }

    private Commands.Ended ok(String line, byte... input) {
        Commands.Ended ended = commands.run(line, input);
        assertThat(ended.status()).as(line + ": " + ended.err()).isZero();
        return ended;
    }

    @Test
    void dataCommands_changeTheControllersStorage() throws IOException {
        byte[] data = pattern(4 * BLOCK, 1);
        ok("write -n 1 -s 200 -c 3 --force -f", data);
        assertThat(live.stored(200L * BLOCK, data.length)).isEqualTo(data);
        assertThat(ok("read -n 1 -s 200 -c 3").bytes()).isEqualTo(data);
        ok("compare -n 1 -s 200 -c 3", data);
        Commands.Ended differ = commands.run("compare -n 1 -s 200 -c 3", pattern(4 * BLOCK, 2));
        assertThat(differ.status()).isEqualTo(3);
        assertThat(differ.err()).contains("Compare Failure").hasLineCount(1);
        ok("copy -n 1 -d 300 -s 202,200 -b 0,1 --force");
        assertThat(live.stored(300L * BLOCK, BLOCK))
                .isEqualTo(Arrays.copyOfRange(data, 2 * BLOCK, 3 * BLOCK));
        assertThat(live.stored(301L * BLOCK, 2 * BLOCK)).isEqualTo(Arrays.copyOf(data, 2 * BLOCK));
        ok("write-zeroes -n 1 -s 201 -c 0 --force");
        assertThat(live.stored(201L * BLOCK, BLOCK)).isEqualTo(new byte[BLOCK]);
        ok("write-zeroes -n 1 -s 202 -c 0 -d --force");
        ok("dsm -n 1 -d -s 203 -b 1 --force");
        ok("flush -n 1");
    }

    /// By what the controller says it has.
    @ParameterizedTest
    @CsvSource({"verify -n 1 -s 0 -c 3, 7", "write-uncor -n 1 -s 500 --force, 1"})
    void optionalCommand_worksOrIsRefusedByName(String line, int bit) {
        Map<String, Object> identify = NvmeCliJson.parse(ok("id-ctrl -o json").out());
        int oncs = Integer.parseInt(String.valueOf(identify.get("oncs")));
        Commands.Ended ended = commands.run(line);
        if ((oncs >> bit & 1) != 0) {
            assertThat(ended.status()).as(ended.err()).isZero();
        } else {
            assertThat(ended.status()).isEqualTo(1);
            assertThat(ended.err()).contains("ONCS bit " + bit).hasLineCount(1);
        }
    }

    /// By what nvme-cli gets when it asks the same controller.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    list-ctrl                   | list-ctrl DEV
                    list-ctrl -n 1              | list-ctrl DEV -n 1
                    cmdset-ind-id-ns -n 1       | cmdset-ind-id-ns DEV -n 1
                    supported-log-pages         | supported-log-pages DEV
                    self-test-log               | self-test-log DEV
                    sanitize-log                | sanitize-log DEV
                    endurance-log -g 1          | endurance-log DEV -g 1
                    changed-ns-list-log         | changed-ns-list-log DEV
                    resv-notif-log              | resv-notif-log DEV
                    zns changed-zone-list -n 2  | zns changed-zone-list ZONED
                    """)
    void optionalPage_isThereWhereNvmeCliFindsIt(String ours, String theirs) throws IOException {
        boolean there = true;
        try {
            Commands.nvme(CommandComparison.withDevices(theirs, device));
        } catch (IOException e) {
            there = false;
        }
        Commands.Ended ended = commands.run(ours + " --output-format json");
        assertThat(ended.status()).as(ended.err()).isEqualTo(there ? 0 : 3);
        if (there) {
            assertThat(NvmeCliJson.parse(ended.out())).isNotEmpty();
        } else {
            assertThat(ended.err()).contains("Invalid").hasLineCount(1);
        }
    }

    @Test
    void feature_isSetAndReadBack() throws IOException {
        String before = ok("get-feature -f 4 -o json").out();
        ok("set-feature -f 4 -v 0x150");
        assertThat(ok("get-feature -f 4").out()).contains("value:0x00000150");
        assertThat(Commands.nvme("get-feature /dev/" + device + " -f 4"))
                .contains("value:0x00000150");
        ok("set-feature -f 4 -v " + NvmeCliJson.parse(before).get("value"));
    }

    private Map<String, Object> zone(int index) {
        Map<String, Object> report = NvmeCliJson.parse(ok("zns report-zones -n 2 -o json").out());
        return NvmeCliJson.map(
                ((List<?>) Objects.requireNonNull(report.get("zone_list"))).get(index));
    }

    @Test
    void zones_goThroughTheirStates() {
        ok("zns reset-zone -n 2 -a --force");
        Map<String, Object> zone = zone(1);
        assertThat(zone).containsEntry("state", "EMPTY");
        String at = " -n 2 -s " + zone.get("slba");
        ok("zns open-zone" + at);
        assertThat(zone(1)).containsEntry("state", "EXP_OPENED");
        byte[] data = pattern(BLOCK, 3);
        Commands.Ended appended = ok("zns zone-append" + at + " -z 4096 --force", data);
        assertThat(appended.out()).contains("Success appended data to LBA");
        // Blocks of 512 bytes here.
        String read = "io-passthru -o 2 -n 2 -l 4096 -b --cdw12=7 --cdw10=" + zone.get("slba");
        assertThat(ok(read).bytes()).isEqualTo(data);
        ok("zns close-zone" + at);
        assertThat(zone(1)).containsEntry("state", "CLOSED");
        ok("zns finish-zone" + at + " --force");
        assertThat(zone(1)).containsEntry("state", "FULL");
        ok("zns zone-mgmt-send -z 4 --force" + at);
        assertThat(zone(1)).containsEntry("state", "EMPTY");
        Commands.Ended offline = commands.run("zns offline-zone --force" + at);
        assertThat(offline.status()).isEqualTo(3);
        assertThat(offline.err()).contains("Zone").hasLineCount(1);
    }

    @Test
    void passthru_givesTheBytesOfNvmeCli() throws IOException {
        byte[] ours = ok("admin-passthru -o 6 --cdw10=0 -n 1 -l 4096 -r -b").bytes();
        assertThat(ours).isEqualTo(ok("id-ns -n 1 -o binary").bytes());
        assertThat(ok("id-ns -n 1 -b").bytes()).isEqualTo(ours);
    }

    /// What Linux's target refuses itself instead of handing it through. Reservations: to the
    /// controller all hosts are one.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "nvm-id-ctrl",
                "nvm-id-ns -n 3",
                "get-feature -f 4 -s 3",
                "resv-report -n 1",
                "resv-register -n 1 -k 1",
                "resv-acquire -n 1 -c 1 -t 1",
                "resv-release -n 1 -c 1 -t 1"
            })
    void command_isRefusedByTheTarget(String line) {
        Commands.Ended ended = commands.run(line);
        assertThat(ended.status()).isEqualTo(3);
        assertThat(ended.err()).contains("Invalid").hasLineCount(1);
    }
}

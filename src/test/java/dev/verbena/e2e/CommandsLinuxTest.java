package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.verbena.nvme.NvmeCliJson;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each command against Linux's target: nvme-cli's values where nvme-cli has the command.
@TargetTest({"--namespaces", "2", "--ana-group", "1=optimized", "--ana-group", "2=non-optimized"})
@OnlyWith(
        value = TargetControl.NVMET,
        because = "what a target offers differs; SpdkCommandsTest is for SPDK")
class CommandsLinuxTest {
    private static final int BLOCK = 512;

    private Commands commands = new Commands("");
    private String device = "";

    @BeforeAll
    void connect(LiveTarget live) throws IOException {
        commands = Commands.of(live);
        if (LiveTarget.external() == null) {
            device = Commands.connectKernel(live);
        }
    }

    @AfterAll
    void disconnect(LiveTarget live) throws IOException {
        if (!device.isEmpty()) {
            Commands.disconnectKernel(live);
        }
    }

    /// Not compared: the id of the connection. The error log is each connection's own here, and
    /// changed-ns-list-log has another shape; both are compared with the controller handed through,
    /// or with captured bytes.
    static Stream<CommandComparison> comparisons() {
        return """
        id-ctrl                       | id-ctrl DEV             | cntlid
        id-ns -n 1                    | id-ns DEV -n 1          |
        id-ns -n 2                    | id-ns DEV -n 2          |
        list-ns                       | list-ns DEV             |
        ns-descs -n 1                 | ns-descs DEV -n 1       |
        nvm-id-ctrl                   | nvm-id-ctrl DEV         |
        smart-log                     | smart-log DEV           |
        smart-log -n 1                | smart-log DEV -n 1      |
        effects-log                   | effects-log DEV -c 0    |
        fw-log                        | fw-log DEV              |
        ana-log                       | ana-log DEV             |
        """
                .lines()
                .map(CommandComparison::parse);
    }

    @ParameterizedTest
    @MethodSource("comparisons")
    void json_hasNvmeClisValues(CommandComparison comparison) throws IOException {
        assumeFalse(device.isEmpty());
        comparison.check(commands, device);
    }

    @Test
    void discover_hasNvmeClisValues(LiveTarget live) throws IOException {
        new CommandComparison(
                        "discover",
                        "discover -t rdma -a "
                                + live.target().traddr()
                                + " -s "
                                + live.target().trsvcid(),
                        Set.of())
                .check(commands, device);
        assertThat(commands.run("discover --tree").out()).contains(live.nqn());
    }

    @Test
    void list_hasNvmeClisValues() throws IOException {
        assumeFalse(device.isEmpty());
        Map<String, Object> all = NvmeCliJson.parse(Commands.nvme("list -o json"));
        Commands.Ended ended = commands.run("list -o json");
        Map<String, Object> ours = NvmeCliJson.parse(ended.out());
        List<?> devices = (List<?>) ours.get("Devices");
        assertThat(devices).hasSize(2);
        int compared = 0;
        for (Object each : (List<?>) Objects.requireNonNull(all.get("Devices"))) {
            Map<String, Object> theirs = NvmeCliJson.map(each);
            if (String.valueOf(theirs.get("ModelNumber")).startsWith("Linux")) {
                int index = Integer.parseInt(String.valueOf(theirs.get("NameSpace"))) - 1;
                compared +=
                        NvmeCliJson.compare(
                                theirs,
                                NvmeCliJson.map(devices.get(index)),
                                Set.of("DevicePath", "Generic"));
            }
        }
        assertThat(compared).isGreaterThan(10);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id-ctrl -v",
                "error-log -e 4",
                "changed-ns-list-log",
                "get-log -i 2 -l 512",
                "get-feature -f 7",
                "get-feature -f 0x81",
                "set-feature -f 0x84 -n 2 -v 0",
                "show-regs -H",
                "get-property -O 8",
                "zns id-ctrl",
                "ana-log -g",
                "doctor",
                "reset",
                "flush -n 1",
                "admin-passthru -o 6 --cdw10=1 -l 4096 -r",
                "io-passthru -o 2 -n 1 -l 512 -r",
                "io-passthru -o 0 -n 1"
            })
    void command_works(String line) {
        // Text as well: the unit tests print both of each.
        Commands.Ended json = commands.run(line + " --output-format json");
        assertThat(json.status()).as(json.err()).isZero();
        assertThat(NvmeCliJson.parse(json.out())).isNotEmpty();
    }

    /// What Linux's target does not have, by what it says about that.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    self-test-log             | 3 | Invalid
                    sanitize-log              | 3 | Invalid
                    resv-report -n 1          | 3 | Invalid Command Opcode
                    resv-register -n 1 -k 1   | 3 | Invalid Command Opcode
                    resv-acquire -n 1 -c 1 -t 1 | 3 | Invalid Command Opcode
                    resv-release -n 1 -c 1 -t 1 | 3 | Invalid Command Opcode
                    compare -n 1              | 1 | Compare
                    verify -n 1               | 1 | Verify
                    copy -n 1 -d 8 -s 0 -b 0 --force | 1 | Copy
                    write-uncor -n 1 --force  | 1 | Write Uncorrectable
                    subsystem-reset --force   | 1 | NSSRS
                    list-ctrl                 | 3 | Invalid
                    cmdset-ind-id-ns -n 1     | 3 | Invalid
                    nvm-id-ns -n 1            | 3 | Invalid
                    supported-log-pages       | 3 | Invalid
                    endurance-log -g 1        | 3 | Invalid
                    resv-notif-log            | 3 | Invalid
                    zns id-ns -n 1            | 3 | Invalid
                    zns changed-zone-list -n 1 | 3 | Invalid
                    zns report-zones -n 1     | 3 | Invalid
                    """)
    void missingCommand_isRefusedInOneSentence(String line, int status, String message) {
        Commands.Ended ended = commands.run(line.strip(), new byte[BLOCK]);
        assertThat(ended.status()).as(ended.err()).isEqualTo(status);
        assertThat(ended.err()).contains(message).hasLineCount(1);
    }

    private static byte[] pattern(int bytes) {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        return data;
    }

    @Test
    void writeReadZeroesAndDsm_changeTheTargetsStorage(LiveTarget live) throws IOException {
        byte[] data = pattern(300 * BLOCK);
        Commands.Ended written = commands.run("write -n 1 -s 40 -c 299 --force -t", data);
        assertThat(written.status()).as(written.err()).isZero();
        assertThat(written.err()).contains("latency: write");
        assertThat(live.stored(40L * BLOCK, data.length)).isEqualTo(data);
        assertThat(commands.run("read -n 1 -s 40 -c 299").bytes()).isEqualTo(data);
        assertThat(commands.run("read -n 1 -s 41 -c 1 -f").bytes())
                .isEqualTo(Arrays.copyOfRange(data, BLOCK, 3 * BLOCK));
        assertThat(commands.run("write-zeroes -n 1 -s 42 -c 7 --force").status()).isZero();
        assertThat(live.stored(42L * BLOCK, 8 * BLOCK)).isEqualTo(new byte[8 * BLOCK]);
        assertThat(live.stored(50L * BLOCK, BLOCK))
                .isEqualTo(Arrays.copyOfRange(data, 10 * BLOCK, 11 * BLOCK));
        Commands.Ended dsm = commands.run("dsm -n 1 -d -s 60,64 -b 2,2 --force");
        assertThat(dsm.status()).as(dsm.err()).isZero();
        assertThat(live.stored(62L * BLOCK, BLOCK))
                .isEqualTo(Arrays.copyOfRange(data, 22 * BLOCK, 23 * BLOCK));
    }

    @Test
    void writeProtection_isSetAndObeyed() {
        Commands.Ended set = commands.run("set-feature -f 0x84 -n 2 -v 1 --force");
        assertThat(set.status()).as(set.err()).isZero();
        try {
            assertThat(commands.run("get-feature -f 0x84 -n 2").out()).contains("value:0x00000001");
            Commands.Ended refused = commands.run("write -n 2 --force", new byte[BLOCK]);
            assertThat(refused.status()).isEqualTo(3);
            assertThat(refused.err()).contains("Namespace is Write Protected").hasLineCount(1);
        } finally {
            assertThat(commands.run("set-feature -f 0x84 -n 2 -v 0").status()).isZero();
        }
        assertThat(commands.run("write -n 2 --force", new byte[BLOCK]).status()).isZero();
    }

    /// nvme-cli 2.3 breaks off when it shows all registers of a controller on fabrics.
    @Test
    void showRegs_hasTheValuesOfGetProperty() throws IOException {
        assumeFalse(device.isEmpty());
        Map<String, Object> ours =
                NvmeCliJson.parse(commands.run("show-regs --output-format json").out());
        for (Map.Entry<String, String> property :
                Map.of("cap", "0", "vs", "8", "cc", "0x14", "csts", "0x1c").entrySet()) {
            Matcher value =
                    Pattern.compile("value: (?:0x)?([0-9a-f]+)")
                            .matcher(
                                    Commands.nvme(
                                            "get-property /dev/"
                                                    + device
                                                    + " -o "
                                                    + property.getValue()));
            assertThat(value.find()).isTrue();
            assertThat(ours.get(property.getKey()))
                    .as(property.getKey())
                    .isEqualTo(new BigInteger(value.group(1), 16));
        }
    }

    @Test
    void passthru_givesTheBytesOfNvmeCli() throws IOException {
        assumeFalse(device.isEmpty());
        String theirs = Commands.nvme("get-feature /dev/" + device + " -f 7");
        String ours = commands.run("get-feature -f 0x0b").out();
        assertThat(theirs).contains("get-feature:");
        assertThat(ours)
                .startsWith("get-feature:0x0b (Async Event Configuration), Current value:0x");
        byte[] namespaces = commands.run("admin-passthru -o 6 --cdw10=2 -l 4096 -r -b").bytes();
        assertThat(namespaces).hasSize(4096).startsWith(1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0);
    }
}

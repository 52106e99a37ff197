package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.cli.base.Environment;
import dev.verbena.testkit.TestFabric;
import dev.verbena.testkit.TestTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// Two spellings of one thing behave the same, and two words that contradict each other are
/// refused.
class SpellingsTest {
    private static final String NQN = "nqn.2026-01.org.example:disk";
    private static final String ADDRESS = "192.0.2.1:4420/" + NQN;

    /// What each command with `--raw-binary` needs besides.
    private static final List<String> WITH_BINARY =
            List.of(
                    "id-ctrl",
                    "id-ns -n 1",
                    "list-ctrl",
                    "ns-descs -n 1",
                    "smart-log",
                    "error-log",
                    "effects-log",
                    "fw-log",
                    "supported-log-pages",
                    "changed-ns-list-log",
                    "ana-log",
                    "nvm-id-ctrl",
                    "nvm-id-ns -n 1",
                    "cmdset-ind-id-ns -n 1",
                    "self-test-log",
                    "sanitize-log",
                    "endurance-log -g 1",
                    "resv-notif-log",
                    "resv-report -n 1",
                    "zns id-ctrl",
                    "zns id-ns -n 1",
                    "zns report-zones -n 1",
                    "zns changed-zone-list -n 1",
                    "get-log -i 2 -l 512",
                    "get-feature -f 0x0e",
                    "get-feature -f 6",
                    "admin-passthru -o 6 --cdw10=1 -l 4096 -r",
                    "io-passthru -o 0 -n 1",
                    "io-passthru -o 2 -n 1 -l 512");

    private TestFabric fabric = TestFabric.open();
    private TestTarget target = fabric.addTarget("192.0.2.1", 4420);

    @BeforeEach
    void offer() {
        target.addSubsystem(NQN).addNamespace(1, 64, 512);
        target.handle((queueId, entry, dataBytes) -> {
            boolean known = (queueId == 0 ? List.of(6) : List.of(0, 2)).contains((int) entry[0]);
            // Identify of the optional structures too.
            boolean optional = entry[0] == 6 && queueId == 0 && entry[40] > 3 && entry[40] != 7;
            boolean page = queueId == 0 && (entry[0] == 2 || entry[0] == 10) && entry[40] != 0x0C;
            return (page || optional || (queueId > 0 && !known)) && dataBytes > 0
                    ? new byte[dataBytes]
                    : null;
        });
    }

    @AfterEach
    void close() {
        assertThat(target.controllerCount()).isZero();
        fabric.close();
    }

    private Shell.Ended run(String line) {
        return Shell.over(fabric).variable("VERBENA_TARGET", ADDRESS).run(line.split(" ", -1));
    }

    /// What a command printed, without the id of the connection.
    private static byte[] bytes(String line, Shell.Ended ended) {
        byte[] bytes = ended.bytes();
        if (line.startsWith("id-ctrl") || line.contains("--cdw10=1")) {
            bytes[78] = 0;
            bytes[79] = 0;
        }
        return bytes;
    }

    private static CommandLine tree() {
        return Verbena.commandLine(Environment.ofProcess());
    }

    static List<String> binary() {
        return WITH_BINARY;
    }

    @ParameterizedTest
    @MethodSource("binary")
    void rawBinary_isTheOutputFormat(String line) {
        Shell.Ended one = run(line + " -b");
        Shell.Ended other = run(line + " --output-format binary");
        assertThat(other.status()).isEqualTo(one.status());
        assertThat(bytes(line, other)).isEqualTo(bytes(line, one));
        assertThat(other.err()).isEqualTo(one.err());
        Shell.Ended both = run(line + " --output-format=binary --raw-binary");
        assertThat(both.status()).isEqualTo(one.status());
        assertThat(bytes(line, both)).isEqualTo(bytes(line, one));
        for (String format : new String[] {"json", "normal"}) {
            Shell.Ended refused = run(line + " --raw-binary --output-format " + format);
            assertThat(refused.status()).as(refused.out()).isEqualTo(2);
            assertThat(refused.err())
                    .contains("--raw-binary and --output-format " + format + " contradict");
            assertThat(refused.out()).isEmpty();
        }
    }

    @Test
    void everyCommandWithRawBinary_isTried() {
        List<String> tried =
                WITH_BINARY.stream().map(line -> line.split(" -", 2)[0]).distinct().toList();
        List<String> all = new ArrayList<>();
        CommandLine root = tree();
        for (List<String> words : ArgumentsTest.ownCommands()) {
            if (command(root, words).getCommandSpec().findOption("--raw-binary") != null) {
                all.add(String.join(" ", words));
            }
        }
        assertThat(tried).containsExactlyInAnyOrderElementsOf(all);
    }

    private static CommandLine command(CommandLine root, List<String> words) {
        CommandLine line = root;
        for (String word : words) {
            line = Objects.requireNonNull(line.getSubcommands().get(word));
        }
        return line;
    }

    /// One of them suits each option.
    private static final List<String> VALUES =
            List.of(
                    "3",
                    "json",
                    "randread",
                    "AUTO",
                    "BUSY_POLL",
                    "6f1e4f46-0000-4000-8000-000000000001");

    /// The option's value behind one of its names.
    private static Object parsed(
            CommandLine root, List<String> words, OptionSpec option, String name) {
        String between = name.startsWith("--") ? "=" : "";
        for (String value : VALUES) {
            List<String> arguments = new ArrayList<>(words);
            arguments.add(option.arity().max() == 0 ? name : name + between + value);
            try {
                root.parseArgs(arguments.toArray(String[]::new));
            } catch (CommandLine.MissingParameterException e) {
                // Of another option: this one has been read.
            } catch (CommandLine.ParameterException e) {
                continue;
            }
            Object read = option.getValue();
            return read instanceof Object[] many ? List.of(many) : String.valueOf(read);
        }
        throw new AssertionError(words + " " + name + ": no value suits it");
    }

    @Test
    void everyNameOfAnOption_meansTheSame() {
        int compared = 0;
        CommandLine root = tree();
        for (List<String> words : ArgumentsTest.ownCommands()) {
            for (OptionSpec option : command(root, words).getCommandSpec().options()) {
                if (option.names().length < 2 || option.usageHelp() || option.versionHelp()) {
                    continue;
                }
                Object first = parsed(root, words, option, option.names()[0]);
                for (String name : option.names()) {
                    assertThat(parsed(root, words, option, name)).as(words + name).isEqualTo(first);
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThan(500);
    }

    // The target.

    @ParameterizedTest
    @CsvSource({
        "id-ctrl TARGET --nqn nqn.2026-01.org.example:other, --nqn",
        "id-ctrl TARGET --traddr 192.0.2.2, --traddr",
        "id-ctrl TARGET --trsvcid 4421, --trsvcid",
        "read TARGET/1 -n 2, --namespace-id",
        "resv-report TARGET/1 -n 2, --namespace-id",
        "get-feature TARGET/1 -f 6 -n 2, --namespace-id",
        "write TARGET/1 --force --namespace-id 2, --namespace-id"
    })
    void optionThatContradictsTheAddress_isAUsageError(String line, String option) {
        Shell.Ended ended =
                Shell.withoutFabric().run(line.replace("TARGET", ADDRESS).split(" ", -1));
        assertThat(ended.status()).as(ended.err()).isEqualTo(2);
        assertThat(ended.err()).contains(option, "contradict");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id-ctrl TARGET --nqn NAME --traddr 192.0.2.1 --trsvcid 4420",
                "read TARGET/1 -n 1",
                // Before the command stand defaults: the address behind it is stronger.
                "-a 192.0.2.9 -s 4499 -n nqn.2026-01.org.example:other id-ctrl TARGET"
            })
    void optionThatAgreesWithTheAddressOrIsWeaker_isNoError(String line) {
        String words = line.replace("TARGET", ADDRESS).replace("NAME", NQN);
        Shell.Ended ended = Shell.over(fabric).run(words.split(" ", -1));
        assertThat(ended.status()).as(ended.err()).isZero();
    }

    @Test
    void portOfAnAddressWithoutOne_isTheOptions() {
        fabric.addTarget("192.0.2.1", 4421).addSubsystem(NQN + "2");
        for (String host : new String[] {"192.0.2.1", "nvmf-rdma://192.0.2.1"}) {
            String address = host + "/" + NQN + "2";
            Shell.Ended ended = Shell.over(fabric).run("id-ctrl", address, "--trsvcid", "4421");
            assertThat(ended.status()).as(ended.err()).isZero();
            ended =
                    Shell.over(fabric)
                            .variable("VERBENA_TARGET", address)
                            .run("--trsvcid", "4421", "id-ctrl");
            assertThat(ended.status()).as(ended.err()).isZero();
        }
    }
}

package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.testkit.TestFabric;
import dev.verbena.testkit.TestTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/// How the command line is read.
class ArgumentsTest {
    private static final String NQN = "nqn.2026-01.org.example:disk";

    private static CommandLine tree() {
        return Verbena.commandLine(dev.verbena.cli.base.Environment.ofProcess());
    }

    /// Every command below the root, as its words.
    static List<List<String>> commands() {
        List<List<String>> all = new ArrayList<>();
        collect(tree(), List.of(), all);
        return all;
    }

    private static void collect(CommandLine line, List<String> words, List<List<String>> all) {
        line.getSubcommands()
                .forEach((name, below) -> {
                    List<String> path = new ArrayList<>(words);
                    path.add(name);
                    all.add(path);
                    collect(below, path, all);
                });
    }

    @ParameterizedTest
    @MethodSource("commands")
    void help_isPrintedWithoutATarget(List<String> words) {
        List<String> arguments = new ArrayList<>(words);
        arguments.add("--help");
        Shell.Ended ended = Shell.withoutFabric().run(arguments.toArray(String[]::new));
        assertThat(ended.status()).isZero();
        assertThat(ended.out()).startsWith("Usage: verbena " + String.join(" ", words));
        assertThat(ended.err()).isEmpty();
    }

    /// Without picocli's own.
    static List<List<String>> ownCommands() {
        return commands().stream().filter(words -> !words.contains("generate-completion")).toList();
    }

    @ParameterizedTest
    @MethodSource("ownCommands")
    void eachCommand_hasAShortDescriptionAndAnOutputFormat(List<String> words) {
        CommandLine line = tree();
        for (String word : words) {
            line = Objects.requireNonNull(line.getSubcommands().get(word));
        }
        String[] description = line.getCommandSpec().usageMessage().description();
        assertThat(description).isNotEmpty();
        assertThat(description[0]).endsWith(".").hasSizeLessThan(90);
        assertThat(line.getCommandSpec().findOption("--output-format") != null)
                .isEqualTo(line.getSubcommands().isEmpty());
    }

    @Test
    void everyWayToNameTheTarget_works() {
        try (TestFabric fabric = TestFabric.open()) {
            TestTarget target = fabric.addTarget("192.0.2.1", 4421);
            target.addSubsystem(NQN).addNamespace(1, 8, 512);
            List<List<String>> ways =
                    List.of(
                            List.of("id-ctrl", "nvmf-rdma://192.0.2.1:4421/" + NQN),
                            List.of("id-ctrl", "192.0.2.1:4421/" + NQN),
                            List.of(
                                    "id-ctrl",
                                    "-t",
                                    "rdma",
                                    "-a",
                                    "192.0.2.1",
                                    "-s",
                                    "4421",
                                    "-n",
                                    NQN),
                            List.of("-a", "192.0.2.1", "-s", "4421", "-n", NQN, "id-ns", "-n", "1"),
                            List.of(
                                    "id-ns",
                                    "--traddr",
                                    "192.0.2.1",
                                    "--trsvcid=4421",
                                    "--nqn=" + NQN),
                            List.of("id-ctrl", "192.0.2.1:4421", "--nqn", NQN),
                            List.of("-a", "192.0.2.9", "id-ctrl", "192.0.2.1:4421/" + NQN),
                            List.of("-n", NQN, "read", "192.0.2.1:4421", "-s", "0", "-n", "1"));
            for (List<String> way : ways) {
                Shell.Ended ended = Shell.over(fabric).run(way.toArray(String[]::new));
                assertThat(ended.status()).as(way + ended.err()).isZero();
            }
            Shell.Ended variable =
                    Shell.over(fabric)
                            .variable("VERBENA_TARGET", "192.0.2.1:4421/" + NQN)
                            .run("id-ctrl");
            assertThat(variable.status()).as(variable.err()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    id-ctrl                                       | No target
                    id-ctrl 192.0.2.1                             | No subsystem
                    id-ctrl 192.0.2.1//1|it is empty
                    id-ctrl 192.0.2.1:99999/nqn.2014-08.org.a:b   | 1..65535
                    id-ctrl -t tcp -a 192.0.2.1 -n nqn.2014-08.org.a:b | only rdma
                    id-ctrl --bogus                               | --bogus
                    frobnicate                                    | frobnicate
                    zns                                           | Which zns command?
                    read 192.0.2.1/nqn.2014-08.org.a:b -s many    | 'many' is not a number
                    read 192.0.2.1/nqn.2014-08.org.a:b -s 0x1ffffffffffffffff | does not fit 64 bits
                    id-ctrl 192.0.2.1/nqn.2014-08.org.a:b -o xml  | normal, json or binary
                    get-log 192.0.2.1/nqn.2014-08.org.a:b -i 2    | --log-len
                    get-log 192.0.2.1/nqn.2014-08.org.a:b -i 2 -l 3 | multiple of 4
                    dsm 192.0.2.1/nqn.2014-08.org.a:b -s 1,2 -b 1 -d | same number
                    dsm 192.0.2.1/nqn.2014-08.org.a:b -s 1 -b 1   | Say what for
                    discover 192.0.2.1 --tree --watch             | mutually exclusive
                    list-ns 192.0.2.1/nqn.2014-08.org.a:b -n 0    | counted from 1
                    perf 192.0.2.1/nqn.2014-08.org.a:b -o binary  | no binary form
                    perf 192.0.2.1/nqn.2014-08.org.a:b --bs 4x    | '4x' is no size
                    perf 192.0.2.1/nqn.2014-08.org.a:b --rw reed  | randread
                    perf 192.0.2.1/nqn.2014-08.org.a:b --plot a.gif | .svg or .png
                    perf 192.0.2.1/nqn.2014-08.org.a:b --level 4  | --level is 1, 2 or 3
                    demo 192.0.2.1/nqn.2014-08.org.a:b --seconds 0 | 1..2147483647
                    """)
    void wrongArguments_areStatus2(String line, String message) {
        Shell.Ended ended = Shell.withoutFabric().run(line.strip().split(" ", -1));
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err()).contains(message).doesNotContain("\tat ");
        assertThat(ended.out()).isEmpty();
    }

    @Test
    void optionsOutOfRange_areStatus2() {
        try (TestFabric fabric = TestFabric.open()) {
            Shell.Ended ended =
                    Shell.over(fabric).run("id-ctrl", "192.0.2.1/" + NQN, "--queue-size", "1");
            assertThat(ended.status()).isEqualTo(2);
            assertThat(ended.err()).contains("--queue-size");
        }
    }

    @Test
    void nothingAtAll_asksForACommand() {
        Shell.Ended ended = Shell.withoutFabric().run();
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err()).contains("Which command?");
    }
}

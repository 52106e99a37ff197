package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.verbena.ConnectOptions;
import dev.verbena.cli.base.Environment;
import dev.verbena.cli.base.OptionWords;
import dev.verbena.testkit.TestFabric;
import dev.verbena.testkit.TestSubsystem;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.Model.CommandSpec;

/// The options of a connection: their words in messages, and where secrets come from.
class ConnectionWordsTest {
    private static final String ADDRESS = "192.0.2.1/nqn.2026-01.org.example:disk";

    /// 32 bytes of zeroes and their checksum.
    private static final String SECRET =
            "DHHC-1:00:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACtVQoZ:";

    /// Options of the library that the command has no option for, and so no message about.
    private static final Set<String> LIBRARY_ONLY =
            Set.of(
                    "host",
                    "adminQueueSize",
                    "connectParallelism",
                    "fastIoFailTimeout",
                    "retryCount",
                    "rnrRetryCount",
                    "ackTimeout",
                    "crdEnabled",
                    "timeoutPolicy",
                    // A word of the language. Its range is checked by the command.
                    "tos");

    @Test
    void everyOptionOfTheLibrary_hasTheCommandsWord() {
        Set<String> options =
                Arrays.stream(ConnectOptions.class.getMethods())
                        .map(method -> method.getName())
                        .filter(name -> name.startsWith("with"))
                        .map(name -> Character.toLowerCase(name.charAt(4)) + name.substring(5))
                        .filter(name -> !LIBRARY_ONLY.contains(name))
                        .collect(Collectors.toSet());
        assertThat(OptionWords.words().keySet()).isEqualTo(options);
        CommandSpec spec =
                Objects.requireNonNull(
                                Verbena.commandLine(Environment.ofProcess())
                                        .getSubcommands()
                                        .get("id-ctrl"))
                        .getCommandSpec();
        OptionWords.words()
                .values()
                .forEach(word -> assertThat(spec.findOption(word)).as(word).isNotNull());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    --keep-alive-tmo -1     | 0..2073600
                    --keep-alive-tmo 9999999 | 0..2073600
                    --reconnect-delay 0     | 1..2073600
                    --ctrl-loss-tmo -2      | -1..2073600
                    --nr-io-queues 0        | 1..65534
                    --queue-size 1          | 2..65535
                    --tos 256               | 0..255
                    --trsvcid 65536         | 1..65535
                    """)
    void valueOutOfRange_isToldInTheCommandsWords(String option, String range) {
        String[] words = ("id-ctrl " + ADDRESS + " " + option).split(" ", -1);
        Shell.Ended ended = Shell.withoutFabric().run(words);
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err())
                .contains("'" + words[2] + "'", words[3], range)
                .doesNotContain("PT", "Timeout", "ioQueues");
    }

    @ParameterizedTest
    @CsvSource({
        "--nr-io-queues, 1, 65534",
        "--nr-write-queues, 0, 65534",
        "--nr-poll-queues, 0, 65534",
        "--queue-size, 2, 65535",
        "--keep-alive-tmo, 0, 2073600",
        "--reconnect-delay, 1, 2073600",
        "--ctrl-loss-tmo, -1, 2073600",
        "--tos, 0, 255",
        "--connect-tmo, 1, 2073600",
        "--admin-tmo, 1, 2073600",
        "--io-tmo, 1, 2073600",
        "--discovery-tmo, 1, 2073600"
    })
    void endsOfARange_areTakenByTheLibrary(String option, String least, String most) {
        try (TestFabric fabric = TestFabric.open()) {
            for (String value : new String[] {least, most}) {
                Shell.Ended ended = Shell.over(fabric).run("id-ctrl", ADDRESS, option, value);
                assertThat(ended.status()).as(ended.err()).isEqualTo(1);
                assertThat(ended.err()).contains("192.0.2.1");
            }
        }
    }

    @Test
    void secretFile_isReadAndItsReadersAreWarnedOf(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("secret");
        Files.writeString(file, SECRET + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        try (TestFabric fabric = TestFabric.open()) {
            Shell shell = Shell.over(fabric);
            String[] words = {"id-ctrl", ADDRESS, "--dhchap-secret-file", file.toString()};
            Shell.Ended ended = shell.run(words);
            assertThat(ended.status()).isEqualTo(1);
            assertThat(ended.err()).contains("other users can read it; chmod 600 " + file);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            assertThat(shell.run(words).err()).doesNotContain("chmod").contains("192.0.2.1");
        }
    }

    @ParameterizedTest
    @CsvSource({"--dhchap-secret", "--dhchap-ctrl-secret"})
    void secretThatIsNone_isRefusedAndNotQuoted(String option, @TempDir Path folder)
            throws Exception {
        Path file = folder.resolve("secret");
        Files.writeString(file, "DHHC-1:00:secretsecret:\n");
        Shell shell = Shell.withoutFabric();
        Shell.Ended ended = shell.run("id-ctrl", ADDRESS, option + "-file", file.toString());
        assertThat(ended.status()).isEqualTo(2);
        assertThat(ended.err())
                .contains(option + "-file " + file + ": Not a DH-HMAC-CHAP secret")
                .doesNotContain("secretsecret");
        Files.writeString(file, "\n");
        assertThat(shell.run("id-ctrl", ADDRESS, option + "-file", file.toString()).status())
                .isEqualTo(2);
        Files.writeString(file, "x".repeat(5000));
        assertThat(shell.run("id-ctrl", ADDRESS, option + "-file", file.toString()).err())
                .contains("too long");
        assertThat(shell.run("id-ctrl", ADDRESS, option, " ").status()).isEqualTo(2);
        Shell.Ended twice =
                shell.run("id-ctrl", ADDRESS, option + "-file", "/none", option, SECRET);
        assertThat(twice.status()).isEqualTo(2);
        assertThat(twice.err()).contains(option + " and " + option + "-file");
        Shell.Ended missing = shell.run("id-ctrl", ADDRESS, option + "-file", "/none");
        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err()).contains("/none: no such file");
    }

    /// One value that cannot be, of each kind that options have.
    private static List<Object> impossible(Class<?> type) {
        return type == int.class
                ? List.of(-7, Integer.MAX_VALUE)
                : type == Duration.class
                        ? List.of(Duration.ofNanos(1), Duration.ofDays(100), Duration.ofMillis(-3))
                        : List.of();
    }

    /// What the library says of options out of their range, of all of them.
    static List<String> rangeErrors() throws IllegalAccessException {
        List<String> errors = new ArrayList<>();
        for (Method method : ConnectOptions.class.getMethods()) {
            if (!method.getName().startsWith("with") || method.getParameterCount() != 1) {
                continue;
            }
            for (Object value : impossible(method.getParameterTypes()[0])) {
                try {
                    method.invoke(ConnectOptions.defaults(), value);
                } catch (InvocationTargetException e) {
                    assertThat(e.getCause()).isInstanceOf(IllegalArgumentException.class);
                    errors.add(e.getCause().getMessage());
                }
            }
        }
        return errors;
    }

    @Test
    void everyRangeErrorOfTheLibrary_isToldInTheCommandsWords() throws Exception {
        List<String> errors = rangeErrors();
        assertThat(errors).hasSizeGreaterThan(25);
        assertThat(errors).anyMatch(error -> error.contains("PT"));
        for (String error : errors) {
            String told = OptionWords.translate(error);
            assertThat(told).doesNotContainPattern("\\bPT-?[0-9]");
            for (String word : OptionWords.words().keySet()) {
                assertThat(told).doesNotContainPattern("\\b" + word + "\\b");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    PT0.1S | 0.1 s
                    PT0.000000001S | 0.000000001 s
                    PT576H | 2073600 s
                    PT1H1M1.5S | 3661.5 s
                    PT-0.003S | -0.003 s
                    PT0S | 0 s
                    PT | PT
                    PTOLEMY | PTOLEMY
                    """)
    void durations_areInSeconds(String java, String told) {
        assertThat(OptionWords.translate("it is " + java + "; PT1S..PT2M."))
                .isEqualTo("it is " + told + "; 1 s..120 s.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"id-ctrl", "list", "read", "perf", "id-ctrl -o json"})
    void targetThatDemandsAuthentication_isToldWithAllWaysToGiveTheSecret(String line) {
        try (TestFabric fabric = TestFabric.open()) {
            TestSubsystem subsystem =
                    fabric.addTarget("192.0.2.1", 4420)
                            .addSubsystem("nqn.2026-01.org.example:disk");
            subsystem.addNamespace(1, 8, 512);
            subsystem.demandAuthentication();
            Shell shell = Shell.over(fabric).variable("VERBENA_TARGET", ADDRESS);
            Shell.Ended ended = shell.run(line.split(" ", -1));
            assertThat(ended.status()).as(ended.err()).isEqualTo(1);
            assertThat(ended.err())
                    .contains("requires authentication")
                    .contains("--dhchap-secret", "--dhchap-secret-file", "VERBENA_DHCHAP_SECRET")
                    .doesNotContain("dhchapSecret", "defect", "connect options")
                    .hasLineCount(1);
        }
    }

    @Test
    void targetThatDoesNotAskForTheSecretThatIsThere_isToldInTheCommandsWords() {
        try (TestFabric fabric = TestFabric.open()) {
            fabric.addTarget("192.0.2.1", 4420).addSubsystem("nqn.2026-01.org.example:disk");
            Shell.Ended ended =
                    Shell.over(fabric)
                            .variable("VERBENA_DHCHAP_SECRET", SECRET)
                            .run("id-ctrl", ADDRESS);
            assertThat(ended.status()).as(ended.err()).isEqualTo(1);
            assertThat(ended.err())
                    .contains("does not ask for authentication", "VERBENA_DHCHAP_SECRET")
                    .doesNotContain("dhchapSecret", "connect options", SECRET)
                    .hasLineCount(1);
        }
    }

    @Test
    void librarysMessage_isTranslated() {
        assertThat(OptionWords.translate("keepAliveTimeout is 0.05 s; the ioQueues, tos"))
                .isEqualTo("--keep-alive-tmo is 0.05 s; the --nr-io-queues, tos");
        assertThatCode(() -> OptionWords.translate("$1 \\ nothing")).doesNotThrowAnyException();
    }
}

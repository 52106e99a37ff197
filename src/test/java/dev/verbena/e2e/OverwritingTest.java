package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The tests that write, and the scripts that start them, overwrite a target only when they are
/// told to, by a word and a variable that serve nothing else.
class OverwritingTest {
    private static final String ADDRESS = "127.0.0.1:4420/nqn.2026-01.org.example:production";
    private static final Pattern COMMANDS_VARIABLE = Pattern.compile("\\bVERBENA_TARGET\\b");

    private record Ended(int status, String output) {}

    private static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        return Files.exists(folder.resolve("verify")) ? folder : folder.resolve("..").normalize();
    }

    private static Ended run(Map<String, String> variables, List<String> command)
            throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(root().toFile()).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("VERBENA_"));
        builder.environment().putAll(variables);
        Process process = builder.start();
        process.getOutputStream().close();
        try (InputStream output = process.getInputStream()) {
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return new Ended(process.exitValue(), text);
        } finally {
            process.destroyForcibly();
        }
    }

    /// A class of writing tests, started as `tools/test-in-rig` starts it.
    private static Ended writingTests(Map<String, String> variables, Path reports)
            throws IOException, InterruptedException {
        return run(
                variables,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "org.junit.platform.console.ConsoleLauncher",
                        "execute",
                        "--disable-banner",
                        "--disable-ansi-colors",
                        "--include-tag",
                        "target",
                        "--select-class",
                        "dev.verbena.e2e.Level1Test",
                        "--reports-dir",
                        reports.toString()));
    }

    @Test
    void variableOfTheCommandAlone_startsNoWritingTest(@TempDir Path reports) throws Exception {
        Ended ended = writingTests(Map.of("VERBENA_TARGET", ADDRESS), reports);
        assertThat(ended.output())
                .contains("needs a target")
                .containsPattern("\\[ +0 tests started");
    }

    @Test
    void targetWithoutPermission_isRefused_andStartsNoWritingTest(@TempDir Path reports)
            throws Exception {
        Ended ended = writingTests(Map.of("VERBENA_E2E_TARGET", ADDRESS), reports);
        assertThat(ended.status()).isNotZero();
        assertThat(ended.output())
                .contains("--overwrite")
                .contains(ADDRESS)
                .containsPattern("\\[ +0 tests started");
    }

    @Test
    void permissionThatIsNotTheWord_isRefused(@TempDir Path reports) throws Exception {
        Ended ended =
                writingTests(
                        Map.of("VERBENA_E2E_TARGET", ADDRESS, "VERBENA_E2E_OVERWRITE", "no"),
                        reports);
        assertThat(ended.status()).isNotZero();
        assertThat(ended.output()).containsPattern("\\[ +0 tests started");
    }

    /// Runs `verify` in a folder where preparing tells what it was asked for, and fails: nothing is
    /// installed, built or started, whatever the script does.
    private static Ended verify(Path folder, Map<String, String> variables, String... arguments)
            throws IOException, InterruptedException {
        Path script = folder.resolve("verify");
        Files.copy(root().resolve("verify"), script, StandardCopyOption.REPLACE_EXISTING);
        Files.createDirectories(folder.resolve("tools"));
        Path prepare = folder.resolve("tools/prepare");
        Files.writeString(prepare, "echo prepare: $*; exit 99\n");
        assertThat(prepare.toFile().setExecutable(true)).isTrue();
        List<String> command = new ArrayList<>(List.of("bash", script.toString()));
        command.addAll(List.of(arguments));
        return run(variables, command);
    }

    private static Map<String, String> target() {
        return Map.of("VERBENA_E2E_TARGET", ADDRESS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "e2e", "all"})
    void verifyWithATarget_wantsTheWord_beforeItDoesAnything(String layers, @TempDir Path folder)
            throws Exception {
        Ended ended =
                verify(folder, target(), layers.isEmpty() ? new String[0] : new String[] {layers});
        assertThat(ended.output()).contains("--overwrite").doesNotContain("prepare:");
        assertThat(ended.status()).isEqualTo(2);
    }

    @Test
    void wordWithoutATarget_orWithoutE2e_isRefused(@TempDir Path folder) throws Exception {
        Ended alone = verify(folder, Map.of(), "e2e", "--overwrite");
        assertThat(alone.output()).contains("VERBENA_E2E_TARGET").doesNotContain("prepare:");
        assertThat(alone.status()).isEqualTo(2);
        Ended unit = verify(folder, target(), "unit", "--overwrite");
        assertThat(unit.output()).contains("--overwrite is for e2e").doesNotContain("prepare:");
        assertThat(unit.status()).isEqualTo(2);
    }

    @Test
    void rigIsPrepared_whereALayerNeedsIt_andOnlyThere(@TempDir Path folder) throws Exception {
        Map<String, String> commands = Map.of("VERBENA_TARGET", ADDRESS);
        assertThat(verify(folder, commands, "e2e").output()).contains("prepare: rig 6.1 6.12");
        assertThat(verify(folder, target(), "e2e", "--overwrite").output())
                .contains("prepare: build");
        assertThat(verify(folder, target(), "device", "e2e", "--overwrite").output())
                .contains("prepare: rig 6.1 6.12");
        assertThat(verify(folder, target(), "device").output()).contains("prepare: rig 6.1 6.12");
        assertThat(verify(folder, target(), "unit", "native").output()).contains("prepare: build");
    }

    /// The documentation tells users to export it, for reading.
    @Test
    void scriptsAndTests_doNotReadTheVariableOfTheCommand() throws IOException {
        List<String> found = new ArrayList<>();
        try (Stream<Path> all = Files.walk(root())) {
            for (Path file : all.filter(OverwritingTest::mayStartWrites).toList()) {
                String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                if (COMMANDS_VARIABLE.matcher(text).find()) {
                    found.add(root().relativize(file).toString());
                }
            }
        }
        // The one gives the command a map of variables that is its own; the other is this class.
        assertThat(found)
                .containsExactlyInAnyOrder(
                        "src/test/java/dev/verbena/e2e/Commands.java",
                        "src/test/java/dev/verbena/e2e/OverwritingTest.java");
    }

    private static boolean mayStartWrites(Path file) {
        String name = root().relativize(file).toString();
        return Files.isRegularFile(file)
                && !name.contains("target/")
                && name.matches("(demo|verify|verbena|(\\.ci|tools|rig|bench|src)/.*)");
    }

    @Test
    void identityOfTheTarget_isToldInFull() {
        assertThat(
                        new ExternalTarget.Identity(
                                "192.0.2.1:4420",
                                "nqn.2026-01.org.example:production",
                                "Some Array",
                                "SERIAL1",
                                "72e1f0b4-0000-4000-8000-000000000001",
                                2048,
                                512))
                .hasToString(
                        """
                        The tests OVERWRITE namespace 1 of nqn.2026-01.org.example:production at 192.0.2.1:4420
                          model: Some Array
                          serial number: SERIAL1
                          namespace: 72e1f0b4-0000-4000-8000-000000000001, 2048 blocks of 512 bytes\
                        """);
    }
}

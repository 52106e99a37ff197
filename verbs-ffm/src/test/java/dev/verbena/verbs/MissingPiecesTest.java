package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Starts JVMs in which something is missing, and reads what they say.
@Timeout(60)
class MissingPiecesTest {
    private static final String PROBE = "dev.verbena.verbs.probe.Probe";

    private static String run(Map<String, String> environment, List<String> arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    private static String classes(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static String mainClasses() {
        // Tests run inside the module, whose location is that of the main classes.
        return classes(Rdma.class);
    }

    private static String testClasses() {
        String main = mainClasses();
        return main.endsWith("test-classes")
                ? main
                : Path.of(main).resolveSibling("test-classes").toString();
    }

    @Test
    void missingLibrary_namesItAndThePackage(@TempDir Path folder)
            throws IOException, InterruptedException {
        // A file of that name which is no library stands in for one that is not installed.
        Files.createFile(folder.resolve("libibverbs.so.1"));
        String output =
                run(
                        Map.of("LD_LIBRARY_PATH", folder.toString()),
                        List.of(
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                mainClasses() + ":" + testClasses(),
                                PROBE));
        assertThat(output)
                .startsWith("RdmaUnavailableException: libibverbs.so.1 cannot be loaded.")
                .contains("apt-get install libibverbs1 librdmacm1 ibverbs-providers");
    }

    @Test
    void deniedNativeAccessOnTheClassPath_namesTheFlag() throws IOException, InterruptedException {
        String output =
                run(
                        Map.of(),
                        List.of(
                                "--illegal-native-access=deny",
                                "-cp",
                                mainClasses() + ":" + testClasses(),
                                PROBE));
        assertThat(output)
                .startsWith("RdmaUnavailableException: native access is denied")
                .contains("--enable-native-access=ALL-UNNAMED");
    }

    @Test
    void deniedNativeAccessOnTheModulePath_namesTheModule()
            throws IOException, InterruptedException {
        String output =
                run(
                        Map.of(),
                        List.of(
                                "--illegal-native-access=deny",
                                "-p",
                                mainClasses(),
                                "--add-modules",
                                "dev.verbena.verbs",
                                "-cp",
                                testClasses(),
                                PROBE));
        assertThat(output)
                .startsWith("RdmaUnavailableException: native access is denied")
                .contains("--enable-native-access=dev.verbena.verbs");
    }
}

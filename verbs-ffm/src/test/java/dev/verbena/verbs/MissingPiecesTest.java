package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Starts JVMs in which something is missing, and reads what they say.
@Timeout(60)
class MissingPiecesTest {
    private static final String PROBE = "dev.verbena.verbs.probe.Probe";

    private static String run(Map<String, String> environment, List<String> arguments)
            throws IOException, InterruptedException {
        return Jvm.java(List.of(), environment, arguments);
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
                                Jvm.mainClasses() + ":" + Jvm.testClasses(),
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
                                Jvm.mainClasses() + ":" + Jvm.testClasses(),
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
                                Jvm.mainClasses(),
                                "--add-modules",
                                "dev.verbena.verbs",
                                "-cp",
                                Jvm.testClasses(),
                                PROBE));
        assertThat(output)
                .startsWith("RdmaUnavailableException: native access is denied")
                .contains("--enable-native-access=dev.verbena.verbs");
    }
}

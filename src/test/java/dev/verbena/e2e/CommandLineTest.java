package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The command as a user starts it: a process of its own.
@TargetTest
class CommandLineTest {
    private record Ended(int status, String out) {}

    private static Ended verbena(String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "dev.verbena.cli.Verbena"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try (InputStream output = process.getInputStream()) {
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            return new Ended(process.waitFor(), text);
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void discover_printsTheLog(LiveTarget live) throws Exception {
        Ended ended =
                verbena(
                        "discover",
                        "-a",
                        live.target().traddr(),
                        "-s",
                        Integer.toString(live.target().trsvcid()));
        assertThat(ended.out()).contains("subnqn:  " + live.nqn());
        assertThat(ended.status()).isZero();
    }

    @Test
    void discover_whereNothingListens_isOneSentenceAndStatus1(LiveTarget live) throws Exception {
        Ended ended =
                verbena(
                        "discover",
                        "-a",
                        live.target().traddr(),
                        "-s",
                        Integer.toString(LiveTarget.SILENT_PORT));
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.out().strip().lines()).hasSize(1);
        assertThat(ended.out())
                .startsWith("verbena discover: Connection refused: nothing listens at");
    }

    @Test
    void demo_writesReadsComparesAndMeasures(LiveTarget live) throws Exception {
        assumeTrue(
                live.backing() != null, "the demonstration overwrites a target that is not ours");
        Ended ended =
                verbena(
                        "demo",
                        "-a",
                        live.target().traddr(),
                        "-s",
                        Integer.toString(live.target().trsvcid()),
                        "-n",
                        live.nqn(),
                        "--force",
                        "--mebibytes",
                        "4",
                        "--seconds",
                        "1",
                        "--target-storage",
                        "dd if=" + live.backing() + " bs=1M iflag=direct status=none");
        assertThat(ended.out()).contains("compared with the target's storage", "depth 32");
        assertThat(ended.status()).as(ended.out()).isZero();
    }
}

package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The launcher and the one jar, as a user has them.
@TargetTest
class LauncherTest {
    private static Process start(String... arguments) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(Path.of("verbena").toAbsolutePath().toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }

    private static String rest(java.io.InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void doctor_findsTheMachineReady(LiveTarget live) throws Exception {
        Process process = start("doctor", live.target().toString());
        String out = rest(process.getInputStream());
        assertThat(process.waitFor()).as(out + rest(process.getErrorStream())).isZero();
        assertThat(out)
                .contains("native access  allowed", " ACTIVE, ", "0 problems")
                .contains(live.target() + " offers ");
    }

    @Test
    void idCtrl_needsNoFlagsOfTheJvm(LiveTarget live) throws Exception {
        Process process = start("id-ctrl", "nvmf-rdma://" + live.target() + "/" + live.nqn());
        assertThat(rest(process.getInputStream())).contains("subnqn    : " + live.nqn());
        assertThat(rest(process.getErrorStream())).as("no warnings of the JVM").isEmpty();
        assertThat(process.waitFor()).isZero();
    }

    /// The target keeps no connection: what it had before the command it has afterwards.
    @Test
    void interrupt_disconnectsAndIsStatus130(LiveTarget live) throws Exception {
        // The first connection of all makes the target's completion queues, which stay.
        assertThat(start("discover", live.target().toString()).waitFor()).isZero();
        Leftovers before = Leftovers.now();
        Process process = start("discover", "--watch", live.target().toString());
        try (BufferedReader lines = process.inputReader()) {
            String line = lines.readLine();
            while (line != null && !line.contains(live.nqn())) {
                line = lines.readLine();
            }
            assertThat(line).as("the log was printed").isNotNull();
            // The last line of the log may still be on its way.
            Thread.sleep(500);
            LiveTarget.run(List.of("kill", "-INT", Long.toString(process.pid())));
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).as("ended").isTrue();
            assertThat(process.exitValue()).isEqualTo(130);
            assertThat(rest(process.getErrorStream())).isEmpty();
        } finally {
            process.destroyForcibly();
        }
        before.assertNothingAdded();
    }
}

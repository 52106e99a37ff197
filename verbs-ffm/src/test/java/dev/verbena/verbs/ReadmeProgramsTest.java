package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The README's two programs do what it says, as it says.
class ReadmeProgramsTest extends LeakCheckedTest {
    private static Process start(String name, Path folder) throws IOException {
        return Jvm.start(Jvm.mainClasses() + File.pathSeparator + folder, name);
    }

    @Test
    @Timeout(600) // a compiler and two JVMs
    void clientAndServer_meet(@TempDir Path folder) throws IOException, InterruptedException {
        ReadmeTest.compile(folder, "Server.java", "Client.java");
        Process server = start("Server", folder);
        Process client = null;
        try (BufferedReader said = server.inputReader(StandardCharsets.UTF_8)) {
            assertThat(said.readLine()).isEqualTo("listening");
            client = start("Client", folder);
            try (BufferedReader heard = client.inputReader(StandardCharsets.UTF_8)) {
                assertThat(heard.lines())
                        .satisfiesExactly(
                                line -> assertThat(line).startsWith("42 SUCCESS"),
                                line -> assertThat(line).isEqualTo("what the server has"));
            }
            assertThat(said.lines())
                    .satisfiesExactly(
                            line -> assertThat(line).isEqualTo("SUCCESS: hello"),
                            line -> assertThat(line).matches("disconnected by queue pair \\d+"));
            assertThat(client.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(client.exitValue()).isZero();
            assertThat(server.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(server.exitValue()).isZero();
        } finally {
            server.destroyForcibly();
            if (client != null) {
                client.destroyForcibly();
            }
        }
    }
}

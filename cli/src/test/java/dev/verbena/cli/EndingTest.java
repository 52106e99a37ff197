package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.Initiator;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.verbs.Rdma;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.knowm.xchart.XYChart;
import picocli.CommandLine;

/// Ctrl-C while a person or a pipe is waited for, in a process of its own. The process would wait
/// ten minutes for the command before it ends it: an end at all is an end at once.
class EndingTest {
    private static final String ADDRESS = "nvmf-rdma://192.0.2.1:4420/nqn.2026-01.org.example:disk";

    /// More than a pipe holds: when all of it is written, somebody reads.
    private static final int MORE_THAN_A_PIPE = 1 << 20;

    private static String place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
                    .toString();
        } catch (java.net.URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> verbena(String... words) {
        String path =
                Stream.of(
                                Verbena.class,
                                Initiator.class,
                                HostIdentity.class,
                                Rdma.class,
                                CommandLine.class,
                                Histogram.class,
                                XYChart.class)
                        .map(EndingTest::place)
                        .distinct()
                        .collect(Collectors.joining(File.pathSeparator));
        List<String> line =
                new ArrayList<>(
                        List.of(
                                // A shell's background job ignores it, and so would the JVM.
                                "env",
                                "--default-signal=INT",
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Ddev.verbena.cli.patienceMillis=600000",
                                "-cp",
                                path,
                                Verbena.class.getName()));
        line.addAll(List.of(words));
        return line;
    }

    private static void interrupt(Process process) throws Exception {
        Process kill = new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start();
        assertThat(kill.waitFor()).isZero();
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.MINUTES)
    void interruptWhileAPipeIsRead_endsAtOnce() throws Exception {
        Process process =
                new ProcessBuilder(verbena("write", ADDRESS, "--force", "-z", "0x7f000000"))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try {
            OutputStream input = process.getOutputStream();
            input.write(new byte[MORE_THAN_A_PIPE]);
            input.flush();
            interrupt(process);
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("it has ended").isTrue();
            assertThat(process.exitValue()).isEqualTo(130);
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    @Timeout(value = 3, unit = TimeUnit.MINUTES)
    void interruptAtAQuestion_endsAtOnce() throws Exception {
        // A pseudo-terminal to be asked on; Ctrl-C is typed there.
        String command =
                verbena("write-zeroes", ADDRESS).stream()
                        .map(word -> "'" + word + "'")
                        .collect(Collectors.joining(" "));
        Process process =
                new ProcessBuilder("script", "-qefc", "exec " + command, "/dev/null")
                        .redirectErrorStream(true)
                        .start();
        try {
            String shown = readUntil(process.getInputStream(), "Type yes to go on: ");
            assertThat(shown).contains("block 0", "192.0.2.1:4420", "disk");
            OutputStream input = process.getOutputStream();
            input.write(3);
            input.flush();
            assertThat(process.waitFor(2, TimeUnit.MINUTES)).as("it has ended").isTrue();
            assertThat(process.exitValue()).isEqualTo(130);
        } finally {
            Objects.requireNonNull(process.descendants()).forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private static String readUntil(InputStream from, String end) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf(end) < 0) {
            int next = from.read();
            assertThat(next).as("output: " + text).isNotNegative();
            text.append(new String(new byte[] {(byte) next}, StandardCharsets.ISO_8859_1));
        }
        return text.toString();
    }
}

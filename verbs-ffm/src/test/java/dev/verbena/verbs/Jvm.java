package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// Starts programs and JVMs, and reads what they print.
final class Jvm {
    /// A thread for each task: the common pool may have a single one, and these tasks wait for each
    /// other.
    static final Executor THREADS = task -> Thread.ofPlatform().daemon().start(task);

    /// HotSpot's second compiler does not survive the rig's emulation with two processors
    /// (`$VERBENA_RIG_JAVA_OPTS`), and short runs are faster without.
    static final String ONE_COMPILER = "-XX:TieredStopAtLevel=1";

    private Jvm() {}

    /// Runs it to its end.
    ///
    /// @return standard output and standard error
    static String java(List<String> prefix, Map<String, String> environment, List<String> arguments)
            throws IOException, InterruptedException {
        return run(environment, javaCommand(prefix, arguments));
    }

    private static List<String> javaCommand(List<String> prefix, List<String> arguments) {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add(ONE_COMPILER);
        command.addAll(arguments);
        return command;
    }

    /// Starts a JVM and leaves it running. What it prints as errors appears among this JVM's.
    ///
    /// @param main the class or the source file to run
    static Process start(String classPath, String main) throws IOException {
        List<String> arguments =
                List.of("-ea", "--enable-native-access=ALL-UNNAMED", "-cp", classPath, main);
        return new ProcessBuilder(javaCommand(List.of(), arguments))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /// Starts a class of the tests with everything that this JVM has on its paths.
    static Process startTestClass(Class<?> main) throws IOException {
        return start(
                String.join(
                        File.pathSeparator,
                        mainClasses(),
                        testClasses(),
                        System.getProperty("java.class.path", ""),
                        System.getProperty("jdk.module.path", "")),
                main.getName());
    }

    /// Runs it to its end.
    ///
    /// @return standard output and standard error
    static String run(Map<String, String> environment, List<String> command)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return output;
    }

    static String mainClasses() {
        return location(Rdma.class);
    }

    /// Under Maven the tests run inside the module, and its location is that of the main classes.
    static String testClasses() {
        String location = location(Jvm.class);
        return location.endsWith("test-classes")
                ? location
                : Path.of(location).resolveSibling("test-classes").toString();
    }

    private static String location(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI())
                    .toString();
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}

package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The README's programs are programs.
class ReadmeTest {
    /// Writes one of the README's programs into a folder, for the address of the tests.
    private static Path program(String name, Path folder) throws IOException {
        // Maven starts tests in the module, the rig in the repository.
        Path inRepository = Path.of("verbs-ffm", "README.md");
        String readme =
                Files.readString(Files.exists(inRepository) ? inRepository : Path.of("README.md"));
        String fence = "```java\n";
        int start = readme.indexOf(fence, readme.indexOf("`" + name + "`:")) + fence.length();
        String code = readme.substring(start, readme.indexOf("```", start));
        return Files.writeString(
                folder.resolve(name), code.replace("10.9.0.1", Loopback.address()));
    }

    static void compile(Path folder, String... names) throws IOException, InterruptedException {
        Path javac = Path.of(System.getProperty("java.home"), "bin", "javac");
        List<String> command =
                new ArrayList<>(
                        List.of(
                                javac.toString(),
                                "-J" + Jvm.ONE_COMPILER,
                                "-Xlint:all",
                                "-Werror",
                                "-d",
                                folder.toString(),
                                "-cp",
                                Jvm.mainClasses()));
        for (String name : names) {
            command.add(program(name, folder).toString());
        }
        assertThat(Jvm.run(Map.of(), command)).isEmpty();
    }

    @Test
    void programs_compile(@TempDir Path folder) throws IOException, InterruptedException {
        compile(folder, "Server.java", "Client.java");
        assertThat(folder.resolve("Server.class")).exists();
        assertThat(folder.resolve("Client.class")).exists();
    }
}

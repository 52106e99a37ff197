package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The README's program is one.
class ReadmeTest {
    @Test
    void client_compiles(@TempDir Path folder) throws IOException, InterruptedException {
        String readme = Files.readString(Path.of("README.md"));
        int start =
                readme.indexOf("```java\n", readme.indexOf("## A client")) + "```java\n".length();
        String code = readme.substring(start, readme.indexOf("```", start));
        int helper = code.indexOf("\nstatic ");
        String program =
                "import dev.verbena.verbs.*; import java.lang.foreign.*; import java.net.*;\nclass Client {\n"
                        + "static void main() {\n"
                        + code.substring(0, helper)
                        + "}\n"
                        + code.substring(helper)
                        + "}\n";
        Path source = Files.writeString(folder.resolve("Client.java"), program);
        String output =
                Jvm.run(
                        Map.of(),
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "javac").toString(),
                                "-d",
                                folder.toString(),
                                "-cp",
                                Jvm.mainClasses(),
                                source.toString()));
        assertThat(output).isEmpty();
        assertThat(folder.resolve("Client.class")).exists();
    }
}

package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the build derives from the tree of commands.
class GeneratedPagesTest {
    @Test
    void eachCommand_hasAPageAndIsCompleted(@TempDir Path folder) throws Exception {
        GeneratedPages.main(new String[] {folder.toString()});
        for (List<String> words : ArgumentsTest.commands()) {
            Path page = folder.resolve("man-source/verbena-" + String.join("-", words) + ".adoc");
            assertThat(page).exists();
            assertThat(Files.readString(page))
                    .contains("== Synopsis\n", "== Options\n", "== Exit status\n")
                    .as("sentences stay together")
                    .doesNotContain("\n+\n");
        }
        assertThat(Files.readString(folder.resolve("man-source/verbena.adoc")))
                .contains("*70*::", "== Environment\n", "VERBENA_TARGET");
        assertThat(Files.readString(folder.resolve("man-source/verbena-perf.adoc")))
                .contains("== Examples\n", "verbena perf ");
        Path completion = folder.resolve("completion/verbena");
        String test = ". " + completion + " && complete -p verbena && type _picocli_verbena_zns";
        Process bash = new ProcessBuilder("bash", "-c", test).redirectErrorStream(true).start();
        try (InputStream output = bash.getInputStream()) {
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(bash.waitFor()).as(text).isZero();
            assertThat(text).contains("report-zones");
        }
    }
}

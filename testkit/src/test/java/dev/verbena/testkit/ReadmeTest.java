package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What the README shows is a test that runs.
class ReadmeTest {
    private static final Pattern JAVA_BLOCK =
            Pattern.compile("^```java\\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE);

    private static Path folder() {
        Path here = Path.of("").toAbsolutePath();
        return here.endsWith("testkit") ? here : here.resolve("testkit");
    }

    @Test
    void example_isTheTestOfTheSameName() throws IOException {
        Matcher block = JAVA_BLOCK.matcher(Files.readString(folder().resolve("README.md")));
        assertThat(block.find()).isTrue();
        String test =
                Files.readString(
                        folder().resolve(
                                        "src/test/java/dev/verbena/testkit/ReadmeExampleTest.java"));
        String method = test.substring(test.indexOf("    @Test\n"), test.lastIndexOf("}\n"));
        assertThat(block.group(1)).isEqualTo(method.stripTrailing().stripIndent() + "\n");
    }
}

package dev.verbena.rules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What the pages point to is there.
class LinksTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);

    /// The project's own programs, as a reader types them.
    private static final Pattern PROGRAM =
            Pattern.compile("^(?:\\$ )?((?:\\./|tools/|bench/|rig/)[a-z][a-z0-9/-]*)(?: .*)?$");

    /// As Markdown viewers make them from headings.
    private static List<String> anchors(Path page) throws IOException {
        return HEADING.matcher(Files.readString(page))
                .results()
                .map(heading ->
                        heading.group(1)
                                .toLowerCase(Locale.ROOT)
                                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                                .replace(' ', '-'))
                .toList();
    }

    @Test
    void links_leadSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        for (Path page : Documents.all()) {
            for (var link : LINK.matcher(Files.readString(page)).results().toList()) {
                String to = link.group(1);
                if (to.contains("://")) {
                    continue;
                }
                String[] parts = to.split("#", 2);
                Path folder = page.toAbsolutePath().getParent();
                Path file = parts[0].isEmpty() || folder == null ? page : folder.resolve(parts[0]);
                boolean found =
                        Files.exists(file)
                                && (parts.length == 1 || anchors(file).contains(parts[1]));
                if (!found) {
                    broken.add(page.getFileName() + ": " + to);
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    /// What a build leaves, and what belongs to another project.
    private static boolean isNotOurs(String program) {
        return program.contains("/target/") || program.equals("./configure");
    }

    @Test
    void programs_exist() throws IOException {
        List<String> missing = new ArrayList<>();
        int count = 0;
        for (Path page : Documents.all()) {
            for (String code : Documents.code(Files.readString(page))) {
                var program = PROGRAM.matcher(code);
                if (!program.matches() || isNotOurs(program.group(1))) {
                    continue;
                }
                count++;
                Path beside = page.resolveSibling(program.group(1));
                if (!Files.exists(Documents.root().resolve(program.group(1)))
                        && !Files.exists(beside)) {
                    missing.add(page.getFileName() + ": " + code);
                }
            }
        }
        assertThat(count).as("programs found").isGreaterThan(20);
        assertThat(missing).isEmpty();
    }
}

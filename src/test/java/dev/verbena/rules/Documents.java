package dev.verbena.rules;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The project's pages in Markdown.
final class Documents {
    /// What stands between fences, whatever the language.
    private static final Pattern FENCED =
            Pattern.compile("^ *```(\\w*)\\n(.*?)^ *```", Pattern.DOTALL | Pattern.MULTILINE);

    private static final Pattern INDENTED = Pattern.compile("^ {4,}(\\S.*)$", Pattern.MULTILINE);

    /// Between backquotes, also across a line's end.
    private static final Pattern SPAN = Pattern.compile("`([^`]+)`");

    private Documents() {}

    /// Where the project's folders are, whether Maven runs in one of them or above.
    static Path root() {
        Path folder = Path.of("").toAbsolutePath();
        return Files.exists(folder.resolve("README.md"))
                ? folder
                : folder.resolve("..").normalize();
    }

    /// All pages that users and developers read; the change log tells of the past.
    static List<Path> all() throws IOException {
        List<Path> pages = new ArrayList<>();
        for (String folder : List.of("", "docs", "bench", "bench/nullfabric", "testkit")) {
            try (Stream<Path> files = Files.list(root().resolve(folder))) {
                files.filter(file -> file.toString().endsWith(".md"))
                        .filter(file -> !file.endsWith("CHANGELOG.md"))
                        .sorted()
                        .forEach(pages::add);
            }
        }
        return pages;
    }

    /// The blocks between fences in a language.
    static List<String> blocks(String page, String language) {
        return FENCED.matcher(page)
                .results()
                .filter(block -> block.group(1).equals(language))
                .map(block -> block.group(2))
                .toList();
    }

    /// Everything that is set as code, line by line or span by span, but for Java and XML.
    static List<String> code(String page) {
        List<String> all = new ArrayList<>();
        Matcher fenced = FENCED.matcher(page);
        while (fenced.find()) {
            if (fenced.group(1).isEmpty() || fenced.group(1).equals("sh")) {
                fenced.group(2).lines().map(String::strip).forEach(all::add);
            }
        }
        String rest = fenced.replaceAll("");
        INDENTED.matcher(rest).results().map(line -> line.group(1).strip()).forEach(all::add);
        SPAN.matcher(rest)
                .results()
                .map(span -> span.group(1).replaceAll("\\s+", " "))
                .forEach(all::add);
        return all;
    }
}

package dev.verbena.cli;

import dev.verbena.cli.base.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/// Run by the build: writes what is derived from the tree of commands.
final class GeneratedPages {
    private GeneratedPages() {}

    /// Writes all pages.
    ///
    /// @param arguments the folder of the build
    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        CommandLine tree = Verbena.commandLine(Environment.ofProcess());
        Path completion = folder.resolve("completion");
        Files.createDirectories(completion);
        Files.writeString(completion.resolve("verbena"), AutoComplete.bash("verbena", tree));
        Path pages = folder.resolve("man-source");
        Files.createDirectories(pages);
        List<CommandSpec> specs = new ArrayList<>();
        collect(tree, specs);
        for (CommandSpec spec : specs) {
            int status =
                    ManPageGenerator.generateManPage(
                            pages.toFile(), null, new boolean[0], true, spec);
            if (status != 0) {
                throw new IOException("No page for " + spec.qualifiedName());
            }
            Path page = pages.resolve(spec.qualifiedName("-") + ".adoc");
            Files.writeString(page, withPlainHeadings(Files.readString(page)));
        }
    }

    /// Headings that end in a colon in the help stand without it in a manual page.
    static String withPlainHeadings(String page) {
        return page.replaceAll("(?m)^== +(.*?):?$", "== $1");
    }

    private static void collect(CommandLine line, List<CommandSpec> specs) {
        specs.add(line.getCommandSpec());
        line.getSubcommands().values().stream().distinct().forEach(below -> collect(below, specs));
    }
}

package dev.verbena.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.cli.Verbena;
import dev.verbena.cli.base.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/// What the pages say of the command is true: its names, its options, its examples.
class DocumentedCommandsTest {
    /// A call of the command, up to where the shell takes over.
    private static final Pattern CALL =
            Pattern.compile("(?:^|[ (])(?:\\./)?verbena ([^|#>&;)…]*)(…?)");

    private static final Pattern NAME = Pattern.compile("`([^`]+)`");

    /// Parses as often as wanted; nothing is run.
    private static final CommandLine TREE = Verbena.commandLine(Environment.ofProcess());

    private static Stream<String> calls(String code) {
        // Messages begin with the name and a colon, placeholders are no command.
        return CALL.matcher(code)
                .results()
                .filter(call -> call.group(2).isEmpty())
                .map(call -> call.group(1).strip())
                .filter(call -> !call.isEmpty() && !call.startsWith("["));
    }

    /// What the parser says against a line; empty when nothing.
    private static String complaint(String call) {
        String[] words =
                call.replace("PORT", "4420").replace("\"", "").replace("'", "").split("\\s+", -1);
        try {
            TREE.parseArgs(words);
            return "";
        } catch (ParameterException e) {
            return String.valueOf(e.getMessage());
        }
    }

    @Test
    void linesInThePages_areUnderstoodByTheCommand() throws IOException {
        Map<String, String> wrong = new LinkedHashMap<>();
        int count = 0;
        for (Path page : Documents.all()) {
            List<String> code = Documents.code(Files.readString(page));
            for (String call : code.stream().flatMap(DocumentedCommandsTest::calls).toList()) {
                count++;
                String complaint = complaint(call);
                if (!complaint.isEmpty()) {
                    wrong.put(page.getFileName() + ": verbena " + call, complaint);
                }
            }
        }
        assertThat(count).as("lines found").isGreaterThan(25);
        assertThat(wrong).isEmpty();
    }

    @Test
    void examplesInTheHelp_areUnderstoodByTheCommand() {
        List<String> examples = new ArrayList<>();
        for (CommandLine line : TREE.getSubcommands().values()) {
            String[] footer = line.getCommandSpec().usageMessage().footer();
            Arrays.stream(footer).flatMap(DocumentedCommandsTest::calls).forEach(examples::add);
        }
        assertThat(examples).hasSizeGreaterThanOrEqualTo(3);
        assertThat(examples).allSatisfy(call -> assertThat(complaint(call)).isEmpty());
    }

    /// The parser that the tests above rely on does refuse.
    @Test
    void linesThatAreWrong_areComplainedAbout() {
        assertThat(complaint("frobnicate")).isNotEmpty();
        assertThat(complaint("read --blocks 5")).contains("--blocks");
        assertThat(complaint("read -s many")).contains("not a number");
        assertThat(calls("$ ./verbena read -s 8 | hexdump -C")).containsExactly("read -s 8");
        assertThat(calls("source <(./verbena generate-completion)"))
                .containsExactly("generate-completion");
    }

    /// Names of all commands, those of groups behind the group's name.
    private static Set<String> names() {
        Set<String> names = new TreeSet<>();
        TREE.getSubcommands()
                .forEach((name, line) -> {
                    if (line.getSubcommands().isEmpty()) {
                        names.add(name);
                    }
                    line.getSubcommands().keySet().forEach(below -> names.add(name + " " + below));
                });
        return names;
    }

    /// Names in one cell of a table; where the first has a group, the others belong to it too.
    private static List<String> namesIn(String cell) {
        List<String> names = new ArrayList<>();
        String group = "";
        for (MatchResult each : NAME.matcher(cell).results().toList()) {
            String name = each.group(1).replaceFirst("^nvme ", "").replaceFirst(" \\[.*", "");
            if (name.startsWith("zns ")) {
                group = "zns ";
                name = name.substring(4);
            }
            names.add(group + name);
        }
        return names;
    }

    private static String section(String page, String heading) {
        Matcher found =
                Pattern.compile(
                                "^## " + heading + "$(.*?)(?=^## |\\z)",
                                Pattern.DOTALL | Pattern.MULTILINE)
                        .matcher(page);
        assertThat(found.find()).as(heading).isTrue();
        return found.group(1);
    }

    private static List<String[]> rows(String section) {
        return section.lines()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.split("\\s*\\|\\s*", -1))
                .toList();
    }

    @Test
    void tableOfCommands_namesEachOnce() throws IOException {
        String page = Files.readString(Documents.root().resolve("docs/commands.md"));
        List<String> documented = new ArrayList<>();
        rows(section(page, "The commands")).forEach(row -> documented.addAll(namesIn(row[1])));
        assertThat(documented).doesNotHaveDuplicates();
        assertThat(new TreeSet<>(documented)).isEqualTo(names());
    }

    /// Whether a command asks, the table says in its last column.
    @Test
    void tableOfCommands_saysWhichTakeForce() throws IOException {
        String page = Files.readString(Documents.root().resolve("docs/commands.md"));
        for (String[] row : rows(section(page, "The commands"))) {
            for (String name : namesIn(row[1])) {
                CommandLine line = TREE;
                for (String word : name.split(" ", -1)) {
                    line = Objects.requireNonNull(line.getSubcommands().get(word));
                }
                boolean asks = line.getCommandSpec().findOption("--force") != null;
                if (asks || row[3].equals("yes")) {
                    assertThat(row[3].isEmpty()).as(name).isNotEqualTo(asks);
                }
            }
        }
    }

    @Test
    void commandsThatAreTheSameAsNvmeClis_exist() throws IOException {
        String page = Files.readString(Documents.root().resolve("docs/migration.md"));
        List<String> same = new ArrayList<>();
        for (String[] row : rows(section(page, "From nvme-cli"))) {
            if (row[2].equals("the same")) {
                same.addAll(namesIn(row[1]));
            }
        }
        Set<String> names = names();
        assertThat(same).hasSizeGreaterThan(40);
        assertThat(same)
                .allSatisfy(name -> {
                    if (name.endsWith("*")) {
                        String start = name.substring(0, name.length() - 1);
                        assertThat(names).anyMatch(each -> each.startsWith(start));
                    } else {
                        assertThat(names).contains(name);
                    }
                });
    }
}

package dev.verbena.cli.base;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The letters of the shared options.
///
/// nvme-cli uses most letters twice: `-s` is the port in `discover` and the first block in `read`.
/// Here a command's own letters win. The letters of `nvme connect` are given, all of them or none,
/// to the commands that have no others, and before the command they work always: `verbena -a ADDR
/// -n NQN read -s 0`.
public final class Letters {
    private static final Map<String, String> CONNECTION =
            Map.ofEntries(
                    Map.entry("--transport", "-t"),
                    Map.entry("--traddr", "-a"),
                    Map.entry("--trsvcid", "-s"),
                    Map.entry("--nqn", "-n"),
                    Map.entry("--host-traddr", "-w"),
                    Map.entry("--hostnqn", "-q"),
                    Map.entry("--hostid", "-I"),
                    Map.entry("--dhchap-secret", "-S"),
                    Map.entry("--dhchap-ctrl-secret", "-C"),
                    Map.entry("--nr-io-queues", "-i"),
                    Map.entry("--nr-write-queues", "-W"),
                    Map.entry("--nr-poll-queues", "-P"),
                    Map.entry("--queue-size", "-Q"),
                    Map.entry("--keep-alive-tmo", "-k"),
                    Map.entry("--reconnect-delay", "-c"),
                    Map.entry("--ctrl-loss-tmo", "-l"),
                    Map.entry("--tos", "-T"),
                    Map.entry("--duplicate-connect", "-D"),
                    Map.entry("--disable-sqflow", "-d"));

    private static final Map<String, String> OUTPUT = Map.of("--output-format", "-o");

    private Letters() {}

    /// Gives a command and those below it the letters that are free.
    public static void assign(CommandLine line) {
        CommandSpec spec = line.getCommandSpec();
        assign(spec, CONNECTION);
        assign(spec, OUTPUT);
        line.getSubcommands().values().stream().distinct().forEach(Letters::assign);
    }

    private static void assign(CommandSpec spec, Map<String, String> letters) {
        boolean wanted = letters.keySet().stream().anyMatch(name -> spec.findOption(name) != null);
        boolean free = letters.values().stream().allMatch(name -> spec.findOption(name) == null);
        if (!wanted || !free) {
            return;
        }
        for (OptionSpec option : List.copyOf(spec.options())) {
            if (Help.isOwn(option)) {
                // All of them, so that they keep their order.
                spec.remove(option);
                spec.addOption(withLetter(option, letters));
            }
        }
    }

    private static OptionSpec withLetter(OptionSpec option, Map<String, String> letters) {
        @Nullable String letter =
                Stream.of(option.names())
                        .map(letters::get)
                        .filter(found -> found != null)
                        .findFirst()
                        .orElse(null);
        if (letter == null) {
            return option;
        }
        List<String> names = new ArrayList<>(List.of(option.names()));
        names.addFirst(letter);
        return OptionSpec.builder(option).names(names.toArray(String[]::new)).build();
    }

    /// Lets options that stand before the command apply to it, unless it has the same of its own,
    /// and different spellings of one option be one.
    public static void handDown(CommandLine.ParseResult result) {
        CommandLine.ParseResult last = result;
        while (last.hasSubcommand()) {
            last = last.subcommand();
        }
        for (OptionSpec given : result.matchedOptions()) {
            OptionSpec same = last.commandSpec().findOption(given.longestName());
            if (same != null && !last.hasMatchedOption(same)) {
                same.setValue(given.getValue());
            }
        }
        RawBinary.unify(last);
    }
}

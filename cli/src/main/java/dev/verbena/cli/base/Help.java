package dev.verbena.cli.base;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// The order of the options in a command's help: its own, then those of the connection, then those
/// of all commands. A description that is several lines in the source is one sentence after the
/// other: help and manual pages break the lines where they end.
public final class Help {
    private static final int OWN = 0;
    private static final int CONNECTION = 1;

    /// Options of all commands.
    public static final int COMMON = 2;

    private static final Set<String> COMMON_NAMES = Set.of("--help", "--version", "--verbose");

    private Help() {}

    /// Arranges a command and those below it. An option that all commands inherit, or that stands
    /// in a group, keeps its place.
    public static void arrange(CommandLine line) {
        Set<String> connection = new HashSet<>();
        for (OptionSpec option :
                CommandSpec.forAnnotatedObject(new ConnectionOptions()).options()) {
            connection.add(option.longestName());
        }
        arrange(line, connection);
    }

    /// Whether a command may take an option out and put it in again, changed.
    static boolean isOwn(OptionSpec option) {
        return !option.inherited()
                && option.scopeType() != CommandLine.ScopeType.INHERIT
                && option.group() == null;
    }

    private static void arrange(CommandLine line, Set<String> connection) {
        CommandSpec spec = line.getCommandSpec();
        spec.usageMessage().sortOptions(false).abbreviateSynopsis(true);
        for (OptionSpec option : List.copyOf(spec.options())) {
            if (!isOwn(option)) {
                continue;
            }
            int order = OWN;
            if (COMMON_NAMES.contains(option.longestName())) {
                order = COMMON;
            } else if (connection.contains(option.longestName())) {
                order = CONNECTION;
            }
            spec.remove(option);
            spec.addOption(
                    OptionSpec.builder(option)
                            .order(order)
                            .description(String.join(" ", option.description()))
                            .build());
        }
        for (PositionalParamSpec parameter : List.copyOf(spec.positionalParameters())) {
            spec.remove(parameter);
            spec.addPositional(
                    PositionalParamSpec.builder(parameter)
                            .description(String.join(" ", parameter.description()))
                            .build());
        }
        line.getSubcommands().values().stream()
                .distinct()
                .forEach(below -> arrange(below, connection));
    }
}

package dev.verbena.cli.base;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// `--raw-binary`, which is another spelling of `--output-format binary`. It becomes that before
/// the command runs, so that no command can tell the two apart.
public final class RawBinary {
    private static final String NAME = "--raw-binary";

    @Option(
            names = {"-b", NAME},
            description = "Print the data as it came; the same as --output-format binary.")
    @SuppressWarnings("UnusedVariable") // read by unify
    private boolean given;

    /// Lets the output format of the command that was given be what `--raw-binary` says.
    ///
    /// @throws ParameterException when another format was given as well
    static void unify(ParseResult command) {
        CommandSpec spec = command.commandSpec();
        OptionSpec raw = spec.findOption(NAME);
        OptionSpec format = spec.findOption(Output.FORMAT);
        if (raw == null || format == null || !Boolean.TRUE.equals(raw.getValue())) {
            return;
        }
        if (command.hasMatchedOption(format) && format.getValue() != Output.Format.BINARY) {
            throw new ParameterException(
                    spec.commandLine(),
                    NAME
                            + " and "
                            + Output.FORMAT
                            + " "
                            + format.getValue()
                            + " contradict each other");
        }
        format.setValue(Output.Format.BINARY);
    }
}

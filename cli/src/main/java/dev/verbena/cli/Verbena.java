package dev.verbena.cli;

import dev.verbena.verbs.RdmaException;
import java.io.IOException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/// Entry point of the command.
@Command(
        name = "verbena",
        description = "NVMe over Fabrics from Java, over RDMA.",
        mixinStandardHelpOptions = true,
        version = "verbena 0.1.0-SNAPSHOT",
        subcommands = {DiscoverCommand.class, DemoCommand.class})
public final class Verbena implements Runnable {
    /// Exit status of a command that failed; 2 is for wrong arguments.
    static final int FAILED = 1;

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "Which command?");
    }

    static CommandLine commandLine() {
        CommandLine line = new CommandLine(new Verbena());
        line.setExecutionExceptionHandler((exception, command, result) -> {
            if (isExpected(exception)) {
                command.getErr().println(command.getCommandName() + ": " + exception.getMessage());
            } else {
                exception.printStackTrace(command.getErr());
            }
            return FAILED;
        });
        return line;
    }

    /// Failures of the world outside, which a sentence explains; anything else is a defect and
    /// wants its trace.
    private static boolean isExpected(Exception e) {
        return e instanceof IOException
                || e instanceof RdmaException
                || e instanceof IllegalArgumentException;
    }

    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }
}

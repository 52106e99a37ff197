package dev.verbena.cli.base;

import dev.verbena.NvmeException;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.verbs.RdmaException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/// What becomes of a command that fails: one sentence and an exit status.
public final class Failures {
    /// It worked.
    public static final int OK = 0;

    /// No connection, no device, no such file.
    public static final int FAILED = 1;

    /// The arguments are wrong.
    public static final int USAGE = 2;

    /// The controller carried the command out and reported an error.
    public static final int COMMAND_STATUS = 3;

    /// It would have destroyed something and nobody said yes.
    public static final int NOT_CONFIRMED = 4;

    /// A defect of Verbena's.
    public static final int DEFECT = 70;

    /// Ended by Ctrl-C.
    public static final int INTERRUPTED = 130;

    /// Nobody reads the output any more: what a shell reports of a process that SIGPIPE ended.
    public static final int CLOSED_PIPE = 141;

    private Failures() {}

    /// Installs the handlers.
    ///
    /// @param verbose whether traces are wanted
    public static void handle(CommandLine line, java.util.function.BooleanSupplier verbose) {
        line.setParameterExceptionHandler((exception, arguments) -> {
            CommandLine command = exception.getCommandLine();
            command.getErr()
                    .println(
                            name(command)
                                    + ": "
                                    + OptionWords.translate(
                                            String.valueOf(exception.getMessage())));
            if (!CommandLine.UnmatchedArgumentException.printSuggestions(
                    exception, command.getErr())) {
                command.getErr().println("Try '" + name(command) + " --help'.");
            }
            if (verbose.getAsBoolean()) {
                exception.printStackTrace(command.getErr());
            }
            return USAGE;
        });
        line.setExecutionExceptionHandler((exception, command, result) -> {
            int status = status(exception);
            if (status != INTERRUPTED && status != CLOSED_PIPE) {
                command.getErr().println(name(command) + ": " + sentence(exception, status));
            }
            if (verbose.getAsBoolean()) {
                exception.printStackTrace(command.getErr());
            } else if (status == DEFECT) {
                command.getErr().println("--verbose shows where; please report it.");
            }
            command.getErr().flush();
            return status;
        });
    }

    /// The status of a command that has ended with another, when its results could not be written:
    /// buffers are emptied late, and help and the like are printed by nobody who checks.
    public static int afterOutput(CommandLine line, Environment environment, int status) {
        line.getOut().flush();
        if (status != OK) {
            return status;
        }
        try {
            environment.checkOutput();
            return status;
        } catch (StandardOutput.OutputException e) {
            if (!e.isClosedPipe()) {
                line.getErr().println(name(line) + ": " + e.getMessage());
            }
            return status(e);
        }
    }

    private static String name(CommandLine command) {
        return command.getCommandSpec().qualifiedName(" ");
    }

    static int status(Exception e) {
        return switch (e) {
            case NvmeException ignored -> COMMAND_STATUS;
            case NotConfirmedException ignored -> NOT_CONFIRMED;
            case InterruptedIOException ignored -> INTERRUPTED;
            case StandardOutput.OutputException output ->
                    output.isClosedPipe() ? CLOSED_PIPE : FAILED;
            case ParameterException ignored -> USAGE;
            case IllegalArgumentException ignored -> USAGE;
            case IOException ignored -> FAILED;
            case UncheckedIOException ignored -> FAILED;
            case RdmaException ignored -> FAILED;
            case WireFormatException ignored -> FAILED;
            case UnsupportedOperationException ignored -> FAILED;
            default -> DEFECT;
        };
    }

    private static String sentence(Exception e, int status) {
        if (status == DEFECT) {
            return "a defect of Verbena: " + e;
        }
        if (e instanceof UncheckedIOException && e.getCause() instanceof IOException cause) {
            return sentence(cause, status);
        }
        if (e instanceof WireFormatException) {
            return "The controller sent something impossible: " + e.getMessage();
        }
        if (e instanceof java.nio.file.NoSuchFileException) {
            return e.getMessage() + ": no such file";
        }
        if (e instanceof java.nio.file.AccessDeniedException) {
            return e.getMessage() + ": permission denied";
        }
        return OptionWords.of(e);
    }
}

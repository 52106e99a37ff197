package dev.verbena.cli.base;

import dev.verbena.Initiator;
import dev.verbena.nvme.HostIdentity;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What surrounds a command: the process, or a test.
///
/// @param initiators opens an initiator for a host
/// @param in data for commands that read it from standard input
/// @param out where text and data go
/// @param err where messages go
/// @param variables the environment variables
/// @param terminal for questions
/// @param current the initiator that is open at the moment, for whoever has to end the process
public record Environment(
        Function<HostIdentity, Initiator> initiators,
        InputStream in,
        OutputStream out,
        OutputStream err,
        Map<String, String> variables,
        Terminal terminal,
        AtomicReference<@Nullable Initiator> current) {
    /// Notices what cannot be written.
    public Environment {
        out = out instanceof StandardOutput ? out : new StandardOutput(out);
    }

    /// Tells whether results got to where they were to go.
    ///
    /// @throws StandardOutput.OutputException when a result could not be written
    public void checkOutput() throws StandardOutput.OutputException {
        if (out instanceof StandardOutput results) {
            results.check();
        }
    }

    /// Somebody who can be asked.
    public interface Terminal {
        /// Whether somebody is there.
        boolean isPresent();

        /// Shows a question and waits for a line; null when input has ended.
        @Nullable String ask(String question);
    }

    /// What the root command of the tree is.
    public interface Root {
        Environment environment();
    }

    /// The process.
    public static Environment ofProcess() {
        return new Environment(
                Initiator::open,
                new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                System.getenv(),
                new ProcessTerminal(),
                new AtomicReference<>());
    }

    Initiator open(HostIdentity host) {
        Initiator initiator = initiators.apply(host);
        current.set(initiator);
        return initiator;
    }

    // The documentation of System.console still allows null.
    @SuppressWarnings("SystemConsoleNull")
    private static final class ProcessTerminal implements Terminal {
        @Override
        public boolean isPresent() {
            Console console = System.console();
            return console != null && console.isTerminal();
        }

        @Override
        public @Nullable String ask(String question) {
            Console console = System.console();
            return console == null ? null : console.readLine("%s", question);
        }
    }
}

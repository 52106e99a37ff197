package dev.verbena.cli.base;

import dev.verbena.Controller;
import dev.verbena.nvme.Rendered;
import dev.verbena.nvme.WireFormatException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import picocli.CommandLine.Option;

/// A command that reads one structure and prints it.
public abstract class PageCommand extends ControllerCommand {
    @Option(
            names = {"-b", "--raw-binary"},
            description = "Print the structure as it came; the same as --output-format binary.")
    private boolean rawBinary;

    /// Bytes and what they say.
    ///
    /// @param bytes as the controller sent them
    @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
    public record Page(byte[] bytes, Function<MemorySegment, ? extends Rendered> decoder) {}

    /// Reads the structure.
    protected abstract Page read(Controller controller) throws IOException;

    @Override
    protected final void run(Controller controller) throws IOException {
        Page page = read(controller);
        if (rawBinary) {
            output().bytes(page.bytes());
            return;
        }
        Rendered decoded;
        try {
            decoded = page.decoder().apply(MemorySegment.ofArray(page.bytes()));
        } catch (WireFormatException e) {
            throw new IOException("The controller sent something impossible: " + e.getMessage(), e);
        }
        output().print(decoded, page.bytes());
    }
}

package dev.verbena.cli.base;

import dev.verbena.Controller;
import dev.verbena.nvme.Rendered;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/// A command that reads one structure and prints it.
public abstract class PageCommand extends ControllerCommand {
    @Mixin
    @SuppressWarnings("UnusedVariable") // becomes the output format
    private RawBinary rawBinary = new RawBinary();

    /// Bytes and what they say.
    ///
    /// @param bytes as the controller sent them
    /// @param missing what is not there and should be; null when nothing is
    @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
    public record Page(
            byte[] bytes,
            Function<MemorySegment, ? extends Rendered> decoder,
            @Nullable String missing) {
        /// All there is.
        public Page(byte[] bytes, Function<MemorySegment, ? extends Rendered> decoder) {
            this(bytes, decoder, null);
        }
    }

    /// Reads the structure.
    protected abstract Page read(Controller controller) throws IOException;

    @Override
    protected final void run(Controller controller) throws IOException {
        Page page = read(controller);
        if (output().isBinary()) {
            // Also what cannot be decoded.
            output().bytes(page.bytes());
        } else {
            output().print(page.decoder().apply(MemorySegment.ofArray(page.bytes())), page.bytes());
        }
        if (page.missing() != null) {
            throw new IOException("Not shown: " + page.missing());
        }
    }
}

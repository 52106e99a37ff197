package dev.verbena.cli.base;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Where results go. Remembers that something could not be written: a `PrintWriter` on top of it
/// keeps that to itself.
public final class StandardOutput extends OutputStream {
    private final OutputStream out;
    private volatile @Nullable IOException failure;

    StandardOutput(OutputStream out) {
        this.out = out;
    }

    private interface Action {
        void run() throws IOException;
    }

    private void attempt(Action action) throws IOException {
        try {
            action.run();
        } catch (IOException e) {
            if (failure == null) {
                failure = e;
            }
            throw e;
        }
    }

    @Override
    public void write(int value) throws IOException {
        attempt(() -> out.write(value));
    }

    @Override
    public void write(byte[] data, int offset, int length) throws IOException {
        attempt(() -> out.write(data, offset, length));
    }

    @Override
    public void flush() throws IOException {
        attempt(out::flush);
    }

    @Override
    public void close() throws IOException {
        attempt(out::close);
    }

    /// Tells what went wrong.
    ///
    /// @throws OutputException when anything could not be written until now
    public void check() throws OutputException {
        IOException cause = failure;
        if (cause != null) {
            throw new OutputException(cause);
        }
    }

    /// A result did not get to where it was to go.
    public static final class OutputException extends IOException {
        private static final long serialVersionUID = 1;

        OutputException(IOException cause) {
            super("Standard output cannot be written: " + cause.getMessage(), cause);
        }

        /// Whether nobody reads any more, as `head` when it has seen enough. That is told by the
        /// status alone.
        boolean isClosedPipe() {
            return String.valueOf(getMessage()).toLowerCase(Locale.ROOT).contains("broken pipe");
        }
    }
}

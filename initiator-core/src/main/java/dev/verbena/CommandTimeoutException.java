package dev.verbena;

import java.io.IOException;
import java.io.Serial;

/// A command was not answered in time. Its queue is torn down, so that its buffer is safe to use
/// again; the command may or may not have been executed.
public final class CommandTimeoutException extends IOException {
    @Serial private static final long serialVersionUID = 1;

    public CommandTimeoutException(String message) {
        super(message);
    }
}

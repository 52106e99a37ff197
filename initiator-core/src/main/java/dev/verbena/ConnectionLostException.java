package dev.verbena;

import java.io.IOException;
import java.io.Serial;

/// The connection to the controller is gone. A command that was under way may or may not have been
/// executed.
public final class ConnectionLostException extends IOException {
    @Serial private static final long serialVersionUID = 1;

    public ConnectionLostException(String message) {
        super(message);
    }
}

package dev.verbena;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// A step of the connection did not end in time; the message names the step.
public final class ConnectTimeoutException extends ConnectFailedException {
    @Serial private static final long serialVersionUID = 1;

    public ConnectTimeoutException(
            String address, int queueId, String message, @Nullable Throwable cause) {
        super(address, queueId, true, message, cause);
    }
}

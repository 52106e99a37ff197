package dev.verbena;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// The controller requires authentication, and one side did not accept the other, or this host has
/// no secret. Trying again with the same secrets brings the same end, unless [#retryable] says
/// otherwise: then the target disconnected without giving a reason.
public final class AuthenticationFailedException extends ConnectFailedException {
    @Serial private static final long serialVersionUID = 1;

    public AuthenticationFailedException(
            String address,
            int queueId,
            boolean retryable,
            String message,
            @Nullable Throwable cause) {
        super(address, queueId, retryable, message, cause);
    }
}

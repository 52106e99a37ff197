package dev.verbena;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// A queue has to be authenticated, because the controller requires it or because the connect
/// options have a secret, and it was not: one side did not accept the other, or this host has no
/// secret. Trying again with the same secrets brings the same end, unless [#retryable] says
/// otherwise: then the target disconnected without giving a reason, or refused only for the moment.
public sealed class AuthenticationFailedException extends ConnectFailedException
        permits AuthenticationNotOfferedException {
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

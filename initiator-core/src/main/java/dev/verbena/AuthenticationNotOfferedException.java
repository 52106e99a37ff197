package dev.verbena;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// The connect options have a secret, so the connection has to be authenticated; the controller
/// does not ask for that, and did not go through with it when this host began. A target without
/// secrets for this host ends like that, and so does one that is not the one it claims to be.
public final class AuthenticationNotOfferedException extends AuthenticationFailedException {
    @Serial private static final long serialVersionUID = 1;

    public AuthenticationNotOfferedException(
            String address,
            int queueId,
            boolean retryable,
            String message,
            @Nullable Throwable cause) {
        super(address, queueId, retryable, message, cause);
    }
}

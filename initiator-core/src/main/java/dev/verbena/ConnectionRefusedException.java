package dev.verbena;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// The host answers, but nothing listens at that port for RDMA connections.
public final class ConnectionRefusedException extends ConnectFailedException {
    @Serial private static final long serialVersionUID = 1;

    public ConnectionRefusedException(
            String address, int queueId, String message, @Nullable Throwable cause) {
        super(address, queueId, true, message, cause);
    }
}

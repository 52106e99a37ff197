package dev.verbena;

import dev.verbena.nvme.RejectStatus;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// The target refused the queue pair itself, before any NVMe command.
public final class ConnectRejectedException extends ConnectFailedException {
    @Serial private static final long serialVersionUID = 1;

    private final int reason;
    private final @Nullable RejectStatus status;

    /// @param reason reject reason of the connection manager (28: the consumer, which is the NVMe
    ///   target, refused)
    /// @param status the NVMe/RDMA status that came with it, null when there was none
    public ConnectRejectedException(
            String address,
            int queueId,
            int reason,
            @Nullable RejectStatus status,
            boolean retryable,
            String message) {
        super(address, queueId, retryable, message, null);
        this.reason = reason;
        this.status = status;
    }

    /// Reject reason of the connection manager (InfiniBand Architecture, REJ reason codes).
    public int reason() {
        return reason;
    }

    /// NVMe/RDMA status of the reject; null when the connection manager itself refused.
    public @Nullable RejectStatus status() {
        return status;
    }
}

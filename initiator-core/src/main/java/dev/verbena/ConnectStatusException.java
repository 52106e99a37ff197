package dev.verbena;

import dev.verbena.nvme.ConnectFailure;
import dev.verbena.nvme.NvmeStatus;
import java.io.Serial;

/// The controller answered the Fabrics Connect command with an error.
public class ConnectStatusException extends ConnectFailedException {
    @Serial private static final long serialVersionUID = 1;

    private final int status;
    private final ConnectFailure.Reason reason;

    /// @param status status field of the completion (SC, SCT, CRD, More, DNR)
    public ConnectStatusException(
            String address, int queueId, int status, ConnectFailure.Reason reason, String message) {
        super(address, queueId, !new NvmeStatus(status).doNotRetry(), message, null);
        this.status = status;
        this.reason = reason;
    }

    /// The NVMe status of the Connect command.
    public final NvmeStatus status() {
        return new NvmeStatus(status);
    }

    /// What the status means for a Connect command.
    public final ConnectFailure.Reason reason() {
        return reason;
    }
}

package dev.verbena;

import dev.verbena.nvme.ConnectFailure;
import java.io.Serial;

/// No subsystem of that NQN is offered at that address.
public final class SubsystemNotFoundException extends ConnectStatusException {
    @Serial private static final long serialVersionUID = 1;

    public SubsystemNotFoundException(
            String address, int queueId, int status, ConnectFailure.Reason reason, String message) {
        super(address, queueId, status, reason, message);
    }
}

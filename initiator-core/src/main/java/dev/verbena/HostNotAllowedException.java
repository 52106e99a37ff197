package dev.verbena;

import dev.verbena.nvme.ConnectFailure;
import java.io.Serial;

/// The subsystem exists, and this host's NQN is not on its list of allowed hosts.
public final class HostNotAllowedException extends ConnectStatusException {
    @Serial private static final long serialVersionUID = 1;

    public HostNotAllowedException(
            String address, int queueId, int status, ConnectFailure.Reason reason, String message) {
        super(address, queueId, status, reason, message);
    }
}

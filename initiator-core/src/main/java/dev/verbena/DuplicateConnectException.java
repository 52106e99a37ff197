package dev.verbena;

import java.io.Serial;

/// The same host is connected to the same subsystem at the same address already.
public final class DuplicateConnectException extends ConnectFailedException {
    @Serial private static final long serialVersionUID = 1;

    public DuplicateConnectException(String address, String message) {
        super(address, 0, false, message, null);
    }
}

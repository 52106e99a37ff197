package dev.verbena;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// No way to the address: it does not resolve, has no route through an RDMA device, or nobody
/// answers there.
public final class AddressUnreachableException extends ConnectFailedException {
    @Serial private static final long serialVersionUID = 1;

    public AddressUnreachableException(
            String address, int queueId, String message, @Nullable Throwable cause) {
        super(address, queueId, true, message, cause);
    }
}

package dev.verbena;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/// A queue could not be connected. The subclass says why; the message says what to do.
///
/// Nothing is left behind: the queue pair, its memory and its threads are gone when this reaches
/// the caller.
public class ConnectFailedException extends IOException {
    @Serial private static final long serialVersionUID = 1;

    private final String address;
    private final int queueId;
    private final boolean retryable;

    /// @param address transport address and service id of the target
    /// @param queueId 0 for the admin queue
    /// @param retryable whether the same attempt may succeed later without anything being changed
    public ConnectFailedException(
            String address,
            int queueId,
            boolean retryable,
            String message,
            @Nullable Throwable cause) {
        super(message, cause);
        this.address = address;
        this.queueId = queueId;
        this.retryable = retryable;
    }

    /// Transport address and service id of the target.
    public final String address() {
        return address;
    }

    /// The queue that failed; 0 is the admin queue.
    public final int queueId() {
        return queueId;
    }

    /// Whether the same attempt may succeed later without anything being changed on either side.
    public final boolean retryable() {
        return retryable;
    }
}

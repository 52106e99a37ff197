package dev.verbena.channel;

import java.nio.channels.ClosedChannelException;
import java.nio.channels.NonWritableChannelException;

/// Whether a channel is open, and for what.
///
/// Threads: any.
final class ChannelState {
    private final Access access;
    private volatile boolean closed;

    ChannelState(Access access) {
        this.access = access;
    }

    boolean isOpen() {
        return !closed;
    }

    void close() {
        closed = true;
    }

    void requireOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    /// @throws NonWritableChannelException when the channel only reads
    void requireWritable() {
        if (access == Access.READ_ONLY) {
            throw new NonWritableChannelException();
        }
    }
}

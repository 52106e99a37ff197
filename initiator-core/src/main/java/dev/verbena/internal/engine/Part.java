package dev.verbena.internal.engine;

import dev.verbena.internal.engine.BouncePool.Buffer;
import org.jspecify.annotations.Nullable;

/// A piece of a request that is one command: under way, or waiting to be sent again. Pooled; its
/// index is the token of the command.
final class Part {
    final int index;
    @Nullable DeviceRequest<?> request;

    /// The piece of the request's line.
    long from;

    long to;

    /// Whether it is all of its request, in registered memory: its success is the request's, with
    /// nothing left to do.
    boolean whole;

    /// Where the data is while the command is under way, when it had to be copied.
    @Nullable Buffer buffer;

    /// The same for the data to write of a compare and write.
    @Nullable Buffer second;

    /// Times it was sent again because its status allows it.
    int retries;

    /// Times it was sent again because the connection broke.
    int losses;

    /// Times it was sent again because its namespace could not be reached through the controller,
    /// and since when.
    int accessWaits;

    long accessSinceNanos;

    /// Whether its command was not answered in time, and is to end for that.
    boolean expired;

    /// When it may be sent again.
    long dueNanos;

    Part(int index) {
        this.index = index;
    }

    void begin(DeviceRequest<?> owner, long start, long end) {
        request = owner;
        from = start;
        to = end;
        whole = false;
        retries = 0;
        losses = 0;
        accessWaits = 0;
    }

    /// The request it is a piece of.
    DeviceRequest<?> owner() {
        DeviceRequest<?> owner = request;
        if (owner == null) {
            throw new IllegalStateException("Part " + index + " is free");
        }
        return owner;
    }

    void releaseBuffers() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
        }
        if (second != null) {
            second.release();
            second = null;
        }
    }
}

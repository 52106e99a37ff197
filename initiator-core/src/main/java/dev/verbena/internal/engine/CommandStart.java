package dev.verbena.internal.engine;

import dev.verbena.internal.memory.Region;

/// What starting commands takes, whatever they are: the queue, and memory for copies of their data.
///
/// Threads: the queue's owner.
final class CommandStart {
    final IoCommands io;
    final DataPlacement placement;
    final BouncePool bounce;

    /// How long an answer may take.
    final long timeoutNanos;

    private final DeviceCounters counters;

    CommandStart(
            IoCommands io,
            DataPlacement placement,
            BouncePool bounce,
            DeviceCounters counters,
            long timeoutNanos) {
        this.io = io;
        this.placement = placement;
        this.bounce = bounce;
        this.counters = counters;
        this.timeoutNanos = timeoutNanos;
    }

    void countBounced(DeviceRequest<?> request, int bytes) {
        counters.add(DeviceCounters.BOUNCED, 1);
        counters.add(DeviceCounters.BOUNCED_BYTES, bytes);
        request.context.bounced();
    }

    /// Counts the command as a user of the region, which is given back with the command.
    ///
    /// @throws RuntimeException when the region is closed, or does not fit
    static void add(CommandData target, Region region, long address, int bytes) {
        if (!region.tryAcquire()) {
            throw new IllegalStateException("its registration has ended with the connection");
        }
        boolean added = false;
        try {
            var _ = target.add(region, address, bytes);
            added = true;
        } finally {
            if (!added) {
                region.release();
            }
        }
    }
}

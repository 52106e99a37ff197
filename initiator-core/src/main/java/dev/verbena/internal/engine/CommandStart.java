package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.internal.memory.RegionLease;
import org.jspecify.annotations.Nullable;

/// What starting commands takes, whatever they are: the queue, and the memory their data is in.
///
/// Threads: the queue's owner.
final class CommandStart {
    final IoCommands io;
    final DataPlacement placement;
    final BouncePool bounce;

    /// How long an answer may take.
    final long timeoutNanos;

    private final CommandQueue commands;
    private final MemoryDomain memory;
    private final DeviceCounters counters;

    /// The queue's count of the region that was used last.
    private @Nullable RegionLease lastLease;

    CommandStart(
            CommandQueue commands,
            IoCommands io,
            DataPlacement placement,
            MemoryDomain memory,
            BouncePool bounce,
            DeviceCounters counters,
            long timeoutNanos) {
        this.commands = commands;
        this.io = io;
        this.placement = placement;
        this.memory = memory;
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

    /// Looks for the registered memory that holds some bytes, and counts a user of it.
    ///
    /// @return null when there is none that this queue has a count of its own of
    @Nullable RegionLease acquire(long address, int bytes) {
        RegionLease last = lastLease;
        if (last != null && last.region().contains(address, bytes) && last.tryAcquire()) {
            return last;
        }
        Region region = memory.find(address, bytes);
        RegionLease lease = region == null ? null : commands.lease(region);
        if (lease == null) {
            return null;
        }
        // In any case: the last one may have been given up for this one.
        lastLease = lease;
        return lease.tryAcquire() ? lease : null;
    }
}

package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.internal.memory.RegionLease;
import dev.verbena.nvme.NvmCommands;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Starts what most requests are: a single command on one piece of registered memory.
///
/// Threads: the queue's owner. Allocates nothing.
final class WholeStarter {
    private final CommandQueue commands;
    private final MemoryDomain memory;
    private final CommandStart start;
    private final PartPool parts;

    /// The queue's count of the region that was used last.
    private @Nullable RegionLease lastLease;

    WholeStarter(CommandQueue commands, MemoryDomain memory, CommandStart start, PartPool parts) {
        this.commands = commands;
        this.memory = memory;
        this.start = start;
        this.parts = parts;
    }

    /// Starts all of a request that is one command.
    ///
    /// One long method, on purpose: C2 inlines none of more than 325 bytes (FreqInlineSize), so
    /// this one is always compiled by itself. As the deepest part of what submits a request it
    /// would be inlined only down to level 15 (MaxInlineLevel), which is in the middle of the
    /// accesses to the capsule, and the request would take twice as long. A test holds it to that.
    ///
    /// @return false when it is none, no slot is free, or something is wrong with it, which the
    ///   longer way will report; nothing has changed then
    boolean start(DeviceRequest<?> request) {
        MemorySegment segment = request.segment();
        NamespaceLimits limits = request.context.present();
        if (limits == null) {
            return false;
        }
        long length = request.length;
        int shift = limits.blockShift();
        if (!request.kind.transfers()
                || segment.byteSize() != length
                || !segment.isNative()
                || length > start.placement.transferBytesMax()
                || length >> shift > NvmCommands.BLOCK_COUNT_MAX) {
            return false;
        }
        long boundary = (long) limits.boundaryBlocks() << shift;
        if (boundary > 0 && length > boundary - request.byteOffset % boundary) {
            return false;
        }
        long address = segment.address();
        int bytes = (int) length;
        RegionLease lease = lastLease;
        if (lease == null || !lease.region().contains(address, bytes) || !lease.tryAcquire()) {
            lease = acquire(address, bytes);
            if (lease == null) {
                return false;
            }
        }
        Part part = parts.take();
        boolean accepted = false;
        try {
            // Only now: what is alive while the region is held lies in the region. Before, the
            // segment's memory may have been freed and its address taken by another arena.
            if (segment.scope().isAlive()) {
                accepted =
                        start.io.tryTransfer(
                                request.kind.opcode(),
                                limits.namespaceId(),
                                request.byteOffset >> shift,
                                bytes >> shift,
                                request.flags,
                                lease,
                                address,
                                bytes,
                                part.index,
                                start.timeoutNanos);
            }
        } catch (RuntimeException e) {
            // The other way reports it; nothing was accepted.
        } finally {
            if (!accepted) {
                lease.release();
                parts.give(part);
            }
        }
        if (accepted) {
            part.begin(request, 0, length);
            part.whole = true;
            part.expired = false;
            request.started = length;
            request.parts = 1;
        }
        return accepted;
    }

    /// Looks for the registered memory that holds some bytes, and counts a user of it.
    ///
    /// @return null when there is none that this queue has a count of its own of
    private @Nullable RegionLease acquire(long address, int bytes) {
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

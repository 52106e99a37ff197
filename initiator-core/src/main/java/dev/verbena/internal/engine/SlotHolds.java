package dev.verbena.internal.engine;

import dev.verbena.internal.memory.Region;
import dev.verbena.internal.memory.RegionLease;
import org.jspecify.annotations.Nullable;

/// The memory that each slot's command keeps from being deregistered.
///
/// References stay where they are when a slot is released, and are written only when they change:
/// the garbage collector has to hear of every one that is.
///
/// Threads: the queue's owner.
final class SlotHolds {
    /// Regions one queue counts without atomic instructions.
    static final int LEASES_MAX = 64;

    private static final int MAX = CommandData.SEGMENTS_MAX;

    private final @Nullable RegionLease[] leases = new RegionLease[LEASES_MAX];
    private int leaseCount;

    private final int slotCount;

    /// How many segments a slot's command holds.
    private final byte[] counts;

    /// The first hold of each slot.
    private final @Nullable RegionLease[] slotLeases;

    private final Hold first;

    /// After a command with more than one segment the holds of each slot, all of them.
    private @Nullable Hold rest;

    /// One hold of every slot, or several: a lease where there is one, else a region.
    private static final class Hold {
        private final @Nullable RegionLease[] leases;
        private final @Nullable Region[] regions;

        Hold(int count) {
            leases = new RegionLease[count];
            regions = new Region[count];
        }

        void take(int index, CommandData data, int segment) {
            RegionLease lease = data.lease(segment);
            if (leases[index] != lease) {
                leases[index] = lease;
            }
            if (lease == null) {
                regions[index] = data.region(segment);
            }
        }

        void release(int index) {
            RegionLease lease = leases[index];
            if (lease != null) {
                lease.release();
                return;
            }
            Region region = regions[index];
            if (region != null) {
                regions[index] = null;
                region.release();
            }
        }
    }

    SlotHolds(int slotCount) {
        this.slotCount = slotCount;
        this.counts = new byte[slotCount];
        this.first = new Hold(slotCount);
        this.slotLeases = first.leases;
    }

    /// The lease of this queue on a region, made when there is none; null when there are too many.
    @Nullable RegionLease lease(Region region) {
        int idle = -1;
        for (int i = 0; i < leaseCount; i++) {
            RegionLease lease = leases[i];
            if (lease != null && lease.region() == region) {
                return lease;
            }
            if (lease != null && lease.userCount() == 0) {
                idle = i;
            }
        }
        if (leaseCount < LEASES_MAX) {
            idle = leaseCount++;
        } else if (idle < 0) {
            return null;
        }
        RegionLease old = leases[idle];
        if (old != null) {
            old.close();
        }
        RegionLease made = region.lease();
        leases[idle] = made;
        return made;
    }

    /// Ends all leases; those still in use keep their regions.
    void closeLeases() {
        for (int i = 0; i < leaseCount; i++) {
            RegionLease lease = leases[i];
            if (lease != null) {
                lease.close();
            }
            leases[i] = null;
        }
        leaseCount = 0;
    }

    /// Takes over one count.
    void take(int slot, Region region) {
        first.leases[slot] = null;
        first.regions[slot] = region;
        counts[slot] = 1;
    }

    /// Takes over one count of a lease, all that a command holds; given back by [#releaseLease].
    void takeLease(int slot, RegionLease lease) {
        if (slotLeases[slot] != lease) {
            slotLeases[slot] = lease;
        }
    }

    /// Gives back what [#takeLease] took.
    void releaseLease(int slot) {
        RegionLease lease = slotLeases[slot];
        if (lease != null) {
            lease.release();
        }
    }

    /// Takes over the counts of all segments.
    void take(int slot, CommandData data) {
        int count = data.count();
        counts[slot] = (byte) count;
        if (count > 0) {
            first.take(slot, data, 0);
        }
        if (count > 1) {
            takeRest(slot, data);
        }
    }

    private void takeRest(int slot, CommandData data) {
        Hold more = rest;
        if (more == null) {
            more = new Hold(slotCount * MAX);
            rest = more;
        }
        for (int i = 1; i < data.count(); i++) {
            more.take(slot * MAX + i, data, i);
        }
    }

    /// Gives all counts of a slot back.
    void release(int slot) {
        int count = counts[slot];
        if (count == 0) {
            return;
        }
        counts[slot] = 0;
        first.release(slot);
        if (count > 1) {
            releaseRest(slot, count);
        }
    }

    private void releaseRest(int slot, int count) {
        Hold more = rest;
        for (int i = 1; more != null && i < count; i++) {
            more.release(slot * MAX + i);
        }
    }

    /// Forgets a slot's memory without giving the counts back: it stays in use for ever.
    void abandon(int slot) {
        counts[slot] = 0;
        slotLeases[slot] = null;
        first.regions[slot] = null;
    }
}

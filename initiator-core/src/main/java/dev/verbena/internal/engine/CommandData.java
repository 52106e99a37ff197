package dev.verbena.internal.engine;

import dev.verbena.internal.memory.Region;
import dev.verbena.internal.memory.RegionLease;
import org.jspecify.annotations.Nullable;

/// The data of one command: where it is, in which direction it goes, and how it travels. Filled
/// before [CommandQueue#submit(int, long, CommandData, long)], read only during that call, then
/// used again for the next command.
///
/// ```java
/// data.clear().direction(Direction.CONTROLLER_READS).add(region, address, bytes);
/// data.keyed();
/// ```
///
/// Threads: the queue's owner. Allocates nothing after construction.
public final class CommandData {
    /// Most segments one command may be made of.
    public static final int SEGMENTS_MAX = 16;

    /// Which way data goes, seen from the controller.
    public enum Direction {
        NONE,
        /// The controller fetches it: data of a write.
        CONTROLLER_READS,
        /// The controller places it: data of a read.
        CONTROLLER_WRITES
    }

    /// How data travels.
    public enum Travel {
        /// There is none: a keyed descriptor of length 0.
        NONE(QueueCounters.WITHOUT_DATA),
        /// Behind the command in its capsule, gathered from all segments.
        IN_CAPSULE(QueueCounters.IN_CAPSULE),
        /// The controller moves it by the key of the only segment.
        KEYED(QueueCounters.KEYED),
        /// The controller moves it by the keys of several segments; the descriptors stand behind
        /// the command.
        KEYED_LIST(QueueCounters.KEYED_LIST);

        /// Counts the commands whose data travels so.
        final int counter;

        Travel(int counter) {
            this.counter = counter;
        }
    }

    // Written only when they change: the garbage collector has to hear of every reference that is.
    private final @Nullable Region[] regions = new Region[SEGMENTS_MAX];
    private final @Nullable RegionLease[] leases = new RegionLease[SEGMENTS_MAX];
    private final long[] addresses = new long[SEGMENTS_MAX];
    private final int[] lengths = new int[SEGMENTS_MAX];
    private int count;
    private int byteSize;
    private int capsuleHeaderBytes;

    /// The run of the queue's [BounceRuns] that the command ends; -1 for none.
    private int run = -1;

    private Direction direction = Direction.NONE;
    private Travel travel = Travel.NONE;

    /// Forgets everything. Nothing is released: see [#add].
    public CommandData clear() {
        count = 0;
        byteSize = 0;
        capsuleHeaderBytes = 0;
        run = -1;
        direction = Direction.NONE;
        travel = Travel.NONE;
        return this;
    }

    public CommandData direction(Direction value) {
        direction = value;
        return this;
    }

    /// Adds a segment behind those added before.
    ///
    /// @param region holds all of it; counted as used by the caller ([Region#tryAcquire]). That
    ///   count is the queue's business from the submission on, and the caller's while there is none
    /// @param bytes more than 0
    /// @throws IllegalStateException when there are [#SEGMENTS_MAX] already
    /// @throws IllegalArgumentException when the bytes are not in the region, or too many in all
    public CommandData add(Region region, long address, int bytes) {
        add(region, null, address, bytes);
        return this;
    }

    /// The same with a count of the queue's own, taken with [RegionLease#tryAcquire].
    ///
    /// @param lease from [CommandQueue#lease]
    public CommandData add(RegionLease lease, long address, int bytes) {
        add(lease.region(), lease, address, bytes);
        return this;
    }

    private void add(Region region, @Nullable RegionLease lease, long address, int bytes) {
        int index = count;
        if (index == SEGMENTS_MAX) {
            throw new IllegalStateException(
                    "A command can have " + SEGMENTS_MAX + " segments at most");
        }
        if (bytes <= 0 || byteSize + bytes < 0 || !region.contains(address, bytes)) {
            throw refused(region, address, bytes);
        }
        if (regions[index] != region) {
            regions[index] = region;
        }
        if (leases[index] != lease) {
            leases[index] = lease;
        }
        addresses[index] = address;
        lengths[index] = bytes;
        count = index + 1;
        byteSize += bytes;
    }

    private static IllegalArgumentException refused(Region region, long address, int bytes) {
        return new IllegalArgumentException(
                "%d bytes at %x are no part of the region at %x, or too many in all"
                        .formatted(bytes, address, region.address()));
    }

    /// Lets a run of the queue's bounce pool end with the command.
    void run(int value) {
        run = value;
    }

    /// What [#run(int)] said; -1 for nothing.
    int run() {
        return run;
    }

    /// Lets the data travel in the capsule.
    ///
    /// @param headerBytes where it starts there: 64 plus the controller's offset (ICDOFF)
    public CommandData inCapsule(int headerBytes) {
        travel = Travel.IN_CAPSULE;
        capsuleHeaderBytes = headerBytes;
        return this;
    }

    /// Lets the controller move the data by the key of its only segment.
    public CommandData keyed() {
        travel = Travel.KEYED;
        return this;
    }

    /// Lets the controller move the data by one key per segment.
    public CommandData keyedList() {
        travel = Travel.KEYED_LIST;
        return this;
    }

    public Direction direction() {
        return direction;
    }

    public Travel travel() {
        return travel;
    }

    /// Number of segments.
    public int count() {
        return count;
    }

    /// Bytes of all segments.
    public int byteSize() {
        return byteSize;
    }

    int capsuleHeaderBytes() {
        return capsuleHeaderBytes;
    }

    /// The region of a segment.
    ///
    /// @throws IndexOutOfBoundsException unless `index` is below [#count]
    public Region region(int index) {
        Region region = index < count ? regions[index] : null;
        if (region == null) {
            throw new IndexOutOfBoundsException("segment " + index + " of " + count);
        }
        return region;
    }

    /// The lease a segment was added with; null for one that is counted by its region.
    @Nullable RegionLease lease(int index) {
        return leases[index];
    }

    public long address(int index) {
        return addresses[index];
    }

    public int length(int index) {
        return lengths[index];
    }

    /// Gives back the counts of all segments, and forgets them: for a caller that could not submit.
    public void release() {
        for (int i = 0; i < count; i++) {
            RegionLease lease = leases[i];
            if (lease != null) {
                lease.release();
            } else {
                region(i).release();
            }
        }
        clear();
    }
}

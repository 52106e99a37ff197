package dev.verbena.internal.memory;

import dev.verbena.verbs.MemoryRegion;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/// One contiguous piece of registered memory.
///
/// Two remote keys exist for the same bytes, one per direction, so that a controller asked to read
/// a buffer cannot write it and the other way round. A region counts the commands that use it: it
/// may be deregistered only at zero.
///
/// Threads: [#tryAcquire], [#release] and [#lease] from any thread.
public final class Region {
    /// Added to the user count when the region closes: no further user gets in.
    private static final int CLOSED = Integer.MIN_VALUE / 2;

    private static final RegionLease[] NO_LEASES = {};

    // In the object itself, not behind a reference: every command reads it.
    private static final AtomicIntegerFieldUpdater<Region> USERS =
            AtomicIntegerFieldUpdater.newUpdater(Region.class, "users");

    private final MemorySegment segment;
    private final long address;
    private final long byteSize;

    /// Users that are not counted by a lease, plus [#CLOSED]; changed by [#USERS] only.
    private volatile int users;

    /// Replaced, never changed; written under this object's lock.
    private volatile RegionLease[] leases = NO_LEASES;

    // What follows changes only while no queue of the association exists: when its device has gone
    // and another takes its place. Guarded by the domain, whose lock every writer and closer holds.

    private int localKey;
    private int controllerReadsKey;
    private int controllerWritesKey;
    private @Nullable MemoryRegion bindable;
    private Runnable deregister;
    private boolean deregistered;

    /// @param localKey key for the sender's own gather list
    /// @param controllerReadsKey remote key that lets the controller read (data of a write command)
    /// @param controllerWritesKey remote key that lets the controller write (data of a read
    ///   command)
    /// @param deregister releases the registrations, when the region has closed without users;
    ///   called again by the next attempt to close when it failed
    public Region(
            MemorySegment segment,
            int localKey,
            int controllerReadsKey,
            int controllerWritesKey,
            Runnable deregister) {
        this.segment = segment;
        this.address = segment.address();
        this.byteSize = segment.byteSize();
        this.localKey = localKey;
        this.controllerReadsKey = controllerReadsKey;
        this.controllerWritesKey = controllerWritesKey;
        this.deregister = deregister;
    }

    /// A region without remote keys, whose commands bind windows.
    Region(MemorySegment segment, MemoryRegion bindable) {
        this(segment, bindable.localKey(), 0, 0, bindable::close);
        this.bindable = bindable;
    }

    /// A region that is not registered: there is no device.
    Region(MemorySegment segment) {
        this(segment, 0, 0, 0, () -> {});
    }

    /// Takes over the registration of another region for the same memory.
    void adopt(Region other) {
        localKey = other.localKey;
        controllerReadsKey = other.controllerReadsKey;
        controllerWritesKey = other.controllerWritesKey;
        bindable = other.bindable;
        deregister = other.deregister;
    }

    /// Gives the registration up, while the region stays: its device has gone.
    ///
    /// @throws RuntimeException when that failed; the region forgets it all the same
    void detach() {
        Runnable old = deregister;
        adopt(new Region(segment));
        old.run();
    }

    /// What windows are bound to; null when the region has keys of its own.
    @Nullable MemoryRegion bindable() {
        return bindable;
    }

    public MemorySegment segment() {
        return segment;
    }

    public long address() {
        return address;
    }

    public long byteSize() {
        return byteSize;
    }

    public int localKey() {
        return localKey;
    }

    public int controllerReadsKey() {
        return controllerReadsKey;
    }

    public int controllerWritesKey() {
        return controllerWritesKey;
    }

    /// Whether all of `[address, address + bytes)` lies inside.
    public boolean contains(long start, long bytes) {
        long offset = start - address;
        return offset >= 0 && bytes >= 0 && bytes <= byteSize && offset <= byteSize - bytes;
    }

    /// The same for what one command can move.
    public boolean contains(long start, int bytes) {
        // None is negative; no address is so high that the last could overflow.
        long offset = start - address;
        return (offset | bytes | byteSize - bytes - offset) >= 0;
    }

    /// Counts one more user; false when the region is closed.
    public boolean tryAcquire() {
        if (USERS.incrementAndGet(this) > 0) {
            return true;
        }
        USERS.decrementAndGet(this);
        return false;
    }

    /// Gives back what [#tryAcquire] took.
    public void release() {
        USERS.decrementAndGet(this);
    }

    /// A count of its own for one queue; ended with [RegionLease#close].
    public synchronized RegionLease lease() {
        RegionLease lease = new RegionLease(this);
        RegionLease[] grown = Arrays.copyOf(leases, leases.length + 1);
        grown[leases.length] = lease;
        leases = grown;
        return lease;
    }

    synchronized void end(RegionLease lease) {
        if (lease.userCount() == 0) {
            leases = Arrays.stream(leases).filter(l -> l != lease).toArray(RegionLease[]::new);
        }
    }

    boolean isOpen() {
        return users >= 0;
    }

    private int leasedCount() {
        int count = 0;
        for (RegionLease lease : leases) {
            count += lease.userCount();
        }
        return count;
    }

    /// Commands that use the region at this moment.
    public int userCount() {
        int count = users;
        return leasedCount() + (count < 0 ? count - CLOSED : count);
    }

    /// Closes the region to new users when it has none, and deregisters it. When the device
    /// refuses, the region stays closed **and** registered: its memory must not be released before
    /// a later attempt has succeeded.
    ///
    /// @return false when commands still use it; then nothing has changed, except that a command
    ///   submitted during the call may have been refused
    /// @throws RuntimeException when the device refuses
    boolean closeIfUnused() {
        if (isOpen() && !closeToUsers()) {
            return false;
        }
        if (!deregistered) {
            deregister.run();
            deregistered = true;
        }
        return true;
    }

    private boolean closeToUsers() {
        // Not to bother everybody, nor turn a submission away, for an attempt that must fail.
        if (leasedCount() > 0 || !USERS.compareAndSet(this, 0, CLOSED)) {
            return false;
        }
        if (leases.length == 0) {
            return true;
        }
        ThreadBarrier.pass();
        if (leasedCount() == 0) {
            return true;
        }
        // Relative: others may be in the middle of an attempt that the mark lets fail.
        USERS.addAndGet(this, -CLOSED);
        return false;
    }
}

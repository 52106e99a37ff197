package dev.verbena.internal.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// One queue's count of the commands that use a region: what [Region#tryAcquire] and
/// [Region#release] do, without their atomic instructions (some 12 ns per command).
///
/// Only the owner writes the count, and it reads whether the region is open after that. Whoever
/// closes the region does the reverse: marks it closed, then reads all counts. For one of the two
/// to notice the other, a store must be visible before a later load; instead of a fence per command
/// here, the closer makes every thread pass one ([ThreadBarrier]).
///
/// Threads: one owner; it may change, with a happens-before edge between.
public final class RegionLease {
    private static final VarHandle COUNT;

    static {
        try {
            COUNT = MethodHandles.lookup().findVarHandle(RegionLease.class, "count", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Region region;

    /// Written with [VarHandle#setRelease], by the owner only.
    private int count;

    RegionLease(Region region) {
        this.region = region;
    }

    public Region region() {
        return region;
    }

    /// Counts one more command; false when the region is closed.
    public boolean tryAcquire() {
        COUNT.setRelease(this, count + 1);
        // Keeps the compiler, and a processor that would, from moving the load below above the
        // store; the store may still wait in the processor, see above.
        VarHandle.releaseFence();
        if (region.isOpen()) {
            return true;
        }
        COUNT.setRelease(this, count - 1);
        return false;
    }

    /// Gives back what [#tryAcquire] took.
    public void release() {
        COUNT.setRelease(this, count - 1);
    }

    /// Commands of the owner that use the region. Any thread.
    public int userCount() {
        return (int) COUNT.getAcquire(this);
    }

    /// Ends the lease. A command that still uses the region keeps it from being closed, for ever.
    public void close() {
        region.end(this);
    }
}

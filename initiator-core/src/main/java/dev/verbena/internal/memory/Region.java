package dev.verbena.internal.memory;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;

/// One contiguous piece of registered memory.
///
/// Two remote keys exist for the same bytes, one per direction, so that a controller asked to read
/// a buffer cannot write it and the other way round. A region counts the commands that use it: it
/// may be deregistered only at zero.
///
/// Threads: [#tryAcquire] and [#release] from any thread; keys and bounds are immutable.
public final class Region {
    /// Added to the user count when the region closes: no further user gets in.
    private static final int CLOSED = Integer.MIN_VALUE / 2;

    private final MemorySegment segment;
    private final long address;
    private final long byteSize;
    private final int localKey;
    private final int controllerReadsKey;
    private final int controllerWritesKey;
    private final Runnable deregister;
    private final AtomicInteger users = new AtomicInteger();

    /// Guarded by the domain, whose lock every closer holds.
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

    /// Counts one more user; false when the region is closed.
    public boolean tryAcquire() {
        if (users.incrementAndGet() > 0) {
            return true;
        }
        users.decrementAndGet();
        return false;
    }

    /// Gives back what [#tryAcquire] took.
    public void release() {
        users.decrementAndGet();
    }

    /// Commands that use the region at this moment.
    public int userCount() {
        int count = users.get();
        return count < 0 ? count - CLOSED : count;
    }

    /// Closes the region to new users when it has none, and deregisters it. When the device
    /// refuses, the region stays closed **and** registered: its memory must not be released before
    /// a later attempt has succeeded.
    ///
    /// @return false when commands still use it; then nothing has changed
    /// @throws RuntimeException when the device refuses
    boolean closeIfUnused() {
        if (!users.compareAndSet(0, CLOSED) && users.get() >= 0) {
            return false;
        }
        if (!deregistered) {
            deregister.run();
            deregistered = true;
        }
        return true;
    }
}

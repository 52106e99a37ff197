package dev.verbena;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory the network card may read and write directly: an arena whose segments are registered with
/// one controller's connection.
///
/// The arena has a fixed size, allocated and registered as a whole when it is made; [#allocate]
/// cuts pieces from it, which live until the arena is closed. Its memory counts against the limit
/// for locked memory (`ulimit -l`).
///
/// [#close] refuses while commands use the memory, so a segment can never be freed under a running
/// transfer.
///
/// Threads: any; the segments can be accessed from any thread.
public final class DmaArena implements Arena {
    /// Alignment of the arena as a whole.
    private static final long PAGE_BYTES = 4096;

    private final MemoryDomain memory;
    private final Arena arena;
    private final Region region;
    private long used;

    DmaArena(MemoryDomain memory, long byteSize) {
        if (byteSize < 1) {
            throw new IllegalArgumentException(
                    "An arena of " + byteSize + " bytes; 1 is the least");
        }
        this.memory = memory;
        this.arena = Arena.ofShared();
        try {
            region = memory.register(arena.allocate(byteSize, PAGE_BYTES));
        } catch (RuntimeException | OutOfMemoryError e) {
            arena.close();
            throw e;
        }
    }

    /// Cuts a zeroed segment from the arena.
    ///
    /// @throws IllegalStateException when the rest of the arena is too small, or the arena is
    ///   closed
    @Override
    public synchronized MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize < 0 || byteAlignment < 1 || Long.bitCount(byteAlignment) != 1) {
            throw new IllegalArgumentException(
                    "Allocating "
                            + byteSize
                            + " bytes aligned to "
                            + byteAlignment
                            + ": the size must not be negative, the alignment a power of two");
        }
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("The arena is closed");
        }
        long base = region.address();
        long start = Math.ceilDiv(base + used, byteAlignment) * byteAlignment - base;
        if (start > region.byteSize() - byteSize) {
            throw new IllegalStateException(
                    "The arena of "
                            + region.byteSize()
                            + " bytes has "
                            + (region.byteSize() - used)
                            + " left, "
                            + byteSize
                            + " were asked for; make a larger arena");
        }
        used = start + byteSize;
        return region.segment().asSlice(start, byteSize);
    }

    @Override
    public MemorySegment.Scope scope() {
        return arena.scope();
    }

    /// Bytes of the whole arena.
    public long byteSize() {
        return region.byteSize();
    }

    /// Deregisters and frees the memory. Idempotent.
    ///
    /// @throws IllegalStateException while commands use it; close or drain the queue or device
    ///   first
    @Override
    public synchronized void close() {
        if (!arena.scope().isAlive()) {
            return;
        }
        if (!memory.unregister(region)) {
            throw new IllegalStateException(
                    region.userCount()
                            + " commands still use this memory; wait for them, or close their queue"
                            + " first");
        }
        arena.close();
    }
}

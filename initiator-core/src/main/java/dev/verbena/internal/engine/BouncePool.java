package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Registered buffers for data that lies in memory the device cannot reach.
///
/// Registered at the first use, so that a user who only has registered memory pays nothing.
/// Threads: one owner.
final class BouncePool {
    /// Least bytes of one buffer: large transfers are bounced in pieces of this size.
    static final int BUFFER_BYTES_MIN = 64 * 1024;

    /// All buffers together, well inside the usual limit of locked memory; more only where a single
    /// block is larger.
    static final int POOL_BYTES = 1 << 20;

    private final MemoryDomain memory;
    private final int bufferBytes;
    private final int[] free;
    private int freeCount;
    private @Nullable Arena arena;
    private @Nullable Region region;

    /// @param blockSize bytes of a logical block, at least one of which fits a buffer
    BouncePool(MemoryDomain memory, int blockSize) {
        this.memory = memory;
        this.bufferBytes = Math.max(BUFFER_BYTES_MIN, blockSize);
        this.free = new int[Math.max(1, POOL_BYTES / bufferBytes)];
        for (int i = 0; i < free.length; i++) {
            free[i] = i;
        }
        freeCount = free.length;
    }

    int bufferBytes() {
        return bufferBytes;
    }

    int freeCount() {
        return freeCount;
    }

    /// Takes a buffer; -1 when all are in use.
    int acquire() {
        return freeCount == 0 ? -1 : free[--freeCount];
    }

    void release(int buffer) {
        free[freeCount++] = buffer;
    }

    Region region() {
        Region current = region;
        if (current == null) {
            Arena fresh = Arena.ofShared();
            try {
                current = memory.register(fresh.allocate((long) free.length * bufferBytes, 4096));
            } catch (RuntimeException | OutOfMemoryError e) {
                fresh.close();
                throw e;
            }
            arena = fresh;
            region = current;
        }
        return current;
    }

    MemorySegment buffer(int buffer, int bytes) {
        return region().segment().asSlice((long) buffer * bufferBytes, bytes);
    }

    /// Frees the buffers, unless a command might still use one: then they stay for ever.
    void close() {
        Region current = region;
        Arena backing = arena;
        if (current != null && backing != null && memory.unregister(current)) {
            backing.close();
        }
    }
}

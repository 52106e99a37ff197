package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Registered buffers for data that lies in memory the device cannot reach.
///
/// Registered at the first use, so that a user who only has registered memory pays nothing. Threads: one owner.
final class BouncePool {
    /// Bytes of one buffer: large transfers are bounced in pieces of this size.
    static final int BUFFER_BYTES = 64 * 1024;

    /// Together one mebibyte, well inside the usual limit of locked memory.
    static final int BUFFER_COUNT = 16;

    private final MemoryDomain memory;
    private final int[] free = new int[BUFFER_COUNT];
    private int freeCount = BUFFER_COUNT;
    private @Nullable Arena arena;
    private @Nullable Region region;

    BouncePool(MemoryDomain memory) {
        this.memory = memory;
        for (int i = 0; i < BUFFER_COUNT; i++) {
            free[i] = i;
        }
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
                current =
                        memory.register(
                                fresh.allocate((long) BUFFER_COUNT * BUFFER_BYTES, 4096));
            } catch (RuntimeException e) {
                fresh.close();
                throw e;
            }
            arena = fresh;
            region = current;
        }
        return current;
    }

    MemorySegment buffer(int buffer, int bytes) {
        return region().segment().asSlice((long) buffer * BUFFER_BYTES, bytes);
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

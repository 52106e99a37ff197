package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Registered buffers for data that lies in memory the device cannot reach, and for the lists some
/// commands carry.
///
/// Two sizes, so that many small transfers can be under way at the same time and large ones need
/// few commands; larger ones only for a namespace with larger blocks, or a command that cannot be
/// cut. Each size is registered at its first use, so that a user who only has registered memory
/// pays nothing.
///
/// Threads: one owner.
final class BouncePool {
    /// Bytes of a small buffer.
    static final int SMALL_BYTES = 4096;

    /// Bytes of a large buffer: large transfers are bounced in pieces of this size.
    static final int LARGE_BYTES = 64 * 1024;

    static final int SMALL_COUNT = 128;
    static final int LARGE_COUNT = 8;

    private final MemoryDomain memory;
    private final List<Size> sizes = new ArrayList<>();

    /// The buffers of one size.
    static final class Size {
        private final MemoryDomain memory;
        private final int bufferBytes;
        private final Buffer[] free;
        private int freeCount;
        private @Nullable Arena arena;
        private @Nullable Region region;

        private Size(MemoryDomain memory, int bufferBytes, int count) {
            this.memory = memory;
            this.bufferBytes = bufferBytes;
            this.free = new Buffer[count];
        }

        private @Nullable Buffer acquire() {
            if (region == null) {
                register();
            }
            return freeCount == 0 ? null : free[--freeCount];
        }

        private void register() {
            Arena fresh = Arena.ofShared();
            Region registered;
            try {
                registered =
                        memory.register(fresh.allocate((long) free.length * bufferBytes, 4096));
            } catch (RuntimeException | OutOfMemoryError e) {
                fresh.close();
                throw e;
            }
            arena = fresh;
            region = registered;
            freeCount = free.length;
            for (int i = 0; i < free.length; i++) {
                free[i] = new Buffer(this, registered, (long) i * bufferBytes);
            }
        }

        private void close() {
            Region current = region;
            Arena backing = arena;
            boolean unused = current != null && memory.unregister(current);
            region = null;
            arena = null;
            if (unused && backing != null) {
                backing.close();
            }
        }
    }

    /// One buffer, taken.
    static final class Buffer {
        private final Size size;
        private final Region region;
        private final long offset;

        private Buffer(Size size, Region region, long offset) {
            this.size = size;
            this.region = region;
            this.offset = offset;
        }

        Region region() {
            return region;
        }

        /// The memory that holds this buffer, at [#offset].
        MemorySegment segment() {
            return region.segment();
        }

        long offset() {
            return offset;
        }

        long address() {
            return region.address() + offset;
        }

        int bytes() {
            return size.bufferBytes;
        }

        void release() {
            size.free[size.freeCount++] = this;
        }
    }

    BouncePool(MemoryDomain memory) {
        this.memory = memory;
        sizes.add(new Size(memory, SMALL_BYTES, SMALL_COUNT));
        sizes.add(new Size(memory, LARGE_BYTES, LARGE_COUNT));
    }

    /// Where the buffers are registered.
    MemoryDomain memory() {
        return memory;
    }

    /// Takes a buffer that holds `bytes`; null when all of that size are in use.
    ///
    /// @throws RuntimeException when the memory cannot be registered
    @Nullable Buffer acquire(int bytes) {
        for (Size size : sizes) {
            if (bytes <= size.bufferBytes) {
                return size.acquire();
            }
        }
        // Powers of two, so that there are few sizes whatever is asked for.
        Size larger = new Size(memory, Integer.highestOneBit(bytes - 1) << 1, 1);
        Buffer buffer = larger.acquire();
        // Sorted, for each is larger than all before it.
        sizes.add(larger);
        return buffer;
    }

    /// To be called when no command is left: memory that is counted as used nevertheless may still
    /// be touched by a queue pair that could not be destroyed. It is left alone for ever.
    void quarantine() {
        for (int i = 0; i < sizes.size(); i++) {
            Size size = sizes.get(i);
            Region region = size.region;
            if (region != null && region.userCount() > 0) {
                sizes.set(i, new Size(memory, size.bufferBytes, size.free.length));
            }
        }
    }

    /// Frees the buffers, unless a command might still use one: then they stay for ever.
    ///
    /// @throws RuntimeException when the device refuses to let go of some; the others are freed,
    ///   and this may be called again
    void close() {
        Thrown thrown = new Thrown();
        for (Size size : sizes) {
            try {
                size.close();
            } catch (RuntimeException | Error e) {
                thrown.add(e);
            }
        }
        thrown.rethrow();
    }
}

package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_sge;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/// How slots lie in memory: one header with the cell for `bad_wr`, then per slot a work request and
/// its scatter/gather elements, each slot on a cache line of its own.
final class SlotMemory {
    static final long HEADER_BYTES = 64;

    private static final long CACHE_LINE = 64;

    private SlotMemory() {}

    static void requireRanges(int slotCount, int slotsMax, int segmentsPerSlot, int segmentsMax) {
        if (slotCount < 1 || slotCount > slotsMax) {
            throw new IllegalArgumentException(
                    "slotCount " + slotCount + " is not within 1 to " + slotsMax);
        }
        if (segmentsPerSlot < 1 || segmentsPerSlot > segmentsMax) {
            throw new IllegalArgumentException(
                    "segmentsPerSlot " + segmentsPerSlot + " is not within 1 to " + segmentsMax);
        }
    }

    static long stride(long workRequestBytes, int segmentsPerSlot) {
        long bytes = workRequestBytes + segmentsPerSlot * ibv_sge.sizeof();
        return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    }

    static long allocate(Arena arena, int slotCount, long stride) {
        return arena.allocate(HEADER_BYTES + slotCount * stride, CACHE_LINE).address();
    }

    static void clear(long address, long byteSize) {
        Native.MEMORY.asSlice(address, byteSize).fill((byte) 0);
    }

    static int failedSlot(long badCell, long base, long stride, int slotCount) {
        long bad = Native.MEMORY.get(ValueLayout.JAVA_LONG, badCell);
        long offset = bad - base;
        boolean ours = offset >= 0 && offset < slotCount * stride && offset % stride == 0;
        return ours ? (int) (offset / stride) : -1;
    }
}

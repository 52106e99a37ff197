package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Several segments that are read or filled one after the other, as if they were one. Each may be
/// registered or not.
///
/// Threads: handed over with its request.
public final class Scatter {
    /// Segments of one request at most.
    public static final int SEGMENT_COUNT_MAX = 1 << 16;

    private final MemorySegment[] segments;

    /// Where each segment begins in the whole, and at the end where the whole ends.
    private final long[] starts;

    private final @Nullable Region[] regions;

    /// @throws IllegalArgumentException when there are too many
    /// @throws ArithmeticException when the whole does not fit 63 bits
    public Scatter(List<MemorySegment> parts) {
        // Empty segments would only be in the way.
        segments = parts.stream().filter(part -> part.byteSize() > 0).toArray(MemorySegment[]::new);
        if (segments.length > SEGMENT_COUNT_MAX) {
            throw new IllegalArgumentException(
                    segments.length + " segments; " + SEGMENT_COUNT_MAX + " are the most");
        }
        regions = new Region[segments.length];
        starts = new long[segments.length + 1];
        for (int i = 0; i < segments.length; i++) {
            starts[i + 1] = Math.addExact(starts[i], segments[i].byteSize());
        }
    }

    public int count() {
        return segments.length;
    }

    public MemorySegment segment(int index) {
        return segments[index];
    }

    /// Puts another segment of the same size in the place of one.
    public void replace(int index, MemorySegment other) {
        segments[index] = other;
    }

    /// Bytes of all segments together.
    public long byteSize() {
        return starts[segments.length];
    }

    void hold(MemoryDomain memory) {
        for (int i = 0; i < segments.length; i++) {
            regions[i] = hold(memory, segments[i]);
        }
    }

    void release() {
        for (int i = 0; i < regions.length; i++) {
            Region region = regions[i];
            if (region != null) {
                regions[i] = null;
                region.release();
            }
        }
    }

    /// Looks for a segment among the registered memory, and counts a user of what is found.
    static @Nullable Region hold(MemoryDomain memory, MemorySegment segment) {
        if (!segment.isNative() || segment.byteSize() == 0) {
            return null;
        }
        Region found = memory.find(segment.address(), segment.byteSize());
        if (found == null || !found.tryAcquire()) {
            return null;
        }
        // Only now: what is alive while the region is held lies in the region. Before, the
        // segment's
        // memory may have been freed and its address taken by another arena.
        if (segment.scope().isAlive()) {
            return found;
        }
        found.release();
        return null;
    }

    /// The segment that holds a position of the whole.
    int indexOf(long position) {
        int found = Arrays.binarySearch(starts, position);
        return found >= 0 ? found : -found - 2;
    }

    long start(int index) {
        return starts[index];
    }

    long end(int index) {
        return starts[index + 1];
    }

    @Nullable Region region(int index) {
        return regions[index];
    }

    /// Copies from here to a buffer.
    void gather(long position, int bytes, MemorySegment target, long offset) {
        copy(position, bytes, target, offset, true);
    }

    /// Copies from a buffer to here.
    void scatter(long position, int bytes, MemorySegment source, long offset) {
        copy(position, bytes, source, offset, false);
    }

    private void copy(long position, int bytes, MemorySegment buffer, long offset, boolean out) {
        int index = indexOf(position);
        long at = position;
        long left = bytes;
        while (left > 0) {
            long from = at - starts[index];
            long length = Math.min(left, starts[index + 1] - at);
            if (out) {
                UserMemory.copy(segments[index], from, buffer, offset + (at - position), length);
            } else {
                UserMemory.copy(buffer, offset + (at - position), segments[index], from, length);
            }
            at += length;
            left -= length;
            index++;
        }
    }
}

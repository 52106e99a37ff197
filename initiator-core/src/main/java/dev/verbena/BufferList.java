package dev.verbena;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The memory of one command in several pieces, in order: what `readv` and `writev` call a vector.
///
/// Made once and filled again for every command. A queue reads the list while a command is
/// submitted and keeps nothing of it, so it can be changed right after; the memory itself belongs
/// to the command until it completes.
///
/// Threads: one at a time. Allocates nothing after its construction.
public final class BufferList {
    /// Most pieces of one command.
    public static final int SEGMENTS_MAX = 16;

    private final @Nullable MemorySegment[] segments = new MemorySegment[SEGMENTS_MAX];
    private int count;
    private long byteSize;

    /// An empty list.
    public BufferList() {}

    /// Appends a piece of memory.
    ///
    /// @param segment at least 1 byte long, of any length otherwise: only the sum has to be whole
    ///   blocks
    /// @return this
    /// @throws IllegalArgumentException when it is empty
    /// @throws IllegalStateException when the list holds [#SEGMENTS_MAX] pieces
    public BufferList add(MemorySegment segment) {
        if (segment.byteSize() == 0) {
            throw new IllegalArgumentException("An empty segment cannot be part of a buffer list");
        }
        if (count == SEGMENTS_MAX) {
            throw new IllegalStateException(
                    "A buffer list holds " + SEGMENTS_MAX + " segments at most");
        }
        long sum = byteSize + segment.byteSize();
        segments[count++] = segment;
        // Sums that overflow belong to no command; they only have to stay too large.
        byteSize = sum < 0 ? Long.MAX_VALUE : sum;
        return this;
    }

    /// Empties the list.
    public void clear() {
        while (count > 0) {
            segments[--count] = null;
        }
        byteSize = 0;
    }

    /// Pieces in the list, 0..16.
    public int size() {
        return count;
    }

    /// Bytes of all pieces together.
    public long byteSize() {
        return byteSize;
    }

    /// A piece.
    ///
    /// @param index 0..`size() - 1`
    public MemorySegment segment(int index) {
        MemorySegment segment = index < count ? segments[index] : null;
        if (segment == null) {
            throw new IndexOutOfBoundsException("Piece " + index + " of " + count);
        }
        return segment;
    }

    @Override
    public String toString() {
        return count + " segments of " + byteSize + " bytes together";
    }
}

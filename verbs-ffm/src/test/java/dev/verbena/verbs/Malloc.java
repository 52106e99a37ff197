package dev.verbena.verbs;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// What the C library has allocated in this process (`mallinfo2(3)`).
final class Malloc {
    /// `struct mallinfo2`: ten of `size_t`.
    private static final StructLayout INFO =
            MemoryLayout.structLayout(MemoryLayout.sequenceLayout(10, ValueLayout.JAVA_LONG));

    private static final long IN_USE_INDEX = 7;

    private static final MethodHandle MALLINFO2 =
            Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow("mallinfo2"),
                            FunctionDescriptor.of(INFO));

    private Malloc() {}

    /// `uordblks`, over all of its arenas.
    static long bytesInUse() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = (MemorySegment) MALLINFO2.invokeExact((SegmentAllocator) arena);
            return info.getAtIndex(ValueLayout.JAVA_LONG, IN_USE_INDEX);
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }
}

package dev.verbena.verbs.raw;

import dev.verbena.verbs.ffi.Native;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Native memory by its address, without a check per access: for the structures of a queue that are
/// written and read with every I/O.
///
/// A slice per structure costs a liveness and a bounds check for every field (9 to 15 ns for a work
/// request, against 3 ns here). Whoever uses this keeps the memory allocated and has checked the
/// bounds where the address was computed; a wrong address ends the process or corrupts it. That is
/// why only Verbena's own module sees this package.
public final class RawMemory {
    /// All addresses, in one segment: its offsets are addresses.
    public static final MemorySegment ALL = Native.MEMORY;

    /// Eight bytes in native order, at any address.
    public static final ValueLayout.OfLong LONG = Native.LONG;

    /// An address as it is, which the compiler can see to lie in [#ALL]: accesses at it and near it
    /// need no bounds checks then.
    public static long address(long value) {
        return value & Native.ADDRESS_MASK;
    }

    private RawMemory() {}
}

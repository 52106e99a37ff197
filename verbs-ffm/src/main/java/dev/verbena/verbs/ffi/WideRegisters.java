package dev.verbena.verbs.ffi;

import java.util.Arrays;

/// The state in which native code finds the vector registers of an x86 processor.
///
/// C2 zeroes a new object with the widest registers there are, and a method that uses them for
/// nothing else does not reset their upper halves (`vzeroupper`) when it calls native code. With
/// upper halves in use, the first SSE instruction has to wait, and so has the next allocation:
/// together some 350 ns with AVX-512 (Xeon of 2023), for every call that follows an allocation.
/// libibverbs and its providers are made of SSE instructions, as distributions build them.
final class WideRegisters {
    // Never equal, and told apart by their lengths.
    private static final byte[] ONE = new byte[1];
    private static final byte[] TWO = new byte[2];

    private WideRegisters() {}

    /// To be called in the method that makes the native call. A compilation that contains an
    /// intrinsic for arrays resets the registers before each of its calls (JDK 25,
    /// `LibraryCallKit::clear_upper_avx`); this is such an intrinsic, one that costs next to
    /// nothing (0.7 ns). Without C2, or on another processor, it has no effect and is not needed.
    ///
    /// Posts do: allocations mostly lie between two of them, and a poll that follows a post finds
    /// the registers as that left them.
    static void reset() {
        if (Arrays.equals(ONE, TWO)) {
            throw new AssertionError("arrays of different lengths");
        }
    }
}

package dev.verbena.verbs.ffi;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The few operations of the FFM API that are restricted, in one place.
public final class Native {
    /// All of native memory, for reads and writes at computed addresses on the data path.
    ///
    /// Faster than a slice per structure (2.9 ns against 9 to 15 ns for a work request), and
    /// unchecked: whoever uses it has asserted the bounds where the address was computed.
    public static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /// Eight bytes in [#MEMORY], without a test of the alignment for every access.
    public static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    /// Four bytes in [#MEMORY], likewise.
    public static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    /// What is masked with this is seen by the compiler to lie in [#MEMORY], with everything near
    /// it: it leaves out the bounds checks of all accesses around it. No address has the two bits.
    public static final long ADDRESS_MASK = Long.MAX_VALUE >>> 1;

    private static final Linker LINKER = Linker.nativeLinker();

    private Native() {}

    /// The structure at a native address.
    ///
    /// @throws NullPointerException for address 0
    public static MemorySegment at(long address, MemoryLayout layout) {
        return at(address, layout.byteSize());
    }

    /// `byteSize` bytes at a native address.
    ///
    /// @throws NullPointerException for address 0
    public static MemorySegment at(long address, long byteSize) {
        if (address == 0) {
            throw new NullPointerException("native address 0");
        }
        return MemorySegment.ofAddress(address).reinterpret(byteSize);
    }

    /// A NUL-terminated string of a native library. Address 0 gives the empty string.
    public static String string(long address) {
        return address == 0 ? "" : at(address, Integer.MAX_VALUE).getString(0);
    }

    /// The descriptor with `long` wherever it had a pointer: the x86-64 and AArch64 ABIs pass both
    /// alike, and a `long` costs no liveness check.
    static FunctionDescriptor pointersAsLong(FunctionDescriptor descriptor) {
        MemoryLayout[] arguments =
                descriptor.argumentLayouts().stream()
                        .map(Native::pointerAsLong)
                        .toArray(MemoryLayout[]::new);
        return descriptor
                .returnLayout()
                .map(result -> FunctionDescriptor.of(pointerAsLong(result), arguments))
                .orElseGet(() -> FunctionDescriptor.ofVoid(arguments));
    }

    private static MemoryLayout pointerAsLong(MemoryLayout layout) {
        return layout instanceof AddressLayout ? ValueLayout.JAVA_LONG : layout;
    }

    static MethodHandle downcall(
            MemorySegment address, FunctionDescriptor descriptor, Linker.Option... options) {
        return LINKER.downcallHandle(address, descriptor, options);
    }

    /// A handle that takes the function's address as its first argument.
    static MethodHandle downcall(FunctionDescriptor descriptor, Linker.Option... options) {
        return LINKER.downcallHandle(pointersAsLong(descriptor), options);
    }
}

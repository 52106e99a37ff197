package dev.verbena.verbs.ffi;

import dev.verbena.verbs.RdmaUnavailableException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One exported native function with its error convention, for calls off the data path.
///
/// Every argument and result travels as `long`. The symbol is looked up and the handle made on the
/// first call. Any thread may call; what the native function itself demands is its caller's
/// business.
public final class NativeFunction {
    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final VarHandle CAPTURED_ERRNO =
            CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private final String name;
    private final Convention convention;
    private final Supplier<FunctionDescriptor> descriptor;
    private final Supplier<MemorySegment> address;
    private final Linker.Option[] options;
    private volatile @Nullable MethodHandle handle;

    private NativeFunction(
            String name,
            Convention convention,
            Supplier<FunctionDescriptor> descriptor,
            Supplier<MemorySegment> address,
            Linker.Option... options) {
        this.name = name;
        this.convention = convention;
        this.descriptor = descriptor;
        this.address = address;
        this.options = options;
    }

    static NativeFunction of(
            String name,
            Convention convention,
            Supplier<FunctionDescriptor> descriptor,
            Supplier<MemorySegment> address,
            Linker.Option... options) {
        return new NativeFunction(name, convention, descriptor, address, options);
    }

    /// The function's C name.
    public String name() {
        return name;
    }

    /// Calls the function.
    ///
    /// @return what it returned; meaningless where the convention is 0 or errno
    /// @throws RdmaException when the convention says that it failed
    public long call(long... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURE);
            long result = invoke(state, arguments);
            int errno = errno(result, state);
            if (errno != 0) {
                throw Errno.failure(name, errno);
            }
            return result;
        }
    }

    /// Calls a function that destroys an object of a device.
    ///
    /// @param deviceTaken whether the kernel has taken the device away, objects included
    /// @throws RdmaException when the object is still there
    public void destroy(long object, BooleanSupplier deviceTaken) {
        int errno = tryCall(object);
        if (errno != 0 && !Errno.isGoneWithItsDevice(errno, deviceTaken)) {
            throw Errno.failure(name, errno);
        }
    }

    /// Calls a function that reports nothing but success or failure.
    ///
    /// @return 0, or the positive errno value
    public int tryCall(long... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURE);
            return errno(invoke(state, arguments), state);
        }
    }

    /// Calls a function whose result matters even where some failures are expected.
    ///
    /// @return its result, or the errno value negated
    public long callOrNegativeErrno(long... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(CAPTURE);
            long result = invoke(state, arguments);
            int errno = errno(result, state);
            return errno != 0 ? -errno : result;
        }
    }

    private int errno(long result, MemorySegment state) {
        return switch (convention) {
            case RETURNS_ERRNO -> Math.abs((int) result);
            case NULL_SETS_ERRNO -> result != 0 ? 0 : captured(state);
            case MINUS_ONE_SETS_ERRNO -> (int) result >= 0 ? 0 : captured(state);
            case COUNT -> (int) result >= 0 ? 0 : Errno.EIO;
            case INFALLIBLE -> 0;
        };
    }

    /// A failure always has an errno above, even where a provider forgot to set it.
    private static int captured(MemorySegment state) {
        int errno = (int) CAPTURED_ERRNO.get(state, 0L);
        return errno != 0 ? errno : Errno.EIO;
    }

    private long invoke(MemorySegment state, long[] arguments) {
        MethodHandle bound = handle;
        if (bound == null) {
            bound = bind();
            handle = bound;
        }
        try {
            return (long) bound.invokeExact(state, arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws no checked exception", e);
        }
    }

    private MethodHandle bind() {
        Libraries.requireLoaded();
        FunctionDescriptor pointersAsLong;
        MemorySegment symbol;
        try {
            pointersAsLong = Native.pointersAsLong(descriptor.get());
            symbol = address.get();
        } catch (NoSuchElementException | ExceptionInInitializerError | NoClassDefFoundError e) {
            throw new RdmaUnavailableException(
                    name
                            + " is not in the installed libibverbs or librdmacm: rdma-core is too old. "
                            + Hints.PACKAGES,
                    e);
        }
        List<Linker.Option> all = new ArrayList<>(List.of(options));
        if (convention.capturesErrno()) {
            all.add(Linker.Option.captureCallState("errno"));
        }
        MethodHandle raw =
                Native.downcall(symbol, pointersAsLong, all.toArray(Linker.Option[]::new));
        if (!convention.capturesErrno()) {
            raw = MethodHandles.dropArguments(raw, 0, MemorySegment.class);
        }
        int arity = pointersAsLong.argumentLayouts().size();
        List<Class<?>> parameters = new ArrayList<>(Collections.nCopies(arity, long.class));
        parameters.addFirst(MemorySegment.class);
        MethodType allLong = MethodType.methodType(long.class, parameters);
        return MethodHandles.explicitCastArguments(raw, allLong).asSpreader(long[].class, arity);
    }
}

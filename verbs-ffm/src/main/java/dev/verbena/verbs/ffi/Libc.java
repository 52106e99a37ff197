package dev.verbena.verbs.ffi;

import dev.verbena.verbs.ffi.gen.VerbsFunctions;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;

/// The few functions of the C library that waiting needs.
public final class Libc {
    public static final NativeFunction POLL =
            NativeFunction.of(
                    "poll",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::poll$descriptor,
                    VerbsFunctions::poll$address);
    public static final NativeFunction EVENTFD =
            NativeFunction.of(
                    "eventfd",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::eventfd$descriptor,
                    VerbsFunctions::eventfd$address);
    public static final NativeFunction READ =
            NativeFunction.of(
                    "read",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::read$descriptor,
                    VerbsFunctions::read$address);
    public static final NativeFunction WRITE =
            NativeFunction.of(
                    "write",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::write$descriptor,
                    VerbsFunctions::write$address);
    public static final NativeFunction CLOSE =
            NativeFunction.of(
                    "close",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    VerbsFunctions::close$descriptor,
                    VerbsFunctions::close$address);

    /// `fcntl(2)` with an int as its third, variadic, argument; jextract gives variadic functions
    /// no descriptor.
    public static final NativeFunction FCNTL =
            NativeFunction.of(
                    "fcntl",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    () ->
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT),
                    () -> Linker.nativeLinker().defaultLookup().findOrThrow("fcntl"),
                    Linker.Option.firstVariadicArg(2));

    /// `dup3(2)`, which the headers show to GNU sources only.
    public static final NativeFunction DUP3 =
            NativeFunction.of(
                    "dup3",
                    Convention.MINUS_ONE_SETS_ERRNO,
                    () ->
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT),
                    () -> Linker.nativeLinker().defaultLookup().findOrThrow("dup3"));

    public static final int O_CLOEXEC = 02000000;

    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int O_NONBLOCK = 04000;

    private Libc() {}

    /// Makes reads of a descriptor fail with EAGAIN instead of waiting.
    public static void makeNonBlocking(int fd) {
        long flags = FCNTL.call(fd, F_GETFL, 0);
        FCNTL.call(fd, F_SETFL, flags | O_NONBLOCK);
    }
}

package dev.verbena.nativefabric;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Hands on the null fabric's device.
@SuppressWarnings("restricted")
final class NullDevice {
    static final int EIO = 5;

    // enum ibv_event_type, verbs.h
    static final int CQ_ERR = 0;
    static final int QP_FATAL = 1;
    static final int PORT_ERR = 10;

    private static final MethodHandle REMOVE =
            function("librdmacm.so.1", "nullfabric_remove_device", FunctionDescriptor.ofVoid());
    private static final MethodHandle ADD =
            function("libibverbs.so.1", "nullfabric_add_device", FunctionDescriptor.ofVoid());
    private static final MethodHandle REFUSE =
            function(
                    "libibverbs.so.1",
                    "nullfabric_refuse_destroys",
                    FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
    private static final MethodHandle ASYNC_EVENT =
            function(
                    "libibverbs.so.1",
                    "nullfabric_async_event",
                    FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private NullDevice() {}

    private static MethodHandle function(
            String library, String name, FunctionDescriptor descriptor) {
        MemorySegment symbol =
                SymbolLookup.libraryLookup(library, Arena.global()).findOrThrow(name);
        return Linker.nativeLinker().downcallHandle(symbol, descriptor);
    }

    /// Announces the removal to every connection, then takes the device away: every verb answers
    /// EIO from now on.
    static void remove() {
        call(REMOVE);
    }

    /// Makes another device of the same name, unless one is there.
    static void add() {
        call(ADD);
    }

    /// Lets verbs that destroy fail although the device is there.
    ///
    /// @param errno 0 ends it
    static void refuseDestroys(int errno) {
        call(REFUSE, errno);
    }

    /// Raises an asynchronous event of the device.
    ///
    /// @param number of the queue pair or port
    static void raise(int type, int number) {
        call(ASYNC_EVENT, type, number);
    }

    private static void call(MethodHandle function, Object... arguments) {
        try {
            function.invokeWithArguments(arguments);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws no checked exception", e);
        }
    }
}

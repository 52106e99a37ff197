package dev.verbena.nativefabric;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.Target;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The target of the null fabric: its address, its names, and what its namespaces really hold.
@SuppressWarnings("restricted")
final class NullTarget {
    static final Target ADDRESS = Target.rdma("127.0.0.1", 4420);
    static final String NQN = "nqn.2026-01.invalid.nullfabric:cnode1";

    private static final MethodHandle STORE =
            Linker.nativeLinker()
                    .downcallHandle(
                            SymbolLookup.libraryLookup("libibverbs.so.1", Arena.global())
                                    .findOrThrow("nullfabric_store"),
                            FunctionDescriptor.of(
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS));

    private NullTarget() {}

    /// @param options of the controller, `name=value&...` as bench/nullfabric/README.md lists them;
    ///   empty for the defaults
    static String nqn(String options) {
        return options.isEmpty() ? NQN : NQN + "?" + options;
    }

    static Controller connect(Initiator initiator, String options) throws IOException {
        return connect(initiator, options, ConnectOptions.defaults());
    }

    static Controller connect(Initiator initiator, String options, ConnectOptions connect)
            throws IOException {
        return initiator.connect(ADDRESS, nqn(options), connect);
    }

    /// What a namespace holds, read behind the library's back.
    static byte[] stored(int namespaceId, long offset, int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment length = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment store = (MemorySegment) STORE.invokeExact(namespaceId, length);
            return store.reinterpret(length.get(ValueLayout.JAVA_LONG, 0))
                    .asSlice(offset, bytes)
                    .toArray(ValueLayout.JAVA_BYTE);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError("a downcall throws no checked exception", e);
        }
    }
}

package dev.verbena.verbs.ffi;

import dev.verbena.verbs.ffi.gen.ibv_context;
import dev.verbena.verbs.ffi.gen.verbs_context;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// The static inlines of `verbs.h` that call through `struct verbs_context`, which lies around an
/// extended device context.
///
/// That structure grows at its front: the context is its last member, and a function pointer stays
/// where it is, counted back from there. A provider of another release is told by the size it
/// states, as `verbs_get_ctx_op` in the header does it.
public final class ExtendedOps {
    /// What `abi_compat` holds in an extended context: all bits set.
    public static final long VERBS_ABI_IS_EXTENDED = -1;

    private static final long CONTEXT = verbs_context.context$offset();

    private final @Nullable NativeFunction queryDevice;
    private final @Nullable NativeFunction modifyCompletionQueue;

    /// Reads the function pointers around the `ibv_context` at an address.
    public ExtendedOps(long context) {
        this.queryDevice =
                find(
                        context,
                        "ibv_query_device_ex",
                        verbs_context.query_device_ex$offset(),
                        verbs_context.query_device_ex.descriptor());
        this.modifyCompletionQueue =
                find(
                        context,
                        "ibv_modify_cq",
                        verbs_context.modify_cq$offset(),
                        verbs_context.modify_cq.descriptor());
    }

    private static @Nullable NativeFunction find(
            long context, String name, long offset, FunctionDescriptor descriptor) {
        long symbol = symbol(context, offset);
        return symbol == 0
                ? null
                : NativeFunction.of(
                        name,
                        Convention.RETURNS_ERRNO,
                        () -> descriptor,
                        () -> MemorySegment.ofAddress(symbol));
    }

    /// The function pointer at an offset of `struct verbs_context`; 0 when the context at that
    /// address has none, or none so far in front.
    static long symbol(long context, long offset) {
        MemorySegment plain = Native.at(context, ibv_context.layout());
        if (ibv_context.abi_compat(plain).address() != VERBS_ABI_IS_EXTENDED) {
            return 0;
        }
        long size = before(context, verbs_context.sz$offset());
        boolean thereToo = Long.compareUnsigned(size, verbs_context.sizeof() - offset) >= 0;
        return thereToo ? before(context, offset) : 0;
    }

    private static long before(long context, long offset) {
        return Native.at(context - (CONTEXT - offset), Long.BYTES).get(ValueLayout.JAVA_LONG, 0);
    }

    /// `ibv_query_device_ex`; null where the provider has none.
    public @Nullable NativeFunction queryDevice() {
        return queryDevice;
    }

    /// `ibv_modify_cq`; null where the provider has none.
    public @Nullable NativeFunction modifyCompletionQueue() {
        return modifyCompletionQueue;
    }
}

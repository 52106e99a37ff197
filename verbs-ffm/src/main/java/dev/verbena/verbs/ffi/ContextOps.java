package dev.verbena.verbs.ffi;

import dev.verbena.verbs.ffi.gen.ibv_context;
import dev.verbena.verbs.ffi.gen.ibv_context_ops;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// The verbs that have no symbol: static inlines of `verbs.h` that call through `ibv_context.ops`,
/// which the device's provider fills. One object per device context holds its function pointers;
/// the handles are shared.
///
/// `critical` calls skip the thread-state transition: cheaper (2.8 ns against 9 ns), but they hold
/// up safepoints, so they are for calls that neither block nor enter the kernel.
public final class ContextOps {
    private static final MethodHandle POST_SEND =
            Native.downcall(ibv_context_ops.post_send.descriptor());
    private static final MethodHandle POST_SEND_CRITICAL =
            Native.downcall(ibv_context_ops.post_send.descriptor(), Linker.Option.critical(false));
    private static final MethodHandle POST_RECV =
            Native.downcall(ibv_context_ops.post_recv.descriptor());
    private static final MethodHandle POST_RECV_CRITICAL =
            Native.downcall(ibv_context_ops.post_recv.descriptor(), Linker.Option.critical(false));
    private static final MethodHandle POST_SRQ_RECV =
            Native.downcall(ibv_context_ops.post_srq_recv.descriptor());
    private static final MethodHandle POLL_CQ =
            Native.downcall(ibv_context_ops.poll_cq.descriptor(), Linker.Option.critical(false));
    private static final MethodHandle REQ_NOTIFY_CQ =
            Native.downcall(ibv_context_ops.req_notify_cq.descriptor());

    private final MemorySegment postSend;
    private final MemorySegment postReceive;
    private final MemorySegment postSharedReceive;
    private final MemorySegment pollCompletions;
    private final MemorySegment requestNotification;
    private final NativeFunction allocateMemoryWindow;
    private final NativeFunction deallocateMemoryWindow;

    /// Reads the function pointers of the `ibv_context` at an address.
    public ContextOps(long context) {
        MemorySegment ops = ibv_context.ops(Native.at(context, ibv_context.layout()));
        this.postSend = ibv_context_ops.post_send(ops);
        this.postReceive = ibv_context_ops.post_recv(ops);
        this.postSharedReceive = ibv_context_ops.post_srq_recv(ops);
        this.pollCompletions = ibv_context_ops.poll_cq(ops);
        this.requestNotification = ibv_context_ops.req_notify_cq(ops);
        this.allocateMemoryWindow =
                optional(
                        "ibv_alloc_mw",
                        Convention.NULL_SETS_ERRNO,
                        ibv_context_ops.alloc_mw.descriptor(),
                        ibv_context_ops.alloc_mw(ops));
        this.deallocateMemoryWindow =
                optional(
                        "ibv_dealloc_mw",
                        Convention.RETURNS_ERRNO,
                        ibv_context_ops.dealloc_mw.descriptor(),
                        ibv_context_ops.dealloc_mw(ops));
    }

    private static NativeFunction optional(
            String name,
            Convention convention,
            FunctionDescriptor descriptor,
            MemorySegment symbol) {
        return NativeFunction.of(name, convention, () -> descriptor, () -> symbol);
    }

    /// `ibv_post_send`.
    ///
    /// @return 0 or a positive errno value
    public int postSend(long queuePair, long workRequest, long badWorkRequest) {
        WideRegisters.reset();
        try {
            return (int) POST_SEND.invokeExact(postSend, queuePair, workRequest, badWorkRequest);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// `ibv_post_send` as a critical call.
    ///
    /// @return 0 or a positive errno value
    public int postSendCritical(long queuePair, long workRequest, long badWorkRequest) {
        WideRegisters.reset();
        try {
            return (int)
                    POST_SEND_CRITICAL.invokeExact(
                            postSend, queuePair, workRequest, badWorkRequest);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// `ibv_post_recv`.
    ///
    /// @return 0 or a positive errno value
    public int postReceive(long queuePair, long workRequest, long badWorkRequest) {
        try {
            return (int) POST_RECV.invokeExact(postReceive, queuePair, workRequest, badWorkRequest);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// `ibv_post_recv` as a critical call.
    ///
    /// @return 0 or a positive errno value
    public int postReceiveCritical(long queuePair, long workRequest, long badWorkRequest) {
        try {
            return (int)
                    POST_RECV_CRITICAL.invokeExact(
                            postReceive, queuePair, workRequest, badWorkRequest);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// `ibv_post_srq_recv`.
    ///
    /// @return 0 or a positive errno value
    public int postSharedReceive(long sharedQueue, long workRequest, long badWorkRequest) {
        try {
            return (int)
                    POST_SRQ_RECV.invokeExact(
                            postSharedReceive, sharedQueue, workRequest, badWorkRequest);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// `ibv_poll_cq`, a critical call.
    ///
    /// @return the number of completions written, or a negative value
    public int pollCompletions(long completionQueue, int capacity, long workCompletions) {
        try {
            return (int)
                    POLL_CQ.invokeExact(
                            pollCompletions, completionQueue, capacity, workCompletions);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// `ibv_req_notify_cq`.
    ///
    /// @return 0 or a positive errno value
    public int requestNotification(long completionQueue, int solicitedOnly) {
        try {
            return (int)
                    REQ_NOTIFY_CQ.invokeExact(requestNotification, completionQueue, solicitedOnly);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// `ibv_alloc_mw`.
    public NativeFunction allocateMemoryWindow() {
        return allocateMemoryWindow;
    }

    /// `ibv_dealloc_mw`.
    public NativeFunction deallocateMemoryWindow() {
        return deallocateMemoryWindow;
    }

    /// Out of line, so that the data path stays small.
    private static RuntimeException unexpected(Throwable e) {
        if (e instanceof RuntimeException runtime) {
            return runtime;
        }
        if (e instanceof Error error) {
            throw error;
        }
        throw new AssertionError("a downcall throws no checked exception", e);
    }
}

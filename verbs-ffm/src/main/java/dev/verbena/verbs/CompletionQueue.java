package dev.verbena.verbs;

import dev.verbena.verbs.ffi.ContextOps;
import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.Libibverbs;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.NativeFunction;
import dev.verbena.verbs.ffi.gen.ibv_cq;
import dev.verbena.verbs.ffi.gen.ibv_moderate_cq;
import dev.verbena.verbs.ffi.gen.ibv_modify_cq_attr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A completion queue (`struct ibv_cq`): where finished work requests are reported.
///
/// One thread at a time polls, and the same thread closes; the rest may be called by any thread.
public final class CompletionQueue implements AutoCloseable {
    static final int IBV_CQ_ATTR_MODERATE = 1;

    private final RdmaContext context;
    private final ContextOps ops;
    private final long handle;
    private final @Nullable CompletionChannel channel;
    private final Lifecycle lifecycle;

    /// The handle, 0 once closed: what the data path looks at.
    private volatile long open;

    CompletionQueue(
            RdmaContext context,
            long handle,
            @Nullable CompletionChannel channel,
            Lifecycle lifecycle) {
        this.context = context;
        this.ops = context.ops();
        this.handle = handle;
        this.channel = channel;
        this.lifecycle = lifecycle;
        this.open = handle;
    }

    /// Takes completions, up to the batch's capacity. Never waits, allocates nothing.
    ///
    /// @return how many entries of `batch` are valid now
    /// @throws RdmaException when the queue is broken, for example after an overrun
    public int poll(WorkCompletions batch) {
        return poll(batch, batch.capacity());
    }

    /// Takes at most `max` completions. Never waits, allocates nothing.
    ///
    /// @param max from 0 to the batch's capacity
    /// @return how many entries of `batch` are valid now
    /// @throws RdmaException when the queue is broken, for example after an overrun
    public int poll(WorkCompletions batch, int max) {
        long queue = open;
        if (queue == 0 || max < 0 || max > batch.capacity()) {
            throw pollRefused(batch, max);
        }
        int count = ops.pollCompletions(queue, max, batch.address());
        if (count < 0) {
            throw pollFailed(count);
        }
        return count;
    }

    private RuntimeException pollRefused(WorkCompletions batch, int max) {
        if (open == 0) {
            return lifecycle.closedException();
        }
        return new IllegalArgumentException(
                "max " + max + " is not within a batch of " + batch.capacity());
    }

    private static RdmaException pollFailed(int code) {
        return new RdmaException("ibv_poll_cq", -code, "the completion queue is broken");
    }

    /// Asks for one event on the completion channel at the next completion
    /// (`ibv_req_notify_cq(3)`). Completions that are in the queue already cause none: poll once
    /// more after this call, before waiting.
    ///
    /// @param solicitedOnly only for receives whose sender set [SendSlots#SOLICITED], and for
    ///   errors
    public void requestNotification(boolean solicitedOnly) {
        long queue = open;
        if (queue == 0) {
            throw lifecycle.closedException();
        }
        int errno = ops.requestNotification(queue, solicitedOnly ? 1 : 0);
        if (errno != 0) {
            throw Errno.failure("ibv_req_notify_cq", errno);
        }
    }

    /// Changes the number of entries (`ibv_resize_cq(3)`).
    ///
    /// @param entryCount at least 1 and at least the completions in the queue; the device may grant
    ///   more
    /// @throws RdmaException EINVAL when more are in the queue or the device has fewer, EOPNOTSUPP
    ///   or ENOSYS where the device cannot resize
    public void resize(int entryCount) {
        if (entryCount < 1) {
            throw new IllegalArgumentException("entryCount " + entryCount + " is less than 1");
        }
        lifecycle.requireOpen();
        Libibverbs.RESIZE_CQ.call(handle, entryCount);
    }

    /// Collects completions before the channel is told of them (`ibv_modify_cq(3)`): one event per
    /// `count` completions, or after `periodMicros` when fewer came. Polling sees each at once.
    ///
    /// @param count 0 to 65,535, within [ExtendedDeviceAttributes#moderationCountMax()]; 0 turns it
    ///   off
    /// @param periodMicros 0 to 65,535 microseconds, within
    ///   [ExtendedDeviceAttributes#moderationMicrosMax()]
    /// @throws RdmaException EOPNOTSUPP where the device or its provider cannot, for example
    ///   rdma_rxe
    public void moderate(int count, int periodMicros) {
        requireUnsignedShort("count", count);
        requireUnsignedShort("periodMicros", periodMicros);
        lifecycle.requireOpen();
        int errno = Errno.EOPNOTSUPP;
        NativeFunction modify = context.extendedOps().modifyCompletionQueue();
        if (modify != null) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment attributes = arena.allocate(ibv_modify_cq_attr.layout());
                ibv_modify_cq_attr.attr_mask(attributes, IBV_CQ_ATTR_MODERATE);
                MemorySegment moderate = ibv_modify_cq_attr.moderate(attributes);
                ibv_moderate_cq.cq_count(moderate, (short) count);
                ibv_moderate_cq.cq_period(moderate, (short) periodMicros);
                errno = modify.tryCall(handle, attributes.address());
            }
        }
        if (errno == Errno.EOPNOTSUPP || errno == Errno.ENOSYS) {
            throw new RdmaException(
                    "ibv_modify_cq", errno, context.deviceName() + " cannot moderate completions");
        }
        if (errno != 0) {
            throw Errno.failure("ibv_modify_cq", errno);
        }
    }

    private static void requireUnsignedShort(String name, int value) {
        if (value < 0 || value > 0xffff) {
            throw new IllegalArgumentException(name + " " + value + " is not within 0 to 65535");
        }
    }

    /// How many completions the queue holds before it overruns; at least what was asked for.
    public int entryCount() {
        lifecycle.requireOpen();
        return ibv_cq.cqe(Native.at(handle, ibv_cq.layout()));
    }

    /// The channel given at creation.
    public @Nullable CompletionChannel channel() {
        return channel;
    }

    /// The context that made this queue.
    public RdmaContext context() {
        return context;
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    /// The `struct ibv_cq *`, for verbs this library does not wrap.
    public long handle() {
        return handle;
    }

    /// Destroys the queue (`ibv_destroy_cq(3)`). Idempotent.
    ///
    /// @throws IllegalStateException naming the queue pairs that still use it
    @Override
    public void close() {
        lifecycle.close(() -> {
            open = 0;
            try {
                Libibverbs.DESTROY_CQ.destroy(handle, context::isTakenAway);
            } catch (RdmaException e) {
                open = handle;
                throw e;
            }
            context.forget(this);
        });
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

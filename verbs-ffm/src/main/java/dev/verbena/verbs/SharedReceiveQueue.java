package dev.verbena.verbs;

import dev.verbena.verbs.ffi.ContextOps;
import dev.verbena.verbs.ffi.Libibverbs;
import dev.verbena.verbs.ffi.gen.ibv_srq_attr;
import dev.verbena.verbs.ffi.gen.ibv_srq_init_attr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A shared receive queue (`struct ibv_srq`): receives that several queue pairs draw from.
///
/// One thread at a time posts; the rest may be called by any thread.
public final class SharedReceiveQueue implements AutoCloseable {
    static final int IBV_SRQ_LIMIT = 2;

    private final RdmaContext context;
    private final ContextOps ops;
    private final long handle;
    private final int workRequestMax;
    private final Lifecycle lifecycle;

    /// The handle, 0 once closed: what the data path looks at.
    private volatile long open;

    private SharedReceiveQueue(
            RdmaContext context, long handle, int workRequestMax, Lifecycle lifecycle) {
        this.context = context;
        this.ops = context.ops();
        this.handle = handle;
        this.workRequestMax = workRequestMax;
        this.lifecycle = lifecycle;
        this.open = handle;
    }

    static SharedReceiveQueue create(ProtectionDomain domain, int workRequestMax, int segmentMax) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ibv_srq_init_attr.layout());
            MemorySegment limits = ibv_srq_init_attr.attr(attributes);
            ibv_srq_attr.max_wr(limits, workRequestMax);
            ibv_srq_attr.max_sge(limits, segmentMax);
            Lifecycle lifecycle = new Lifecycle("shared receive queue", domain.lifecycle());
            long handle =
                    lifecycle.create(() ->
                            Libibverbs.CREATE_SRQ.call(domain.handle(), attributes.address()));
            SharedReceiveQueue queue =
                    new SharedReceiveQueue(
                            domain.context(), handle, ibv_srq_attr.max_wr(limits), lifecycle);
            domain.context().add(queue);
            return queue;
        }
    }

    /// Posts a receive and those chained to it (`ibv_post_srq_recv(3)`). Allocates nothing.
    ///
    /// @return 0, or a positive errno value: ENOMEM when the queue is full
    public int postReceive(ReceiveSlots slots, int firstSlot) {
        long queue = open;
        if (queue == 0) {
            throw lifecycle.closedException();
        }
        return ops.postSharedReceive(queue, slots.address(firstSlot), slots.badCell());
    }

    /// How many receives may be outstanding; at least what was asked for.
    public int workRequestMax() {
        return workRequestMax;
    }

    /// Asks for one [AsyncEvent.SharedReceiveQueueLimit] when fewer receives than this are left
    /// (`ibv_modify_srq(3)`).
    ///
    /// @param receives 0 turns it off
    public void limit(int receives) {
        if (receives < 0) {
            throw new IllegalArgumentException("a limit of " + receives + " is negative");
        }
        lifecycle.requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ibv_srq_attr.layout());
            ibv_srq_attr.srq_limit(attributes, receives);
            Libibverbs.MODIFY_SRQ.call(handle, attributes.address(), IBV_SRQ_LIMIT);
        }
    }

    /// The limit in effect, 0 when none is or it has fired (`ibv_query_srq(3)`).
    public int limit() {
        lifecycle.requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ibv_srq_attr.layout());
            Libibverbs.QUERY_SRQ.call(handle, attributes.address());
            return ibv_srq_attr.srq_limit(attributes);
        }
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    /// The `struct ibv_srq *`, for verbs this library does not wrap.
    public long handle() {
        return handle;
    }

    /// Destroys the queue (`ibv_destroy_srq(3)`). Idempotent.
    ///
    /// @throws IllegalStateException naming the queue pairs that still use it
    @Override
    public void close() {
        lifecycle.close(() -> {
            open = 0;
            try {
                Libibverbs.DESTROY_SRQ.destroy(handle, context::isTakenAway);
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

package dev.verbena.verbs;

import dev.verbena.verbs.ffi.ContextOps;
import dev.verbena.verbs.ffi.Libibverbs;
import dev.verbena.verbs.ffi.Librdmacm;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_qp;
import dev.verbena.verbs.ffi.gen.ibv_qp_attr;
import dev.verbena.verbs.ffi.gen.ibv_qp_cap;
import dev.verbena.verbs.ffi.gen.ibv_qp_init_attr;
import dev.verbena.verbs.ffi.gen.rdma_cm_id;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The native queue pair behind both stages, [UnconnectedQueuePair] and [QueuePair].
final class NativeQueuePair {
    static final int IBV_QPT_RC = 2;

    private final CmId id;
    private final RdmaContext context;
    private final ContextOps ops;
    private final long handle;
    private final int number;
    private final QueuePairLimits limits;
    private final boolean sharedReceives;
    private final boolean criticalPosts;
    private final Drain drain;
    private final Lifecycle lifecycle;

    /// The handle, 0 once closed: what the data path looks at.
    private volatile long open;

    private NativeQueuePair(
            CmId id,
            RdmaContext context,
            long handle,
            QueuePairLimits limits,
            QueuePairOptions options,
            boolean sharedReceives,
            Lifecycle lifecycle) {
        this.id = id;
        this.context = context;
        this.ops = context.ops();
        this.handle = handle;
        this.number = ibv_qp.qp_num(Native.at(handle, ibv_qp.layout()));
        this.limits = limits;
        this.sharedReceives = sharedReceives;
        this.criticalPosts = options.criticalPosts();
        this.drain = new Drain(this, options, sharedReceives);
        this.lifecycle = lifecycle;
        this.open = handle;
        lifecycle.rename("queue pair " + number);
    }

    static NativeQueuePair create(
            CmId id,
            RdmaContext context,
            ProtectionDomain domain,
            QueuePairOptions options,
            @Nullable SharedReceiveQueue receives) {
        List<Lifecycle> parents =
                new ArrayList<>(
                        List.of(
                                id.lifecycle(),
                                domain.lifecycle(),
                                options.sendCq().lifecycle(),
                                options.receiveCq().lifecycle()));
        if (receives != null) {
            parents.add(receives.lifecycle());
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = encode(options, receives, arena);
            Lifecycle lifecycle = new Lifecycle("queue pair", parents.toArray(Lifecycle[]::new));
            synchronized (id.channel().cmLock()) {
                long handle =
                        lifecycle.create(() -> {
                            Librdmacm.CREATE_QP.call(
                                    id.handle(), domain.handle(), attributes.address());
                            return rdma_cm_id.qp(id.structure()).address();
                        });
                return new NativeQueuePair(
                        id,
                        context,
                        handle,
                        QueuePairLimits.decode(ibv_qp_init_attr.cap(attributes)),
                        options,
                        receives != null,
                        lifecycle);
            }
        }
    }

    private static MemorySegment encode(
            QueuePairOptions options, @Nullable SharedReceiveQueue receives, Arena arena) {
        MemorySegment attributes = arena.allocate(ibv_qp_init_attr.layout());
        ibv_qp_init_attr.send_cq(attributes, MemorySegment.ofAddress(options.sendCq().handle()));
        ibv_qp_init_attr.recv_cq(attributes, MemorySegment.ofAddress(options.receiveCq().handle()));
        if (receives != null) {
            ibv_qp_init_attr.srq(attributes, MemorySegment.ofAddress(receives.handle()));
        }
        ibv_qp_init_attr.qp_type(attributes, IBV_QPT_RC);
        ibv_qp_init_attr.sq_sig_all(attributes, options.signalAll() ? 1 : 0);
        MemorySegment cap = ibv_qp_init_attr.cap(attributes);
        ibv_qp_cap.max_send_wr(cap, options.sendWorkRequestMax());
        ibv_qp_cap.max_recv_wr(cap, receives == null ? options.receiveWorkRequestMax() : 0);
        ibv_qp_cap.max_send_sge(cap, options.sendSegmentMax());
        ibv_qp_cap.max_recv_sge(cap, options.receiveSegmentMax());
        ibv_qp_cap.max_inline_data(cap, options.inlineBytesMax());
        return attributes;
    }

    int postSend(SendSlots slots, int firstSlot) {
        long queuePair = open;
        if (queuePair == 0) {
            throw lifecycle.closedException();
        }
        long request = slots.address(firstSlot);
        return criticalPosts
                ? ops.postSendCritical(queuePair, request, slots.badCell())
                : ops.postSend(queuePair, request, slots.badCell());
    }

    int postReceive(ReceiveSlots slots, int firstSlot) {
        long queuePair = open;
        if (queuePair == 0 || sharedReceives) {
            throw receiveRefused();
        }
        long request = slots.address(firstSlot);
        return criticalPosts
                ? ops.postReceiveCritical(queuePair, request, slots.badCell())
                : ops.postReceive(queuePair, request, slots.badCell());
    }

    private IllegalStateException receiveRefused() {
        return open == 0
                ? lifecycle.closedException()
                : new IllegalStateException(
                        this + " takes its receives from a shared receive queue: post them there");
    }

    void error() {
        modify(
                QueuePairAttributes.STATE,
                attributes -> ibv_qp_attr.qp_state(attributes, QueuePairState.ERR.code()));
    }

    void minRnrTimer(int code) {
        modify(
                QueuePairAttributes.MIN_RNR_TIMER,
                attributes -> ibv_qp_attr.min_rnr_timer(attributes, (byte) code));
    }

    void remoteAccess(int access) {
        modify(
                QueuePairAttributes.ACCESS_FLAGS,
                attributes -> ibv_qp_attr.qp_access_flags(attributes, access));
    }

    private void modify(int mask, Consumer<MemorySegment> values) {
        lifecycle.requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ibv_qp_attr.layout());
            values.accept(attributes);
            Libibverbs.MODIFY_QP.call(handle, attributes.address(), mask);
        }
    }

    QueuePairState state() {
        return query(QueuePairAttributes.STATE).state();
    }

    QueuePairAttributes attributes() {
        return query(QueuePairAttributes.ALL);
    }

    private QueuePairAttributes query(int mask) {
        lifecycle.requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ibv_qp_attr.layout());
            MemorySegment creation = arena.allocate(ibv_qp_init_attr.layout());
            Libibverbs.QUERY_QP.call(handle, attributes.address(), mask, creation.address());
            return QueuePairAttributes.decode(attributes);
        }
    }

    boolean drain(WorkCompletions batch, CompletionConsumer consumer, long timeoutNanos) {
        lifecycle.requireOpen();
        return drain.run(batch, consumer, timeoutNanos);
    }

    int number() {
        return number;
    }

    QueuePairLimits limits() {
        return limits;
    }

    CmId id() {
        return id;
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    long handle() {
        return handle;
    }

    void close() {
        lifecycle.close(() -> {
            synchronized (id.channel().cmLock()) {
                open = 0;
                try {
                    Libibverbs.DESTROY_QP.destroy(handle, context::isTakenAway);
                } catch (RdmaException e) {
                    open = handle;
                    throw e;
                }
                // rdma_destroy_qp(3) does the same two things but ignores a failing destroy.
                rdma_cm_id.qp(id.structure(), MemorySegment.NULL);
            }
        });
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

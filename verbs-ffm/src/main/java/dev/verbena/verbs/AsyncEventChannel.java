package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.Libc;
import dev.verbena.verbs.ffi.Libibverbs;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_async_event;
import dev.verbena.verbs.ffi.gen.ibv_context;
import dev.verbena.verbs.ffi.gen.ibv_qp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The source of a device's asynchronous events.
///
/// One thread at a time polls; any thread may wake it or close the channel under it. The wait is a
/// blocking native call: use a platform thread. Events that nobody takes stay with the kernel.
public final class AsyncEventChannel implements AutoCloseable {
    // enum ibv_event_type, verbs.h
    static final int CQ_ERR = 0;
    static final int DEVICE_FATAL = 8;
    static final int SRQ_ERR = 14;
    static final int SRQ_LIMIT_REACHED = 15;

    private final RdmaContext context;
    private final AtomicBoolean openFlag;
    private final Lifecycle lifecycle;
    private final Waiter waiter;
    private final ReentrantLock waiting = new ReentrantLock();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment event = arena.allocate(ibv_async_event.layout());

    private AsyncEventChannel(
            RdmaContext context, AtomicBoolean openFlag, Waiter waiter, Lifecycle lifecycle) {
        this.context = context;
        this.openFlag = openFlag;
        this.waiter = waiter;
        this.lifecycle = lifecycle;
    }

    static AsyncEventChannel open(RdmaContext context, AtomicBoolean openFlag) {
        if (!openFlag.compareAndSet(false, true)) {
            throw new IllegalStateException(
                    "the asynchronous events of the " + context + " are being read already");
        }
        AsyncEventChannel channel = null;
        try {
            Lifecycle lifecycle =
                    new Lifecycle("asynchronous events of " + context, context.lifecycle());
            Waiter[] waiter = new Waiter[1];
            lifecycle.create(() -> {
                int fd = ibv_context.async_fd(Native.at(context.handle(), ibv_context.layout()));
                Libc.makeNonBlocking(fd);
                waiter[0] = new Waiter(fd);
                return fd;
            });
            channel = new AsyncEventChannel(context, openFlag, waiter[0], lifecycle);
            return channel;
        } finally {
            if (channel == null) {
                openFlag.set(false);
            }
        }
    }

    /// Takes the next event, waiting for it if need be. It is copied and acknowledged before it is
    /// returned.
    ///
    /// @param timeoutNanos how long to wait at most; 0 or less only looks. Rounded up to
    ///   milliseconds
    /// @return null on time-out, after [#wakeUp()], and when the channel is closed meanwhile
    /// @throws IllegalStateException when the channel is closed, or another thread polls
    /// @throws RdmaException EIO when the device is gone and its last event was taken
    public @Nullable AsyncEvent poll(long timeoutNanos) {
        if (!waiting.tryLock()) {
            throw new IllegalStateException("another thread polls " + this);
        }
        try {
            lifecycle.requireOpen();
            long deadline = Waiter.deadline(timeoutNanos);
            AsyncEvent taken = take();
            while (taken == null) {
                boolean readable = waiter.await(deadline);
                if (!readable || !lifecycle.isOpen()) {
                    return null;
                }
                taken = take();
                if (deadline - System.nanoTime() <= 0) {
                    break;
                }
            }
            return taken;
        } finally {
            waiting.unlock();
        }
    }

    private @Nullable AsyncEvent take() {
        int errno = Libibverbs.GET_ASYNC_EVENT.tryCall(context.handle(), event.address());
        if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
            return null;
        }
        if (errno != 0) {
            throw Errno.failure("ibv_get_async_event", errno);
        }
        try {
            return decode(event, context);
        } finally {
            // At once: destroying the object it is about waits until its events are acknowledged.
            Libibverbs.ACK_ASYNC_EVENT.call(event.address());
        }
    }

    static AsyncEvent decode(MemorySegment event, RdmaContext context) {
        int type = ibv_async_event.event_type(event);
        MemorySegment element = ibv_async_event.element(event);
        long address = ibv_async_event.element.cq(element).address();
        AsyncEvent.QueuePairEventKind queuePair = AsyncEvent.QueuePairEventKind.of(type);
        if (queuePair != null) {
            // Still there: its destruction waits for the acknowledgement.
            return new AsyncEvent.QueuePairEvent(
                    queuePair, ibv_qp.qp_num(Native.at(address, ibv_qp.layout())));
        }
        AsyncEvent.PortEventKind port = AsyncEvent.PortEventKind.of(type);
        if (port != null) {
            return new AsyncEvent.PortEvent(port, ibv_async_event.element.port_num(element));
        }
        return switch (type) {
            case CQ_ERR -> new AsyncEvent.CompletionQueueError(context.completionQueue(address));
            case SRQ_ERR ->
                    new AsyncEvent.SharedReceiveQueueError(context.sharedReceiveQueue(address));
            case SRQ_LIMIT_REACHED ->
                    new AsyncEvent.SharedReceiveQueueLimit(context.sharedReceiveQueue(address));
            case DEVICE_FATAL -> new AsyncEvent.DeviceFatal();
            default -> new AsyncEvent.Unknown(type);
        };
    }

    /// Ends the present wait, or the next one if nobody waits. Does nothing on a closed channel.
    /// Any thread.
    public void wakeUp() {
        lifecycle.ifOpen(waiter::wakeUp);
    }

    /// Stops reading; a thread that polls returns null. Idempotent.
    @Override
    public void close() {
        lifecycle.close(() -> {
            waiter.wakeUp();
            waiting.lock();
            try {
                waiter.close();
                arena.close();
                openFlag.set(false);
            } finally {
                waiting.unlock();
            }
        });
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.Libc;
import dev.verbena.verbs.ffi.Libibverbs;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_comp_channel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.ReentrantLock;

/// A completion channel (`struct ibv_comp_channel`): lets a thread sleep until a completion queue
/// has something.
///
/// ```java
/// queue.requestNotification(false);
/// if (queue.poll(batch) == 0) {         // what came before the request causes no event
///     channel.await(timeoutNanos);
/// }
/// ```
///
/// One thread at a time waits; any thread may wake it or close the channel under it. The wait is a
/// blocking native call: use a platform thread.
public final class CompletionChannel implements AutoCloseable {
    /// More events than this are left for the next wait.
    private static final int EVENTS_PER_WAIT_MAX = 1024;

    private final RdmaContext context;
    private final long handle;
    private final Lifecycle lifecycle;
    private final Waiter waiter;
    private final ReentrantLock waiting = new ReentrantLock();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment eventOut = arena.allocate(2 * Long.BYTES, Long.BYTES);

    private CompletionChannel(
            RdmaContext context, long handle, Waiter waiter, Lifecycle lifecycle) {
        this.context = context;
        this.handle = handle;
        this.waiter = waiter;
        this.lifecycle = lifecycle;
    }

    static CompletionChannel create(RdmaContext context, Lifecycle lifecycle) {
        Waiter[] waiter = new Waiter[1];
        long handle =
                lifecycle.create(() -> {
                    long channel = Libibverbs.CREATE_COMP_CHANNEL.call(context.handle());
                    try {
                        int fd = ibv_comp_channel.fd(Native.at(channel, ibv_comp_channel.layout()));
                        Libc.makeNonBlocking(fd);
                        waiter[0] = new Waiter(fd);
                        return channel;
                    } catch (RuntimeException e) {
                        Libibverbs.DESTROY_COMP_CHANNEL.tryCall(channel);
                        throw e;
                    }
                });
        return new CompletionChannel(context, handle, waiter[0], lifecycle);
    }

    /// Waits for an event of any completion queue on this channel and takes all that are there.
    ///
    /// @param timeoutNanos how long at most; 0 or less only looks. Rounded up to milliseconds
    /// @return true when an event was taken; false on time-out, after [#wakeUp()], and when the
    ///   channel is closed meanwhile
    /// @throws IllegalStateException when the channel is closed, or another thread waits
    /// @throws RdmaException EIO when the device is gone
    public boolean await(long timeoutNanos) {
        if (!waiting.tryLock()) {
            throw new IllegalStateException("another thread waits on " + this);
        }
        try {
            lifecycle.requireOpen();
            long deadline = Waiter.deadline(timeoutNanos);
            while (waiter.await(deadline)) {
                if (!lifecycle.isOpen()) {
                    return false;
                }
                if (takeEvents() > 0) {
                    return true;
                }
                // Readable without an event: the queue it belonged to was destroyed in between.
                if (deadline - System.nanoTime() <= 0) {
                    return false;
                }
            }
            return false;
        } finally {
            waiting.unlock();
        }
    }

    private int takeEvents() {
        int taken = 0;
        while (taken < EVENTS_PER_WAIT_MAX) {
            int errno =
                    Libibverbs.GET_CQ_EVENT.tryCall(
                            handle, eventOut.address(), eventOut.address() + Long.BYTES);
            if (errno == Errno.EAGAIN) {
                return taken;
            }
            if (errno != 0) {
                throw Errno.failure("ibv_get_cq_event", errno);
            }
            // At once: destroying a completion queue waits until its events are acknowledged.
            Libibverbs.ACK_CQ_EVENTS.call(eventOut.get(ValueLayout.JAVA_LONG, 0), 1);
            taken++;
        }
        return taken;
    }

    /// Ends the present wait, or the next one if nobody waits. Does nothing on a closed channel.
    /// Any thread.
    public void wakeUp() {
        lifecycle.ifOpen(waiter::wakeUp);
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    /// The `struct ibv_comp_channel *`, for verbs this library does not wrap.
    public long handle() {
        return handle;
    }

    /// Destroys the channel; a thread that waits on it returns false. Idempotent.
    ///
    /// @throws IllegalStateException naming the completion queues that use it
    @Override
    public void close() {
        lifecycle.close(() -> {
            waiter.wakeUp();
            waiting.lock();
            try {
                destroy();
                waiter.close();
                arena.close();
            } finally {
                waiting.unlock();
            }
        });
    }

    private void destroy() {
        int errno = Libibverbs.DESTROY_COMP_CHANNEL.tryCall(handle);
        if (errno == Errno.EBUSY && context.isTakenAway()) {
            // Its completion queues went with the device. libibverbs counts one off only when the
            // kernel has confirmed its end; there is nobody else who would.
            ibv_comp_channel.refcnt(Native.at(handle, ibv_comp_channel.layout()), 0);
            errno = Libibverbs.DESTROY_COMP_CHANNEL.tryCall(handle);
        }
        if (errno != 0) {
            throw Errno.failure("ibv_destroy_comp_channel", errno);
        }
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.Hints;
import dev.verbena.verbs.ffi.Libc;
import dev.verbena.verbs.ffi.Libraries;
import dev.verbena.verbs.ffi.Librdmacm;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.rdma_event_channel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Where the connection manager reports events of its identifiers (`struct rdma_event_channel`).
///
/// One thread at a time polls; any thread may wake it, create identifiers, or close the channel
/// under it. The wait is a blocking native call: use a platform thread.
///
/// Calls into librdmacm for one channel and its identifiers are serialised, because taking an event
/// changes the state of its identifier and of that one's queue pair behind the back of every other
/// call.
public final class EventChannel implements AutoCloseable {
    private static final Path DEVICE = Path.of("/dev/infiniband/rdma_cm");

    private final long handle;
    private final Waiter waiter;
    private final Lifecycle lifecycle;
    private final ReentrantLock waiting = new ReentrantLock();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment eventOut = arena.allocate(ValueLayout.JAVA_LONG);

    /// Identifiers by address; guarded by [#cmLock()].
    private final Map<Long, CmId> ids = new HashMap<>();

    private EventChannel(long handle, Waiter waiter, Lifecycle lifecycle) {
        this.handle = handle;
        this.waiter = waiter;
        this.lifecycle = lifecycle;
    }

    /// Opens a channel (`rdma_create_event_channel(3)`).
    ///
    /// @throws RdmaUnavailableException when a library, native access or the kernel's connection
    ///   manager is missing
    public static EventChannel open() {
        Libraries.requireLoaded();
        Lifecycle lifecycle = new Lifecycle("event channel");
        Waiter[] waiter = new Waiter[1];
        long handle =
                lifecycle.create(() -> {
                    long channel = create();
                    try {
                        int fd =
                                rdma_event_channel.fd(
                                        Native.at(channel, rdma_event_channel.layout()));
                        Libc.makeNonBlocking(fd);
                        waiter[0] = new Waiter(fd);
                        return channel;
                    } catch (RuntimeException e) {
                        Librdmacm.DESTROY_EVENT_CHANNEL.call(channel);
                        throw e;
                    }
                });
        return new EventChannel(handle, waiter[0], lifecycle);
    }

    private static long create() {
        long channel = Librdmacm.CREATE_EVENT_CHANNEL.callOrNegativeErrno();
        if (channel > 0 || channel < -4095) {
            return channel;
        }
        int errno = (int) -channel;
        if (errno == Errno.ENODEV || errno == Errno.ENOENT) {
            if (!Files.exists(DEVICE)) {
                throw new RdmaUnavailableException(Hints.NO_CONNECTION_MANAGER);
            }
            throw new RdmaUnavailableException("no RDMA device: " + Hints.NO_DEVICE);
        }
        throw Errno.failure("rdma_create_event_channel", errno);
    }

    /// Makes an identifier for reliable connections (`rdma_create_id(3)`, `RDMA_PS_TCP`).
    public CmId createId() {
        return CmId.create(this);
    }

    /// Takes the next event, waiting for it if need be. The event is copied and acknowledged before
    /// it is returned.
    ///
    /// @param timeoutNanos how long to wait at most; 0 or less only looks. Rounded up to
    ///   milliseconds
    /// @return null on time-out, after [#wakeUp()], and when the channel is closed meanwhile
    /// @throws IllegalStateException when the channel is closed, or another thread polls
    public @Nullable CmEvent poll(long timeoutNanos) {
        if (!waiting.tryLock()) {
            throw new IllegalStateException("another thread polls " + this);
        }
        try {
            lifecycle.requireOpen();
            long deadline = Waiter.deadline(timeoutNanos);
            CmEvent event = take();
            while (event == null) {
                boolean readable = waiter.await(deadline);
                if (!readable || !lifecycle.isOpen()) {
                    return null;
                }
                event = take();
                if (deadline - System.nanoTime() <= 0) {
                    break;
                }
            }
            return event;
        } finally {
            waiting.unlock();
        }
    }

    private @Nullable CmEvent take() {
        synchronized (cmLock()) {
            int errno = Librdmacm.GET_CM_EVENT.tryCall(handle, eventOut.address());
            if (errno == Errno.EAGAIN || errno == Errno.EINTR) {
                return null;
            }
            if (errno != 0) {
                throw Errno.failure("rdma_get_cm_event", errno);
            }
            long event = eventOut.get(ValueLayout.JAVA_LONG, 0);
            CmEvent copy;
            try {
                copy = CmEventDecoder.decode(event, this);
            } finally {
                // At once: destroying an identifier waits until its events are acknowledged.
                Librdmacm.ACK_CM_EVENT.call(event);
            }
            return copy;
        }
    }

    /// Ends the present wait, or the next one if nobody waits. Does nothing on a closed channel.
    /// Any thread.
    public void wakeUp() {
        lifecycle.ifOpen(waiter::wakeUp);
    }

    /// Serialises calls into librdmacm; see the class comment.
    Object cmLock() {
        return ids;
    }

    /// Guarded by [#cmLock()].
    void add(long address, CmId id) {
        ids.put(address, id);
    }

    /// Guarded by [#cmLock()].
    void remove(long address) {
        ids.remove(address);
    }

    /// Guarded by [#cmLock()].
    @Nullable CmId find(long address) {
        return ids.get(address);
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    /// The `struct rdma_event_channel *`, for calls this library does not wrap.
    public long handle() {
        return handle;
    }

    /// Closes the channel; a thread that polls it returns null. Idempotent.
    ///
    /// @throws IllegalStateException naming the identifiers that are open
    @Override
    public void close() {
        lifecycle.close(() -> {
            waiter.wakeUp();
            waiting.lock();
            try {
                Librdmacm.DESTROY_EVENT_CHANNEL.call(handle);
                waiter.close();
                arena.close();
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

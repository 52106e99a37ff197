package dev.verbena.verbs;

import dev.verbena.verbs.ffi.ContextOps;
import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.ExtendedOps;
import dev.verbena.verbs.ffi.Libibverbs;
import dev.verbena.verbs.ffi.Librdmacm;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.NativeFunction;
import dev.verbena.verbs.ffi.gen.ibv_context;
import dev.verbena.verbs.ffi.gen.ibv_cq;
import dev.verbena.verbs.ffi.gen.ibv_device;
import dev.verbena.verbs.ffi.gen.ibv_device_attr;
import dev.verbena.verbs.ffi.gen.ibv_device_attr_ex;
import dev.verbena.verbs.ffi.gen.ibv_gid;
import dev.verbena.verbs.ffi.gen.ibv_port_attr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// An open RDMA device (`struct ibv_context`): the maker of protection domains and completion
/// queues.
///
/// Either opened by [RdmaDevice#open()], and then closed by its opener, or borrowed from a [CmId]
/// whose address has been resolved, and then owned by librdmacm: closing a borrowed context does
/// nothing. Any thread may call.
public final class RdmaContext implements AutoCloseable {
    private static final ConcurrentHashMap<Long, RdmaContext> BORROWED = new ConcurrentHashMap<>();

    static final long PORT_GROWTH_BYTES = 64;

    private final long handle;
    private final boolean borrowed;
    private final String deviceName;
    private final ContextOps ops;
    private final ExtendedOps extendedOps;
    private final Lifecycle lifecycle;
    private volatile boolean deviceRemoved;

    /// Set once it is known, see [#isTakenAway].
    private volatile boolean takenAway;

    /// An address of the device, for a borrowed context.
    private volatile @Nullable InetSocketAddress localAddress;

    private final AtomicBoolean asyncEventsOpen = new AtomicBoolean();

    /// Queues by address, to tell whose asynchronous event it is.
    private final Map<Long, CompletionQueue> completionQueues = new ConcurrentHashMap<>();

    private final Map<Long, SharedReceiveQueue> sharedReceiveQueues = new ConcurrentHashMap<>();

    private RdmaContext(long handle, boolean borrowed, Lifecycle lifecycle) {
        this.handle = handle;
        this.borrowed = borrowed;
        this.deviceName = deviceNameOf(handle);
        this.ops = new ContextOps(handle);
        this.extendedOps = new ExtendedOps(handle);
        this.lifecycle = lifecycle;
        lifecycle.rename("context of " + deviceName);
    }

    static RdmaContext open(String name) {
        Lifecycle lifecycle = new Lifecycle("context of " + name);
        return new RdmaContext(lifecycle.create(() -> Rdma.openByName(name)), false, lifecycle);
    }

    /// The one object for a context that librdmacm opened; librdmacm keeps one per device and
    /// process.
    ///
    /// librdmacm closes the context of a removed device when its last identifier goes, whatever
    /// else is open on it. So the context is pinned here from its first user to its last, children
    /// included.
    ///
    /// @param user the identifier that is bound to it
    /// @param localAddress of that identifier
    static RdmaContext borrow(
            long handle, Lifecycle user, @Nullable InetSocketAddress localAddress) {
        RdmaContext context =
                BORROWED.compute(
                        handle,
                        (address, known) -> {
                            RdmaContext borrowed = known != null ? known : pin(address);
                            user.join(borrowed.lifecycle);
                            borrowed.localAddress = localAddress;
                            return borrowed;
                        });
        return Objects.requireNonNull(context);
    }

    private static RdmaContext pin(long handle) {
        return LibrdmacmDevices.pin(
                handle,
                list -> {
                    Lifecycle lifecycle = Lifecycle.untracked("borrowed context");
                    RdmaContext context = new RdmaContext(handle, true, lifecycle);
                    lifecycle.whenUnused(() -> unpin(context, list));
                    return context;
                });
    }

    private static void unpin(RdmaContext context, long list) {
        boolean gone =
                LibrdmacmDevices.isGone(
                        context.deviceName, context.device(), context.deviceRemoved);
        AtomicBoolean released = new AtomicBoolean();
        BORROWED.computeIfPresent(
                context.handle,
                (address, known) -> {
                    if (known != context || context.lifecycle.hasChildren()) {
                        return known; // somebody was faster, or uses it again
                    }
                    if (gone && !LibrdmacmDevices.retire(context.handle)) {
                        LibrdmacmDevices.abandon(context.handle);
                    }
                    context.lifecycle.close(() -> Librdmacm.FREE_DEVICES.call(list));
                    released.set(true);
                    return null;
                });
        InetSocketAddress local = context.localAddress;
        if (released.get() && !gone && local != null) {
            LibrdmacmDevices.releaseProtectionDomain(local);
        }
    }

    /// The connection manager has announced that the device goes away.
    void deviceRemoved() {
        deviceRemoved = true;
    }

    /// The `struct ibv_device *`. One device has one as long as it is there; another one of the
    /// same name has another.
    private long device() {
        return ibv_context.device(Native.at(handle, ibv_context.layout())).address();
    }

    /// Whether the kernel has taken the device away from this context and destroyed everything on
    /// it. Two things have to agree, so that nothing else is taken for it: the removal was
    /// announced or the device has left the list, and a verb that fails for no other reason, the
    /// question what the device can do, answers what a context without a device answers. Between
    /// the one and the other a device may still use memory.
    boolean isTakenAway() {
        if (!takenAway && (deviceRemoved || hasLeftTheList())) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment attributes = arena.allocate(ibv_device_attr.layout());
                int errno = Libibverbs.QUERY_DEVICE.tryCall(handle, attributes.address());
                takenAway = Errno.isGoneWithItsDevice(errno, () -> true);
            }
        }
        return takenAway;
    }

    private boolean hasLeftTheList() {
        try {
            return !isListed();
        } catch (RdmaException e) {
            return false;
        }
    }

    private static String deviceNameOf(long context) {
        MemorySegment device =
                ibv_context
                        .device(Native.at(context, ibv_context.layout()))
                        .reinterpret(ibv_device.sizeof());
        return ibv_device.name(device).getString(0);
    }

    /// The kernel's name of the device, for example `rxe0`.
    public String deviceName() {
        return deviceName;
    }

    /// Whether the system still has the device (`ibv_get_device_list(3)`); another one of the same
    /// name, which may have come since, is not this one. A driver that cannot take a device away
    /// from its users removes it from the list first, and then waits until they have closed
    /// everything.
    ///
    /// @throws RdmaException when the system cannot be asked
    public boolean isListed() {
        return LibrdmacmDevices.isListed(device());
    }

    /// What the device can do (`ibv_query_device(3)`).
    public DeviceAttributes attributes() {
        lifecycle.requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ibv_device_attr.layout());
            Libibverbs.QUERY_DEVICE.call(handle, attributes.address());
            return DeviceAttributes.decode(attributes);
        }
    }

    /// What the device can do, with what later releases added (`ibv_query_device_ex(3)`). A device
    /// or library that does not know the extended call gives the basic values, and 0 for the rest.
    public ExtendedDeviceAttributes extendedAttributes() {
        lifecycle.requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(ibv_device_attr_ex.layout());
            if (!queryExtended(attributes)) {
                attributes.fill((byte) 0);
                Libibverbs.QUERY_DEVICE.call(
                        handle, ibv_device_attr_ex.orig_attr(attributes).address());
            }
            return ExtendedDeviceAttributes.decode(attributes);
        }
    }

    /// @return false when the provider does not have the call
    private boolean queryExtended(MemorySegment attributes) {
        NativeFunction query = extendedOps.queryDevice();
        if (query == null) {
            return false;
        }
        int errno = query.tryCall(handle, 0, attributes.address(), attributes.byteSize());
        if (errno == Errno.EOPNOTSUPP || errno == Errno.ENOSYS) {
            return false;
        }
        if (errno != 0) {
            throw Errno.failure(query.name(), errno);
        }
        return true;
    }

    /// The state of a port (`ibv_query_port(3)`).
    ///
    /// @param port counted from 1
    public PortAttributes port(int port) {
        lifecycle.requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            // The structure grows at its end from release to release (by 4 bytes up to rdma-core
            // 65).
            MemorySegment attributes =
                    arena.allocate(ibv_port_attr.sizeof() + PORT_GROWTH_BYTES, Long.BYTES);
            Libibverbs.QUERY_PORT.call(handle, port, attributes.address());
            return PortAttributes.decode(port, attributes);
        }
    }

    /// An entry of a port's GID table (`ibv_query_gid(3)`).
    ///
    /// @param port counted from 1
    /// @param index counted from 0, below [PortAttributes#gidTableLength()]
    public Gid gid(int port, int index) {
        lifecycle.requireOpen();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment gid = arena.allocate(ibv_gid.layout());
            Libibverbs.QUERY_GID.call(handle, port, index, gid.address());
            return Gid.of(gid.toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /// Makes a protection domain (`ibv_alloc_pd(3)`).
    public ProtectionDomain allocateProtectionDomain() {
        Lifecycle child = new Lifecycle("protection domain", lifecycle);
        return new ProtectionDomain(
                this, child.create(() -> Libibverbs.ALLOC_PD.call(handle)), child);
    }

    /// Makes a channel on which completion queues announce completions
    /// (`ibv_create_comp_channel(3)`).
    public CompletionChannel createCompletionChannel() {
        Lifecycle child = new Lifecycle("completion channel", lifecycle);
        return CompletionChannel.create(this, child);
    }

    /// Opens the source of the device's asynchronous events. At most one is open per context.
    ///
    /// @throws IllegalStateException when one is open
    public AsyncEventChannel openAsyncEvents() {
        return AsyncEventChannel.open(this, asyncEventsOpen);
    }

    /// Makes a completion queue (`ibv_create_cq(3)`).
    ///
    /// @param entryCount at least 1; the device may grant more, see [CompletionQueue#entryCount()]
    /// @param channel where it announces completions after [CompletionQueue#requestNotification];
    ///   null if it is only polled
    /// @throws RdmaException EINVAL when the device does not have that many entries
    public CompletionQueue createCompletionQueue(
            int entryCount, @Nullable CompletionChannel channel) {
        if (entryCount < 1) {
            throw new IllegalArgumentException("entryCount " + entryCount + " is less than 1");
        }
        Lifecycle child =
                channel == null
                        ? new Lifecycle("completion queue", lifecycle)
                        : new Lifecycle("completion queue", lifecycle, channel.lifecycle());
        long channelHandle = channel == null ? 0 : channel.handle();
        long queue =
                child.create(
                        () -> Libibverbs.CREATE_CQ.call(handle, entryCount, 0, channelHandle, 0));
        child.rename(
                "completion queue of %d entries"
                        .formatted(ibv_cq.cqe(Native.at(queue, ibv_cq.layout()))));
        CompletionQueue created = new CompletionQueue(this, queue, channel, child);
        completionQueues.put(queue, created);
        return created;
    }

    void forget(CompletionQueue queue) {
        completionQueues.remove(queue.handle(), queue);
    }

    void add(SharedReceiveQueue queue) {
        sharedReceiveQueues.put(queue.handle(), queue);
    }

    void forget(SharedReceiveQueue queue) {
        sharedReceiveQueues.remove(queue.handle(), queue);
    }

    @Nullable CompletionQueue completionQueue(long address) {
        return completionQueues.get(address);
    }

    @Nullable SharedReceiveQueue sharedReceiveQueue(long address) {
        return sharedReceiveQueues.get(address);
    }

    ContextOps ops() {
        return ops;
    }

    ExtendedOps extendedOps() {
        return extendedOps;
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    /// The `struct ibv_context *`, for verbs this library does not wrap.
    public long handle() {
        return handle;
    }

    /// Closes the device if this object opened it; does nothing for a borrowed context. Idempotent.
    ///
    /// @throws IllegalStateException naming what is still open
    @Override
    public void close() {
        if (!borrowed) {
            lifecycle.close(() -> Libibverbs.CLOSE_DEVICE.call(handle));
        }
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

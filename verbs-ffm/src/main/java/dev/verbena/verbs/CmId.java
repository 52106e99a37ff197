package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;
import dev.verbena.verbs.ffi.Librdmacm;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.rdma_addr;
import dev.verbena.verbs.ffi.gen.rdma_cm_id;
import dev.verbena.verbs.ffi.gen.rdma_route;
import dev.verbena.verbs.ffi.gen.sockaddr_storage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A connection-manager identifier (`struct rdma_cm_id`, `rdma_cm(7)`): one connection, or one
/// listener.
///
/// Active side: [#resolveAddress], [#resolveRoute], [#createQueuePair], [#connect]. Passive side:
/// [#bind], [#listen]; then, on the identifier of each [CmEvent.ConnectRequest], [#createQueuePair]
/// and [#accept], or [#reject]. Every step only starts something; its outcome is an event on the
/// channel. Any thread may call; calls are serialised with each other and with the channel's
/// events.
public final class CmId implements AutoCloseable {
    static final int RDMA_PS_TCP = 0x0106;

    private final EventChannel channel;
    private final long handle;
    private final MemorySegment id;
    private final Lifecycle lifecycle;

    /// Guarded by the channel's lock.
    private @Nullable RdmaContext context;

    private CmId(EventChannel channel, long handle, Lifecycle lifecycle) {
        this.channel = channel;
        this.handle = handle;
        this.id = Native.at(handle, rdma_cm_id.layout());
        this.lifecycle = lifecycle;
    }

    static CmId create(EventChannel channel) {
        Lifecycle lifecycle = new Lifecycle("connection identifier", channel.lifecycle());
        synchronized (channel.cmLock()) {
            long handle =
                    lifecycle.create(() -> {
                        try (Arena arena = Arena.ofConfined()) {
                            MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
                            Librdmacm.CREATE_ID.call(
                                    channel.handle(), out.address(), 0, RDMA_PS_TCP);
                            return out.get(ValueLayout.JAVA_LONG, 0);
                        }
                    });
            CmId id = new CmId(channel, handle, lifecycle);
            channel.add(handle, id);
            return id;
        }
    }

    /// Takes over the identifier that a connection request brought. Runs under the channel's lock.
    static CmId adopt(EventChannel channel, long handle) {
        Lifecycle lifecycle =
                new Lifecycle("connection identifier of a request", channel.lifecycle());
        CmId id = new CmId(channel, handle, lifecycle);
        channel.add(handle, id);
        return id;
    }

    /// Starts to resolve a destination to a device and a neighbour (`rdma_resolve_addr(3)`); ends
    /// in [CmEvent.AddressResolved] or [CmEvent.AddressError].
    ///
    /// @param source the local address to use, with port 0 for any; null to let routing decide
    /// @param destination resolved; a link-local IPv6 address needs its scope
    /// @param timeoutMillis at least 1
    /// @throws RdmaException when it fails at once, for example ENODEV where no RDMA device has the
    ///   source address
    public void resolveAddress(
            @Nullable InetSocketAddress source, InetSocketAddress destination, int timeoutMillis) {
        requireTimeout(timeoutMillis);
        if (destination.getAddress() != null
                && SocketAddresses.lacksScope(destination.getAddress())
                && (source == null || SocketAddresses.lacksScope(source.getAddress()))) {
            throw new IllegalArgumentException(
                    "the link-local address "
                            + destination
                            + " needs a scope that names the interface, for example %eth0");
        }
        try (Arena arena = Arena.ofConfined()) {
            long from = source == null ? 0 : SocketAddresses.encode(source, arena).address();
            long to = SocketAddresses.encode(destination, arena).address();
            locked(() -> Librdmacm.RESOLVE_ADDR.call(handle, from, to, timeoutMillis));
            lifecycle.rename("connection identifier to " + destination);
        }
    }

    /// Starts to find the route to the resolved address (`rdma_resolve_route(3)`); ends in
    /// [CmEvent.RouteResolved] or [CmEvent.RouteError].
    ///
    /// @param timeoutMillis at least 1
    public void resolveRoute(int timeoutMillis) {
        requireTimeout(timeoutMillis);
        locked(() -> Librdmacm.RESOLVE_ROUTE.call(handle, timeoutMillis));
    }

    private static void requireTimeout(int timeoutMillis) {
        if (timeoutMillis < 1) {
            throw new IllegalArgumentException(
                    "timeoutMillis " + timeoutMillis + " is less than 1");
        }
    }

    /// Sets the type of service, before the route is resolved (`RDMA_OPTION_ID_TOS`).
    ///
    /// @param tos 0 to 255
    public void typeOfService(int tos) {
        requireByte("tos", tos);
        setOption(CmOption.TYPE_OF_SERVICE, (byte) tos);
    }

    /// Sets the time after which a packet counts as lost, before the route is resolved
    /// (`RDMA_OPTION_ID_ACK_TIMEOUT`).
    ///
    /// @param exponent 0 to 31; the time is 4.096 µs times two to this power
    public void ackTimeout(int exponent) {
        if (exponent < 0 || exponent > 31) {
            throw new IllegalArgumentException("exponent " + exponent + " is not within 0 to 31");
        }
        setOption(CmOption.ACK_TIMEOUT, (byte) exponent);
    }

    /// Lets a listener use an address that was in use a moment ago (`RDMA_OPTION_ID_REUSEADDR`).
    public void reuseAddress(boolean reuse) {
        setOption(CmOption.REUSE_ADDRESS, reuse ? 1 : 0);
    }

    private static void requireByte(String name, int value) {
        if (value < 0 || value > 255) {
            throw new IllegalArgumentException(name + " " + value + " is not within 0 to 255");
        }
    }

    private void setOption(CmOption option, byte value) {
        setOption(option, arena -> arena.allocateFrom(ValueLayout.JAVA_BYTE, value));
    }

    private void setOption(CmOption option, int value) {
        setOption(option, arena -> arena.allocateFrom(ValueLayout.JAVA_INT, value));
    }

    private void setOption(CmOption option, Function<Arena, MemorySegment> value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment encoded = value.apply(arena);
            locked(() ->
                    Librdmacm.SET_OPTION.call(
                            handle,
                            CmOption.LEVEL_ID,
                            option.number(),
                            encoded.address(),
                            encoded.byteSize()));
        }
    }

    /// The device context the identifier is bound to. Owned by librdmacm: closing it does nothing.
    /// It may be used as long as this identifier, another one on the same device, or an object made
    /// from it is open.
    ///
    /// @throws IllegalStateException before the address is resolved, or bound to a device
    public RdmaContext context() {
        synchronized (channel.cmLock()) {
            lifecycle.requireOpen();
            long verbs = rdma_cm_id.verbs(id).address();
            if (verbs == 0) {
                throw new IllegalStateException(
                        this + " has no device yet: its address is not resolved");
            }
            RdmaContext known = context;
            if (known == null) {
                known = RdmaContext.borrow(verbs, lifecycle, localAddress());
                context = known;
            }
            return known;
        }
    }

    /// The port of the device, counted from 1; 0 before the address is resolved.
    public int port() {
        lifecycle.requireOpen();
        return Byte.toUnsignedInt(rdma_cm_id.port_num(id));
    }

    /// Makes the reliable queue pair of this connection (`rdma_create_qp(3)`).
    ///
    /// @param pd of [#context()]
    /// @throws RdmaException EINVAL or ENOMEM when the device does not have what the options ask
    ///   for
    public UnconnectedQueuePair createQueuePair(ProtectionDomain pd, QueuePairOptions options) {
        return createQueuePair(pd, options, null);
    }

    /// Makes the reliable queue pair of this connection with receives from a shared queue.
    ///
    /// @param pd of [#context()]
    /// @param receives null for receives of its own
    /// @throws RdmaException EINVAL or ENOMEM when the device does not have what the options ask
    ///   for
    public UnconnectedQueuePair createQueuePair(
            ProtectionDomain pd, QueuePairOptions options, @Nullable SharedReceiveQueue receives) {
        RdmaContext context = context();
        if (pd.context() != context) {
            throw new IllegalArgumentException(
                    "the protection domain belongs to the %s, the identifier to the %s"
                            .formatted(pd.context(), context));
        }
        return new UnconnectedQueuePair(
                NativeQueuePair.create(this, context, pd, options, receives));
    }

    /// Starts to connect (`rdma_connect(3)`); ends in [CmEvent.Established], or [CmEvent.Rejected],
    /// [CmEvent.Unreachable] or [CmEvent.ConnectError].
    public void connect(ConnectParameters parameters) {
        try (Arena arena = Arena.ofConfined()) {
            long encoded = parameters.encode(arena).address();
            locked(() -> Librdmacm.CONNECT.call(handle, encoded));
        }
    }

    /// Binds to a local address (`rdma_bind_addr(3)`).
    ///
    /// @param local port 0 chooses one, see [#localAddress()]
    /// @throws RdmaException EADDRINUSE, or ENODEV where no RDMA device has the address
    public void bind(InetSocketAddress local) {
        try (Arena arena = Arena.ofConfined()) {
            long encoded = SocketAddresses.encode(local, arena).address();
            locked(() -> Librdmacm.BIND_ADDR.call(handle, encoded));
            lifecycle.rename("connection identifier at " + local);
        }
    }

    /// Starts to listen (`rdma_listen(3)`); requests arrive as [CmEvent.ConnectRequest].
    ///
    /// @param backlog requests that may wait, 0 for the system's default
    public void listen(int backlog) {
        if (backlog < 0) {
            throw new IllegalArgumentException("backlog " + backlog + " is negative");
        }
        locked(() -> Librdmacm.LISTEN.call(handle, backlog));
    }

    /// Accepts the request that brought this identifier (`rdma_accept(3)`); ends in
    /// [CmEvent.Established].
    public void accept(ConnectParameters parameters) {
        try (Arena arena = Arena.ofConfined()) {
            long encoded = parameters.encode(arena).address();
            locked(() -> Librdmacm.ACCEPT.call(handle, encoded));
        }
    }

    /// Rejects the request that brought this identifier (`rdma_reject(3)`); the peer gets
    /// [CmEvent.Rejected] with reason [RejectReason#CONSUMER_DEFINED].
    ///
    /// @param privateData for the peer; over InfiniBand and RoCE at most 148 bytes
    public void reject(byte[] privateData) {
        if (privateData.length > 255) {
            throw new IllegalArgumentException(
                    "privateData of " + privateData.length + " bytes is more than 255");
        }
        try (Arena arena = Arena.ofConfined()) {
            long data =
                    privateData.length == 0
                            ? 0
                            : arena.allocateFrom(ValueLayout.JAVA_BYTE, privateData).address();
            locked(() -> Librdmacm.REJECT.call(handle, data, privateData.length));
        }
    }

    /// Ends the connection, or answers the peer's [CmEvent.Disconnected] (`rdma_disconnect(3)`):
    /// this side's queue pair flushes. The side that disconnects first gets [CmEvent.Disconnected]
    /// when the peer answers by doing the same, or after a time-out of many seconds. Does nothing
    /// where there is no connection, or none any more.
    public void disconnect() {
        synchronized (channel.cmLock()) {
            if (!lifecycle.isOpen()) {
                return;
            }
            int errno = Librdmacm.DISCONNECT.tryCall(handle);
            // EINVAL: never connected or disconnected already; ENOTCONN likewise; the others: the
            // device is
            // gone.
            boolean harmless =
                    errno == Errno.EINVAL
                            || errno == Errno.ENOTCONN
                            || errno == Errno.ENODEV
                            || errno == Errno.ENXIO
                            || errno == Errno.EIO;
            if (errno != 0 && !harmless) {
                throw Errno.failure("rdma_disconnect", errno);
            }
        }
    }

    /// The local address; null before it is known.
    public @Nullable InetSocketAddress localAddress() {
        return address(rdma_addr.src_storage$offset());
    }

    /// The peer's address; null before it is known.
    public @Nullable InetSocketAddress remoteAddress() {
        return address(rdma_addr.dst_storage$offset());
    }

    private @Nullable InetSocketAddress address(long offset) {
        synchronized (channel.cmLock()) {
            lifecycle.requireOpen();
            MemorySegment addresses = rdma_route.addr(rdma_cm_id.route(id));
            return SocketAddresses.decode(addresses.asSlice(offset, sockaddr_storage.sizeof()));
        }
    }

    /// Runs under the channel's lock.
    void deviceRemoved() {
        if (context != null) {
            context.deviceRemoved();
        }
    }

    private void locked(Runnable call) {
        synchronized (channel.cmLock()) {
            lifecycle.requireOpen();
            call.run();
        }
    }

    EventChannel channel() {
        return channel;
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    /// The native structure, for the queue pair that hangs on it. Guarded by the channel's lock.
    MemorySegment structure() {
        return id;
    }

    /// The `struct rdma_cm_id *`, for calls this library does not wrap.
    public long handle() {
        return handle;
    }

    /// For a request nobody can answer any more; runs under the channel's lock.
    void closeAfterEvent() {
        close();
    }

    /// Destroys the identifier (`rdma_destroy_id(3)`); a request not answered is rejected, a
    /// connection ended. Its events are gone with it. Idempotent.
    ///
    /// @throws IllegalStateException naming the queue pair while that is open
    @Override
    public void close() {
        lifecycle.close(() -> {
            synchronized (channel.cmLock()) {
                Librdmacm.DESTROY_ID.call(handle);
                channel.remove(handle);
            }
        });
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

package dev.verbena.internal.fabric;

import dev.verbena.ConnectRejectedException;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.VerbsMemoryDomain;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.RdmaContext;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The way to a controller over libibverbs and librdmacm, with one protection domain for all of its
/// queues.
public final class VerbsTransport implements Transport {
    /// A target may still hold the queue pair number of a connection that died on our side; it
    /// answers "stale" until it has cleaned up. A new queue pair has another number.
    static final int STALE_ATTEMPTS_MAX = 5;

    private static final long STALE_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /// The header and four pieces of in-capsule data, as the kernel's initiator.
    private static final int SEND_SEGMENTS = 5;

    private final CmDispatcher dispatcher;
    private final @Nullable InetSocketAddress source;
    private final InetSocketAddress destination;
    private final String address;
    private @Nullable VerbsMemoryDomain memory;
    private @Nullable RdmaContext device;
    private boolean closed;

    /// @param source local address to connect from; null to let routing decide
    /// @param destination resolved address
    public VerbsTransport(
            CmDispatcher dispatcher,
            @Nullable InetSocketAddress source,
            InetSocketAddress destination,
            String address) {
        this.dispatcher = dispatcher;
        this.source = source;
        this.destination = destination;
        this.address = address;
    }

    @Override
    public FabricQueue connect(QueueParameters parameters, Deadline deadline) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return new VerbsConnector(this, dispatcher, parameters, deadline)
                        .connect(source, destination);
            } catch (ConnectRejectedException e) {
                boolean stale = e.reason() == ConnectRefusals.STALE_CONNECTION;
                if (!stale || attempt == STALE_ATTEMPTS_MAX || deadline.expired()) {
                    throw e;
                }
                LockSupport.parkNanos(STALE_PAUSE_NANOS);
            }
        }
    }

    /// The protection domain on the device the address led to; made at the first queue.
    ///
    /// @throws IOException when a later queue is routed over another device, whose keys would be of
    ///   no use
    synchronized VerbsMemoryDomain memoryOn(RdmaContext context) throws IOException {
        if (closed) {
            throw new IOException("The connection to " + address + " is closed");
        }
        if (memory == null) {
            memory = new VerbsMemoryDomain(context.allocateProtectionDomain());
            device = context;
        } else if (device != null && !device.deviceName().equals(context.deviceName())) {
            throw new IOException(
                    address
                            + " is reached over "
                            + context.deviceName()
                            + " now, and was over "
                            + device.deviceName()
                            + " when the controller was connected; connect it again");
        }
        return memory;
    }

    static int sendSegments(DeviceAttributes attributes) {
        return Math.min(SEND_SEGMENTS, attributes.maxSegments());
    }

    @Override
    public synchronized MemoryDomain memory() {
        if (memory == null) {
            throw new IllegalStateException(
                    closed
                            ? "The connection to " + address + " is closed"
                            : "No queue has been connected to " + address);
        }
        return memory;
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public synchronized int sendSegmentMax() {
        return device == null ? SEND_SEGMENTS : sendSegments(device.attributes());
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (memory != null) {
            memory.close();
            memory = null;
        }
    }
}

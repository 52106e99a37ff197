package dev.verbena.internal.fabric;

import dev.verbena.ConnectRejectedException;
import dev.verbena.MemoryMode;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.MemoryModes;
import dev.verbena.internal.memory.VerbsMemoryDomain;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.RdmaContext;
import dev.verbena.verbs.RdmaException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The way to a controller over libibverbs and librdmacm, with one protection domain for all of its
/// queues.
public final class VerbsTransport implements Transport {
    private static final System.Logger LOG = System.getLogger("dev.verbena.fabric");

    /// A target may still hold the queue pair number of a connection that died on our side; it
    /// answers "stale" until it has cleaned up. A new queue pair has another number.
    static final int STALE_ATTEMPTS_MAX = 5;

    private static final long STALE_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    /// The header and four pieces of in-capsule data, as the kernel's initiator.
    private static final int SEND_SEGMENTS = 5;

    private final CmDispatcher dispatcher;
    private final @Nullable InetSocketAddress source;
    private final Destination destination;
    private final String address;
    private @Nullable VerbsMemoryDomain memory;
    private @Nullable RdmaContext device;

    /// Queues that exist.
    private final Set<VerbsQueue> queues = new HashSet<>();

    /// Set by the dispatcher's thread, which waits for no lock.
    private volatile boolean deviceRemoved;

    private boolean closed;

    /// @param source local address to connect from; null to let routing decide
    public VerbsTransport(
            CmDispatcher dispatcher, @Nullable InetSocketAddress source, Destination destination) {
        this.dispatcher = dispatcher;
        this.source = source;
        this.destination = destination;
        this.address = destination.name();
    }

    @Override
    public FabricQueue connect(QueueParameters parameters, Deadline deadline) throws IOException {
        return destination.connect(
                parameters.queueId(), source, deadline, one -> connect(parameters, deadline, one));
    }

    private FabricQueue connect(
            QueueParameters parameters, Deadline deadline, InetSocketAddress one)
            throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return new VerbsConnector(this, dispatcher, parameters, deadline)
                        .connect(source, one);
            } catch (ConnectRejectedException e) {
                boolean stale = e.reason() == ConnectRefusals.STALE_CONNECTION;
                if (!stale || attempt == STALE_ATTEMPTS_MAX || deadline.expired()) {
                    throw e;
                }
                LockSupport.parkNanos(STALE_PAUSE_NANOS);
            } catch (IOException e) {
                letGoOfRemovedDevice();
                throw e;
            }
        }
    }

    /// The connection manager has told a queue, connected or about to be, that its device goes
    /// away.
    void deviceRemoved() {
        deviceRemoved = true;
    }

    /// A target on this machine closes its connections before the removal of the device they share
    /// is announced. Then no queue is left that could be told, and the removal would wait for ever
    /// for the memory that is kept for the next connection.
    private synchronized void letGoOfRemovedDevice() {
        RdmaContext present = device;
        if (queues.isEmpty() && memory != null && present != null && !memory.detached()) {
            if (deviceRemoved || !isListed(present)) {
                deviceRemoved = false;
                memory.detach();
            }
        }
    }

    private static boolean isListed(RdmaContext context) {
        try {
            return context.isListed();
        } catch (RdmaException e) {
            LOG.log(Level.DEBUG, "The devices cannot be listed", e);
            return true;
        }
    }

    /// The memory of the association, on the device the address led to; made at the first queue,
    /// and moved when the device is another one and no queue is left on the old one.
    ///
    /// @throws IOException when other queues are connected over another device, whose keys would be
    ///   of no use, or the device cannot do what is asked
    synchronized VerbsMemoryDomain memoryOn(RdmaContext context, MemoryMode wanted)
            throws IOException {
        if (closed) {
            throw new IOException("The connection to " + address + " is closed");
        }
        VerbsMemoryDomain present = memory;
        RdmaContext old = device;
        if (present == null || old == null) {
            MemoryMode mode = decide(wanted, context);
            present = new VerbsMemoryDomain(context.allocateProtectionDomain(), mode);
            memory = present;
            device = context;
        } else if (present.detached() || old != context) {
            if (!queues.isEmpty()) {
                throw new IOException(
                        address
                                + " is reached over "
                                + context.deviceName()
                                + " now, and its other queues are connected over "
                                + old.deviceName()
                                + "; connect the controller again");
            }
            present.detach();
            device = context;
            MemoryMode mode = decide(wanted, context);
            present.attach(context.allocateProtectionDomain(), mode);
        }
        return present;
    }

    private static MemoryMode decide(MemoryMode wanted, RdmaContext context) throws IOException {
        try {
            return MemoryModes.decide(wanted, context.attributes(), context.deviceName());
        } catch (UnsupportedOperationException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /// A queue exists from now on.
    synchronized void opened(VerbsQueue queue) {
        queues.add(queue);
    }

    /// A queue has been destroyed.
    synchronized void closed(VerbsQueue queue) {
        queues.remove(queue);
        letGoOfUnusedDevice();
    }

    @Override
    public int groupEntries(int entryCount) {
        // As if keys were bound: the mode may change with the device.
        return QueueParts.groupEntries(entryCount, true);
    }

    @Override
    public synchronized FabricGroup newGroup(int entryCount) {
        RdmaContext present = device;
        if (present == null || closed) {
            throw new IllegalStateException("No queue has been connected to " + address);
        }
        return new VerbsGroup(present, entryCount, true);
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
    public synchronized void retire() {
        closed = true;
        deviceRemoved = true;
        letGoOfUnusedDevice();
    }

    /// The last queue of a removed device takes everything else that the device has with it: its
    /// driver waits for that.
    private void letGoOfUnusedDevice() {
        if (queues.isEmpty() && deviceRemoved) {
            deviceRemoved = false;
            if (memory != null) {
                memory.detach();
            }
        }
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

package dev.verbena;

import dev.verbena.internal.control.NamespaceReader;
import dev.verbena.internal.control.Session;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.DeviceQueues;
import dev.verbena.internal.engine.DeviceSettings;
import dev.verbena.internal.engine.NamespaceLimits;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.nvme.Disposition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// The open block devices of a controller, and the I/O queues they share: opened with the first
/// device, and again with each connection.
///
/// Threads: any; what is said to be quick does not wait.
final class ControllerDevices {
    /// Where the devices get what they need; the controller.
    interface Owner {
        /// The connection, when it is usable.
        Session live() throws IOException;

        /// The connection, or the last one there was.
        Session session();

        /// The last inventory.
        List<Namespace> namespaces();

        MemoryDomain memory();

        /// A queue of a connection was lost.
        void lost(Session session, FabricFailure failure);

        /// A command's status asks for something.
        void followUp(Session session, Disposition.FollowUp what);

        void tell(ControllerEvent event);
    }

    /// Queues of a connection that is not in use yet.
    private record Prepared(Session session, List<DeviceQueues.QueueOf> queues) {}

    private final Controller controller;
    private final Owner owner;
    private final ConnectOptions options;

    /// Held while queues are connected, so that no two threads do that; never by what is quick.
    private final ReentrantLock connecting = new ReentrantLock();

    /// Null until the first device is opened.
    private volatile @Nullable DeviceQueues queues;

    /// Guarded by this, as is what follows.
    private @Nullable Prepared prepared;

    private final Set<BlockDevice> devices = new LinkedHashSet<>();

    /// Ids of which the controller does not tell at the moment what they stand for.
    private IntPredicate unknown = id -> false;

    ControllerDevices(Controller controller, Owner owner, ConnectOptions options) {
        this.controller = controller;
        this.owner = owner;
        this.options = options;
    }

    /// Opens a device, and the queues where there are none yet.
    ///
    /// @throws IOException also when the namespace is another one when the queues stand
    BlockDevice open(Namespace namespace) throws IOException {
        BoundNamespace bound = new BoundNamespace(namespace, this::limitsOf);
        DeviceQueues shared = openQueues();
        BlockDevice device =
                new BlockDevice(controller, bound, shared, options.ioTimeout(), this::closed);
        synchronized (this) {
            devices.add(device);
            // From here on inventories reach it; this one may have come while queues were
            // connected.
            compare(bound, owner.namespaces(), false);
            IOException loss = bound.context().refusal();
            if (loss != null) {
                devices.remove(device);
                throw loss;
            }
        }
        return device;
    }

    private void compare(BoundNamespace bound, List<Namespace> now, boolean mayComeBack) {
        int id = bound.namespace().id();
        if (unknown.test(id)) {
            bound.unknown();
        } else {
            bound.compare(find(now, id), mayComeBack);
        }
    }

    private static @Nullable Namespace find(List<Namespace> namespaces, int id) {
        for (Namespace namespace : namespaces) {
            if (namespace.id() == id) {
                return namespace;
            }
        }
        return null;
    }

    /// The one question whether a device can work with a namespace, when it is opened and later.
    private NamespaceLimits limitsOf(Namespace namespace) throws IOException {
        Session session = owner.session();
        int transferBytesMax = session.placement().transferBytesMax();
        namespace.requireUsable(transferBytesMax);
        return NamespaceLimits.of(
                namespace.id(),
                namespace.identify(),
                session.identify(),
                session.settings().limits(),
                transferBytesMax);
    }

    private synchronized void closed(BlockDevice device) {
        devices.remove(device);
    }

    private synchronized List<BlockDevice> open() {
        return List.copyOf(devices);
    }

    private DeviceQueues openQueues() throws IOException {
        connecting.lock();
        try {
            Session session = owner.live();
            DeviceQueues existing = queues;
            if (existing != null) {
                return existing;
            }
            List<DeviceQueues.QueueOf> connected = connect(session);
            DeviceQueues fresh =
                    new DeviceQueues(
                            "verbena-io-",
                            owner.memory(),
                            new DeviceSettings(
                                    options.ioTimeout(),
                                    options.timeoutPolicy(),
                                    options.waitMode(),
                                    DeviceSettings.RETRY_COUNT_MAX,
                                    () -> 1000 * owner.session().identify().anaTransitionSeconds(),
                                    index ->
                                            owner.session()
                                                    .identify()
                                                    .commandRetryDelayMillis(index)));
            try {
                start(fresh, session, connected);
            } catch (OutOfMemoryError e) {
                fresh.close();
                connected.forEach(queue -> session.released(queue.commands().queueId()));
                throw new IOException(
                        "No thread could be started for the I/O queues ("
                                + e.getMessage()
                                + "); see the limits on processes of the user and the container",
                        e);
            }
            queues = fresh;
            if (session.isEnding()) {
                // It broke meanwhile, and whoever suspends it saw no queues yet.
                fresh.suspend();
                throw session.lostException();
            }
            return fresh;
        } finally {
            connecting.unlock();
        }
    }

    private void start(DeviceQueues shared, Session session, List<DeviceQueues.QueueOf> connected) {
        shared.start(connected, session.placement(), new Told(session));
    }

    /// What the queues of one connection tell.
    private final class Told implements DeviceQueues.Connection {
        private final Session session;

        private Told(Session session) {
            this.session = session;
        }

        @Override
        public void lost(FabricFailure failure) {
            owner.lost(session, failure);
        }

        @Override
        public void expired(String command, int queueId, int commandId) {
            owner.tell(new ControllerEvent.CommandExpired(command, queueId, commandId));
        }

        @Override
        public void abort(int queueId, int commandId) {
            session.abort(queueId, commandId);
        }

        @Override
        public void followUp(Disposition.FollowUp what) {
            owner.followUp(session, what);
        }
    }

    /// Connects as many queues as the options say, without those they leave to level 1, but one at
    /// least.
    private List<DeviceQueues.QueueOf> connect(Session session) throws IOException {
        int wanted = options.ioQueues() + options.writeQueues();
        int free = session.freeQueueCount() - options.pollQueues();
        int count = Math.max(1, Math.min(wanted, free));
        int readers = count - Math.min(options.writeQueues(), count - 1);
        List<DeviceQueues.QueueOf> connected = new ArrayList<>();
        for (CommandQueue queue : session.openQueues(count)) {
            DeviceQueues.Kind kind =
                    connected.size() < readers
                            ? DeviceQueues.Kind.DEFAULT
                            : DeviceQueues.Kind.WRITE;
            connected.add(new DeviceQueues.QueueOf(kind, queue));
        }
        return connected;
    }

    private static void discard(Session session, List<DeviceQueues.QueueOf> connected) {
        connected.forEach(queue -> session.discard(queue.commands()));
    }

    /// Connects the queues of a new connection, where there are devices; on its own thread.
    void prepare(Session session) throws IOException {
        connecting.lock();
        try {
            if (queues == null) {
                return;
            }
            Prepared next = new Prepared(session, connect(session));
            synchronized (this) {
                prepared = next;
            }
        } finally {
            connecting.unlock();
        }
    }

    private synchronized @Nullable Prepared takePrepared(Session session) {
        Prepared mine = prepared;
        if (mine == null || mine.session() != session) {
            return null;
        }
        prepared = null;
        return mine;
    }

    /// Requests wait from now on. Quick.
    void suspend() {
        DeviceQueues shared = queues;
        if (shared != null) {
            shared.suspend();
        }
    }

    /// Requests that wait are sent on the queues of a new connection. Quick.
    void resume(Session session) {
        Prepared mine = takePrepared(session);
        DeviceQueues shared = queues;
        if (mine != null && shared != null) {
            refresh();
            start(shared, session, mine.queues());
        }
    }

    private synchronized void refresh() {
        devices.forEach(device -> device.bound().refresh());
    }

    /// The connection is taken down: waits until no queue of it is used. Bounded.
    ///
    /// @param orderly whether the devices are to finish what they have, and close
    void release(Session session, boolean orderly) {
        Prepared mine = takePrepared(session);
        if (mine != null) {
            discard(session, mine.queues());
        }
        if (orderly) {
            close();
            return;
        }
        DeviceQueues shared = queues;
        if (shared != null) {
            var _ = shared.awaitGone();
        }
    }

    /// Requests that wait fail, and new ones too. Quick.
    void failRequests(String reason) {
        DeviceQueues shared = queues;
        if (shared != null) {
            shared.fail(new ConnectionLostException(reason));
        }
    }

    /// What the controller has now. Afterwards nothing is sent any more for a device whose
    /// namespace is not there, or is another.
    ///
    /// @param mayComeBack whether one that is not there is waited for
    void inventory(NamespaceReader.Reading now, boolean mayComeBack) {
        synchronized (this) {
            unknown = now.unknown()::contains;
            for (BlockDevice device : devices) {
                compare(device.bound(), now.namespaces(), mayComeBack);
            }
        }
        reconsider();
    }

    /// Until the next inventory nobody knows what these ids stand for. Afterwards nothing is sent
    /// any more for a device that is bound to one of them.
    void unknown(IntPredicate ids) {
        synchronized (this) {
            unknown = ids;
            for (BlockDevice device : devices) {
                if (ids.test(device.namespace().id())) {
                    device.bound().unknown();
                }
            }
        }
        reconsider();
    }

    private void reconsider() {
        DeviceQueues shared = queues;
        if (shared != null) {
            shared.reconsider();
        }
    }

    /// Whether devices wait for namespaces to come back.
    synchronized boolean awaitsNamespaces() {
        return devices.stream().anyMatch(device -> device.bound().isAway());
    }

    /// Namespaces have not come back in time.
    ///
    /// @param forGood whether they are not waited for any longer; else requests fail meanwhile
    void stillAway(boolean forGood) {
        synchronized (this) {
            devices.forEach(device -> device.bound().stillAway(forGood));
        }
        reconsider();
    }

    /// Whether the caller runs on the thread of a device's queue.
    boolean isWorkerThread() {
        DeviceQueues shared = queues;
        return shared != null && shared.isWorkerThread();
    }

    /// Closes the devices, then the queues. Bounded, idempotent.
    void close() {
        open().forEach(BlockDevice::close);
        DeviceQueues shared = queues;
        if (shared != null) {
            shared.close();
        }
    }
}

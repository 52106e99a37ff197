package dev.verbena;

import dev.verbena.internal.control.AdminCalls;
import dev.verbena.internal.control.Association;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.engine.CommandLimits;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.DataPlacement;
import dev.verbena.internal.engine.QueueSettings;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.nvme.Capabilities;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.Version;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A connected controller of one subsystem.
///
/// When its connection is lost every command ends with an error, [#state] becomes
/// [ControllerState#DEAD] and stays so: connect again for a new controller.
///
/// Threads: any.
public final class Controller implements AutoCloseable {
    private static final Duration SHUTDOWN_TIMEOUT_MAX = Duration.ofSeconds(30);

    private final Association association;
    private final Consumer<Controller> onClose;
    private final AtomicReference<@Nullable FabricFailure> loss = new AtomicReference<>();
    private final BitSet queueIds = new BitSet();
    private final Set<IoQueue> queues = new LinkedHashSet<>();
    private final Set<BlockDevice> devices = new LinkedHashSet<>();

    /// Queues being connected at this moment; guarded by this.
    private int opening;

    /// Set by [#close]: no queue is opened any more; guarded by this.
    private boolean closing;

    private final IdentifyController identify;
    private final DataPlacement placement;
    private final QueueSettings queueSettings;
    private final int ioQueueCount;
    private final Version version;
    private volatile List<Namespace> namespaces;
    private volatile ControllerState state = ControllerState.LIVE;

    private Controller(
            Association association,
            Consumer<Controller> onClose,
            IdentifyController identify,
            CommandLimits limits,
            Version version,
            int ioQueueCount,
            List<Namespace> namespaces) {
        this.association = association;
        this.onClose = onClose;
        this.identify = identify;
        this.version = version;
        this.ioQueueCount = ioQueueCount;
        this.namespaces = namespaces;
        this.placement = placement(association, identify);
        ConnectOptions options = association.parameters().options();
        this.queueSettings =
                new QueueSettings(
                        placement,
                        limits,
                        options.ioTimeout().toNanos(),
                        options.timeoutPolicy(),
                        options.waitMode());
    }

    private static DataPlacement placement(Association association, IdentifyController identify) {
        DataPlacement placement =
                DataPlacement.of(
                        identify.ioCommandCapsuleBytes(),
                        identify.inCapsuleDataOffsetBytes(),
                        identify.inCapsuleOffsetSupported(),
                        association.sendSegmentMax(),
                        identify.maximumDataBlockDescriptors(),
                        identify.maximumTransferBytes(association.capabilities()));
        return association.parameters().options().inCapsuleData()
                ? placement
                : placement.withoutInCapsuleData();
    }

    static Controller connect(
            Transport transport, AssociationParameters parameters, Consumer<Controller> onClose)
            throws IOException {
        // A loss before the controller object exists is kept here until it does.
        AtomicReference<@Nullable Controller> self = new AtomicReference<>();
        Association association =
                Association.open(
                        transport,
                        parameters,
                        failure -> {
                            Controller controller = self.get();
                            if (controller != null) {
                                controller.lost(failure);
                            }
                        });
        try {
            Controller controller = setUp(association, parameters, onClose);
            self.set(controller);
            FabricFailure failure = association.failure();
            if (failure != null) {
                controller.lost(failure);
            }
            return controller;
        } catch (IOException | RuntimeException e) {
            association.close();
            throw e;
        }
    }

    private static Controller setUp(
            Association association, AssociationParameters parameters, Consumer<Controller> onClose)
            throws IOException {
        AdminCalls calls = new AdminCalls(association);
        Version version =
                new Version((int) association.property(dev.verbena.nvme.Property.VS, false));
        IdentifyController identify = calls.identifyController();
        if (identify.keepAliveGranularity100ms() > 0 && !parameters.keepAliveTimeout().isZero()) {
            association.startKeepAlive();
        }
        if (!identify.keyedSglSupported()) {
            throw new IOException(
                    "The controller of "
                            + parameters.subsystem()
                            + " does not support keyed SGLs (SGLS bit 2), which NVMe over RDMA needs");
        }
        int granted = calls.requestIoQueues(parameters.options().ioQueues());
        CommandLimits limits =
                CommandLimits.of(
                        identify, calls.identifyNvmController(), association.capabilities());
        return new Controller(
                association,
                onClose,
                identify,
                limits,
                version,
                granted,
                NamespaceReader.read(calls));
    }

    /// Where the controller stands.
    public ControllerState state() {
        return state;
    }

    /// What Identify Controller said when the controller was connected.
    public IdentifyController identify() {
        return identify;
    }

    /// The controller's capabilities (CAP property).
    public Capabilities capabilities() {
        return association.capabilities();
    }

    /// The version of the NVMe specification it claims (VS property).
    public Version version() {
        return version;
    }

    /// Id of this association in the subsystem (CNTLID).
    public int controllerId() {
        return association.controllerId();
    }

    /// Name of the subsystem that was connected.
    public String subsystemNqn() {
        return association.parameters().subsystem().value();
    }

    /// I/O queues the controller granted; this many [IoQueue]s and [BlockDevice]s can be open at
    /// the same time.
    public int ioQueueCount() {
        return ioQueueCount;
    }

    /// Most bytes of a write that travel in the command capsule; 0 when the controller takes none
    /// there.
    public int inCapsuleBytesMax() {
        return placement.inCapsuleBytesMax();
    }

    /// Most bytes one command can move (MDTS).
    public int transferBytesMax() {
        return placement.transferBytesMax();
    }

    /// The active namespaces as they were at connect, or at the last [#rescan].
    public List<Namespace> namespaces() {
        return namespaces;
    }

    /// One of [#namespaces].
    ///
    /// @throws IOException when no such namespace is active
    public Namespace namespace(int id) throws IOException {
        for (Namespace namespace : namespaces) {
            if (namespace.id() == id) {
                return namespace;
            }
        }
        throw new IOException(
                "Subsystem "
                        + subsystemNqn()
                        + " has no active namespace "
                        + Integer.toUnsignedString(id)
                        + "; it has "
                        + namespaces.stream().map(n -> Integer.toUnsignedString(n.id())).toList());
    }

    /// Reads the list of namespaces again.
    public List<Namespace> rescan() throws IOException {
        namespaces = NamespaceReader.read(new AdminCalls(association));
        return namespaces;
    }

    /// Allocates memory that this controller's commands can use without a copy.
    ///
    /// @param byteSize of the whole arena
    /// @throws dev.verbena.verbs.RdmaException when it cannot be registered, usually for the
    ///   locked-memory limit
    public DmaArena newArena(long byteSize) {
        return new DmaArena(association.memory(), byteSize);
    }

    /// Opens an I/O queue with the size of the connect options.
    ///
    /// @throws ConnectFailedException when the controller refuses it
    /// @throws IOException when all granted queues are open
    public IoQueue openQueue() throws IOException {
        return open(commands -> {
            IoQueue queue = new IoQueue(this, commands, association.memory(), queueSettings);
            queues.add(queue);
            return queue;
        });
    }

    /// Opens a namespace for reading and writing, on an I/O queue and a thread of its own.
    ///
    /// @param namespaceId one of [#namespaces]
    /// @throws IOException when no such namespace is active, its format cannot be used, or no queue
    ///   can be opened
    public BlockDevice openDevice(int namespaceId) throws IOException {
        Namespace namespace = namespace(namespaceId);
        namespace.requireUsable(placement.transferBytesMax());
        return open(commands -> {
            BlockDevice device =
                    new BlockDevice(
                            this,
                            namespace,
                            commands,
                            association.memory(),
                            placement,
                            association.parameters().options().ioTimeout());
            devices.add(device);
            return device;
        });
    }

    /// Connects a queue and gives it to its user.
    ///
    /// @param user made under this object's lock, so that nobody sees it end before it is listed
    private <T> T open(Function<CommandQueue, T> user) throws IOException {
        int queueId = takeQueueId();
        CommandQueue commands = null;
        boolean opened = false;
        try {
            commands = connectQueue(queueId);
            T result;
            synchronized (this) {
                if (closing) {
                    throw lostException();
                }
                result = user.apply(commands);
                opened = true;
            }
            failIfLost(commands);
            return result;
        } finally {
            if (!opened && commands != null) {
                commands.close((token, slot, status, result) -> {});
            }
            openingEnded(queueId, opened);
        }
    }

    private synchronized void openingEnded(int queueId, boolean opened) {
        opening--;
        if (!opened) {
            queueIds.clear(queueId);
        }
        notifyAll();
    }

    private CommandQueue connectQueue(int queueId) throws IOException {
        int entries =
                Math.min(
                        association.parameters().options().queueSize(),
                        capabilities().maximumQueueEntries());
        int outstandingMax = identify.maximumOutstandingCommands();
        if (outstandingMax > 0) {
            // One entry of a ring stays empty.
            entries = Math.min(entries, outstandingMax + 1);
        }
        return association.openIoQueue(queueId, Math.max(2, entries), placement.slotBytes());
    }

    private synchronized int takeQueueId() throws IOException {
        if (state != ControllerState.LIVE || closing) {
            throw lostException();
        }
        int queueId = queueIds.nextClearBit(1);
        if (queueId > ioQueueCount) {
            throw new IOException(
                    "All "
                            + ioQueueCount
                            + " I/O queues the controller granted are open; close one, or connect"
                            + " with a larger ioQueues option");
        }
        queueIds.set(queueId);
        opening++;
        return queueId;
    }

    private IOException lostException() {
        FabricFailure failure = loss.get();
        return new ConnectionLostException(
                failure == null
                        ? "The controller is closed"
                        : "The connection to "
                                + association.address()
                                + " is lost: "
                                + failure.message());
    }

    /// The queue may have been opened in the moment the connection broke, unseen by [#lost].
    private void failIfLost(CommandQueue commands) {
        FabricFailure failure = loss.get();
        if (failure != null) {
            commands.fail(failure);
        }
    }

    /// A part of the connection broke, so all of it ends.
    void lost(FabricFailure failure) {
        if (failure.kind() == FabricFailure.Kind.CLOSED || !loss.compareAndSet(null, failure)) {
            return;
        }
        synchronized (this) {
            if (state == ControllerState.LIVE) {
                state = ControllerState.DEAD;
            }
            queues.forEach(queue -> queue.fail(failure));
            devices.forEach(device -> device.fail(failure));
        }
        association.fail(failure);
    }

    synchronized void closed(IoQueue queue, int queueId) {
        queues.remove(queue);
        queueIds.clear(queueId);
    }

    synchronized void closed(BlockDevice device, int queueId) {
        devices.remove(device);
        queueIds.clear(queueId);
    }

    /// Closes the devices, shuts the controller down and disconnects. Idempotent; takes at most
    /// some seconds when the target does not answer any more.
    ///
    /// @throws IllegalStateException when I/O queues are open: only their owners can close them;
    ///   also in a stage that runs on a device's own thread, which would wait for itself. Then
    ///   nothing has changed
    @Override
    public void close() {
        List<BlockDevice> open;
        synchronized (this) {
            if (!queues.isEmpty()) {
                throw new IllegalStateException(
                        "Close the open I/O queues of this controller first: " + queues);
            }
            open = List.copyOf(devices);
            if (open.stream().anyMatch(BlockDevice::isOwnThread)) {
                throw new IllegalStateException(
                        "A device's own thread cannot close its controller; attach the stage with"
                                + " an executor");
            }
            closing = true;
            if (state == ControllerState.LIVE) {
                state = ControllerState.DELETING;
            }
            awaitOpening();
        }
        open.forEach(BlockDevice::close);
        Duration wanted = Duration.ofMillis(identify.rtd3EntryMicros() / 1000);
        association.close(
                wanted.compareTo(SHUTDOWN_TIMEOUT_MAX) > 0 ? SHUTDOWN_TIMEOUT_MAX : wanted);
        state = ControllerState.DEAD;
        onClose.accept(this);
    }

    /// Waits for queues that other threads are connecting: they find the controller closing and
    /// take them down again.
    private synchronized void awaitOpening() {
        Deadline deadline =
                Deadline.after(
                        association
                                .parameters()
                                .options()
                                .connectTimeout()
                                .plus(CommandQueue.DRAIN_TIMEOUT));
        boolean interrupted = false;
        while (opening > 0 && !deadline.expired()) {
            try {
                wait(Math.max(1, deadline.remainingMillis()));
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// Subsystem, controller id, address and state.
    @Override
    public String toString() {
        return subsystemNqn()
                + " controller "
                + controllerId()
                + " at "
                + association.address()
                + " ("
                + state
                + ")";
    }
}

package dev.verbena;

import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.control.ControlRuntime;
import dev.verbena.internal.control.ControlThreads;
import dev.verbena.internal.control.NamespaceReader;
import dev.verbena.internal.control.Session;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.QueueSettings;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.nvme.Capabilities;
import dev.verbena.nvme.Disposition;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.Property;
import dev.verbena.nvme.Version;
import dev.verbena.nvme.log.AnaLog;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// A controller of one subsystem.
///
/// When its connection is lost it is connected again, as the [ConnectOptions] say: devices wait and
/// go on, [IoQueue]s end. [#status] and the listeners tell at each moment what is happening and
/// when the next attempt comes. It is [ControllerState#DEAD] when it was closed, or was given up
/// after `ctrlLossTimeout`; then connect again for a new controller.
///
/// What describes the controller, such as [#identify], is what it said at the last connect.
///
/// Threads: any.
public final class Controller implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.verbena");

    private final AssociationParameters parameters;
    private final Transport transport;
    private final Consumer<Controller> onClose;
    private final ControllerListeners listeners;
    private final ControllerOwner owner;

    /// The open queues, with the connection each belongs to; guarded by this.
    private final Map<IoQueue, Session> queues = new LinkedHashMap<>();

    private final ControllerDevices devices;

    /// Set by [#close]: no queue is opened any more; guarded by this.
    private boolean closing;

    /// It is dead, and not because it was closed; guarded by this.
    private boolean givenUp;

    private boolean released;

    /// Nobody was given it, or wanted it any more.
    private volatile boolean discarded;

    private Controller(
            Transport transport,
            AssociationParameters parameters,
            ControlRuntime runtime,
            Consumer<Controller> onClose) {
        this.transport = transport;
        this.parameters = parameters;
        this.onClose = onClose;
        this.listeners = new ControllerListeners(this, runtime);
        this.owner = new ControllerOwner(transport, parameters, runtime, new Users());
        this.devices = new ControllerDevices(this, new Connections(), parameters.options());
    }

    /// Starts to connect.
    ///
    /// @param transport owned by the controller from now on
    /// @param onOpen told at once
    /// @param onClose told when the controller is closed, or could not be connected
    /// @return completes on a thread that must not be blocked; cancelling it ends the attempt
    static CompletableFuture<Controller> connect(
            Transport transport,
            AssociationParameters parameters,
            ControlRuntime runtime,
            Consumer<Controller> onOpen,
            Consumer<Controller> onClose) {
        Controller controller = new Controller(transport, parameters, runtime, onClose);
        onOpen.accept(controller);
        CompletableFuture<Controller> result = new CompletableFuture<>();
        var _ =
                controller
                        .owner
                        .driver()
                        .open()
                        .whenComplete((session, e) -> {
                            if (e == null) {
                                if (!result.complete(controller)) {
                                    // Cancelled meanwhile: nobody would ever close it.
                                    controller.discard();
                                }
                            } else {
                                controller.release();
                                result.completeExceptionally(e);
                            }
                        });
        var _ =
                result.whenComplete((nothing, e) -> {
                    if (result.isCancelled()) {
                        controller.discard();
                    }
                });
        return result;
    }

    /// Starts to close a controller that nobody was given, or wants any more.
    void discard() {
        discarded = true;
        var _ = owner.driver().close().whenComplete((nothing, e) -> release());
    }

    /// Whether nobody can use it any more: it is dead, or is being taken down unasked for.
    boolean isOver() {
        return discarded || state() == ControllerState.DEAD;
    }

    /// As above with threads of its own, waiting.
    static Controller connect(
            Transport transport, AssociationParameters parameters, Consumer<Controller> onClose)
            throws IOException {
        ControlThreads threads = new ControlThreads();
        return await(
                connect(
                        transport,
                        parameters,
                        threads,
                        controller -> {},
                        controller -> {
                            threads.close();
                            onClose.accept(controller);
                        }));
    }

    /// Waits for a connection; an interrupt ends the attempt.
    static Controller await(CompletableFuture<Controller> future) throws IOException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while connecting");
        } catch (ExecutionException e) {
            throw thrown(e.getCause());
        }
    }

    private static IOException thrown(@Nullable Throwable cause) {
        if (cause instanceof IOException io) {
            // Where the caller waited belongs into the trace, not only Verbena's thread.
            io.addSuppressed(new Exception("Called here"));
            return io;
        }
        return new IOException("Connecting failed", cause);
    }

    /// Where the controller stands; short for [#status].
    public ControllerState state() {
        return status().state();
    }

    /// What the controller is doing, why, and what comes next.
    public ControllerStatus status() {
        return owner.driver().status();
    }

    /// Lets a listener hear what happens from now on.
    public void addListener(ControllerListener listener) {
        listeners.add(listener);
    }

    /// Lets a listener hear nothing more; calls on their way still arrive.
    public void removeListener(ControllerListener listener) {
        listeners.remove(listener);
    }

    /// The last connection there was: whoever has a controller had one connection at least.
    private Session session() {
        Session session = owner.current();
        if (session == null) {
            throw new IllegalStateException("The controller was never connected");
        }
        return session;
    }

    /// The connection, when it is usable.
    Session live() throws ConnectionLostException {
        Session session = session();
        ControllerStatus status = status();
        if (status.state() == ControllerState.LIVE) {
            return session;
        }
        throw new ConnectionLostException(
                status.reason().isEmpty()
                        ? "The controller is closed"
                        : "The connection to " + transport.address() + " is lost: " + status);
    }

    /// What Identify Controller said.
    public IdentifyController identify() {
        return session().identify();
    }

    /// The controller's capabilities (CAP property).
    public Capabilities capabilities() {
        return session().association().capabilities();
    }

    /// The version of the NVMe specification it claims (VS property).
    public Version version() {
        return session().version();
    }

    /// Id of this association in the subsystem (CNTLID); a new one with each connection.
    public int controllerId() {
        return session().association().controllerId();
    }

    /// Name of the subsystem that was connected.
    public String subsystemNqn() {
        return parameters.subsystem().value();
    }

    /// I/O queues the controller granted: for [IoQueue]s, and for those all [BlockDevice]s share.
    /// May differ after each reconnect.
    public int ioQueueCount() {
        return session().ioQueueCount();
    }

    /// Most bytes of a write that travel in the command capsule; 0 when the controller takes none
    /// there.
    public int inCapsuleBytesMax() {
        return session().placement().inCapsuleBytesMax();
    }

    /// What the controller can reach of this host's memory, as it was decided for the device the
    /// connection goes over: [MemoryMode#STRICT] or [MemoryMode#SLAB]. A reconnect over another
    /// device may decide otherwise.
    public MemoryMode memoryMode() {
        return transport.memory().mode();
    }

    /// Most bytes one command can move (MDTS).
    public int transferBytesMax() {
        return session().placement().transferBytesMax();
    }

    /// The active namespaces as they were when the controller last said that they changed, at
    /// connect, or at the last [#rescan]. An immutable snapshot; see
    /// [ControllerEvent.NamespacesChanged].
    public List<Namespace> namespaces() {
        return owner.namespaces();
    }

    /// How the controller reaches its groups of namespaces (ANA), as it last said; empty when it
    /// does not report that.
    public Optional<AnaLog> anaLog() {
        return owner.ana();
    }

    /// One of [#namespaces].
    ///
    /// @throws IOException when no such namespace is active
    public Namespace namespace(int id) throws IOException {
        for (Namespace namespace : namespaces()) {
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
                        + namespaces().stream()
                                .map(n -> Integer.toUnsignedString(n.id()))
                                .toList());
    }

    /// Reads the list of namespaces again.
    public List<Namespace> rescan() throws IOException {
        return owner.rescan(live());
    }

    /// Reads the list of namespaces after a command that may have changed it. The command has
    /// succeeded, so it is no failure when the list cannot be read at this moment: it is read
    /// later.
    void namespacesMayDiffer() {
        Session session = session();
        try {
            owner.rescan(session);
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "The namespaces of {0} are read later: {1}",
                    subsystemNqn(),
                    e.getMessage());
            owner.followUp(session, Disposition.FollowUp.RESCAN_NAMESPACES);
        }
    }

    /// Reads a property with Property Get, the fabrics' way to what PCI Express has as registers.
    ///
    /// @param offset a [Property]; CAP has eight bytes, all others four
    /// @throws NvmeException when the controller does not have it
    public long property(int offset) throws IOException {
        return live().association().property(offset, offset == Property.CAP);
    }

    ConnectOptions options() {
        return parameters.options();
    }

    /// The admin commands, typed.
    public ControllerAdmin admin() {
        return new ControllerAdmin(this);
    }

    /// Any other command.
    public Passthrough passthrough() {
        return new Passthrough(this);
    }

    /// Resets the whole subsystem (NSSR): every controller of it, also those of other hosts, loses
    /// its connections. This one is connected again as after any loss.
    ///
    /// @throws UnsupportedOperationException when the controller does not offer it (CAP.NSSRS)
    public void resetSubsystem() throws IOException {
        Session session = live();
        if (!capabilities().subsystemResetSupported()) {
            throw new UnsupportedOperationException(
                    "The controller does not offer a subsystem reset (CAP.NSSRS)");
        }
        try {
            session.association().setProperty(Property.NSSR, Property.NSSR_RESET);
        } catch (ConnectionLostException e) {
            // The reset may be quicker than its answer.
        }
    }

    /// Disables the controller and connects it again, as after a loss; what is under way is treated
    /// as there. While the controller is being connected again anyway, the next attempt is made at
    /// once. Waits until it is live.
    ///
    /// @throws IOException when the controller is closed or given up first
    public void reset() throws IOException {
        CompletableFuture<Void> done = owner.driver().reset();
        try {
            done.get();
        } catch (InterruptedException e) {
            done.cancel(false);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while the controller is being reset");
        } catch (ExecutionException e) {
            throw thrown(e.getCause());
        }
    }

    /// Waits until the controller is live.
    ///
    /// @return whether it is; false when the time is over
    /// @throws IOException when the controller is closed or given up
    public boolean awaitLive(Duration timeout) throws IOException, InterruptedException {
        CompletableFuture<Void> live = owner.driver().live();
        try {
            live.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw thrown(e.getCause());
        } finally {
            live.cancel(false);
        }
    }

    /// Allocates memory that this controller's commands can use without a copy. It outlives a lost
    /// connection.
    ///
    /// @param byteSize of the whole arena
    /// @throws dev.verbena.verbs.RdmaException when it cannot be registered, usually for the
    ///   locked-memory limit
    public DmaArena newArena(long byteSize) {
        return new DmaArena(transport.memory(), byteSize);
    }

    /// Opens an I/O queue with the size of the connect options. It ends with the connection: when
    /// the controller is live again, open another.
    ///
    /// @throws ConnectFailedException when the controller refuses it
    /// @throws IOException when all granted queues are open, or the controller is not live
    public IoQueue openQueue() throws IOException {
        Session session = live();
        CommandQueue commands = session.openQueue();
        IoQueue queue = new IoQueue(this, commands, transport.memory(), session.settings());
        register(queue, session, commands);
        return queue;
    }

    /// Opens an I/O queue as [#openQueue()] does, that completes into a group. To be called by the
    /// group's owner; completions of the group's other queues that come meanwhile are delivered by
    /// its next poll.
    ///
    /// @param group of this controller, or of one that is reached by the same device
    public IoQueue openQueue(QueueGroup group) throws IOException {
        Session session = live();
        CommandQueue commands = session.openQueue(group.fabric());
        IoQueue queue = new IoQueue(this, commands, transport.memory(), session.settings());
        group.opened(queue, commands);
        register(queue, session, commands);
        return queue;
    }

    /// Makes a group of I/O queues that one thread polls at the cost of one. Its caller closes it,
    /// after its queues and before this controller.
    ///
    /// @param queuesMax most queues of the group, 1..[QueueGroup#QUEUES_MAX], of the size of this
    ///   controller's connect options
    /// @throws IOException when the controller is not connected
    public QueueGroup newQueueGroup(int queuesMax) throws IOException {
        if (queuesMax < 1 || queuesMax > QueueGroup.QUEUES_MAX) {
            throw new IllegalArgumentException(
                    "A group of " + queuesMax + " queues; 1.." + QueueGroup.QUEUES_MAX);
        }
        QueueSettings settings = live().settings();
        int each = transport.groupEntries(parameters.options().queueSize());
        return new QueueGroup(
                transport.newGroup(Math.multiplyExact(queuesMax, each)), settings.waitMode());
    }

    /// Opens a namespace for reading and writing. All devices share the I/O queues that the first
    /// one opens, with a thread each: as many as the options say, without those they leave to
    /// [#openQueue], but one at least. These stay until the controller is closed.
    ///
    /// @param namespaceId one of [#namespaces]
    /// @throws IOException when no such namespace is active, its format cannot be used, or no queue
    ///   can be opened
    public BlockDevice openDevice(int namespaceId) throws IOException {
        live();
        Namespace namespace = namespace(namespaceId);
        synchronized (this) {
            if (closing) {
                throw new ConnectionLostException("The controller is closed");
            }
        }
        return devices.open(namespace);
    }

    /// Lists what was opened. When the connection broke meanwhile it ends at once; its user sees
    /// that as any other loss.
    private synchronized void register(IoQueue queue, Session session, CommandQueue commands) {
        queues.put(queue, session);
        FabricFailure failure = session.failure();
        if (failure == null && closing) {
            failure = new FabricFailure(FabricFailure.Kind.CLOSED, "the controller is closed");
        }
        if (failure != null) {
            commands.fail(failure);
        }
    }

    private synchronized @Nullable Session sessionOf(IoQueue queue) {
        return queues.get(queue);
    }

    void lost(IoQueue queue, FabricFailure failure) {
        Session session = sessionOf(queue);
        if (session != null) {
            owner.lost(session, failure);
        }
    }

    void abort(IoQueue queue, int queueId, int commandId) {
        Session session = sessionOf(queue);
        if (session != null) {
            session.abort(queueId, commandId);
        }
    }

    void closed(IoQueue queue, int queueId) {
        synchronized (this) {
            Session session = queues.remove(queue);
            if (session != null) {
                session.released(queueId);
            }
        }
        retireIfUnused();
    }

    /// A controller that is given up keeps nothing of the device, though nobody closes it: memory
    /// that stays registered is locked, and a device that is removed would be waited for. Its
    /// queues are their owners' to close, before.
    private void retireIfUnused() {
        synchronized (this) {
            if (!givenUp || released || !queues.isEmpty()) {
                return;
            }
        }
        transport.retire();
    }

    /// Closes the devices, shuts the controller down and disconnects. Idempotent. Requests that the
    /// devices have under way are waited for, so it takes as long as they may: up to `ioTimeout`
    /// when the target does not answer them, and some seconds more when it answers nothing at all.
    ///
    /// @throws IllegalStateException when I/O queues are open: only their owners can close them;
    ///   also in a stage that runs on a device's own thread, which would wait for itself. Then
    ///   nothing has changed
    @Override
    public void close() {
        synchronized (this) {
            if (!queues.isEmpty()) {
                throw new IllegalStateException(
                        "Close the open I/O queues of this controller first: " + queues.keySet());
            }
            if (devices.isWorkerThread()) {
                throw new IllegalStateException(
                        "A device's own thread cannot close its controller; attach the stage with"
                                + " an executor");
            }
            closing = true;
        }
        // Bounded: each step of taking a controller down is.
        owner.driver().close().join();
        devices.close();
        release();
    }

    private void release() {
        synchronized (this) {
            if (released) {
                return;
            }
            released = true;
        }
        try {
            transport.close();
        } finally {
            // Who keeps a list of what is open must not keep this for ever.
            onClose.accept(this);
        }
    }

    /// Subsystem, address and state.
    @Override
    public String toString() {
        return subsystemNqn() + " at " + transport.address() + " (" + state() + ")";
    }

    /// What devices need of the connection.
    private final class Connections implements ControllerDevices.Owner {
        @Override
        public Session live() throws IOException {
            return Controller.this.live();
        }

        @Override
        public Session session() {
            return Controller.this.session();
        }

        @Override
        public List<Namespace> namespaces() {
            return owner.namespaces();
        }

        @Override
        public MemoryDomain memory() {
            return transport.memory();
        }

        @Override
        public void lost(Session session, FabricFailure failure) {
            owner.lost(session, failure);
        }

        @Override
        public void followUp(Session session, Disposition.FollowUp what) {
            owner.followUp(session, what);
        }

        @Override
        public void tell(ControllerEvent event) {
            listeners.tell(event);
        }
    }

    /// The queues and devices, as they follow the connection.
    private final class Users implements ControllerOwner.Users {
        @Override
        public void suspend(Session session, FabricFailure why) {
            session.suspend(why);
            synchronized (Controller.this) {
                queues.forEach((queue, of) -> {
                    if (of == session) {
                        queue.fail(why);
                    }
                });
            }
            devices.suspend();
        }

        @Override
        public void release(Session session, boolean orderly) {
            session.end();
            devices.release(session, orderly);
        }

        @Override
        public void prepare(Session session) throws IOException {
            // Not the first: it is made before there can be devices.
            devices.prepare(session);
        }

        @Override
        public void resume(Session session) {
            devices.resume(session);
        }

        @Override
        public void failRequests(String reason) {
            devices.failRequests(reason);
        }

        @Override
        public void givenUp() {
            synchronized (Controller.this) {
                givenUp = true;
            }
            retireIfUnused();
        }

        @Override
        public void inventory(NamespaceReader.Reading now, boolean mayComeBack) {
            devices.inventory(now, mayComeBack);
        }

        @Override
        public void unknown(IntPredicate ids) {
            devices.unknown(ids);
        }

        @Override
        public boolean awaitsNamespaces() {
            return devices.awaitsNamespaces();
        }

        @Override
        public void stillAway(boolean forGood) {
            devices.stillAway(forGood);
        }

        /// No controller with namespaces has such a log.
        @Override
        public void discoveryLogChanged(Session session) {}

        @Override
        public void tell(ControllerEvent event) {
            listeners.tell(event);
        }
    }
}

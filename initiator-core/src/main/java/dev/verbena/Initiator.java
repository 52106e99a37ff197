package dev.verbena;

import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.control.ControlRuntime;
import dev.verbena.internal.control.ControlThreads;
import dev.verbena.internal.control.InitiatorAccess;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.internal.fabric.TransportFactory;
import dev.verbena.internal.fabric.VerbsTransportFactory;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// This host as an NVMe over Fabrics initiator: finds and connects controllers.
///
/// ```java
/// try (Initiator initiator = Initiator.open()) {
///     for (DiscoveryEntry entry : initiator.discover(Target.rdma("10.9.0.1", 4420))) {
///         System.out.println(entry);
///     }
/// }
/// ```
///
/// One initiator per process is enough; it owns three threads, and each controller another. Closing
/// it closes its controllers.
///
/// Threads: any.
public final class Initiator implements AutoCloseable {
    static {
        InitiatorAccess.set(Initiator::new);
    }

    /// What `nvme discover --persistent` uses.
    private static final Duration DISCOVERY_KEEP_ALIVE = Duration.ofSeconds(30);

    /// Most attempts of [#connectAsync] that go on at the same time. Targets, and the connection
    /// managers of both sides, lose connections when too many arrive at once. What a thread
    /// connects by itself ([#connect(Target, String)]) is not counted.
    public static final int CONNECTS_MAX = 8;

    private final TransportFactory transports;
    private final HostIdentity host;
    private final ControlRuntime runtime;
    private final Map<Controller, Identity> controllers = new ConcurrentHashMap<>();

    /// How often each connection exists or is being made; guarded by itself.
    private final Map<Identity, Integer> connections = new HashMap<>();

    private final Set<DiscoverySession> discoveries = ConcurrentHashMap.newKeySet();
    private final Set<DiscoveryWalk> walks = ConcurrentHashMap.newKeySet();
    private final IrregularNames irregular = new IrregularNames();
    private final ConnectTurns turns = new ConnectTurns(CONNECTS_MAX);
    private boolean closed;

    /// Held to list what is opened, and to be closed: whatever is listed is closed, and nothing is
    /// opened that is not listed before.
    private final Object lifeCycle = new Object();

    /// What makes two connections the same one.
    private record Identity(
            HostIdentity host, String subsystem, Target target, @Nullable InetAddress source) {}

    private Initiator(TransportFactory transports, ControlRuntime runtime, HostIdentity host) {
        this.transports = transports;
        this.runtime = runtime;
        this.host = host;
    }

    /// Opens an initiator with this machine's host identity: `/etc/nvme/hostnqn` and `hostid`, or
    /// what is derived from the machine; see [HostIdentity#system].
    ///
    /// @throws dev.verbena.verbs.RdmaUnavailableException when a library, native access or the
    ///   kernel's RDMA support is missing; the message says which, and what to do
    public static Initiator open() {
        return open(HostIdentity.system());
    }

    /// Opens an initiator with a host identity of the caller's choice.
    public static Initiator open(HostIdentity host) {
        return new Initiator(VerbsTransportFactory.open(), new ControlThreads(), host);
    }

    /// Who this host is, unless options say otherwise.
    public HostIdentity host() {
        return host;
    }

    /// Reads the discovery log of the discovery controller at an address.
    ///
    /// @throws ConnectFailedException when the controller cannot be connected; the subclass says
    ///   why
    /// @throws IOException when the log cannot be read
    public DiscoveryLog discover(Target target) throws IOException {
        return discover(target, ConnectOptions.defaults());
    }

    /// As [#discover(Target)] with options. The keep-alive time-out does not apply: the connection
    /// is closed as soon as the log has been read.
    ///
    /// @param flags what to ask for besides the plain log
    public DiscoveryLog discover(Target target, ConnectOptions options, DiscoveryFlag... flags)
            throws IOException {
        return walk(target, options, false, flags).requireLog();
    }

    /// Reads the discovery log at an address, and those it refers to. What cannot be read is said
    /// in the tree. Several controllers are asked at the same time; after
    /// [ConnectOptions#discoveryTimeout], or when the calling thread is interrupted, the tree is
    /// what has been read by then.
    public DiscoveryTree discoverTree(
            Target target, ConnectOptions options, DiscoveryFlag... flags) {
        return walk(target, options, true, flags);
    }

    private DiscoveryTree walk(
            Target target, ConnectOptions options, boolean follow, DiscoveryFlag... flags) {
        Discoverer discoverer = discoverer(options, flags);
        DiscoveryWalk walk =
                new DiscoveryWalk(runtime, discoverer::read, options.discoveryTimeout(), follow);
        synchronized (lifeCycle) {
            requireOpen();
            walks.add(walk);
        }
        var _ = walk.released().whenComplete((done, e) -> walks.remove(walk));
        return walk.run(target);
    }

    private static IOException closedMeanwhile() {
        return new IOException("The initiator was closed during discovery");
    }

    private Discoverer discoverer(ConnectOptions options, DiscoveryFlag... flags) {
        return new Discoverer(
                target -> transport(target, options), identity(options), options, Set.of(flags));
    }

    /// Connects a discovery controller for as long as the session is open.
    ///
    /// @param options where no keep-alive time-out was chosen, 30 s apply as with `nvme discover
    ///   --persistent`; with zero the controller announces no change, and the log is read again
    ///   after a reconnect and by [DiscoverySession#refresh]
    /// @param listener hears of each change of the log
    public DiscoverySession openDiscovery(
            Target target,
            ConnectOptions options,
            DiscoveryListener listener,
            DiscoveryFlag... flags)
            throws IOException {
        AssociationParameters parameters =
                new AssociationParameters(
                        Nqn.DISCOVERY,
                        identity(options),
                        options,
                        true,
                        options.keepAliveTimeoutOr(DISCOVERY_KEEP_ALIVE));
        DiscoverySession session =
                DiscoverySession.open(
                        target,
                        transport(target, options),
                        parameters,
                        runtime,
                        Set.of(flags),
                        listener,
                        opened -> list(() -> discoveries.add(opened)),
                        discoveries::remove);
        return session;
    }

    /// @throws IllegalStateException when the initiator is closed
    private void list(Runnable listing) {
        synchronized (lifeCycle) {
            requireOpen();
            listing.run();
        }
    }

    private void requireOpen() {
        synchronized (lifeCycle) {
            if (closed) {
                throw new IllegalStateException("The initiator is closed");
            }
        }
    }

    /// Connects every subsystem with namespaces that is found at an address and through its
    /// referrals, a few at a time.
    ///
    /// @return one result for each, whether it was connected or not, in the order they were found,
    ///   and one for each referral whose log could not be read; the controllers are the caller's to
    ///   close
    /// @throws IOException when the log at the address cannot be read
    /// @throws java.io.InterruptedIOException when the calling thread was interrupted; then nothing
    ///   stays connected
    public List<ConnectedEntry> connectAll(Target target, ConnectOptions options)
            throws IOException {
        return ConnectAll.of(this, discoverTree(target, options), options);
    }

    /// Connects a controller of a subsystem, with the defaults of `nvme connect`.
    ///
    /// @param subsystemNqn name of the subsystem
    /// @throws ConnectFailedException when it cannot be connected; the subclass says why
    /// @throws IllegalArgumentException when the text cannot be a name; see [Nqn]
    public Controller connect(Target target, String subsystemNqn) throws IOException {
        return connect(target, subsystemNqn, ConnectOptions.defaults());
    }

    /// Connects a controller of a subsystem.
    ///
    /// @throws DuplicateConnectException when the same connection exists already, and the options
    ///   do not allow it twice
    /// @throws java.io.InterruptedIOException when the calling thread was interrupted; then nothing
    ///   is connected, what was under way is taken down, and the same can be connected again at
    ///   once
    public Controller connect(Target target, String subsystemNqn, ConnectOptions options)
            throws IOException {
        return Controller.await(start(target, Nqn.of(subsystemNqn), options));
    }

    /// Connects the controller of an address such as `nvmf-rdma://10.9.0.1:4420/nqn…`.
    public Controller connect(SubsystemAddress address, ConnectOptions options) throws IOException {
        return connect(address.target(), address.nqn(), options);
    }

    /// Starts to connect a controller of a subsystem. At most [#CONNECTS_MAX] such attempts go on
    /// at the same time; the others wait for their turn, in the order in which they were made, and
    /// their time-outs begin with it. So any number may be started at once.
    ///
    /// @return completes with the controller, or exceptionally with what [#connect(Target, String,
    ///   ConnectOptions)] throws; on a thread of Verbena's that must not be blocked. Cancelling it
    ///   ends the attempt
    /// @throws IllegalArgumentException when the text cannot be a name; see [Nqn]
    public CompletableFuture<Controller> connectAsync(
            Target target, String subsystemNqn, ConnectOptions options) {
        Nqn subsystem = Nqn.of(subsystemNqn);
        CompletableFuture<Controller> result = new CompletableFuture<>();
        // The look-up of a name may block.
        turns.take(
                result,
                () -> runtime.start("resolve", () -> attempt(target, subsystem, options, result)));
        return result;
    }

    /// Starts an attempt whose turn it is, and gives the turn back when it has ended.
    private void attempt(
            Target target,
            Nqn subsystem,
            ConnectOptions options,
            CompletableFuture<Controller> result) {
        CompletableFuture<Controller> started;
        try {
            started = start(target, subsystem, options);
        } catch (Throwable e) {
            turns.give();
            result.completeExceptionally(e);
            return;
        }
        var _ =
                started.whenComplete((controller, e) -> {
                    turns.give();
                    if (e != null) {
                        result.completeExceptionally(e);
                    } else if (!result.complete(controller)) {
                        controller.discard();
                    }
                });
        var _ =
                result.whenComplete((controller, e) -> {
                    if (result.isCancelled()) {
                        started.cancel(true);
                    }
                });
    }

    private CompletableFuture<Controller> start(
            Target target, Nqn subsystem, ConnectOptions options) throws IOException {
        HostIdentity who = identity(options);
        irregular.warnOf("subsystem", subsystem);
        irregular.warnOf("host", who.hostNqn());
        Identity identity = new Identity(who, subsystem.value(), target, options.hostTraddr());
        take(identity, options.duplicateConnect());
        Transport transport;
        try {
            transport = transport(target, options);
        } catch (RuntimeException e) {
            give(identity);
            throw e;
        }
        AssociationParameters parameters =
                new AssociationParameters(subsystem, who, options, options.keepAliveTimeout());
        try {
            return Controller.connect(
                    transport,
                    parameters,
                    runtime,
                    controller -> list(() -> controllers.put(controller, identity)),
                    controller -> {
                        if (controllers.remove(controller) != null) {
                            give(identity);
                        }
                    });
        } catch (RuntimeException e) {
            transport.close();
            give(identity);
            throw e;
        }
    }

    private void take(Identity identity, boolean duplicate) throws DuplicateConnectException {
        synchronized (connections) {
            if (connections.containsKey(identity) && !duplicate && !isOver(identity)) {
                throw new DuplicateConnectException(
                        identity.target().toString(),
                        "This host is connected to "
                                + identity.subsystem()
                                + " at "
                                + identity.target()
                                + " already; the option duplicateConnect allows it twice");
            }
            connections.merge(identity, 1, Integer::sum);
        }
    }

    /// Whether all that is left of a connection is controllers that nobody has closed yet, or whose
    /// attempt was cancelled.
    private boolean isOver(Identity identity) {
        List<Controller> same =
                controllers.entrySet().stream()
                        .filter(entry -> entry.getValue().equals(identity))
                        .map(Map.Entry::getKey)
                        .toList();
        return !same.isEmpty() && same.stream().allMatch(Controller::isOver);
    }

    private void give(Identity identity) {
        synchronized (connections) {
            connections.computeIfPresent(identity, (same, count) -> count == 1 ? null : count - 1);
        }
    }

    private HostIdentity identity(ConnectOptions options) {
        HostIdentity other = options.host();
        return other == null ? host : other;
    }

    private Transport transport(Target target, ConnectOptions options) {
        requireOpen();
        @Nullable InetSocketAddress source =
                options.hostTraddr() == null
                        ? null
                        : new InetSocketAddress(options.hostTraddr(), 0);
        return transports.open(source, target.destination(transports));
    }

    /// Closes all controllers, then the initiator. Idempotent.
    ///
    /// @throws IllegalStateException when a controller has I/O queues open; close these on their
    ///   own threads first
    @Override
    public void close() {
        synchronized (lifeCycle) {
            closed = true;
        }
        turns.close();
        walks.forEach(walk -> walk.end(closedMeanwhile()));
        walks.forEach(walk -> walk.released().join());
        discoveries.forEach(DiscoverySession::close);
        List<RuntimeException> failures = new ArrayList<>();
        for (Controller controller : controllers.keySet()) {
            try {
                controller.close();
            } catch (RuntimeException e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            RuntimeException first = failures.removeFirst();
            failures.forEach(first::addSuppressed);
            throw first;
        }
        runtime.close();
        transports.close();
    }
}

package dev.verbena;

import dev.verbena.internal.control.Association;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.control.ControlThreads;
import dev.verbena.internal.control.DiscoveryReader;
import dev.verbena.internal.fabric.InitiatorAccess;
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
import java.util.HashSet;
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

    private final TransportFactory transports;
    private final HostIdentity host;
    private final ControlThreads threads = new ControlThreads();
    private final Map<Controller, Identity> controllers = new ConcurrentHashMap<>();

    /// Connections that exist or are being made; guarded by itself.
    private final Set<Identity> connections = new HashSet<>();

    private volatile boolean closed;

    /// What makes two connections the same one.
    private record Identity(
            HostIdentity host, String subsystem, Target target, @Nullable InetAddress source) {}

    private Initiator(TransportFactory transports, HostIdentity host) {
        this.transports = transports;
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
        return new Initiator(VerbsTransportFactory.open(), host);
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
    public DiscoveryLog discover(Target target, ConnectOptions options) throws IOException {
        AssociationParameters parameters =
                new AssociationParameters(
                        Nqn.DISCOVERY, identity(options), options, true, Duration.ZERO);
        try (Transport transport = transport(target, options);
                Association association =
                        Association.open(transport, parameters, failure -> {}, event -> {})) {
            DiscoveryReader.Log log = new DiscoveryReader(association).read();
            return new DiscoveryLog(log.header(), log.entries());
        }
    }

    /// Connects a controller of a subsystem, with the defaults of `nvme connect`.
    ///
    /// @param subsystemNqn name of the subsystem
    /// @throws ConnectFailedException when it cannot be connected; the subclass says why
    /// @throws IllegalArgumentException when the name is not a valid NQN
    public Controller connect(Target target, String subsystemNqn) throws IOException {
        return connect(target, subsystemNqn, ConnectOptions.defaults());
    }

    /// Connects a controller of a subsystem.
    ///
    /// @throws DuplicateConnectException when the same connection exists already, and the options
    ///   do not allow it twice
    /// @throws java.io.InterruptedIOException when the calling thread was interrupted; then nothing
    ///   is connected
    public Controller connect(Target target, String subsystemNqn, ConnectOptions options)
            throws IOException {
        return Controller.await(start(target, Nqn.of(subsystemNqn), options));
    }

    /// Starts to connect a controller of a subsystem.
    ///
    /// @return completes with the controller, or exceptionally with what [#connect(Target, String,
    ///   ConnectOptions)] throws; on a thread of Verbena's that must not be blocked. Cancelling it
    ///   ends the attempt
    /// @throws IllegalArgumentException when the name is not a valid NQN
    public CompletableFuture<Controller> connectAsync(
            Target target, String subsystemNqn, ConnectOptions options) {
        Nqn subsystem = Nqn.of(subsystemNqn);
        CompletableFuture<Controller> result = new CompletableFuture<>();
        // The look-up of a name may block.
        threads.start(
                "resolve",
                () -> {
                    try {
                        CompletableFuture<Controller> started = start(target, subsystem, options);
                        var _ =
                                started.whenComplete((controller, e) -> {
                                    if (e != null) {
                                        result.completeExceptionally(e);
                                    } else if (!result.complete(controller)) {
                                        threads.start("close", controller::close);
                                    }
                                });
                        var _ =
                                result.whenComplete((controller, e) -> {
                                    if (result.isCancelled()) {
                                        started.cancel(true);
                                    }
                                });
                    } catch (IOException | RuntimeException e) {
                        result.completeExceptionally(e);
                    }
                });
        return result;
    }

    private CompletableFuture<Controller> start(
            Target target, Nqn subsystem, ConnectOptions options) throws IOException {
        HostIdentity who = identity(options);
        Identity identity = new Identity(who, subsystem.value(), target, options.hostTraddr());
        take(identity, options.duplicateConnect());
        Transport transport;
        try {
            transport = transport(target, options);
        } catch (IOException | RuntimeException e) {
            give(identity);
            throw e;
        }
        AssociationParameters parameters =
                new AssociationParameters(subsystem, who, options, options.keepAliveTimeout());
        CompletableFuture<Controller> result =
                Controller.connect(
                        transport,
                        parameters,
                        threads,
                        controller -> controllers.put(controller, identity),
                        controller -> {
                            controllers.remove(controller);
                            give(identity);
                        });
        if (closed) {
            // It was listed while close() went through the others.
            result.cancel(true);
        }
        return result;
    }

    private void take(Identity identity, boolean duplicate) throws DuplicateConnectException {
        synchronized (connections) {
            if (!connections.add(identity) && !duplicate) {
                throw new DuplicateConnectException(
                        identity.target().toString(),
                        "This host is connected to "
                                + identity.subsystem()
                                + " at "
                                + identity.target()
                                + " already; the option duplicateConnect allows it twice");
            }
        }
    }

    private void give(Identity identity) {
        synchronized (connections) {
            if (!controllers.containsValue(identity)) {
                connections.remove(identity);
            }
        }
    }

    private HostIdentity identity(ConnectOptions options) {
        HostIdentity other = options.host();
        return other == null ? host : other;
    }

    private Transport transport(Target target, ConnectOptions options)
            throws AddressUnreachableException {
        if (closed) {
            throw new IllegalStateException("The initiator is closed");
        }
        InetSocketAddress destination = target.resolve();
        @Nullable InetSocketAddress source =
                options.hostTraddr() == null
                        ? null
                        : new InetSocketAddress(options.hostTraddr(), 0);
        return transports.open(source, destination, target.toString());
    }

    /// Closes all controllers, then the initiator. Idempotent.
    ///
    /// @throws IllegalStateException when a controller has I/O queues open; close these on their
    ///   own threads first
    @Override
    public void close() {
        closed = true;
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
        threads.close();
        transports.close();
    }
}

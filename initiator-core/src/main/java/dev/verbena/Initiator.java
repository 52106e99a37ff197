package dev.verbena;

import dev.verbena.internal.control.Association;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.control.DiscoveryReader;
import dev.verbena.internal.fabric.InitiatorAccess;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.internal.fabric.TransportFactory;
import dev.verbena.internal.fabric.VerbsTransportFactory;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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
/// One initiator per process is enough; it owns one thread, and each controller another. Closing it
/// closes its controllers.
///
/// Threads: any.
public final class Initiator implements AutoCloseable {
    static {
        InitiatorAccess.set(Initiator::new);
    }

    private final TransportFactory transports;
    private final HostIdentity host;
    private final Set<Controller> controllers = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

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
                new AssociationParameters(Nqn.DISCOVERY, identity(options), options, Duration.ZERO);
        try (Association association =
                Association.open(transport(target, options), parameters, failure -> {})) {
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
    public Controller connect(Target target, String subsystemNqn, ConnectOptions options)
            throws IOException {
        AssociationParameters parameters =
                new AssociationParameters(
                        Nqn.of(subsystemNqn),
                        identity(options),
                        options,
                        options.keepAliveTimeout());
        Controller controller =
                Controller.connect(transport(target, options), parameters, controllers::remove);
        controllers.add(controller);
        if (closed) {
            // It was connected while close() went through the others.
            controller.close();
            throw new IllegalStateException("The initiator was closed meanwhile");
        }
        return controller;
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
        for (Controller controller : controllers) {
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
        transports.close();
    }
}

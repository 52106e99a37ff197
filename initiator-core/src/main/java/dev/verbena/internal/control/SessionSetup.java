package dev.verbena.internal.control;

import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectOptions;
import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.internal.engine.CommandLimits;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.FeatureValues;
import dev.verbena.nvme.IdentifyController;
import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.NvmIdentifyController;
import dev.verbena.nvme.Version;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/// Makes a [Session]: the same steps at the first connect and at every other.
///
/// @param connection which connection of the controller it becomes
/// @param onLoss told once, on the admin thread, when the connection is lost
/// @param onEvent told of asynchronous events, on the admin thread
/// @param onLeftOut told of namespaces that are left out
public record SessionSetup(
        int connection,
        Transport transport,
        AssociationParameters parameters,
        Consumer<FabricFailure> onLoss,
        Consumer<AsynchronousEvent> onEvent,
        NamespaceReader.LeftOut onLeftOut) {
    /// Events that lead to something being read here. Others would stay masked after the first.
    private static final int EVENTS =
            FeatureValues.EVENT_NAMESPACE_ATTRIBUTE
                    | FeatureValues.EVENT_FIRMWARE_ACTIVATION
                    | FeatureValues.EVENT_ANA_CHANGE
                    | FeatureValues.EVENT_DISCOVERY_LOG;

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    /// Connects, learns what the controller can do and sets it up. The calling thread may be
    /// interrupted. Nothing is left when this throws.
    public Session run() throws IOException {
        Association association = Association.open(transport, parameters, onLoss, onEvent);
        try {
            return setUp(association);
        } catch (Throwable e) {
            association.close();
            throw e;
        }
    }

    private Session setUp(Association association) throws IOException {
        AdminCalls calls = new AdminCalls(association);
        Version version = association.version();
        IdentifyController identify = calls.identifyController();
        requireSameController(association, identify);
        if (!identify.keyedSglSupported()) {
            throw new IOException(
                    "The controller of "
                            + parameters.subsystem()
                            + " does not support keyed SGLs (SGLS bit 2), which NVMe over RDMA needs");
        }
        keepAlive(association, calls, identify);
        // A unique name does not say what it belongs to; the controller does. An administrative
        // one has no queues and namespaces either.
        int type = identify.controllerType();
        boolean discovery =
                parameters.isDiscovery()
                        || type == IdentifyController.TYPE_DISCOVERY
                        || parameters.subsystem().equals(Nqn.DISCOVERY);
        boolean plain = discovery || type == IdentifyController.TYPE_ADMINISTRATIVE;
        int granted = 0;
        List<Namespace> namespaces = List.of();
        NvmIdentifyController nvm = null;
        if (!plain) {
            nvm = calls.identifyNvmController();
            retryDelays(calls, identify, version);
            granted = calls.requestIoQueues(queuesWanted(parameters.options()));
        }
        events(association, calls, identify, discovery);
        if (!plain) {
            // After the events: what changes from here on is announced.
            namespaces = NamespaceReader.read(calls, List.of(), onLeftOut).namespaces();
        }
        CommandLimits limits = CommandLimits.of(identify, nvm, association.capabilities());
        return new Session(connection, association, identify, limits, version, granted, namespaces);
    }

    /// Linux refuses as well: who answers is not who was connected, so nothing can be said of where
    /// commands go.
    private static void requireSameController(Association association, IdentifyController identify)
            throws ConnectFailedException {
        if (identify.controllerId() != association.controllerId()) {
            throw new ConnectFailedException(
                    association.address(),
                    0,
                    true,
                    "Connect reached controller "
                            + association.controllerId()
                            + " of "
                            + association.parameters().subsystem()
                            + " at "
                            + association.address()
                            + ", and Identify says that it is controller "
                            + identify.controllerId()
                            + " (CNTLID). The target is at fault; it is not used",
                    null);
        }
    }

    private static int queuesWanted(ConnectOptions options) {
        return (int)
                Math.min(
                        65_534L,
                        (long) options.ioQueues() + options.writeQueues() + options.pollQueues());
    }

    /// The controller may use a shorter time-out than it was asked for; a longer one changes
    /// nothing. A value no controller can count in is a mistake.
    private void keepAlive(Association association, AdminCalls calls, IdentifyController identify) {
        Duration timeout = parameters.keepAliveTimeout();
        if (identify.keepAliveGranularity100ms() == 0 || timeout.isZero()) {
            return;
        }
        try {
            Duration used =
                    Duration.ofMillis(
                            Integer.toUnsignedLong(calls.feature(Feature.KEEP_ALIVE_TIMER)));
            if (used.compareTo(ConnectOptions.KEEP_ALIVE_TIMEOUT_MIN) >= 0
                    && used.compareTo(timeout) < 0) {
                timeout = used;
            }
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "The controller does not tell its keep-alive time-out", e);
        }
        association.startKeepAlive(timeout, identify.trafficBasedKeepAlive());
    }

    /// Only a controller that has delays to tell is asked: some know the feature not at all.
    private void retryDelays(AdminCalls calls, IdentifyController identify, Version version)
            throws IOException {
        if (!version.isAtLeast(1, 4)) {
            // The fields are reserved, and there is no such feature.
            return;
        }
        boolean any = false;
        for (int index = 1; index <= 3; index++) {
            any |= identify.commandRetryDelayMillis(index) > 0;
        }
        if (!any || !parameters.options().crdEnabled()) {
            return;
        }
        try {
            calls.enableRetryDelays();
        } catch (NvmeException e) {
            LOG.log(Level.DEBUG, "The controller reports retry delays and cannot enable them", e);
        }
    }

    private void events(
            Association association,
            AdminCalls calls,
            IdentifyController identify,
            boolean discovery)
            throws IOException {
        if (discovery && parameters.keepAliveTimeout().isZero()) {
            // A discovery controller without keep alive answers no event requests.
            return;
        }
        int offered = identify.oaes() & EVENTS;
        int health = discovery ? 0 : FeatureValues.EVENT_HEALTH;
        try {
            calls.setFeature(Feature.ASYNCHRONOUS_EVENT_CONFIGURATION, offered | health);
        } catch (NvmeException e) {
            LOG.log(
                    Level.INFO,
                    "{0} does not let events be chosen: {1}",
                    parameters.subsystem(),
                    e.getMessage());
        }
        association.startEvents(identify.aerl() + 1);
    }
}

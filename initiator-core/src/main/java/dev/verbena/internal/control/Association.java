package dev.verbena.internal.control;

import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectOptions;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricGroup;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.fabric.QueueParameters;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.Capabilities;
import dev.verbena.nvme.ConnectData;
import dev.verbena.nvme.ControllerConfiguration;
import dev.verbena.nvme.ControllerStatus;
import dev.verbena.nvme.Property;
import dev.verbena.nvme.Version;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One host's connection to one controller: the admin queue, enabled and alive, and the way to open
/// I/O queues.
///
/// Threads: any; the methods that send commands block their caller.
public final class Association implements AutoCloseable {
    /// Least time for a controller to shut down, whatever it claims to need.
    private static final Duration SHUTDOWN_TIMEOUT_MIN = Duration.ofSeconds(5);

    /// Least time a target gets to answer while the controller is shut down.
    private static final Duration SILENCE_MIN = Duration.ofSeconds(5);

    private static final Version FIRST_OVER_FABRICS = new Version(0x0001_0201);

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    private final Transport transport;
    private final AssociationParameters parameters;
    private final AdminQueue admin;
    private final ControllerProperties properties;
    private final int controllerId;
    private final IoTraffic traffic = new IoTraffic();
    private Capabilities capabilities = new Capabilities(0);
    private ControllerConfiguration configuration = new ControllerConfiguration(0);
    private volatile @Nullable Version version;
    private boolean closed;

    private Association(
            Transport transport,
            AssociationParameters parameters,
            AdminQueue admin,
            int controllerId) {
        this.transport = transport;
        this.parameters = parameters;
        this.admin = admin;
        this.properties = new ControllerProperties(admin, parameters.subsystem());
        this.controllerId = controllerId;
    }

    /// Connects the admin queue and enables the controller.
    ///
    /// @param transport stays the caller's: it outlives the association
    /// @param onLoss told once when the association is lost; runs on the admin thread
    /// @param onEvent told of each asynchronous event; runs on the admin thread
    public static Association open(
            Transport transport,
            AssociationParameters parameters,
            Consumer<FabricFailure> onLoss,
            Consumer<AsynchronousEvent> onEvent)
            throws IOException {
        AdminQueue admin = null;
        try {
            ConnectOptions options = parameters.options();
            Deadline deadline = Deadline.after(options.connectTimeout());
            int entries = options.adminQueueSize();
            FabricQueue queue =
                    transport.connect(
                            queueParameters(
                                    options,
                                    0,
                                    entries,
                                    ConnectData.CONTROLLER_ID_DYNAMIC,
                                    64,
                                    null),
                            deadline);
            String name = transport.address();
            admin = adminQueue(queue, transport, onLoss, onEvent);
            Handshake handshake =
                    new Handshake(
                            parameters,
                            name,
                            0,
                            entries,
                            ConnectData.CONTROLLER_ID_DYNAMIC,
                            (int) parameters.keepAliveTimeout().toMillis());
            int controllerId = handshake.run(admin, deadline);
            Association association = new Association(transport, parameters, admin, controllerId);
            association.enable();
            return association;
        } catch (Throwable e) {
            if (admin != null) {
                admin.close();
            }
            throw e;
        }
    }

    private static AdminQueue adminQueue(
            FabricQueue queue,
            Transport transport,
            Consumer<FabricFailure> onLoss,
            Consumer<AsynchronousEvent> onEvent)
            throws ConnectFailedException {
        String address = transport.address();
        try {
            return new AdminQueue(queue, transport.memory(), address, onLoss, onEvent);
        } catch (RuntimeException | OutOfMemoryError e) {
            // Most often the limit on locked memory; the message says what to do. Others may give
            // some back.
            throw new ConnectFailedException(
                    address,
                    0,
                    true,
                    "Connecting the admin queue to "
                            + address
                            + " failed on this side: its memory or its thread cannot be had: "
                            + e.getMessage(),
                    e);
        }
    }

    private static QueueParameters queueParameters(
            ConnectOptions options,
            int queueId,
            int entries,
            int controllerId,
            int headerBytes,
            @Nullable FabricGroup group) {
        return new QueueParameters(
                queueId,
                entries,
                controllerId,
                headerBytes,
                options.memoryMode(),
                new QueueParameters.Connection(
                        options.tos(),
                        options.retryCount(),
                        options.rnrRetryCount(),
                        options.ackTimeout()),
                group);
    }

    private void enable() throws IOException {
        capabilities = new Capabilities(property(Property.CAP, true));
        configuration = ControllerConfiguration.enable(capabilities);
        properties.set(Property.CC, configuration.value(), adminDeadline());
        properties.awaitStatus(
                Duration.ofMillis(Math.max(500, capabilities.timeoutMillis())),
                this::adminDeadline,
                ControllerStatus::ready,
                "become ready");
    }

    /// The version of the specification the controller claims to follow. What is younger is not
    /// sent to it: each command a controller does not know makes an entry in its error log.
    Version version() throws IOException {
        Version known = version;
        if (known == null) {
            int claimed = (int) property(Property.VS, false);
            // No controller is that old.
            known = claimed == 0 ? FIRST_OVER_FABRICS : new Version(claimed);
            version = known;
        }
        return known;
    }

    /// Reads a controller property.
    public long property(int offset, boolean eightBytes) throws IOException {
        return properties.get(offset, eightBytes, adminDeadline());
    }

    /// Writes a controller property of four bytes.
    public void setProperty(int offset, int value) throws IOException {
        properties.set(offset, value, adminDeadline());
    }

    /// Opens I/O queue `queueId` and connects it to the controller of this association.
    ///
    /// @param entries of the submission queue
    /// @param headerBytes 64 plus the controller's offset of in-capsule data
    /// @param group the queue joins; null for none
    public CommandQueue openIoQueue(
            int queueId, int entries, int headerBytes, @Nullable FabricGroup group)
            throws IOException {
        Deadline deadline = Deadline.after(parameters.options().connectTimeout());
        FabricQueue queue =
                transport.connect(
                        queueParameters(
                                parameters.options(),
                                queueId,
                                entries,
                                controllerId,
                                headerBytes,
                                group),
                        deadline);
        CommandQueue commands = new CommandQueue(queue);
        Handshake handshake =
                new Handshake(parameters, transport.address(), queueId, entries, controllerId, 0);
        try (QueueCommands channel = new QueueCommands(commands, transport.memory())) {
            int same = handshake.run(channel, deadline);
            if (same != controllerId) {
                throw new ConnectFailedException(
                        transport.address(),
                        queueId,
                        true,
                        "I/O queue "
                                + queueId
                                + " was connected to controller "
                                + same
                                + " instead of "
                                + controllerId,
                        null);
            }
            traffic.opened(commands);
            return commands;
        } catch (Throwable e) {
            commands.close((token, slot, status, result) -> {});
            throw e;
        }
    }

    AdminQueue admin() {
        return admin;
    }

    /// When a command that is sent now has to be answered.
    long adminDeadline() {
        return Deadline.after(parameters.options().adminTimeout()).nanoTime();
    }

    public AssociationParameters parameters() {
        return parameters;
    }

    public Capabilities capabilities() {
        return capabilities;
    }

    public int controllerId() {
        return controllerId;
    }

    public MemoryDomain memory() {
        return transport.memory();
    }

    public String address() {
        return transport.address();
    }

    /// Most pieces of memory one capsule can be gathered from, the command included.
    public int sendSegmentMax() {
        return transport.sendSegmentMax();
    }

    /// Why the association is unusable; null while it works.
    public @Nullable FabricFailure failure() {
        return admin.failure();
    }

    /// Gives the association up: its commands end, nothing more can be sent.
    public void fail(FabricFailure failure) {
        admin.fail(failure);
    }

    /// Sends Keep Alive commands from now on.
    ///
    /// @param timeout what the controller really uses
    public void startKeepAlive(Duration timeout, boolean trafficBased) {
        admin.startKeepAlive(timeout, trafficBased, traffic::look);
    }

    /// Keeps requests for asynchronous events outstanding from now on.
    ///
    /// @param count as many as the controller takes
    public void startEvents(int count) {
        admin.startEvents(count);
    }

    /// Disables the controller, as the first half of a reset. A dead connection is not waited for.
    public void disable() {
        orderly(
                "a reset",
                () -> {
                    Duration timeout =
                            Duration.ofMillis(Math.max(500, capabilities.timeoutMillis()));
                    Deadline step = Deadline.after(timeout);
                    properties.set(
                            Property.CC,
                            configuration.withoutEnable().value(),
                            endingDeadline(step));
                    properties.awaitStatus(
                            timeout,
                            () -> endingDeadline(step),
                            status -> !status.ready(),
                            "be disabled");
                });
    }

    private interface OrderlyEnd {
        void run() throws IOException;
    }

    private void orderly(String what, OrderlyEnd end) {
        if (admin.failure() != null) {
            return;
        }
        try {
            end.run();
        } catch (IOException | RuntimeException e) {
            LOG.log(
                    Level.INFO,
                    "{0} was disconnected without {1}: {2}",
                    parameters.subsystem(),
                    what,
                    e.getMessage());
        }
    }

    /// By when a command of an orderly end has to be answered: before its step is over, and sooner
    /// where the target is silent for longer than keep alive lets it be. A controller may take its
    /// time to shut down, but not to say that it does.
    private long endingDeadline(Deadline step) {
        Duration adminTimeout = parameters.options().adminTimeout();
        Duration keepAlive = parameters.keepAliveTimeout();
        Duration silence = keepAlive.isZero() ? adminTimeout : keepAlive;
        return step.atMost(adminTimeout)
                .atMost(silence.compareTo(SILENCE_MIN) < 0 ? SILENCE_MIN : silence)
                .nanoTime();
    }

    /// Shuts the controller down in order and disconnects. I/O queues have to be closed by now. A
    /// dead connection is not waited for.
    ///
    /// @param shutdownTimeout time for the controller to shut down, at least 5 s
    public void close(Duration shutdownTimeout) {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        orderly("an orderly shutdown", () -> shutDown(shutdownTimeout));
        admin.close();
    }

    /// Disconnects without asking the controller. I/O queues have to be closed by now.
    public void abandon() {
        synchronized (this) {
            closed = true;
        }
        admin.close();
    }

    private void shutDown(Duration wanted) throws IOException {
        Duration timeout =
                wanted.compareTo(SHUTDOWN_TIMEOUT_MIN) < 0 ? SHUTDOWN_TIMEOUT_MIN : wanted;
        Deadline step = Deadline.after(timeout);
        properties.set(
                Property.CC,
                configuration.withShutdown(ControllerConfiguration.SHUTDOWN_NORMAL).value(),
                endingDeadline(step));
        properties.awaitStatus(
                timeout,
                () -> endingDeadline(step),
                status -> status.shutdownStatus() == ControllerStatus.ShutdownStatus.COMPLETE,
                "shut down");
    }

    /// As [#close(Duration)] with the least time-out.
    @Override
    public void close() {
        close(SHUTDOWN_TIMEOUT_MIN);
    }
}

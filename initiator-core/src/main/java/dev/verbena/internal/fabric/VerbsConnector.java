package dev.verbena.internal.fabric;

import dev.verbena.ConnectFailedException;
import dev.verbena.internal.memory.VerbsMemoryDomain;
import dev.verbena.nvme.RdmaPrivateData;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
import dev.verbena.verbs.ConnectParameters;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.RdmaException;
import dev.verbena.verbs.RdmaPermissionException;
import dev.verbena.verbs.RdmaUnavailableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Takes one queue pair through address, route and connection; used once.
final class VerbsConnector implements CmDispatcher.Listener {
    /// Longest wait for one step (address, route, connection), whatever the caller's deadline
    /// allows. The kernel's initiator gives a whole connection 3 s as well.
    static final Duration STEP_TIMEOUT = Duration.ofSeconds(3);

    /// How much longer than the kernel's own time-out an event is waited for, so that the kernel's
    /// answer, which knows the reason, wins over ours.
    private static final Duration EVENT_GRACE = Duration.ofMillis(500);

    /// The target never reads from us by RDMA READ requests of ours, so none are initiated.
    private static final int INITIATOR_DEPTH = 0;

    /// The connection manager's wire format has eight bits for it.
    private static final int RESPONDER_RESOURCES_MAX = 255;

    /// What fails with these fails always.
    private static final Set<String> FOR_GOOD = Set.of("ENOSYS", "EOPNOTSUPP");

    private final VerbsTransport transport;
    private final CmDispatcher dispatcher;
    private final QueueParameters parameters;
    private final Deadline deadline;

    /// The queue's business once the connection stands.
    private final ConnectionEvents<CmEvent> events = new ConnectionEvents<>();

    VerbsConnector(
            VerbsTransport transport,
            CmDispatcher dispatcher,
            QueueParameters parameters,
            Deadline deadline) {
        this.transport = transport;
        this.dispatcher = dispatcher;
        this.parameters = parameters;
        this.deadline = deadline;
    }

    @Override
    public void event(CmEvent event) {
        if (event instanceof CmEvent.DeviceRemoval) {
            // Whoever reads the event, or does not read it any more because the connection has
            // failed for another reason.
            transport.deviceRemoved();
        }
        events.add(event);
    }

    VerbsQueue connect(@Nullable InetSocketAddress source, InetSocketAddress destination)
            throws IOException {
        CmId id = dispatcher.createId(this);
        VerbsQueue queue = null;
        boolean handedOn = false;
        try {
            resolve(id, source, destination);
            VerbsMemoryDomain memory = transport.memoryOn(id.context(), parameters.memoryMode());
            handedOn = true;
            queue =
                    new VerbsQueue(
                            parameters.queueId(),
                            new QueueParts(dispatcher, id, memory, parameters),
                            transport::closed);
            transport.opened(queue);
            return establish(id, queue);
        } catch (RdmaException e) {
            abandon(id, handedOn, queue);
            throw refused(e);
        } catch (IOException | RuntimeException | Error e) {
            abandon(id, handedOn, queue);
            throw e;
        }
    }

    /// @param handedOn whether the identifier belongs to the queue, or to what was left of it
    private void abandon(CmId id, boolean handedOn, @Nullable VerbsQueue queue) {
        if (queue != null) {
            queue.close();
        } else if (!handedOn) {
            dispatcher.close(id);
        }
    }

    private void resolve(CmId id, @Nullable InetSocketAddress source, InetSocketAddress destination)
            throws IOException {
        QueueParameters.Connection wanted = parameters.connection();
        if (wanted.typeOfService() >= 0) {
            id.typeOfService(wanted.typeOfService());
        }
        if (wanted.ackTimeout() >= 0) {
            id.ackTimeout(wanted.ackTimeout());
        }
        Deadline step = deadline.atMost(STEP_TIMEOUT);
        try {
            id.resolveAddress(source, destination, step.remainingMillis());
        } catch (RdmaException e) {
            throw unreachable("its address cannot be resolved over RDMA", e);
        }
        await(CmEvent.AddressResolved.class, step, "was resolving the address");
        step = deadline.atMost(STEP_TIMEOUT);
        try {
            id.resolveRoute(step.remainingMillis());
        } catch (RdmaException e) {
            throw unreachable("its route cannot be resolved", e);
        }
        await(CmEvent.RouteResolved.class, step, "was resolving the route");
    }

    private VerbsQueue establish(CmId id, VerbsQueue queue) throws IOException {
        DeviceAttributes device = id.context().attributes();
        byte[] privateData =
                RdmaPrivateData.encodeRequest(
                        parameters.queueId(),
                        parameters.entryCount(),
                        parameters.entryCount() - 1,
                        parameters.queueId() == 0 ? 0 : parameters.controllerId());
        int responderResources =
                Math.clamp(device.maxReadAtomicPerQueuePair(), 1, RESPONDER_RESOURCES_MAX);
        Deadline step = deadline.atMost(STEP_TIMEOUT);
        id.connect(
                new ConnectParameters(
                        privateData,
                        responderResources,
                        INITIATOR_DEPTH,
                        parameters.connection().retryCount(),
                        parameters.connection().rnrRetryCount()));
        CmEvent.Established event =
                await(
                        CmEvent.Established.class,
                        step,
                        "was waiting for the target to accept " + queueName());
        int depth =
                ConnectRefusals.acceptedDepth(event.privateData(), parameters, transport.address());
        queue.established(event, depth);
        events.handOver(queue::connectionEvent);
        return queue;
    }

    private <T extends CmEvent> T await(Class<T> expected, Deadline step, String doing)
            throws IOException {
        while (true) {
            CmEvent event;
            try {
                event = events.poll(step.remainingNanos() + EVENT_GRACE.toNanos());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException(
                        "Interrupted while it " + doing + " (" + transport.address() + ")");
            }
            if (event == null) {
                throw ConnectRefusals.timedOut(doing, transport.address(), parameters.queueId());
            }
            if (expected.isInstance(event)) {
                return expected.cast(event);
            }
            if (!(event instanceof CmEvent.TimewaitExit)) {
                throw ConnectRefusals.of(event, doing, transport.address(), parameters.queueId());
            }
            // TIMEWAIT_EXIT is never the answer to a step; see rdma_get_cm_event(3).
        }
    }

    private ConnectFailedException unreachable(String why, RdmaException cause) {
        return ConnectRefusals.unreachable(
                transport.address(),
                parameters.queueId(),
                why + " (" + cause.errnoName() + ")",
                cause);
    }

    private ConnectFailedException refused(RdmaException cause) {
        return new ConnectFailedException(
                transport.address(),
                parameters.queueId(),
                mayPass(cause),
                "Connecting "
                        + queueName()
                        + " to "
                        + transport.address()
                        + " failed on this side: "
                        + cause.getMessage(),
                cause);
    }

    /// Whether another attempt may succeed. A device that is taken away or reset in the middle of
    /// an attempt fails whatever is being done with it, in many ways (EIO, ENODEV, EINVAL for the
    /// wrong state), and memory may come back. Rights, and what does not exist, do not.
    static boolean mayPass(RdmaException cause) {
        return !(cause instanceof RdmaPermissionException)
                && !(cause instanceof RdmaUnavailableException)
                && !FOR_GOOD.contains(cause.errnoName());
    }

    private String queueName() {
        return ConnectRefusals.queue(parameters.queueId());
    }
}

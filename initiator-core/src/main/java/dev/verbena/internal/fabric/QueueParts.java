package dev.verbena.internal.fabric;

import dev.verbena.internal.memory.Vendors;
import dev.verbena.internal.memory.VerbsMemoryDomain;
import dev.verbena.verbs.CmEvent;
import dev.verbena.verbs.CmId;
import dev.verbena.verbs.DeviceAttributes;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.QueuePair;
import dev.verbena.verbs.QueuePairOptions;
import dev.verbena.verbs.RdmaContext;
import dev.verbena.verbs.RdmaException;
import dev.verbena.verbs.UnconnectedQueuePair;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/// What a queue is made of, from its capsules to its queue pair: made in order, released in order.
///
/// Threads: one at a time.
final class QueueParts {
    /// Something that may fail while taking down, without stopping the rest.
    interface Step {
        void run() throws Exception;
    }

    private static final System.Logger LOG = System.getLogger("dev.verbena.fabric");

    private final CmDispatcher dispatcher;
    private final CmId id;
    private final String name;
    private final boolean ownsGroup;
    private final int groupEntries;
    private @Nullable Arena arena;
    private @Nullable SendRing sends;
    private @Nullable ReceiveRing receives;
    private @Nullable KeyWindows windows;
    private @Nullable VerbsGroup group;
    private @Nullable UnconnectedQueuePair unconnected;
    private @Nullable QueuePair connected;
    private boolean reserved;

    /// Creates everything; whatever exists when that fails is released again, `id` included.
    ///
    /// @param id resolved; owned by this object from now on
    /// @throws IOException when the queue does not fit its group
    QueueParts(
            CmDispatcher dispatcher, CmId id, VerbsMemoryDomain memory, QueueParameters parameters)
            throws IOException {
        this.dispatcher = dispatcher;
        this.id = id;
        this.name = "Queue " + parameters.queueId();
        this.ownsGroup = parameters.group() == null;
        int count = parameters.entryCount();
        this.groupEntries = groupEntries(count, memory.bindsKeys());
        try {
            create(memory, parameters);
        } catch (IOException | RuntimeException | Error e) {
            release(null);
            throw e;
        }
    }

    /// Completions that can be waiting: of every send and of every receive.
    static int groupEntries(int entryCount, boolean binding) {
        return SendRing.entryCount(entryCount, binding) + ReceiveRing.entryCount(entryCount);
    }

    private void create(VerbsMemoryDomain memory, QueueParameters parameters) throws IOException {
        RdmaContext context = id.context();
        ProtectionDomain domain = memory.protectionDomain();
        int count = parameters.entryCount();
        boolean binding = memory.bindsKeys();
        DeviceAttributes device = context.attributes();
        new DeviceLimits(
                        context.deviceName(),
                        device.maxQueuePairWorkRequests(),
                        device.maxCompletionQueueEntries())
                .require(parameters.queueId(), count, binding);
        int segmentMax = VerbsTransport.sendSegments(device);
        Arena memoryOfQueue = Arena.ofShared();
        arena = memoryOfQueue;
        SendRing ring =
                new SendRing(
                        memoryOfQueue,
                        domain,
                        count,
                        parameters.capsuleHeaderBytes(),
                        segmentMax,
                        binding);
        sends = ring;
        ReceiveRing responses = new ReceiveRing(memoryOfQueue, domain, count);
        receives = responses;
        windows = binding ? new KeyWindows(domain, count) : null;
        VerbsGroup completions = group(context, parameters.group());
        group = completions;
        completions.reserve(context, groupEntries);
        reserved = true;
        UnconnectedQueuePair pair =
                createPair(
                        domain,
                        new QueuePairOptions(
                                        completions.completionQueue(),
                                        completions.completionQueue(),
                                        SendRing.entryCount(count, binding),
                                        ReceiveRing.entryCount(count),
                                        segmentMax,
                                        1,
                                        SendRing.inlineBytes(),
                                        false)
                                .withCriticalPosts(Vendors.postsFromUserSpace(device)));
        unconnected = pair;
        ring.inlineBytesMax(pair.inlineBytesMax());
        int errno = responses.postAll(pair);
        if (errno != 0) {
            throw new RdmaException("ibv_post_recv", errno);
        }
    }

    private VerbsGroup group(RdmaContext context, @Nullable FabricGroup wanted) {
        if (wanted == null) {
            return new VerbsGroup(context, groupEntries, false);
        }
        if (wanted instanceof VerbsGroup shared) {
            return shared;
        }
        throw new IllegalArgumentException("The queue group belongs to another kind of transport");
    }

    private UnconnectedQueuePair createPair(ProtectionDomain domain, QueuePairOptions options) {
        try {
            return id.createQueuePair(domain, options);
        } catch (RdmaException e) {
            // A device may have no room for inline data at all; it is a convenience only.
            LOG.log(Level.DEBUG, "{0} does without inline sends: {1}", name, e.getMessage());
            return id.createQueuePair(
                    domain,
                    new QueuePairOptions(
                            options.sendCq(),
                            options.receiveCq(),
                            options.sendWorkRequestMax(),
                            options.receiveWorkRequestMax(),
                            options.sendSegmentMax(),
                            options.receiveSegmentMax(),
                            0,
                            false,
                            options.criticalPosts()));
        }
    }

    private static <T> T present(@Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("The queue is released");
        }
        return part;
    }

    SendRing sends() {
        return present(sends);
    }

    ReceiveRing receives() {
        return present(receives);
    }

    /// Null when commands use the keys of regions.
    @Nullable KeyWindows windows() {
        return windows;
    }

    VerbsGroup group() {
        return present(group);
    }

    int pairNumber() {
        return present(unconnected).number();
    }

    /// The connection stands.
    QueuePair connected(CmEvent.Established event) {
        UnconnectedQueuePair pair = unconnected;
        if (pair == null) {
            throw new IllegalStateException(name + " is connected already");
        }
        QueuePair made = pair.connected(event);
        connected = made;
        unconnected = null;
        return made;
    }

    /// Tells the peer that the connection ends.
    void disconnect() {
        quietly("rdma_disconnect", id::disconnect);
    }

    /// Destroys memory windows, queue pair, identifier, and then what they were built on. The
    /// windows come first: some devices count a bound one as a user of its queue pair.
    ///
    /// @param queue leaves its group; null when it never joined
    /// @return false when the device refused to let go; memory under a registration that cannot be
    ///   released is left allocated
    boolean release(@Nullable VerbsQueue queue) {
        if (!destroyPair()) {
            // Its identifier has to stay, too; nobody waits for that.
            dispatcher.abandon(id);
            LOG.log(
                    Level.ERROR,
                    "{0} cannot be destroyed; the memory it uses is set aside for ever",
                    name);
            return false;
        }
        boolean complete = quietly("rdma_destroy_id", () -> dispatcher.close(id));
        VerbsGroup completions = group;
        if (completions != null) {
            if (queue != null) {
                completions.detach(queue);
            }
            if (reserved) {
                completions.unreserve(groupEntries);
            }
            if (ownsGroup) {
                complete &= quietly("ibv_destroy_cq", completions::close);
            }
        }
        // Each, whatever became of the one before. The queue pair is gone, so that nothing but a
        // registration needs the memory.
        complete &= closed("memory windows", windows);
        boolean deregistered = closed("responses", receives);
        deregistered &= closed("capsules", sends);
        return deregistered && closed("memory", arena) && complete;
    }

    private boolean destroyPair() {
        closed("memory windows", windows);
        UnconnectedQueuePair raw = unconnected;
        return closed("ibv_destroy_qp", connected)
                && (raw == null || quietly("ibv_destroy_qp", raw::close));
    }

    private boolean closed(String what, @Nullable AutoCloseable part) {
        return part == null || quietly(what, part::close);
    }

    /// Logs a failure instead of throwing it.
    ///
    /// @return whether there was none
    boolean quietly(String what, Step step) {
        try {
            step.run();
            return true;
        } catch (Exception e) {
            LOG.log(Level.WARNING, name + ": " + what + " failed", e);
            return false;
        }
    }
}

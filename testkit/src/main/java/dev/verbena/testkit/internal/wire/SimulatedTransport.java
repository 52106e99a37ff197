package dev.verbena.testkit.internal.wire;

import dev.verbena.ConnectFailedException;
import dev.verbena.MemoryMode;
import dev.verbena.internal.fabric.ConnectRefusals;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.Destination;
import dev.verbena.internal.fabric.FabricGroup;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.fabric.QueueParameters;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.nvme.RdmaPrivateData;
import dev.verbena.nvme.RejectStatus;
import dev.verbena.testkit.Fault;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The way to one address on a network in memory.
///
/// Threads: any.
public final class SimulatedTransport implements Transport {
    /// Connection manager reasons.
    private static final int NOBODY_LISTENS = 8;

    private static final int CONSUMER_DEFINED = 28;

    /// Longest wait for one step of a connection, as on a real network.
    private static final long STEP_NANOS = TimeUnit.SECONDS.toNanos(3);

    private final SimulatedNetwork network;
    private final @Nullable InetSocketAddress source;
    private final Destination destination;
    private final String address;
    private final SimulatedMemoryDomain memory;
    private boolean closed;

    /// The memory mode is.
    private boolean decided;

    /// The way to one address, whatever happens.
    public SimulatedTransport(SimulatedNetwork network, InetSocketAddress address, String name) {
        this(network, null, Destination.of(address, name));
    }

    /// @param source local address to connect from; null for any
    public SimulatedTransport(
            SimulatedNetwork network, @Nullable InetSocketAddress source, Destination destination) {
        this.network = network;
        this.source = source;
        this.destination = destination;
        this.address = destination.name();
        this.memory = new SimulatedMemoryDomain(network.device());
    }

    @Override
    public FabricQueue connect(QueueParameters parameters, Deadline deadline) throws IOException {
        return destination.connect(
                parameters.queueId(), source, deadline, one -> connect(parameters, deadline, one));
    }

    private FabricQueue connect(
            QueueParameters parameters, Deadline deadline, InetSocketAddress one)
            throws IOException {
        requireOpen();
        TargetPort port = network.listener(one);
        if (port == null) {
            throw rejected(NOBODY_LISTENS, "invalid service id", new byte[0], parameters);
        }
        List<Fault> faults = port.connecting(parameters.queueId());
        byte[] accept = new RdmaPrivateData.Accept(0, parameters.entryCount()).encode();
        List<Fault> hostFaults = new ArrayList<>();
        for (Fault fault : faults) {
            switch (fault) {
                case Fault.Reject reject -> {
                    byte[] data = reject.status() < 0 ? new byte[0] : rejectData(reject.status());
                    throw rejected(reject.reason(), "as the test wants", data, parameters);
                }
                case Fault.SlowAccept slow -> pause(slow.delay().toNanos(), parameters, deadline);
                case Fault.Unreachable unreachable -> {
                    pause(Long.MAX_VALUE, parameters, deadline);
                }
                case Fault.AcceptWith with ->
                        accept =
                                new RdmaPrivateData.Accept(
                                                with.recordFormat(), with.receiveQueueSize())
                                        .encode();
                case Fault.HangFlush hang -> hostFaults.add(hang);
                case Fault.RefuseDestroy refuse -> hostFaults.add(refuse);
                default ->
                        throw new IllegalArgumentException(
                                fault + " cannot happen to a connection");
            }
        }
        int status = port.judge(request(parameters));
        if (status != 0) {
            throw rejected(CONSUMER_DEFINED, "consumer defined", rejectData(status), parameters);
        }
        int depth = ConnectRefusals.acceptedDepth(accept, parameters, address);
        requireOpen();
        SimulatedQueue queue =
                new SimulatedQueue(
                        parameters,
                        depth,
                        strict(parameters),
                        network,
                        group(parameters.group()),
                        port,
                        hostFaults);
        network.opened(queue);
        return queue;
    }

    /// As on a card with windows: AUTO is STRICT. The first queue decides for all.
    private synchronized boolean strict(QueueParameters parameters) {
        if (!decided) {
            decided = true;
            memory.mode(
                    parameters.memoryMode() == MemoryMode.SLAB
                            ? MemoryMode.SLAB
                            : MemoryMode.STRICT);
        }
        return memory.mode() == MemoryMode.STRICT;
    }

    private SimulatedGroup group(@Nullable FabricGroup wanted) {
        return wanted instanceof SimulatedGroup shared
                ? shared
                : new SimulatedGroup(network.scheduler());
    }

    private static byte[] rejectData(int status) {
        return new RdmaPrivateData.Reject(0, status, RejectStatus.of(status)).encode();
    }

    private static RdmaPrivateData.Request request(QueueParameters parameters) {
        return RdmaPrivateData.Request.decode(
                RdmaPrivateData.encodeRequest(
                        parameters.queueId(),
                        parameters.entryCount(),
                        parameters.entryCount() - 1,
                        parameters.queueId() == 0 ? 0 : parameters.controllerId()));
    }

    private void requireOpen() throws IOException {
        synchronized (this) {
            if (closed) {
                throw new IOException("The connection to " + address + " is closed");
            }
        }
        if (!network.device().isPresent()) {
            throw ConnectRefusals.unreachable(address, 0, "there is no RDMA device", null);
        }
    }

    private ConnectFailedException rejected(
            int reason, String name, byte[] privateData, QueueParameters parameters) {
        return ConnectRefusals.rejected(reason, name, privateData, address, parameters.queueId());
    }

    private void pause(long nanos, QueueParameters parameters, Deadline deadline)
            throws IOException {
        long most = Math.min(STEP_NANOS, deadline.remainingNanos());
        network.scheduler().await(this, () -> false, Math.min(nanos, most));
        if (nanos > most) {
            throw ConnectRefusals.timedOut(
                    "was waiting for the target to accept the connection",
                    address,
                    parameters.queueId());
        }
    }

    @Override
    public MemoryDomain memory() {
        return memory;
    }

    @Override
    public FabricGroup newGroup(int entryCount) {
        return new SimulatedGroup(network.scheduler());
    }

    @Override
    public int groupEntries(int entryCount) {
        return 2 * entryCount;
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public int sendSegmentMax() {
        return 1 + SimulatedQueue.SEGMENTS_MAX;
    }

    @Override
    public void retire() {
        synchronized (this) {
            closed = true;
        }
        memory.detach();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        memory.close();
    }
}

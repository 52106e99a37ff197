package dev.verbena.fakes;

import dev.verbena.MemoryMode;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricGroup;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.fabric.QueueParameters;
import dev.verbena.internal.fabric.Transport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Connects queues to a script.
public final class FakeTransport implements Transport {
    private final FakeMemoryDomain memory;
    private final List<FakeFabricQueue> queues = new ArrayList<>();
    private final List<QueueParameters> requests = new ArrayList<>();
    private final BiConsumer<FakeFabricQueue, SentCapsule> target;
    private @Nullable IOException connectFailure;
    private int depthMax = Integer.MAX_VALUE;
    private boolean closed;
    private int openAtClose = -1;

    /// A transport whose queues are all answered by one script.
    public FakeTransport(FakeMemoryDomain memory, BiConsumer<FakeFabricQueue, SentCapsule> target) {
        this.memory = memory;
        this.target = target;
    }

    /// Lets connecting fail from now on.
    public synchronized void failConnect(@Nullable IOException e) {
        connectFailure = e;
    }

    /// What the target has receives for.
    public synchronized void depthMax(int value) {
        depthMax = value;
    }

    public synchronized List<FakeFabricQueue> queues() {
        return List.copyOf(queues);
    }

    public synchronized List<QueueParameters> requests() {
        return List.copyOf(requests);
    }

    public synchronized boolean isClosed() {
        return closed;
    }

    /// Queues that were open when the transport was closed; -1 before.
    public synchronized int openAtClose() {
        return openAtClose;
    }

    @Override
    public synchronized FabricQueue connect(QueueParameters parameters, Deadline deadline)
            throws IOException {
        requests.add(parameters);
        if (connectFailure != null) {
            throw connectFailure;
        }
        if (closed) {
            throw new IOException("closed");
        }
        FakeFabricQueue queue =
                new FakeFabricQueue(
                        parameters.queueId(),
                        Math.min(parameters.entryCount() - 1, depthMax),
                        parameters.capsuleHeaderBytes());
        queue.target(target);
        if (memory.mode() == MemoryMode.STRICT) {
            queue.bindKeys(memory);
        }
        if (parameters.group() instanceof FakeFabricGroup group) {
            group.add(queue);
        }
        queues.add(queue);
        return queue;
    }

    @Override
    public FakeMemoryDomain memory() {
        return memory;
    }

    @Override
    public FabricGroup newGroup(int entryCount) {
        return new FakeFabricGroup();
    }

    @Override
    public int groupEntries(int entryCount) {
        return 2 * entryCount;
    }

    @Override
    public String address() {
        return "192.0.2.1:4420";
    }

    @Override
    public int sendSegmentMax() {
        return 5;
    }

    @Override
    public synchronized void retire() {
        closed = true;
        memory.detach();
    }

    @Override
    public synchronized void close() {
        closed = true;
        openAtClose = (int) queues.stream().filter(queue -> !queue.isClosed()).count();
        memory.close();
    }
}

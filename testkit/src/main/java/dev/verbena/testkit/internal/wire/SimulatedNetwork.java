package dev.verbena.testkit.internal.wire;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// One host's network: its card, and who listens at which address.
///
/// Threads: any.
public final class SimulatedNetwork {
    private final Scheduler scheduler;
    private final SimulatedDevice device = new SimulatedDevice();
    private final Map<String, TargetPort> listeners = new ConcurrentHashMap<>();
    private final List<SimulatedQueue> queues = new CopyOnWriteArrayList<>();

    private volatile int inlineBytesMax;

    public SimulatedNetwork(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    public Scheduler scheduler() {
        return scheduler;
    }

    public SimulatedDevice device() {
        return device;
    }

    /// Sets how long a capsule the card takes with the post; 0, at first, for none. Queues
    /// connected afterwards send such capsules without a send completion.
    public void inlineBytesMax(int value) {
        inlineBytesMax = value;
    }

    int inlineBytesMax() {
        return inlineBytesMax;
    }

    /// Lets somebody listen at an address; null for nobody.
    public void listen(InetSocketAddress address, @Nullable TargetPort port) {
        if (port == null) {
            listeners.remove(key(address));
        } else {
            listeners.put(key(address), port);
        }
    }

    @Nullable TargetPort listener(InetSocketAddress address) {
        return listeners.get(key(address));
    }

    private static String key(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        // The interface by its number: an address may have been made with its name as well.
        int scope = host instanceof Inet6Address six ? six.getScopeId() : 0;
        return HexFormat.of().formatHex(host.getAddress()) + "%" + scope + " " + address.getPort();
    }

    void opened(SimulatedQueue queue) {
        queues.add(queue);
    }

    void closed(SimulatedQueue queue) {
        queues.remove(queue);
    }

    /// Queue pairs that exist.
    public int queueCount() {
        return queues.size();
    }

    /// Pulls the card: every queue pair on it ends, its keys mean nothing any more.
    public void removeDevice() {
        device.removed();
        queues.forEach(queue -> queue.card().deviceRemoved());
    }

    /// The card is back, with nothing on it.
    public void returnDevice() {
        device.returned();
    }
}

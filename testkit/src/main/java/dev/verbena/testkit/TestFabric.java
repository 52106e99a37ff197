package dev.verbena.testkit;

import dev.verbena.Initiator;
import dev.verbena.internal.control.ControlRuntime;
import dev.verbena.internal.control.ControlThreads;
import dev.verbena.internal.control.InitiatorAccess;
import dev.verbena.internal.fabric.Destination;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.internal.fabric.TransportFactory;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.testkit.internal.wire.Scheduler;
import dev.verbena.testkit.internal.wire.SimulatedNetwork;
import dev.verbena.testkit.internal.wire.SimulatedTransport;
import dev.verbena.testkit.internal.wire.ThreadedScheduler;
import java.lang.invoke.MethodHandles;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// An RDMA network in memory: one host's card, and targets at addresses of the test's choice.
///
/// ```java
/// try (TestFabric fabric = TestFabric.open()) {
///     TestTarget target = fabric.addTarget("192.0.2.1", 4420);
///     target.addSubsystem("nqn.2024-01.org.example:disk").addNamespace(1, 2048, 512);
///     try (Initiator initiator = fabric.openInitiator();
///             Controller controller =
///                     initiator.connect(target.address(), "nqn.2024-01.org.example:disk");
///             BlockDevice disk = controller.openDevice(1)) {
///         // the code under test
///     }
/// }
/// ```
///
/// Data really moves, by the keys an initiator hands out, and what those keys do not allow is
/// refused as a card would.
///
/// Threads: any.
public final class TestFabric implements AutoCloseable {
    private final SimulatedNetwork network;
    private final @Nullable ThreadedScheduler threads;
    private final Map<String, List<InetAddress>> names = new ConcurrentHashMap<>();

    private TestFabric(Scheduler scheduler, @Nullable ThreadedScheduler threads) {
        this.network = new SimulatedNetwork(scheduler);
        this.threads = threads;
    }

    /// A network that works by itself, on a thread of its own, in real time.
    public static TestFabric open() {
        ThreadedScheduler scheduler = new ThreadedScheduler();
        return new TestFabric(scheduler, scheduler);
    }

    /// A network that does what a scheduler says.
    static TestFabric over(Scheduler scheduler) {
        return new TestFabric(scheduler, null);
    }

    /// Adds a target.
    ///
    /// @param address a numeric address; nothing is looked up. An interface is given by its number:
    ///   `fe80::1%1`
    /// @param port 1..65535
    public TestTarget addTarget(String address, int port) {
        return new TestTarget(network, new InetSocketAddress(literal(address), port));
    }

    /// Gives a host name its addresses, best first; those it had before are forgotten. Names that
    /// were given none are not known: nothing is looked up outside of this network.
    ///
    /// @param addresses numeric
    public void addName(String name, String... addresses) {
        names.put(
                name.toLowerCase(Locale.ROOT),
                Arrays.stream(addresses).map(TestFabric::literal).toList());
    }

    private List<InetAddress> lookUp(String name) throws UnknownHostException {
        List<InetAddress> found = names.getOrDefault(name, List.of());
        if (found.isEmpty()) {
            throw new UnknownHostException(name);
        }
        return found;
    }

    private static InetAddress literal(String address) {
        if (address.isEmpty() || !address.matches("[0-9.]+|[0-9A-Fa-f:.]+(%[^/%]+)?")) {
            throw new IllegalArgumentException(address + " is not a numeric address");
        }
        try {
            return InetAddress.getByName(address);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(address + " is not a numeric address", e);
        }
    }

    /// Opens an initiator that finds the targets of this network, and nothing else.
    public Initiator openInitiator() {
        return openInitiator(HostIdentity.generate());
    }

    /// Opens an initiator with a host identity of the test's choice.
    public Initiator openInitiator(HostIdentity host) {
        return openInitiator(host, new ControlThreads());
    }

    Initiator openInitiator(HostIdentity host, ControlRuntime runtime) {
        try {
            MethodHandles.lookup().ensureInitialized(Initiator.class);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
        return (Initiator) InitiatorAccess.opener().open(new Factory(), runtime, host);
    }

    private final class Factory implements TransportFactory {
        @Override
        public Transport open(@Nullable InetSocketAddress source, Destination destination) {
            return new SimulatedTransport(network, source, destination);
        }

        @Override
        public List<InetAddress> lookUp(String name) throws UnknownHostException {
            return TestFabric.this.lookUp(name);
        }

        @Override
        public void close() {
            // The network belongs to the test.
        }
    }

    /// Pulls the host's card out: everything on it ends.
    public void removeDevice() {
        network.scheduler().schedule("the device is removed", 0, network::removeDevice);
    }

    /// Puts the host's card back.
    public void returnDevice() {
        network.returnDevice();
    }

    /// Promises the initiator has broken so far, such as giving memory back that a target could
    /// still reach. Empty, unless Verbena has a defect.
    public List<String> violations() {
        return network.device().violations();
    }

    /// Memory registrations and windows that exist at this moment: 0 when nothing leaks.
    public int registrationCount() {
        return network.device().keyCount();
    }

    /// Queue pairs that exist at this moment.
    public int queueCount() {
        return network.queueCount();
    }

    SimulatedNetwork network() {
        return network;
    }

    /// Ends the network.
    ///
    /// @throws IllegalStateException when the network itself broke, which is a defect of the
    ///   testkit
    @Override
    public void close() {
        if (threads != null) {
            threads.close();
            Throwable failure = threads.failure();
            if (failure != null) {
                throw new IllegalStateException("The test fabric broke", failure);
            }
        }
    }
}

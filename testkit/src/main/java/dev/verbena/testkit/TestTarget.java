package dev.verbena.testkit;

import dev.verbena.Target;
import dev.verbena.nvme.ConnectData;
import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.DiscoveryLogHeader;
import dev.verbena.nvme.Nqn;
import dev.verbena.testkit.internal.wire.SimulatedNetwork;
import dev.verbena.testkit.internal.wire.TargetEnd;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A port of a target in memory: a discovery controller, the subsystems it offers, and what is to
/// go wrong.
///
/// It behaves well until [#inject] says otherwise.
///
/// Threads: any.
public final class TestTarget {
    private static final int ADMIN_ENTRIES_MAX = 128;
    private static final int IN_DATA = 1 << 16;
    private static final int AUTHENTICATION_REQUIRED = 1 << 17;
    private static final int CONTROLLER_ID_MAX = 0xFFEF;

    private record Referral(Target to, String nqn) {}

    private final SimulatedNetwork network;
    private final InetSocketAddress address;
    private final TargetListener listener;
    private final FaultBook faults = new FaultBook();
    private volatile CommandHandler handler = (queueId, entry, dataBytes) -> null;
    private final TestSubsystem discovery = IdentifyPages.discoverySubsystem();
    private final Map<String, TestSubsystem> subsystems = new ConcurrentHashMap<>();
    private final List<TestSubsystem> uniqueDiscoveries = new CopyOnWriteArrayList<>();
    private final List<String> order = new CopyOnWriteArrayList<>();
    private final List<Referral> referrals = new CopyOnWriteArrayList<>();
    private final Map<Integer, TargetController> controllers = new ConcurrentHashMap<>();
    private final Map<Integer, AtomicLong> commandCounts = new ConcurrentHashMap<>();
    private final AtomicLong refusedAdmin = new AtomicLong();
    private final AtomicLong generation = new AtomicLong(1);
    private final AtomicInteger nextControllerId = new AtomicInteger(1);

    TestTarget(SimulatedNetwork network, InetSocketAddress address) {
        this.network = network;
        this.address = address;
        this.listener = new TargetListener(network, this);
        start();
    }

    /// Where it listens, for `Initiator.connect`.
    public Target address() {
        return Target.rdma(address.getAddress().getHostAddress(), address.getPort());
    }

    // What it offers.

    /// Offers a new subsystem.
    public TestSubsystem addSubsystem(String nqn) {
        TestSubsystem subsystem = new TestSubsystem(nqn);
        offer(subsystem);
        return subsystem;
    }

    /// Offers a subsystem, which other targets may offer as well.
    public void offer(TestSubsystem subsystem) {
        if (subsystems.putIfAbsent(subsystem.nqn(), subsystem) == null) {
            order.add(subsystem.nqn());
            discoveryChanged();
        }
    }

    /// Offers a subsystem no more. Controllers that exist stay.
    public void withdraw(TestSubsystem subsystem) {
        if (subsystems.remove(subsystem.nqn()) != null) {
            order.remove(subsystem.nqn());
            discoveryChanged();
        }
    }

    /// Lists another discovery service.
    public void addReferral(Target to, String subsystemNqn) {
        referrals.add(new Referral(to, subsystemNqn));
        discoveryChanged();
    }

    /// Lets the generation of the discovery log grow.
    public void discoveryChanged() {
        generation.incrementAndGet();
        controllers.values().stream()
                .filter(TargetController::isDiscovery)
                .forEach(TargetController::discoveryChanged);
    }

    // What goes wrong.

    /// Lets something go wrong at an occasion; see [Misbehavior] for the usual ones.
    public void inject(Occasion occasion, Fault fault) {
        faults.add(occasion, fault);
    }

    /// Lets somebody look at the commands that arrive from now on, and carry out some of them.
    public void handle(CommandHandler value) {
        handler = value;
    }

    CommandHandler handler() {
        return handler;
    }

    /// What is to go wrong, and what has.
    public FaultBook faults() {
        return faults;
    }

    /// Takes all faults back.
    public void heal() {
        faults.clear();
    }

    /// Listens no more: connections are refused. Connections that exist stay.
    public void stop() {
        network.listen(address, null);
    }

    /// Listens again.
    public void start() {
        network.listen(address, listener);
    }

    /// Disconnects everybody.
    public void disconnectAll() {
        network.scheduler().schedule("the target disconnects", 0, this::disconnectNow);
    }

    void disconnectNow() {
        List.copyOf(controllers.values()).forEach(TargetController::disconnect);
    }

    /// Raises an asynchronous event on every controller, whatever hosts have asked for.
    ///
    /// @param event dword 0 of the answer
    public void raiseEvent(int event) {
        network.scheduler()
                .schedule(
                        "an event is raised",
                        0,
                        () -> List.copyOf(controllers.values()).forEach(c -> c.raise(event)));
    }

    // What a test looks at.

    /// Controllers that are connected at this moment.
    public int controllerCount() {
        return controllers.size();
    }

    /// I/O commands with this opcode that have arrived so far.
    public long ioCommandCount(int opcode) {
        return count(1, opcode).get();
    }

    /// Admin commands with this opcode that have arrived so far.
    public long adminCommandCount(int opcode) {
        return count(0, opcode).get();
    }

    /// Admin commands that were refused so far: each is an entry in the error log of a controller.
    public long refusedAdminCount() {
        return refusedAdmin.get();
    }

    void refusedAdmin() {
        refusedAdmin.incrementAndGet();
    }

    void seen(int queueId, int opcode) {
        count(queueId, opcode).incrementAndGet();
    }

    private AtomicLong count(int queueId, int opcode) {
        return commandCounts.computeIfAbsent(
                (queueId == 0 ? 0 : 1 << 8) | opcode, key -> new AtomicLong());
    }

    // Connect.

    Outcome connect(TargetListener from, TargetCommand command, byte[] data) {
        TargetEnd end = command.end;
        if (data.length != ConnectData.SIZE) {
            return Outcome.status(Outcome.DATA_LENGTH_INVALID);
        }
        if (command.u16(40) != 0) {
            return Outcome.status(0x4180);
        }
        if (command.u16(42) != end.queueId()) {
            return invalid(42, false);
        }
        int entries = command.u16(44) + 1;
        if (entries < 2 || entries > entriesMax(end.queueId(), text(data, 256))) {
            return invalid(44, false);
        }
        TestSubsystem subsystem = subsystem(text(data, 256));
        if (subsystem == null) {
            return invalid(256, true);
        }
        String host = text(data, 512);
        // Targets take any text, as they do for subsystems.
        if (host.isEmpty()) {
            return invalid(512, true);
        }
        if (!subsystem.allows(host)) {
            return Outcome.status(Outcome.CONNECT_INVALID_HOST);
        }
        int controllerId = (int) Bytes.get(data, 16, 2);
        return end.queueId() == 0
                ? connectAdmin(from, command, subsystem, host, controllerId, entries)
                : connectIo(command, subsystem, host, controllerId, entries);
    }

    private int entriesMax(int queueId, String nqn) {
        TestSubsystem subsystem = subsystem(nqn);
        return queueId == 0 || subsystem == null
                ? ADMIN_ENTRIES_MAX
                : (int) (subsystem.capabilities() & 0xFFFF) + 1;
    }

    private Outcome connectAdmin(
            TargetListener from,
            TargetCommand command,
            TestSubsystem subsystem,
            String host,
            int wanted,
            int entries) {
        if (wanted != ConnectData.CONTROLLER_ID_DYNAMIC) {
            return invalid(16, true);
        }
        int id = nextControllerId.getAndUpdate(i -> i == CONTROLLER_ID_MAX ? 1 : i + 1);
        TargetController controller =
                new TargetController(
                        from,
                        subsystem,
                        id,
                        host,
                        Integer.toUnsignedLong(command.dword(12)),
                        command.end);
        controllers.put(id, controller);
        return attached(command, controller, entries);
    }

    private Outcome connectIo(
            TargetCommand command, TestSubsystem subsystem, String host, int id, int entries) {
        TargetController controller = controllers.get(id);
        if (controller == null
                || !controller.subsystem().equals(subsystem)
                || !controller.hostNqn().equals(host)) {
            return invalid(16, true);
        }
        if (!controller.isReady()) {
            return Outcome.status(Outcome.SEQUENCE_ERROR);
        }
        int queueId = command.end.queueId();
        if (controller.isDiscovery()) {
            return invalid(42, false);
        }
        boolean taken = controller.queues().stream().anyMatch(q -> q.queueId() == queueId);
        if (queueId > subsystem.queueCountMax() || taken) {
            return invalid(42, false);
        }
        controller.queues().add(command.end);
        return attached(command, controller, entries);
    }

    private static Outcome attached(
            TargetCommand command, TargetController controller, int entries) {
        if (command.end.attachment() instanceof TargetQueue queue) {
            queue.controller = controller;
            queue.entryCount = entries;
        }
        boolean authenticates = controller.subsystem().asksForAuthentication();
        return Outcome.result(controller.id() | (authenticates ? AUTHENTICATION_REQUIRED : 0));
    }

    private static Outcome invalid(int offset, boolean inData) {
        return Outcome.of(Outcome.CONNECT_INVALID, offset | (inData ? IN_DATA : 0));
    }

    private static String text(byte[] data, int offset) {
        int end = offset;
        while (end < offset + 256 && data[end] != 0) {
            end++;
        }
        return new String(data, offset, end - offset, StandardCharsets.UTF_8);
    }

    /// Offers its discovery log under a name of its own as well.
    public void addDiscoverySubsystem(String nqn) {
        TestSubsystem unique = new TestSubsystem(nqn).inCapsuleData(0, 0);
        uniqueDiscoveries.add(unique);
        subsystems.put(nqn, unique);
    }

    private @Nullable TestSubsystem subsystem(String nqn) {
        return nqn.equals(Nqn.DISCOVERY.value()) ? discovery : subsystems.get(nqn);
    }

    boolean isDiscovery(TestSubsystem subsystem) {
        return subsystem.equals(discovery) || uniqueDiscoveries.contains(subsystem);
    }

    void forget(TargetController controller) {
        controllers.remove(controller.id(), controller);
    }

    byte[] discoveryLog() {
        List<String> names = List.copyOf(order);
        List<Referral> others = List.copyOf(referrals);
        int count = names.size() + others.size();
        Bytes log =
                new Bytes(DiscoveryLogHeader.SIZE + count * DiscoveryEntry.SIZE)
                        .put(0, generation.get(), 8)
                        .put(8, count, 8);
        int at = DiscoveryLogHeader.SIZE;
        for (String name : names) {
            entry(log, at, DiscoveryEntry.SUBSYSTEM_NVM, address(), name);
            at += DiscoveryEntry.SIZE;
        }
        for (Referral referral : others) {
            entry(log, at, DiscoveryEntry.SUBSYSTEM_REFERRAL, referral.to(), referral.nqn());
            at += DiscoveryEntry.SIZE;
        }
        return log.array();
    }

    private static void entry(Bytes log, int at, int type, Target to, String nqn) {
        boolean six = to.traddr().indexOf(':') >= 0;
        log.put(at, DiscoveryEntry.TRANSPORT_RDMA, 1)
                .put(at + 1, six ? DiscoveryEntry.ADDRESS_IPV6 : DiscoveryEntry.ADDRESS_IPV4, 1)
                .put(at + 2, type, 1)
                .put(at + 4, 1, 2)
                .put(at + 6, 0xFFFF, 2)
                .put(at + 8, ADMIN_ENTRIES_MAX, 2)
                .text(at + 32, 32, Integer.toString(to.trsvcid()), ' ')
                .text(at + 256, 256, nqn, '\0')
                .text(at + 512, 256, to.traddr(), ' ')
                .put(at + 768, 1, 1)
                .put(at + 769, 4, 1)
                .put(at + 770, 1, 1);
    }

    @Override
    public String toString() {
        return "target at " + address();
    }
}

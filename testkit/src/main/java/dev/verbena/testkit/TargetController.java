package dev.verbena.testkit;

import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.Property;
import dev.verbena.testkit.internal.wire.Scheduler;
import dev.verbena.testkit.internal.wire.TargetEnd;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// A controller: one host's association.
///
/// Threads: the scheduler's, except where a method says otherwise.
final class TargetController implements TestSubsystem.Listener {
    /// Asynchronous Event Requests that may be outstanding (AERL + 1).
    static final int EVENT_REQUESTS_MAX = 4;

    private static final int EVENTS_MAX = 64;

    private static final int EVENT_NAMESPACE = 0x04_00_02;
    private static final int EVENT_ACCESS = 0x0C_03_02;
    private static final int EVENT_DISCOVERY = 0x70_F0_02;

    private static final long MILLI = 1_000_000;

    private final TargetListener listener;
    private final TestSubsystem subsystem;
    private final int id;
    private final String hostNqn;
    private final TargetEnd admin;
    private final Scheduler scheduler;
    private final Set<TargetEnd> queues = new LinkedHashSet<>();
    private final Deque<TargetCommand> eventRequests = new ArrayDeque<>();
    private final Deque<Integer> events = new ArrayDeque<>();
    private final Set<Integer> masked = new HashSet<>();
    private final Set<Integer> changed = new TreeSet<>(Integer::compareUnsigned);
    private final Map<Integer, Integer> features = new HashMap<>();
    private final Map<Integer, byte[]> featureData = new HashMap<>();
    private long keepAliveNanos;
    private long lastSeen;
    private long counter;
    private long accessChanges = 1;
    private int configuration;
    private boolean ended;

    TargetController(
            TargetListener listener,
            TestSubsystem subsystem,
            int id,
            String hostNqn,
            long keepAliveMillis,
            TargetEnd admin) {
        this.listener = listener;
        this.subsystem = subsystem;
        this.id = id;
        this.hostNqn = hostNqn;
        this.admin = admin;
        this.scheduler = listener.scheduler();
        queues.add(admin);
        features.put(Feature.ASYNCHRONOUS_EVENT_CONFIGURATION, 0);
        features.put(Feature.VOLATILE_WRITE_CACHE, 1);
        subsystem.listen(this);
        keepAlive(keepAliveMillis);
    }

    TestSubsystem subsystem() {
        return subsystem;
    }

    int id() {
        return id;
    }

    String hostNqn() {
        return hostNqn;
    }

    boolean isDiscovery() {
        return listener.isDiscovery(subsystem);
    }

    byte[] discoveryLog() {
        return listener.discoveryLog();
    }

    Set<TargetEnd> queues() {
        return queues;
    }

    // Life.

    /// Starts to watch for signs of life.
    void keepAlive(long millis) {
        features.put(Feature.KEEP_ALIVE_TIMER, (int) millis);
        boolean watched = keepAliveNanos > 0;
        keepAliveNanos = subsystem.keepAliveUnits() == 0 ? 0 : millis * MILLI;
        lastSeen = scheduler.nanoTime();
        if (!watched && keepAliveNanos > 0) {
            watch();
        }
    }

    private void watch() {
        long grace = subsystem.keepAliveUnits() * 100L * MILLI;
        scheduler.schedule(
                "keep alive is checked",
                lastSeen + keepAliveNanos + grace - scheduler.nanoTime(),
                () -> {
                    if (ended || keepAliveNanos == 0) {
                        return;
                    }
                    if (scheduler.nanoTime() - lastSeen >= keepAliveNanos) {
                        scheduler.note("no keep alive in time");
                        disconnect();
                    } else {
                        watch();
                    }
                });
    }

    void seen() {
        lastSeen = scheduler.nanoTime();
    }

    /// Disconnects all queues.
    void disconnect() {
        List.copyOf(queues).forEach(TargetEnd::disconnect);
    }

    /// A queue has ended; the admin queue takes the others with it.
    void ended(TargetEnd end) {
        queues.remove(end);
        if (end.equals(admin) && !ended) {
            ended = true;
            subsystem.forget(this);
            listener.forget(this);
            disconnect();
        }
    }

    boolean hasEnded() {
        return ended;
    }

    // Properties.

    Outcome propertyGet(TargetCommand command) {
        return switch (command.dword(11)) {
            case Property.CAP -> Outcome.result(subsystem.capabilities());
            case Property.VS -> Outcome.result(subsystem.version().value());
            case Property.CC -> Outcome.result(configuration);
            case Property.CSTS -> Outcome.result(status());
            default -> Outcome.status(Outcome.INVALID_FIELD);
        };
    }

    private int status() {
        int ready = configuration & 1;
        int shutdown = (configuration >>> 14 & 3) != 0 ? 2 : 0;
        return ready | shutdown << 2;
    }

    Outcome propertySet(TargetCommand command) {
        switch (command.dword(11)) {
            case Property.CC -> {
                boolean disabled = (configuration & 1) != 0 && (command.dword(12) & 1) == 0;
                configuration = command.dword(12);
                if (disabled) {
                    resetQueues();
                }
            }
            case Property.NSSR -> {
                if (command.dword(12) != Property.NSSR_RESET) {
                    return Outcome.status(Outcome.INVALID_FIELD);
                }
                scheduler.schedule("subsystem reset", MILLI, listener::disconnectAll);
            }
            default -> {
                return Outcome.status(Outcome.INVALID_FIELD);
            }
        }
        return Outcome.SUCCESS;
    }

    /// A disabled controller has no I/O queues.
    private void resetQueues() {
        for (TargetEnd queue : List.copyOf(queues)) {
            if (!queue.equals(admin)) {
                queue.disconnect();
            }
        }
    }

    boolean isReady() {
        return (configuration & 1) != 0;
    }

    // Authentication, as the test has written it; each queue for itself.

    Outcome authenticationSend(TargetCommand command, byte[] message) {
        if (subsystem.authentication() == null || message.length < 6) {
            return Outcome.status(Outcome.INVALID_FIELD);
        }
        if (command.end.attachment() instanceof TargetQueue queue) {
            queue.transaction = (int) Bytes.get(message, 4, 2);
        }
        return Outcome.SUCCESS;
    }

    Outcome authenticationReceive(TargetCommand command) {
        TestSubsystem.Authentication script = subsystem.authentication();
        return script == null || !(command.end.attachment() instanceof TargetQueue queue)
                ? Outcome.status(Outcome.INVALID_FIELD)
                : Outcome.data(script.message(queue.transaction, queue.messages++));
    }

    // Features.

    Outcome setFeature(TargetCommand command, byte[] data) {
        int feature = command.u8(40);
        int value = command.dword(11);
        switch (feature) {
            case Feature.NUMBER_OF_QUEUES -> {
                int wanted = Math.max(value & 0xFFFF, value >>> 16) + 1;
                int granted = Math.min(wanted, subsystem.queueCountMax()) - 1;
                features.put(feature, granted | granted << 16);
                return Outcome.result(granted | (long) granted << 16);
            }
            case Feature.KEEP_ALIVE_TIMER -> keepAlive(Integer.toUnsignedLong(value));
            case Feature.HOST_BEHAVIOR_SUPPORT, Feature.TIMESTAMP -> {
                boolean known =
                        feature == Feature.HOST_BEHAVIOR_SUPPORT
                                ? subsystem.version().isAtLeast(1, 4)
                                : subsystem.version().isAtLeast(1, 3);
                if (!known) {
                    return Outcome.status(Outcome.INVALID_FIELD);
                }
                featureData.put(feature, data);
            }
            case Feature.ASYNCHRONOUS_EVENT_CONFIGURATION,
                    Feature.VOLATILE_WRITE_CACHE,
                    Feature.TEMPERATURE_THRESHOLD,
                    Feature.ERROR_RECOVERY,
                    Feature.WRITE_ATOMICITY,
                    Feature.ARBITRATION,
                    Feature.POWER_MANAGEMENT ->
                    features.put(feature, value);
            default -> {
                return Outcome.status(Outcome.INVALID_FIELD);
            }
        }
        return Outcome.SUCCESS;
    }

    Outcome getFeature(TargetCommand command) {
        int feature = command.u8(40);
        Integer value = features.get(feature);
        byte[] data = featureData.get(feature);
        if (feature == Feature.HOST_BEHAVIOR_SUPPORT && data == null) {
            data = new byte[512];
        }
        if (data != null) {
            return Outcome.data(data);
        }
        return value == null
                ? Outcome.status(Outcome.INVALID_FIELD)
                : Outcome.result(Integer.toUnsignedLong(value));
    }

    /// Whether the host said that it understands retry delays.
    boolean retriesAdvanced() {
        byte[] behavior = featureData.get(Feature.HOST_BEHAVIOR_SUPPORT);
        return behavior != null && behavior.length > 0 && behavior[0] == 1;
    }

    // Events.

    /// Keeps a request until there is something to tell.
    ///
    /// @return null when it is kept
    @Nullable Outcome eventRequest(TargetCommand command) {
        if (eventRequests.size() == EVENT_REQUESTS_MAX) {
            return Outcome.status(Outcome.EVENT_LIMIT);
        }
        eventRequests.add(command);
        scheduler.schedule("events are told", 0, this::tell);
        return null;
    }

    int eventRequestCount() {
        return eventRequests.size();
    }

    boolean abort(TargetCommand command) {
        return eventRequests.remove(command);
    }

    /// Raises an event, whatever the host has asked for.
    void raise(int event) {
        if (events.size() < EVENTS_MAX) {
            events.add(event);
        }
        tell();
    }

    private void raiseOnce(int event, int enableBit) {
        int enabled = features.getOrDefault(Feature.ASYNCHRONOUS_EVENT_CONFIGURATION, 0);
        // Masked until its log page has been read.
        if ((enabled & 1 << enableBit) != 0 && masked.add(event)) {
            // One of each kind at most, so there is always room.
            events.add(event);
            tell();
        }
    }

    private void tell() {
        while (!ended && !events.isEmpty() && !eventRequests.isEmpty()) {
            listener.answer(
                    eventRequests.remove(),
                    Outcome.result(Integer.toUnsignedLong(events.remove())));
        }
    }

    /// A log page was read in a way that re-arms its event.
    void pageRead(int page) {
        masked.removeIf(event -> new AsynchronousEvent(event).logPage() == page);
    }

    /// Any thread.
    @Override
    public void namespaceChanged(int namespaceId) {
        scheduler.schedule(
                "namespace changed",
                0,
                () -> {
                    changed.add(namespaceId);
                    raiseOnce(EVENT_NAMESPACE, 8);
                });
    }

    /// Any thread.
    @Override
    public void accessChanged() {
        scheduler.schedule(
                "access changed",
                0,
                () -> {
                    accessChanges++;
                    raiseOnce(EVENT_ACCESS, 11);
                });
    }

    /// Any thread.
    void discoveryChanged() {
        scheduler.schedule("discovery log changed", 0, () -> raiseOnce(EVENT_DISCOVERY, 31));
    }

    /// The namespaces that changed since the log was cleared.
    Set<Integer> takeChanged(boolean clear) {
        Set<Integer> now = new TreeSet<>(changed);
        if (clear) {
            changed.clear();
        }
        return now;
    }

    long accessChanges() {
        return accessChanges;
    }

    long nextCount() {
        return ++counter;
    }

    /// Commands of this controller that have not been answered.
    List<TargetCommand> outstanding(int queueId) {
        List<TargetCommand> found = new ArrayList<>();
        for (TargetEnd end : queues) {
            if (end.queueId() == queueId && end.attachment() instanceof TargetQueue queue) {
                found.addAll(queue.outstanding());
            }
        }
        return found;
    }
}

package dev.verbena.testkit;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.ConnectedEntry;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.DiscoverySession;
import dev.verbena.Initiator;
import dev.verbena.Target;
import dev.verbena.WaitMode;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.Nqn;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/// One life of an initiator that several threads use at the same time: they connect, reset, and
/// discover beside each other, are interrupted, and the initiator is closed at any of these
/// moments. Meanwhile the target restarts, and refuses for a while what it has. In virtual time,
/// from a seed.
///
/// It checks that every call ends, soon after an interrupt and soon after the close; that what is
/// refused for a while, or for one namespace, ends no controller; and that nothing is left.
final class HostSimulation {
    private static final String NQN = "nqn.2024-01.org.example:shared";
    private static final HostIdentity HOST =
            HostIdentity.of(Nqn.of("nqn.2024-01.org.example:host"), new UUID(0x1234, 0x5678));

    private static final Duration HORIZON = Duration.ofSeconds(12);

    /// After an interrupt, or the close: the tear-down of what was under way.
    private static final Duration SOON = Duration.ofSeconds(15);

    private static final Duration CLOSE_MAX = Duration.ofSeconds(60);
    private static final long TIME_NANOS = Duration.ofHours(1).toNanos();
    private static final long STEPS_MAX = 3_000_000;

    /// Invalid Field in Command, and do not retry.
    private static final int REFUSED = 0x4002;

    /// What a thread does.
    private enum Call {
        CONNECT,
        RESET,
        DISCOVER,
        TREE,
        CONNECT_ALL,
        WATCH
    }

    /// @param at nanoseconds after the beginning
    /// @param interruptedAt the same, or -1
    private record Caller(Call call, long at, long interruptedAt) {}

    private final long seed;
    private final Random random;
    private final SteppedScheduler scheduler;
    private final SimulatedThreads threads;
    private final TestFabric fabric;
    private final TestTarget target;
    private final TestTarget other;
    private final TestSubsystem subsystem;
    private final List<Caller> callers = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final ConnectOptions options;
    private final boolean closesEarly;
    private final long closesAt;
    private long closeBegan = Long.MAX_VALUE;
    private boolean finished;
    private int connected;
    private int interrupted;
    private int cutShort;

    HostSimulation(long seed) {
        this.seed = seed;
        random = new Random(seed ^ 0x4057);
        scheduler = new SteppedScheduler(random.nextLong());
        threads = new SimulatedThreads(scheduler);
        fabric = TestFabric.over(threads);
        target = fabric.addTarget("192.0.2.1", 4420);
        other = fabric.addTarget("192.0.2.2", 4420);
        subsystem = target.addSubsystem(NQN);
        subsystem.addNamespace(1, 64, 512);
        subsystem.addNamespace(2, 64, 512);
        other.addSubsystem(NQN + "-other").addNamespace(1, 64, 512);
        // Referrals in a ring.
        target.addReferral(other.address(), Nqn.DISCOVERY.value());
        other.addReferral(target.address(), Nqn.DISCOVERY.value());
        options =
                ConnectOptions.defaults()
                        .withIoQueues(1 + random.nextInt(2))
                        .withWaitMode(WaitMode.EVENT)
                        .withDuplicateConnect(true)
                        .withConnectTimeout(Duration.ofSeconds(10))
                        .withAdminTimeout(Duration.ofSeconds(10))
                        .withCtrlLossTimeout(Duration.ofSeconds(600))
                        .withReconnectDelay(Duration.ofSeconds(2))
                        .withDiscoveryTimeout(Duration.ofSeconds(1 + random.nextInt(20)));
        Call[] calls = Call.values();
        int count = 3 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            long at = moment();
            long interrupt = random.nextInt(3) == 0 ? at + 1 + moment() : -1;
            callers.add(new Caller(calls[random.nextInt(calls.length)], at, interrupt));
        }
        closesEarly = random.nextBoolean();
        closesAt = random.nextInt(3) == 0 ? moment() : callers.getLast().at() + 1 + moment();
    }

    /// Many things take less than a millisecond, some take seconds.
    private long moment() {
        return switch (random.nextInt(3)) {
            case 0 -> random.nextLong(500_000);
            case 1 -> random.nextLong(5_000_000);
            default -> random.nextLong(HORIZON.toNanos());
        };
    }

    /// Runs to the end.
    ///
    /// @return what was wrong; empty for a good run
    List<String> run() {
        try (threads) {
            threads.start("user", this::live);
            if (threads.runUntil(() -> finished, TIME_NANOS, STEPS_MAX)) {
                threads.runUntil(() -> false, Duration.ofMinutes(3).toNanos(), STEPS_MAX);
                nothingIsLeft();
            } else {
                problems.add("it hangs at " + scheduler.nanoTime() + " ns");
            }
            problems.addAll(threads.problems());
            threads.alive().forEach(thread -> problems.add("a thread is left: " + thread));
        }
        return problems;
    }

    private void nothingIsLeft() {
        problems.addAll(fabric.violations());
        if (fabric.queueCount() + fabric.registrationCount() != 0) {
            problems.add(
                    fabric.queueCount()
                            + " queue pairs and "
                            + fabric.registrationCount()
                            + " keys are left");
        }
    }

    private void live() {
        Initiator initiator =
                fabric.openInitiator(HOST, new SimulatedRuntime(threads, random.nextLong()));
        try {
            List<Thread> running = new ArrayList<>();
            for (int i = 0; i < callers.size(); i++) {
                Caller caller = callers.get(i);
                Thread thread = threads.start("user " + i, () -> new Use(initiator, caller).run());
                running.add(thread);
                if (caller.interruptedAt() >= 0) {
                    running.add(
                            threads.start(
                                    "act interrupt " + i,
                                    () -> {
                                        pass(caller.interruptedAt());
                                        thread.interrupt();
                                    }));
                }
            }
            running.add(threads.start("user who stays", () -> stay(initiator)));
            running.add(threads.start("act of the target", this::trouble));
            running.add(threads.start("act of discovery", this::change));
            if (closesEarly) {
                pass(closesAt);
                close(initiator);
            }
            for (Thread thread : running) {
                thread.join();
            }
            close(initiator);
        } catch (InterruptedException e) {
            problems.add("nobody interrupts this thread");
        } finally {
            finished = true;
        }
    }

    private void close(Initiator initiator) {
        long start = scheduler.nanoTime();
        closeBegan = Math.min(closeBegan, start);
        scheduler.note("closing the initiator");
        try {
            initiator.close();
        } catch (RuntimeException e) {
            problems.add("closing: " + e);
        }
        within(CLOSE_MAX, start, "closing");
    }

    private boolean isClosed() {
        return closeBegan != Long.MAX_VALUE;
    }

    private void within(Duration most, long start, String what) {
        long took = scheduler.nanoTime() - start;
        if (took > most.toNanos()) {
            problems.add(what + " took " + took / 1_000_000 + " ms");
        }
    }

    private void pass(long nanos) {
        try {
            Time.sleep(Duration.ofNanos(nanos));
        } catch (InterruptedException e) {
            // Before the call that it was meant for.
            Thread.currentThread().interrupt();
        }
    }

    // What the target does.

    /// It is lost, and at the reconnect its subsystem is absent for half a second, or it refuses to
    /// identify one of its namespaces.
    private void trouble() {
        Occasion identify = Occasion.identify(IdentifyCns.NAMESPACE);
        for (int i = random.nextInt(4); i > 0 && !isClosed(); i--) {
            pass(moment());
            if (random.nextBoolean()) {
                target.inject(identify.after(random.nextInt(2)), new Fault.Answer(REFUSED, 0));
            }
            boolean absent = random.nextBoolean();
            if (absent) {
                target.withdraw(subsystem);
            }
            target.disconnectAll();
            if (absent) {
                pass(Duration.ofMillis(500).toNanos());
                target.offer(subsystem);
            }
        }
    }

    /// Logs change while they are read, and one of the services is slow.
    private void change() {
        for (int i = random.nextInt(6); i > 0 && !isClosed(); i--) {
            if (random.nextInt(3) == 0) {
                long delay = random.nextLong(Duration.ofSeconds(8).toNanos());
                other.inject(
                        Occasion.logPage(LogPage.DISCOVERY).times(1),
                        new Fault.DelayAnswer(Duration.ofNanos(delay)));
            }
            pass(moment());
            TestTarget changed = random.nextBoolean() ? target : other;
            changed.addReferral(
                    random.nextBoolean() ? other.address() : Target.rdma("192.0.2.77"),
                    Nqn.DISCOVERY.value());
        }
    }

    // What the users do.

    /// A controller that has been connected lives through all of it.
    private void stay(Initiator initiator) {
        try (Controller controller = connectPatiently(initiator)) {
            while (!isClosed() && scheduler.nanoTime() < 3 * HORIZON.toNanos()) {
                pass(Duration.ofMillis(200).toNanos());
            }
            if (!isClosed()) {
                controller.awaitLive(Duration.ofSeconds(60));
                if (!isClosed() && controller.state() != ControllerState.LIVE) {
                    problems.add("a refusal for a while has ended it: " + controller.status());
                }
            }
        } catch (IOException | IllegalStateException | InterruptedException e) {
            if (!isClosed()) {
                problems.add("who stays: " + e);
            }
        }
    }

    private Controller connectPatiently(Initiator initiator) throws IOException {
        for (int attempt = 0; ; attempt++) {
            try {
                return initiator.connect(target.address(), NQN, options);
            } catch (IOException e) {
                if (isClosed() || attempt == 10) {
                    throw e;
                }
                pass(Duration.ofSeconds(1).toNanos());
            }
        }
    }

    /// One caller's thread.
    private final class Use implements Runnable {
        private final Initiator initiator;
        private final Caller caller;

        Use(Initiator initiator, Caller caller) {
            this.initiator = initiator;
            this.caller = caller;
        }

        @Override
        public void run() {
            pass(caller.at());
            long start = scheduler.nanoTime();
            scheduler.note("call: " + caller);
            try {
                call();
            } catch (InterruptedIOException e) {
                interrupted++;
                if (!Thread.currentThread().isInterrupted()) {
                    problems.add(caller + " was interrupted, and its thread is not: " + e);
                }
            } catch (IOException e) {
                scheduler.note(caller + " failed: " + e);
            } catch (IllegalStateException e) {
                if (!isClosed()) {
                    problems.add(caller + " on an open initiator: " + e);
                }
            }
            if (isClosed()) {
                cutShort++;
                within(SOON.plus(CLOSE_MAX), Math.max(start, closeBegan), caller + " after close");
            } else if (caller.interruptedAt() >= 0
                    && scheduler.nanoTime() > caller.interruptedAt()) {
                within(SOON, Math.max(start, caller.interruptedAt()), caller + " after interrupt");
            }
        }

        private void call() throws IOException {
            long start = scheduler.nanoTime();
            Duration whole = options.discoveryTimeout().plusSeconds(1);
            switch (caller.call()) {
                case CONNECT -> {
                    // The initiator closes it.
                    Controller controller = initiator.connect(target.address(), NQN, options);
                    connected++;
                    try (BlockDevice disk = controller.openDevice(1)) {
                        disk.read(0, MemorySegment.ofArray(new byte[512]));
                    }
                }
                case RESET -> {
                    try (Controller controller =
                            initiator.connect(target.address(), NQN, options)) {
                        connected++;
                        for (int i = 0; i < 4; i++) {
                            controller.reset();
                        }
                    }
                }
                case DISCOVER -> {
                    try {
                        initiator.discover(target.address(), options);
                    } finally {
                        within(whole, start, caller.toString());
                    }
                }
                case TREE -> {
                    initiator.discoverTree(target.address(), options);
                    within(whole, start, caller.toString());
                }
                case CONNECT_ALL -> {
                    for (ConnectedEntry each : initiator.connectAll(target.address(), options)) {
                        each.controller().ifPresent(Controller::close);
                    }
                }
                case WATCH -> {
                    try (DiscoverySession session =
                            initiator.openDiscovery(target.address(), options, (of, log) -> {})) {
                        connected++;
                        pass(Duration.ofSeconds(1).toNanos());
                        session.refresh();
                    }
                }
            }
        }
    }

    /// Controllers and sessions that callers had.
    int connectedCount() {
        return connected;
    }

    /// Calls that ended by an interrupt.
    int interruptedCount() {
        return interrupted;
    }

    /// Calls that ended after the close had begun.
    int cutShortCount() {
        return cutShort;
    }

    String report() {
        return "seed "
                + seed
                + (closesEarly ? ", closed at " + closesAt + " ns" : "")
                + ", discovery time "
                + options.discoveryTimeout()
                + "\n"
                + callers
                + "\nproblems: "
                + String.join("\n  ", problems)
                + "\ntrace:\n"
                + String.join("\n", scheduler.trace());
    }
}

package dev.verbena.testkit;

import dev.verbena.Controller;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.AsynchronousEvent;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.log.AnaLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What a simulated controller announces, in all the ways that are hard on a host; and what that
/// may cost.
final class SimulatedNotices {
    /// What the target claims to need for a transition (ANATT).
    static final Duration TRANSITION_TIME = Duration.ofSeconds(10);

    private static final int INTERNAL_ERROR = 0x06;

    /// Commands and calls in a second, and for each command that makes a connection.
    private static final int PER_SECOND_MAX = 25;

    private static final int PER_CONNECTING_COMMAND_MAX = 25;

    private final TestTarget target;
    private final TestSubsystem subsystem;
    private final Random random;

    SimulatedNotices(TestTarget target, TestSubsystem subsystem, Random random) {
        this.target = target;
        this.subsystem = subsystem;
        this.random = random;
    }

    /// The event is there again as soon as its log page has been read.
    void stays(int event) {
        target.inject(
                Occasion.logPage(new AsynchronousEvent(event).logPage()).always(),
                new Fault.RaiseEvents(event, 1));
        target.raiseEvent(event);
    }

    /// Many different events.
    void flood() throws InterruptedException {
        for (int i = 0; i < 1000; i++) {
            target.raiseEvent(2 | (0x10 + i % 200) << 8 | (0xC0 + i % 40) << 16);
            Time.sleep(Duration.ofMillis(random.nextInt(10)));
        }
    }

    /// Requests for events fail for a while; what changes after that has to be heard of.
    void requestsFail() throws InterruptedException {
        target.inject(
                Occasion.admin(AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST).times(6),
                new Fault.Answer(INTERNAL_ERROR, 0));
        // Each event is followed by another request.
        for (int i = 0; i < 4; i++) {
            target.raiseEvent(0x02_00_01);
        }
        Time.sleep(Duration.ofMillis(random.nextInt(2000)));
        changeNamespace();
    }

    private void changeNamespace() {
        if (subsystem.namespace(3) == null) {
            subsystem.addNamespace(3, 64, 512);
        } else {
            subsystem.resizeNamespace(3, 64 + random.nextInt(64));
        }
    }

    /// What an event says to be read cannot be, for a while.
    void logFails(int page) {
        target.inject(
                Occasion.logPage(page).times(1 + random.nextInt(3)),
                new Fault.Answer(INTERNAL_ERROR, 0));
        switch (page) {
            case LogPage.CHANGED_NAMESPACES -> changeNamespace();
            case LogPage.ASYMMETRIC_NAMESPACE_ACCESS ->
                    subsystem.access(1, TestSubsystem.Access.NON_OPTIMIZED);
            default -> target.raiseEvent(0x02_00_01);
        }
    }

    void logChanges() {
        target.inject(
                Occasion.logPage(LogPage.ASYMMETRIC_NAMESPACE_ACCESS).times(1 + random.nextInt(30)),
                new Fault.Count(0));
    }

    void transition(Duration time) throws InterruptedException {
        subsystem.access(1, TestSubsystem.Access.CHANGE);
        Time.sleep(time);
        subsystem.access(1, TestSubsystem.Access.OPTIMIZED);
    }

    /// The second begins before twice the transition time of the first is over, and ends after.
    void twoTransitions() throws InterruptedException {
        transition(Duration.ofSeconds(2));
        Time.sleep(TRANSITION_TIME.multipliedBy(2).minusSeconds(3));
        transition(Duration.ofSeconds(3));
    }

    private static Map<Long, Integer> states(@Nullable AnaLog log) {
        Map<Long, Integer> states = new TreeMap<>();
        if (log != null) {
            log.groups().forEach(group -> states.put(group.id(), group.stateCode()));
        }
        return states;
    }

    /// What is wrong with what is known and was told of the access; null for nothing.
    ///
    /// @param told what a listener was told last, or knew before; null for nothing
    static @Nullable String accessProblem(
            Controller controller, TestSubsystem subsystem, @Nullable AnaLog told) {
        Map<Long, Integer> there = new TreeMap<>();
        subsystem
                .namespaces()
                .forEach(n -> there.put((long) n.id(), subsystem.access(n.id()).code()));
        Map<Long, Integer> known = states(controller.anaLog().orElse(null));
        known.keySet().retainAll(there.keySet());
        if (!known.equals(there)) {
            return "the access is " + there + ", and it knows " + known;
        }
        Map<Long, Integer> heard = states(told);
        heard.keySet().retainAll(there.keySet());
        if (!heard.equals(known)) {
            return "the access is " + known + ", and it told " + heard;
        }
        return null;
    }

    static List<String> paceProblems(TestTarget target, long told, long seconds) {
        long allowed =
                PER_SECOND_MAX * (seconds + 1)
                        + PER_CONNECTING_COMMAND_MAX
                                * target.adminCommandCount(AdminOpcode.FABRICS);
        List<String> problems = new ArrayList<>();
        long logs = target.adminCommandCount(AdminOpcode.GET_LOG_PAGE);
        if (logs > allowed) {
            problems.add(logs + " log pages were read; " + allowed + " are enough");
        }
        if (told > allowed) {
            problems.add(told + " notices were told; " + allowed + " are enough");
        }
        long requests = target.adminCommandCount(AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST);
        if (requests > 3 * allowed) {
            problems.add(requests + " event requests; " + 3 * allowed + " are enough");
        }
        return problems;
    }
}

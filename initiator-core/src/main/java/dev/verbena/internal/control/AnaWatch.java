package dev.verbena.internal.control;

import dev.verbena.NvmeException;
import dev.verbena.nvme.log.AnaLog;
import dev.verbena.nvme.log.AnaState;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What one connection knows of how its controller reaches the namespaces (ANA): the last log, and
/// since when a group has been in transition. Each connection has its own, so that none can change
/// what another one knows.
///
/// Threads: any; [#read] by one at a time.
public final class AnaWatch {
    /// Who has to hear of it.
    public interface Owner {
        /// A group is reached in another way; the log is without groups when nothing is reported
        /// any more.
        void changed(AnaLog log);

        /// The log is of no use.
        void ignored(String message);

        /// The log has to be read again.
        void lookAgain();

        /// A group does not come out of its transition.
        void stuck(String message);
    }

    private static final AnaLog NONE = new AnaLog(0, List.of());

    /// A group in transition.
    ///
    /// @param changeCount of the group, another with each transition
    private record Transition(long changeCount, ControlRuntime.Handle timer) {}

    private final ControlRuntime runtime;
    private final Session session;
    private final Owner owner;
    private final Map<Long, Transition> transitions = new HashMap<>();

    /// Groups whose time is over; the next log decides.
    private final Set<Long> overdue = new HashSet<>();

    private volatile @Nullable AnaLog log;
    private boolean watching;

    public AnaWatch(ControlRuntime runtime, Session session, Owner owner) {
        this.runtime = runtime;
        this.session = session;
        this.owner = owner;
    }

    /// The last log; empty where the controller reports none that can be used.
    public Optional<AnaLog> log() {
        return Optional.ofNullable(log);
    }

    /// Whether the controller reports how it reaches its namespaces.
    public boolean isReported() {
        return session.identify().asymmetricAccessReporting();
    }

    /// Reads the log of a new connection. One that cannot be read is no reason to be without the
    /// namespaces.
    ///
    /// @return false when it has to be read again
    /// @throws IOException when the connection is lost, or the thread was interrupted
    public boolean readFirst() throws IOException {
        if (!isReported()) {
            return true;
        }
        try {
            log = readLog();
            return true;
        } catch (IOException e) {
            if (e instanceof InterruptedIOException || session.failure() != null) {
                throw e;
            }
            owner.ignored("The ANA log is not used. " + e.getMessage());
            return e instanceof NvmeException status && status.status().doNotRetry();
        }
    }

    /// Reads the log again, and tells what it says.
    public void read() throws IOException {
        if (!isReported()) {
            return;
        }
        AnaLog now;
        try {
            now = readLog();
        } catch (ImpossibleAnswerException e) {
            // It is worth nothing; the namespaces are usable without.
            owner.ignored("The ANA log is not used. " + e.getMessage());
            now = null;
        }
        AnaLog before = log;
        log = now;
        if (now != null && !now.equals(before)) {
            owner.changed(now);
        }
        follow();
    }

    private AnaLog readLog() throws IOException {
        return session.calls().anaLog(session.identify());
    }

    /// The connection is in use from now on. What has changed since the one before is told.
    ///
    /// @param before what that one knew; null for the first
    public void begin(@Nullable AnaWatch before) {
        synchronized (this) {
            watching = true;
        }
        AnaLog now = log;
        AnaLog then = before == null ? now : before.log;
        if (!states(now).equals(states(then))) {
            owner.changed(now == null ? NONE : now);
        }
        follow();
    }

    /// How each group is reached; the change counts of two connections need not have to do with
    /// each other.
    private static Map<Long, Object> states(@Nullable AnaLog log) {
        Map<Long, Object> states = new HashMap<>();
        if (log != null) {
            log.groups().forEach(g -> states.put(g.id(), List.of(g.stateCode(), g.namespaceIds())));
        }
        return states;
    }

    /// The connection is not in use any more.
    public synchronized void end() {
        watching = false;
        transitions.values().forEach(transition -> transition.timer().cancel());
        transitions.clear();
        overdue.clear();
    }

    /// Watches each group that is in transition, from when it was first seen in this one.
    private void follow() {
        Optional<Long> stuck;
        synchronized (this) {
            if (!watching) {
                return;
            }
            Map<Long, Transition> before = new HashMap<>(transitions);
            transitions.clear();
            log().stream()
                    .flatMap(now -> now.groups().stream())
                    .filter(group -> group.state() == AnaState.CHANGE)
                    .forEach(group -> {
                        Transition known = before.get(group.id());
                        if (known != null && known.changeCount() == group.changeCount()) {
                            before.remove(group.id());
                            transitions.put(group.id(), known);
                        } else {
                            begin(group);
                        }
                    });
            before.forEach((id, transition) -> {
                transition.timer().cancel();
                overdue.remove(id);
            });
            stuck = overdue.stream().findAny();
        }
        stuck.ifPresent(group ->
                owner.stuck(
                        "ANA group "
                                + group
                                + " stays in transition longer than twice the controller's"
                                + " transition time (ANATT)"));
    }

    private void begin(AnaLog.Group group) {
        // Twice the time the controller claims to need, as Linux waits.
        Duration patience = Duration.ofSeconds(2L * session.identify().anaTransitionSeconds());
        if (!patience.isZero()) {
            ControlRuntime.Handle timer =
                    runtime.schedule(patience, () -> isOver(group.id(), group.changeCount()));
            transitions.put(group.id(), new Transition(group.changeCount(), timer));
        }
    }

    /// The log may be older than the end of the transition, so it is read once more.
    private void isOver(long groupId, long changeCount) {
        synchronized (this) {
            Transition transition = transitions.get(groupId);
            if (!watching || transition == null || transition.changeCount() != changeCount) {
                return;
            }
            overdue.add(groupId);
        }
        owner.lookAgain();
    }
}

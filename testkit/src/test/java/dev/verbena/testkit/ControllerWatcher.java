package dev.verbena.testkit;

import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerListener;
import dev.verbena.ControllerState;
import dev.verbena.ControllerStatus;
import dev.verbena.nvme.log.AnaLog;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Hears what a controller says about itself, and checks that it is possible.
final class ControllerWatcher implements ControllerListener {
    private static final Map<ControllerState, Set<ControllerState>> NEXT =
            new EnumMap<>(
                    Map.of(
                            ControllerState.NEW,
                            EnumSet.of(ControllerState.CONNECTING, ControllerState.DEAD),
                            ControllerState.CONNECTING,
                            EnumSet.of(
                                    ControllerState.LIVE,
                                    ControllerState.RESETTING,
                                    ControllerState.DELETING,
                                    ControllerState.DEAD),
                            ControllerState.LIVE,
                            EnumSet.of(ControllerState.RESETTING, ControllerState.DELETING),
                            ControllerState.RESETTING,
                            EnumSet.of(
                                    ControllerState.CONNECTING,
                                    ControllerState.DELETING,
                                    ControllerState.DEAD),
                            ControllerState.DELETING,
                            EnumSet.of(ControllerState.DEAD),
                            ControllerState.DEAD,
                            EnumSet.noneOf(ControllerState.class)));

    private final SteppedScheduler scheduler;
    private final List<String> problems = new ArrayList<>();
    private ControllerStatus last;
    private int losses;
    private int namespaceChanges;
    private int notices;
    private @Nullable AnaLog access;

    ControllerWatcher(SteppedScheduler scheduler, ControllerStatus now) {
        this.scheduler = scheduler;
        this.last = now;
    }

    @Override
    public void onEvent(Controller controller, ControllerEvent event) {
        switch (event) {
            case ControllerEvent.StateChanged changed -> changed(changed.status());
            case ControllerEvent.NamespacesChanged now -> {
                namespaceChanges++;
                if (now.added().isEmpty() && now.removed().isEmpty() && now.changed().isEmpty()) {
                    problems.add("namespaces changed, and none did");
                }
            }
            case ControllerEvent.AnaChanged now -> access = now.log();
            default -> {}
        }
        switch (event) {
            case ControllerEvent.StateChanged _, ControllerEvent.CommandExpired _ -> {}
            default -> notices++;
        }
    }

    private void changed(ControllerStatus now) {
        scheduler.note("status: " + now);
        if (now.equals(last)) {
            problems.add("the status was told twice: " + now);
        }
        ControllerState before = last.state();
        if (before != now.state() && !NEXT.getOrDefault(before, Set.of()).contains(now.state())) {
            problems.add("from " + before + " to " + now.state());
        }
        if (now.since().isBefore(last.since())) {
            problems.add("time runs backwards: " + last + ", then " + now);
        }
        if (now.state() != ControllerState.CONNECTING && now.nextAttempt().isPresent()) {
            problems.add("an attempt is announced in state " + now.state());
        }
        if (now.state() == ControllerState.LIVE && now.requestsFail()) {
            problems.add("requests fail while the controller is live");
        }
        if (before == ControllerState.LIVE && now.state() == ControllerState.RESETTING) {
            losses++;
            if (now.reason().isEmpty()) {
                problems.add("the connection was lost for no reason");
            }
        }
        last = now;
    }

    ControllerStatus last() {
        return last;
    }

    /// How often a connection that stood was lost or reset.
    int lossCount() {
        return losses;
    }

    /// Calls that followed from what the controller said.
    int noticeCount() {
        return notices;
    }

    /// What was known before anything was told.
    void knows(@Nullable AnaLog log) {
        if (access == null) {
            access = log;
        }
    }

    /// How the namespaces are reached, as it was last told; null when nothing is known.
    @Nullable AnaLog access() {
        return access;
    }

    int namespaceChangeCount() {
        return namespaceChanges;
    }

    List<String> problems() {
        return problems;
    }
}

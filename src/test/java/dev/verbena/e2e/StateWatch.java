package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerListener;
import dev.verbena.ControllerState;
import dev.verbena.ControllerStatus;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/// What a controller tells about itself, and whether it tells all of it: each state that follows,
/// why it is not live, when it is tried again and when it is given up.
final class StateWatch implements AutoCloseable {
    private static final Map<ControllerState, Set<ControllerState>> NEXT =
            Map.of(
                    ControllerState.LIVE,
                            Set.of(ControllerState.RESETTING, ControllerState.DELETING),
                    ControllerState.RESETTING,
                            Set.of(
                                    ControllerState.CONNECTING,
                                    ControllerState.DEAD,
                                    ControllerState.DELETING),
                    ControllerState.CONNECTING,
                            Set.of(
                                    ControllerState.LIVE,
                                    ControllerState.RESETTING,
                                    ControllerState.DEAD,
                                    ControllerState.DELETING),
                    ControllerState.DELETING, Set.of(ControllerState.DEAD),
                    ControllerState.DEAD, Set.of());

    private final Controller controller;
    private final ControllerListener listener = this::heard;
    private final List<ControllerStatus> told = new CopyOnWriteArrayList<>();
    private final LinkedBlockingQueue<ControllerEvent> others = new LinkedBlockingQueue<>();

    StateWatch(Controller controller) {
        this.controller = controller;
        told.add(controller.status());
        controller.addListener(listener);
    }

    private void heard(Controller from, ControllerEvent event) {
        if (event instanceof ControllerEvent.StateChanged changed) {
            told.add(changed.status());
        } else {
            others.add(event);
        }
    }

    /// Events that are not about the state.
    LinkedBlockingQueue<ControllerEvent> others() {
        return others;
    }

    /// Times it was lost or reset.
    long losses() {
        return told.stream().filter(status -> status.state() == ControllerState.RESETTING).count();
    }

    List<ControllerStatus> told() {
        return List.copyOf(told);
    }

    /// Waits until the controller is not live, and says why.
    ControllerStatus awaitLoss(Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        ControllerStatus status = controller.status();
        while (status.state() == ControllerState.LIVE && System.nanoTime() < end) {
            Thread.sleep(5);
            status = controller.status();
        }
        assertThat(status.state()).as("%s", status).isNotEqualTo(ControllerState.LIVE);
        assertExplained(status);
        return status;
    }

    /// Checks one status of a controller that was live before.
    static void assertExplained(ControllerStatus status) {
        switch (status.state()) {
            case RESETTING -> {
                assertThat(status.reason()).as("why: %s", status).isPresent();
                assertThat(status.nextAttempt()).as("it is still taken down").isEmpty();
            }
            case CONNECTING -> {
                assertThat(status.reason()).as("why: %s", status).isPresent();
                assertThat(status.givesUpAt()).as("until when: %s", status).isPresent();
            }
            case LIVE -> {
                assertThat(status.nextAttempt()).isEmpty();
                assertThat(status.givesUpAt()).isEmpty();
                assertThat(status.attempts()).isZero();
                assertThat(status.requestsFail()).isFalse();
            }
            default -> {}
        }
    }

    /// Checks everything that was told: legal steps, each explained; and after each attempt that
    /// failed, when the next one comes.
    void assertExplained() throws InterruptedException {
        // The events come on a thread of their own.
        Thread.sleep(50);
        ControllerStatus before = null;
        for (ControllerStatus status : told) {
            assertExplained(status);
            if (before != null) {
                if (before.state() != status.state()) {
                    assertThat(NEXT.get(before.state()))
                            .as("%s after %s", status, before)
                            .contains(status.state());
                }
                if (status.state() == ControllerState.CONNECTING
                        && status.attempts() > before.attempts()) {
                    assertThat(status.nextAttempt()).as("after a failure: %s", status).isPresent();
                    assertThat(status.nextAttempt().get())
                            .as("the plan: %s", status)
                            .isBeforeOrEqualTo(status.givesUpAt().get().plusMillis(100));
                }
            }
            before = status;
        }
    }

    @Override
    public void close() {
        controller.removeListener(listener);
    }
}

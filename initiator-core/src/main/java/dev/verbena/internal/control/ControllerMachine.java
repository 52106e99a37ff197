package dev.verbena.internal.control;

import static dev.verbena.ControllerState.CONNECTING;
import static dev.verbena.ControllerState.DEAD;
import static dev.verbena.ControllerState.DELETING;
import static dev.verbena.ControllerState.LIVE;
import static dev.verbena.ControllerState.NEW;
import static dev.verbena.ControllerState.RESETTING;
import static dev.verbena.internal.control.MachineEvent.Kind.CLOSE;
import static dev.verbena.internal.control.MachineEvent.Kind.CONNECTED;
import static dev.verbena.internal.control.MachineEvent.Kind.CONNECT_FAILED;
import static dev.verbena.internal.control.MachineEvent.Kind.FAST_FAIL_DUE;
import static dev.verbena.internal.control.MachineEvent.Kind.LOSS_DUE;
import static dev.verbena.internal.control.MachineEvent.Kind.LOST;
import static dev.verbena.internal.control.MachineEvent.Kind.OPEN;
import static dev.verbena.internal.control.MachineEvent.Kind.RESET;
import static dev.verbena.internal.control.MachineEvent.Kind.RETRY_DUE;
import static dev.verbena.internal.control.MachineEvent.Kind.TORN_DOWN;

import dev.verbena.ConnectOptions;
import dev.verbena.ControllerState;
import dev.verbena.internal.control.MachineAction.TearDownMode;
import dev.verbena.internal.control.MachineAction.Timer;
import dev.verbena.internal.control.MachineEvent.Outlook;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// The life of a controller as a table: events in, actions out. No clock, no thread, no I/O; the
/// driver tells the time with each event and carries the actions out in order.
///
/// Two things can be under way outside, one at a time: an attempt to connect and a tear-down. Each
/// ends with exactly one event, also when it was cancelled. Losses carry the number of the
/// connection they belong to, so that news of an old one changes nothing.
///
/// Threads: one.
final class ControllerMachine {
    private enum Running {
        NOTHING,
        CONNECT,
        TEAR_DOWN
    }

    private interface Transition {
        void take(ControllerMachine machine, MachineEvent event);
    }

    private record Cell(ControllerState state, MachineEvent.Kind kind) {}

    private static final Map<Cell, Transition> TABLE = table();

    private final Backoff backoff;
    private final Duration stableAfter;
    private final Duration lossTimeout;
    private final Duration fastFailTimeout;

    private ControllerState state = NEW;
    private Running running = Running.NOTHING;
    private List<MachineAction> actions = new ArrayList<>();
    private int connection;
    private int attempts;
    private boolean everLive;
    private boolean requestsFail;
    private boolean givenUp;
    private boolean resetByUser;
    private boolean resetPending;
    private @Nullable String lostEarly;
    private @Nullable String reason;
    private long nowNanos;
    private long liveSinceNanos;
    private @Nullable Long nextAttemptNanos;
    private @Nullable Long givesUpNanos;

    /// When the target has refused for long enough; null while it does not refuse.
    private @Nullable Long believedNanos;

    ControllerMachine(ConnectOptions options, RandomGenerator random) {
        this.backoff = new Backoff(options.reconnectDelay(), random);
        this.stableAfter = options.reconnectDelay();
        this.lossTimeout = options.ctrlLossTimeout();
        this.fastFailTimeout = options.fastIoFailTimeout();
    }

    private static Map<Cell, Transition> table() {
        Map<Cell, Transition> table = new HashMap<>();
        BiFunction<ControllerState, MachineEvent.Kind, Consumer<Transition>> on =
                (state, kind) -> transition -> table.put(new Cell(state, kind), transition);

        on.apply(NEW, OPEN).accept((m, e) -> m.open());
        on.apply(NEW, CLOSE).accept((m, e) -> m.finish(null));

        on.apply(CONNECTING, CONNECTED).accept((m, e) -> m.connected());
        on.apply(CONNECTING, CONNECT_FAILED)
                .accept((m, e) -> m.connectFailed((MachineEvent.ConnectFailed) e));
        on.apply(CONNECTING, LOST).accept((m, e) -> m.lostEarly((MachineEvent.Lost) e));
        on.apply(CONNECTING, RETRY_DUE).accept((m, e) -> m.connect());
        on.apply(CONNECTING, RESET).accept((m, e) -> m.hurry());
        on.apply(CONNECTING, FAST_FAIL_DUE).accept((m, e) -> m.failRequests());
        on.apply(CONNECTING, LOSS_DUE).accept((m, e) -> m.giveUpConnecting());
        on.apply(CONNECTING, CLOSE).accept((m, e) -> m.close());

        on.apply(LIVE, LOST).accept((m, e) -> m.lost((MachineEvent.Lost) e));
        on.apply(LIVE, RESET).accept((m, e) -> m.reset());
        on.apply(LIVE, CLOSE).accept((m, e) -> m.close());

        on.apply(RESETTING, TORN_DOWN).accept((m, e) -> m.tornDown());
        on.apply(RESETTING, FAST_FAIL_DUE).accept((m, e) -> m.failRequests());
        on.apply(RESETTING, LOSS_DUE).accept((m, e) -> m.givenUp = true);
        on.apply(RESETTING, RESET).accept((m, e) -> m.resetPending = true);
        on.apply(RESETTING, CLOSE).accept((m, e) -> m.close());

        on.apply(DELETING, LOST).accept((m, e) -> m.lostAtTheEnd((MachineEvent.Lost) e));
        on.apply(DELETING, CONNECTED).accept((m, e) -> m.tearDown(TearDownMode.SHUTDOWN));
        on.apply(DELETING, CONNECT_FAILED).accept((m, e) -> m.finish(null));
        on.apply(DELETING, TORN_DOWN).accept((m, e) -> m.finish(null));
        return Map.copyOf(table);
    }

    /// Whether the table has an entry; an event without one changes nothing.
    static boolean handles(ControllerState state, MachineEvent.Kind kind) {
        return TABLE.containsKey(new Cell(state, kind));
    }

    /// Takes an event.
    ///
    /// @param now in nanoseconds, on any scale that does not run backwards
    /// @return what to do, in this order
    List<MachineAction> take(MachineEvent event, long now) {
        nowNanos = now;
        actions = new ArrayList<>();
        Transition transition = TABLE.get(new Cell(state, event.kind()));
        if (transition != null) {
            transition.take(this, event);
        }
        return List.copyOf(actions);
    }

    private void open() {
        state = CONNECTING;
        startConnect();
    }

    private void startConnect() {
        nextAttemptNanos = null;
        lostEarly = null;
        running = Running.CONNECT;
        connection++;
        actions.add(new MachineAction.Connect(connection));
    }

    /// A timer of the past may still fire when its attempt was hurried.
    private void connect() {
        if (running == Running.NOTHING) {
            startConnect();
        }
    }

    private void hurry() {
        if (running == Running.NOTHING) {
            actions.add(new MachineAction.StopTimer(Timer.RETRY));
            startConnect();
        }
    }

    /// The loss of a connection can be told before its making is.
    private void lostEarly(MachineEvent.Lost lost) {
        if (lost.connection() == connection && running == Running.CONNECT) {
            lostEarly = lost.reason();
        }
    }

    private void connected() {
        String lost = lostEarly;
        if (lost == null) {
            live();
            return;
        }
        state = RESETTING;
        reason = lost;
        attempts++;
        tearDown(TearDownMode.LOST);
    }

    private void live() {
        running = Running.NOTHING;
        state = LIVE;
        everLive = true;
        requestsFail = false;
        givenUp = false;
        resetByUser = false;
        resetPending = false;
        givesUpNanos = null;
        believedNanos = null;
        liveSinceNanos = nowNanos;
        actions.add(new MachineAction.StopTimer(Timer.FAST_FAIL));
        actions.add(new MachineAction.StopTimer(Timer.LOSS));
        actions.add(new MachineAction.Resume());
    }

    private void connectFailed(MachineEvent.ConnectFailed failed) {
        running = Running.NOTHING;
        attempts++;
        reason = failed.reason();
        refused(failed.outlook());
        if (!everLive
                || failed.outlook() == Outlook.HOPELESS
                || givenUp
                || isOver(givesUpNanos)
                || isOver(believedNanos)) {
            finish(failed.reason());
            return;
        }
        waitForRetry(failed.delayNanosMin());
    }

    /// A target that is being set up refuses what it will soon accept, so a refusal is believed
    /// only when nothing else was heard for a while.
    private void refused(Outlook outlook) {
        if (outlook != Outlook.REFUSED) {
            believedNanos = null;
        } else if (believedNanos == null) {
            believedNanos = nowNanos + ConnectOptions.REFUSAL_GRACE.toNanos();
        }
    }

    private boolean isOver(@Nullable Long moment) {
        return moment != null && moment - nowNanos <= 0;
    }

    private void waitForRetry(long delayNanosMin) {
        long delay = Math.max(backoff.delayNanos(attempts), delayNanosMin);
        Long end = givesUpNanos();
        if (end != null) {
            // The last chance comes just before it is given up, not after.
            delay = Math.max(0, Math.min(delay, end - nowNanos));
        }
        nextAttemptNanos = nowNanos + delay;
        actions.add(new MachineAction.StartTimer(Timer.RETRY, delay));
    }

    private void lost(MachineEvent.Lost lost) {
        if (lost.connection() == connection) {
            leaveLive(lost.reason(), TearDownMode.LOST);
        }
    }

    private void reset() {
        resetByUser = true;
        leaveLive("it is being reset", TearDownMode.RESET);
    }

    private void leaveLive(String why, TearDownMode mode) {
        state = RESETTING;
        reason = why;
        if (nowNanos - liveSinceNanos >= stableAfter.toNanos()) {
            // A connection that breaks as soon as it stands must not be made again and again
            // without a pause.
            attempts = 0;
        }
        actions.add(new MachineAction.Suspend(why));
        if (!fastFailTimeout.isNegative()) {
            actions.add(new MachineAction.StartTimer(Timer.FAST_FAIL, fastFailTimeout.toNanos()));
        }
        if (!lossTimeout.isNegative()) {
            givesUpNanos = nowNanos + lossTimeout.toNanos();
            actions.add(new MachineAction.StartTimer(Timer.LOSS, lossTimeout.toNanos()));
        }
        tearDown(mode);
    }

    private void tearDown(TearDownMode mode) {
        running = Running.TEAR_DOWN;
        actions.add(new MachineAction.TearDown(mode));
    }

    private void tornDown() {
        running = Running.NOTHING;
        state = CONNECTING;
        if (resetByUser || resetPending) {
            // Asked for: at once, and once whatever the time-outs say.
            startConnect();
        } else if (!everLive || givenUp || isOver(givesUpNanos)) {
            finish(reason);
        } else {
            waitForRetry(0);
        }
        resetByUser = false;
        resetPending = false;
    }

    private void failRequests() {
        requestsFail = true;
        actions.add(new MachineAction.FailRequests("The controller is not connected: " + reason));
    }

    private void giveUpConnecting() {
        givenUp = true;
        if (running == Running.CONNECT) {
            // What it is about to reach may still save it.
            actions.add(new MachineAction.CancelConnect());
        } else {
            finish(reason);
        }
    }

    private void close() {
        boolean wasLive = state == LIVE;
        boolean idle = running == Running.NOTHING && !wasLive;
        state = DELETING;
        nextAttemptNanos = null;
        givesUpNanos = null;
        believedNanos = null;
        stopTimers();
        if (wasLive) {
            tearDown(TearDownMode.SHUTDOWN);
        } else if (idle) {
            finish(null);
        } else {
            requestsFail = true;
            actions.add(new MachineAction.FailRequests("The controller is closed"));
            if (running == Running.CONNECT) {
                actions.add(new MachineAction.CancelConnect());
            }
        }
    }

    /// What is still under way has nothing to wait for.
    private void lostAtTheEnd(MachineEvent.Lost lost) {
        if (lost.connection() == connection && running == Running.TEAR_DOWN) {
            requestsFail = true;
            actions.add(
                    new MachineAction.FailRequests(
                            "The controller is closed, and its connection was lost: "
                                    + lost.reason()));
        }
    }

    private void stopTimers() {
        for (Timer timer : Timer.values()) {
            actions.add(new MachineAction.StopTimer(timer));
        }
    }

    private void finish(@Nullable String why) {
        running = Running.NOTHING;
        state = DEAD;
        requestsFail = true;
        nextAttemptNanos = null;
        givesUpNanos = null;
        believedNanos = null;
        stopTimers();
        actions.add(
                new MachineAction.FailRequests(
                        why == null
                                ? "The controller is closed"
                                : "The controller is given up: " + why));
        actions.add(new MachineAction.Finish(why));
    }

    ControllerState state() {
        return state;
    }

    /// Number of the current connection, or of the attempt that is to make it.
    int connection() {
        return connection;
    }

    /// Attempts that failed since the controller was live for a while; 0 while it is live.
    int attempts() {
        return state == LIVE ? 0 : attempts;
    }

    boolean requestsFail() {
        return requestsFail;
    }

    /// Why it is not live, or was not the last time.
    @Nullable String reason() {
        return reason;
    }

    @Nullable Long nextAttemptNanos() {
        return nextAttemptNanos;
    }

    /// The time-out, or the end of the target's grace where that is earlier.
    @Nullable Long givesUpNanos() {
        if (givesUpNanos == null || believedNanos == null) {
            return givesUpNanos == null ? believedNanos : givesUpNanos;
        }
        return givesUpNanos - believedNanos < 0 ? givesUpNanos : believedNanos;
    }
}

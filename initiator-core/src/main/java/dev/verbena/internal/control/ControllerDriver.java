package dev.verbena.internal.control;

import dev.verbena.AuthenticationFailedException;
import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectOptions;
import dev.verbena.ConnectStatusException;
import dev.verbena.ConnectionLostException;
import dev.verbena.ControllerState;
import dev.verbena.ControllerStatus;
import dev.verbena.NvmeException;
import dev.verbena.internal.control.MachineAction.TearDownMode;
import dev.verbena.internal.control.MachineAction.Timer;
import dev.verbena.internal.control.MachineEvent.Outlook;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Runs a [ControllerMachine]: tells it what happened and the time, and has its actions carried out
/// by the owner.
///
/// Threads: the public methods from any thread; the machine runs on the control thread only.
///
/// @param <S> a connection as the owner knows it
public final class ControllerDriver<S> {
    /// Carries out the actions.
    public interface Owner<S> {
        /// Makes a connection; on a thread of its own, which is interrupted to hurry.
        ///
        /// @param connection for [ControllerDriver#lost]
        S connect(int connection) throws IOException;

        /// Takes a connection down, whatever state it is in; on a thread of its own. Bounded.
        void tearDown(S session, boolean askReset, boolean askShutdown);

        /// The connection is of no use any more; on the control thread, quick.
        void suspend(S session, String reason);

        /// The connection stands; on the control thread, quick.
        void resume(S session);

        /// Requests that wait are to fail; on the control thread, quick.
        void failRequests(String reason);

        /// Releases what is left; on a thread of its own.
        void finish(@Nullable String reason);

        /// The status has changed; on the control thread, quick.
        void changed(ControllerStatus status);

        /// How long an error asks to wait (CRD), in nanoseconds.
        default long retryDelayNanos(IOException e) {
            return 0;
        }
    }

    private final String name;
    private final ControlRuntime runtime;
    private final Owner<S> owner;
    private final ControllerMachine machine;
    private final Map<Timer, ControlRuntime.Handle> timers = new EnumMap<>(Timer.class);
    private final CompletableFuture<S> opened = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Void> released = new CompletableFuture<>();
    private CompletableFuture<Void> live = new CompletableFuture<>();
    private ControlRuntime.@Nullable Handle attempt;
    private @Nullable S session;
    private @Nullable IOException lastError;
    private @Nullable Long nextAttemptNanos;
    private Optional<Instant> nextAttempt = Optional.empty();
    private @Nullable Long givesUpNanos;
    private Optional<Instant> givesUpAt = Optional.empty();
    private volatile ControllerStatus status;

    /// @param name for threads
    public ControllerDriver(
            String name, ConnectOptions options, ControlRuntime runtime, Owner<S> owner) {
        this.name = name;
        this.runtime = runtime;
        this.owner = owner;
        this.machine = new ControllerMachine(options, runtime.random());
        this.status = snapshot(runtime.wallTime());
    }

    /// Starts to connect.
    ///
    /// @return completes when the first attempt has ended, on the control thread
    public CompletableFuture<S> open() {
        send(new MachineEvent.Plain(MachineEvent.Kind.OPEN));
        return opened;
    }

    /// A connection broke.
    public void lost(int connection, String reason) {
        send(new MachineEvent.Lost(connection, reason));
    }

    /// Takes the connection down and makes it again; while it is being waited for another attempt,
    /// that attempt is made at once.
    ///
    /// @return completes when the controller is live again, exceptionally when it is given up or
    ///   closed; on the control thread
    public CompletableFuture<Void> reset() {
        if (ended.isDone()) {
            return ended;
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        runtime.post(() -> {
            take(new MachineEvent.Plain(MachineEvent.Kind.RESET));
            follow(done);
        });
        return done;
    }

    /// Starts to close.
    ///
    /// @return completes when everything is released
    public CompletableFuture<@Nullable Void> close() {
        send(new MachineEvent.Plain(MachineEvent.Kind.CLOSE));
        return released;
    }

    /// Completes when the controller is live, at once when it is; exceptionally when it is given up
    /// or closed first.
    public CompletableFuture<Void> live() {
        if (ended.isDone()) {
            return ended;
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        runtime.post(() -> follow(done));
        return done;
    }

    private void follow(CompletableFuture<Void> done) {
        var _ =
                live.whenComplete((nothing, e) -> {
                    if (e == null) {
                        done.complete(null);
                    } else {
                        done.completeExceptionally(e);
                    }
                });
    }

    /// Completes exceptionally when the controller is dead.
    public CompletableFuture<Void> ended() {
        return ended;
    }

    public ControllerStatus status() {
        return status;
    }

    private void send(MachineEvent event) {
        runtime.post(() -> take(event));
    }

    private void take(MachineEvent event) {
        ControllerState before = machine.state();
        List<MachineAction> actions = machine.take(event, runtime.nanoTime());
        ControllerStatus now =
                snapshot(before == machine.state() ? status.since() : runtime.wallTime());
        boolean changed = !now.equals(status);
        // Before the actions: whoever they wake must not see the past.
        status = now;
        if (before == ControllerState.LIVE && now.state() != ControllerState.LIVE) {
            live = new CompletableFuture<>();
        }
        actions.forEach(this::carryOut);
        if (before != ControllerState.LIVE && now.state() == ControllerState.LIVE) {
            live.complete(null);
        }
        if (changed) {
            owner.changed(now);
        }
    }

    private ControllerStatus snapshot(Instant since) {
        // A moment is turned into wall time once: the clocks drift, and equal must stay equal.
        if (!Objects.equals(nextAttemptNanos, machine.nextAttemptNanos())) {
            nextAttemptNanos = machine.nextAttemptNanos();
            nextAttempt = instant(nextAttemptNanos);
        }
        if (!Objects.equals(givesUpNanos, machine.givesUpNanos())) {
            givesUpNanos = machine.givesUpNanos();
            givesUpAt = instant(givesUpNanos);
        }
        return new ControllerStatus(
                machine.state(),
                since,
                Optional.ofNullable(machine.reason()),
                machine.attempts(),
                nextAttempt,
                givesUpAt,
                machine.requestsFail());
    }

    private Optional<Instant> instant(@Nullable Long nanos) {
        return nanos == null
                ? Optional.empty()
                : Optional.of(runtime.wallTime().plusNanos(nanos - runtime.nanoTime()));
    }

    private void carryOut(MachineAction action) {
        switch (action) {
            case MachineAction.Connect connect -> startAttempt(connect.connection());
            case MachineAction.CancelConnect _ -> {
                if (attempt != null) {
                    attempt.cancel();
                }
            }
            case MachineAction.Suspend suspend -> {
                if (session != null) {
                    owner.suspend(session, suspend.reason());
                }
            }
            case MachineAction.TearDown tearDown -> startTearDown(tearDown.mode());
            case MachineAction.Resume _ -> {
                if (session != null) {
                    owner.resume(session);
                    opened.complete(session);
                }
            }
            case MachineAction.FailRequests fail -> owner.failRequests(fail.reason());
            case MachineAction.StartTimer start -> startTimer(start.timer(), start.delayNanos());
            case MachineAction.StopTimer stop -> stopTimer(stop.timer());
            case MachineAction.Finish finish -> finish(finish.reason());
        }
    }

    private void startTimer(Timer timer, long delayNanos) {
        stopTimer(timer);
        timers.put(
                timer,
                runtime.schedule(
                        Duration.ofNanos(delayNanos),
                        () -> {
                            timers.remove(timer);
                            take(timer.due());
                        }));
    }

    private void stopTimer(Timer timer) {
        ControlRuntime.Handle handle = timers.remove(timer);
        if (handle != null) {
            handle.cancel();
        }
    }

    private void startAttempt(int connection) {
        attempt =
                runtime.start(
                        "connect-" + name,
                        () -> {
                            try {
                                S made = owner.connect(connection);
                                runtime.post(() -> connected(made));
                            } catch (IOException e) {
                                runtime.post(() -> connectFailed(e));
                            } catch (Throwable e) {
                                // Errors too: without an event the controller would wait for ever.
                                IOException wrapped = new IOException("An internal error: " + e, e);
                                runtime.post(() -> connectFailed(wrapped));
                            }
                        });
    }

    private void connected(S made) {
        attempt = null;
        lastError = null;
        session = made;
        take(new MachineEvent.Plain(MachineEvent.Kind.CONNECTED));
    }

    private void connectFailed(IOException e) {
        attempt = null;
        lastError = e;
        take(new MachineEvent.ConnectFailed(message(e), outlook(e), owner.retryDelayNanos(e)));
    }

    private static String message(IOException e) {
        String message = e.getMessage();
        return message == null ? e.toString() : message;
    }

    /// Whether another attempt may succeed.
    static Outlook outlook(IOException e) {
        return switch (e) {
            case ConnectFailedException failed when failed.retryable() -> Outlook.OPEN;
            case ConnectStatusException _, AuthenticationFailedException _ -> Outlook.REFUSED;
            case ConnectFailedException _ -> Outlook.HOPELESS;
            case NvmeException status when status.status().doNotRetry() -> Outlook.REFUSED;
            default -> Outlook.OPEN;
        };
    }

    private void startTearDown(TearDownMode mode) {
        S down = session;
        session = null;
        if (down == null) {
            send(new MachineEvent.Plain(MachineEvent.Kind.TORN_DOWN));
            return;
        }
        runtime.start(
                "teardown-" + name,
                () -> {
                    try {
                        owner.tearDown(
                                down, mode == TearDownMode.RESET, mode == TearDownMode.SHUTDOWN);
                    } finally {
                        send(new MachineEvent.Plain(MachineEvent.Kind.TORN_DOWN));
                    }
                });
    }

    private void finish(@Nullable String reason) {
        IOException why =
                lastError != null && reason != null
                        ? lastError
                        : new ConnectionLostException(
                                reason == null ? "The controller is closed" : reason);
        runtime.start(
                "finish-" + name,
                () -> {
                    try {
                        owner.finish(reason);
                    } finally {
                        released.complete(null);
                        opened.completeExceptionally(why);
                        ended.completeExceptionally(why);
                        runtime.post(() -> live.completeExceptionally(why));
                    }
                });
    }
}

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
import java.io.InterruptedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
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

    /// How often a step that must not be left out is tried on a thread of its own, and the wait in
    /// between: 2 s together.
    private static final int THREAD_RETRIES_MAX = 20;

    private static final Duration THREAD_RETRY = Duration.ofMillis(100);

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    private final String name;
    private final ControlRuntime runtime;
    private final Owner<S> owner;
    private final ControllerMachine machine;
    private final Map<Timer, ControlRuntime.Handle> timers = new EnumMap<>(Timer.class);
    private final CompletableFuture<S> opened = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final CompletableFuture<@Nullable Void> released = new CompletableFuture<>();

    /// Those that wait for the controller to be live: the end completes them directly, because a
    /// post may come too late for the runtime.
    private final Map<Object, CompletableFuture<Void>> waiting = new ConcurrentHashMap<>();

    /// Those of them that the next time it is live completes; on the control thread only.
    private final List<CompletableFuture<Void>> followers = new ArrayList<>();

    private ControlRuntime.@Nullable Handle attempt;
    private @Nullable S session;
    private @Nullable IOException lastError;

    /// Whether the attempt under way was told to end.
    private boolean cutShort;

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
        return following(() -> take(new MachineEvent.Plain(MachineEvent.Kind.RESET)));
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
        return following(() -> {});
    }

    /// @param before what to do on the control thread first
    /// @return completes when the controller is live after that, or has ended; cancelling it means
    ///   that nobody waits any more
    private CompletableFuture<Void> following(Runnable before) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Object key = new Object();
        waiting.put(key, done);
        var _ = done.whenComplete((nothing, e) -> waiting.remove(key));
        if (ended.isDone()) {
            // The end may have looked at those that wait already.
            var _ = ended.whenComplete((nothing, e) -> done.completeExceptionally(e));
        } else {
            runtime.post(() -> {
                before.run();
                follow(done);
            });
        }
        return done;
    }

    private void follow(CompletableFuture<Void> done) {
        followers.removeIf(CompletableFuture::isDone);
        if (machine.state() == ControllerState.LIVE) {
            done.complete(null);
        } else {
            followers.add(done);
        }
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
        actions.forEach(this::tryCarryOut);
        if (before != ControllerState.LIVE && now.state() == ControllerState.LIVE) {
            followers.forEach(done -> done.complete(null));
            followers.clear();
        }
        if (changed) {
            owner.changed(now);
        }
    }

    /// One action that fails must not take those after it along: they end the controller.
    private void tryCarryOut(MachineAction action) {
        try {
            carryOut(action);
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "A step of the controller at " + name + " failed: " + action, e);
            if (action instanceof MachineAction.Resume) {
                lost(machine.connection(), "it could not be used: " + e);
            }
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
                    cutShort = true;
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
        cutShort = false;
        try {
            attempt = runtime.start("connect-" + name, () -> attempt(connection));
        } catch (Throwable e) {
            // Another attempt may find a thread.
            IOException why =
                    new IOException(
                            "No thread could be started to connect ("
                                    + e.getMessage()
                                    + "); see the limits on processes of the user and the container",
                            e);
            runtime.post(() -> connectFailed(why));
        }
    }

    private void attempt(int connection) {
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
    }

    /// Runs a step that must not be left out: where no thread can be had, also later, it runs on
    /// the control thread, which its bounded time holds up.
    private void startSurely(String what, Runnable step, int retries) {
        try {
            runtime.start(what, step);
        } catch (Throwable e) {
            if (retries == THREAD_RETRIES_MAX) {
                LOG.log(Level.WARNING, "No thread could be started for " + what, e);
            }
            if (retries == 0) {
                step.run();
            } else {
                runtime.schedule(THREAD_RETRY, () -> startSurely(what, step, retries - 1));
            }
        }
    }

    private void connected(S made) {
        attempt = null;
        lastError = null;
        session = made;
        take(new MachineEvent.Plain(MachineEvent.Kind.CONNECTED));
    }

    private void connectFailed(IOException e) {
        attempt = null;
        IOException before = lastError;
        // An attempt that was interrupted knows less than the one before it.
        IOException why =
                cutShort && before != null && e instanceof InterruptedIOException ? before : e;
        lastError = why;
        take(
                new MachineEvent.ConnectFailed(
                        message(why), outlook(why), owner.retryDelayNanos(why)));
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
        startSurely(
                "teardown-" + name,
                () -> {
                    try {
                        owner.tearDown(
                                down, mode == TearDownMode.RESET, mode == TearDownMode.SHUTDOWN);
                    } finally {
                        send(new MachineEvent.Plain(MachineEvent.Kind.TORN_DOWN));
                    }
                },
                THREAD_RETRIES_MAX);
    }

    private void finish(@Nullable String reason) {
        IOException why =
                lastError != null && reason != null
                        ? lastError
                        : new ConnectionLostException(
                                reason == null ? "The controller is closed" : reason);
        startSurely(
                "finish-" + name,
                () -> {
                    try {
                        owner.finish(reason);
                    } finally {
                        over(why);
                    }
                },
                THREAD_RETRIES_MAX);
    }

    /// Tells everybody who waits, and at last those that may end the runtime then.
    private void over(IOException why) {
        opened.completeExceptionally(why);
        ended.completeExceptionally(why);
        List.copyOf(waiting.values()).forEach(done -> done.completeExceptionally(why));
        released.complete(null);
    }
}

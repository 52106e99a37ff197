package dev.verbena.internal.control;

import dev.verbena.ConnectOptions;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/// The time in which namespaces may still come back after a reconnect: many targets accept
/// connections to a subsystem before all of its namespaces are configured. Also the time in which a
/// controller that announced a change may still tell what has changed.
///
/// Looks for them every second: a controller need not announce what it adds.
///
/// Threads: [#begin] any; the looks are on a thread of their own.
public final class NamespaceGrace {
    /// How long a namespace is waited for, at most.
    public static final Duration GRACE_MAX = Duration.ofSeconds(30);

    /// Time between two looks.
    public static final Duration LOOK_DELAY = Duration.ofSeconds(1);

    private static final System.Logger LOG = System.getLogger("dev.verbena.control");

    /// What is waited for.
    public interface Owner {
        /// Whether nothing is waited for any more on this connection; quick.
        boolean isOver(Session session);

        /// Reads the namespaces again.
        void look(Session session) throws IOException;

        /// Some have not come back.
        ///
        /// @param forGood whether they are not waited for any longer; else requests fail meanwhile
        void stillAway(boolean forGood);
    }

    private final ControlRuntime runtime;
    private final Owner owner;
    private final Duration grace;

    /// After this time requests fail; negative for never.
    private final Duration failAfter;

    /// Number of the last beginning: it ends what began before.
    private final AtomicInteger begun = new AtomicInteger();

    public NamespaceGrace(ConnectOptions options, ControlRuntime runtime, Owner owner) {
        this.runtime = runtime;
        this.owner = owner;
        Duration lossTimeout = options.ctrlLossTimeout();
        boolean less = !lossTimeout.isNegative() && lossTimeout.compareTo(GRACE_MAX) < 0;
        this.grace = less ? lossTimeout : GRACE_MAX;
        this.failAfter = options.fastIoFailTimeout();
    }

    /// Whether there is any such time.
    public boolean isOffered() {
        return !grace.isZero();
    }

    /// A connection stands, or there is something new to wait for. Quick.
    public void begin(Session session) {
        if (!owner.isOver(session)) {
            schedule(session, runtime.nanoTime(), begun.incrementAndGet(), Duration.ZERO);
        }
    }

    private void schedule(Session session, long began, int number, Duration delay) {
        runtime.schedule(
                delay,
                () -> {
                    if (number == begun.get() && !owner.isOver(session)) {
                        startLook(session, began, number);
                    }
                });
    }

    private void startLook(Session session, long began, int number) {
        try {
            runtime.start("namespaces", () -> look(session, began, number));
        } catch (RuntimeException | Error e) {
            // Out of threads, for the moment.
            schedule(session, began, number, LOOK_DELAY);
        }
    }

    private void look(Session session, long began, int number) {
        try {
            owner.look(session);
        } catch (Throwable e) {
            // Errors too: the end of the wait has to come whatever a look runs into.
            LOG.log(Level.DEBUG, "Absent namespaces were not looked for", e);
        }
        if (number != begun.get() || owner.isOver(session)) {
            return;
        }
        Duration waited = Duration.ofNanos(runtime.nanoTime() - began);
        boolean forGood = waited.compareTo(grace) >= 0;
        if (forGood || (!failAfter.isNegative() && waited.compareTo(failAfter) >= 0)) {
            owner.stillAway(forGood);
        }
        if (!forGood) {
            runtime.post(() -> schedule(session, began, number, LOOK_DELAY));
        }
    }
}

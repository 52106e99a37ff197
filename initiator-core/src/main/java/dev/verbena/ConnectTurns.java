package dev.verbena;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Lets a few attempts to connect go on at a time; the others wait for their turn, first come first
/// served.
///
/// Threads: any.
final class ConnectTurns {
    /// An attempt and its result; the caller of [#take] is told nothing by exceptions.
    private record Waiting(CompletableFuture<?> result, Runnable attempt) {
        /// @return false when the attempt could not even be started, and has no [#give] to come
        boolean start() {
            try {
                attempt.run();
                return true;
            } catch (Throwable e) {
                result.completeExceptionally(
                        new IOException(
                                "No thread could be started to connect ("
                                        + e.getMessage()
                                        + "); see the limits on processes of the user and the"
                                        + " container",
                                e));
                return false;
            }
        }
    }

    private final int most;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private int running;
    private boolean closed;

    /// @param most attempts at the same time
    ConnectTurns(int most) {
        this.most = most;
    }

    /// Starts an attempt, now or when it is its turn; not at all when its result is known by then.
    ///
    /// @param result completed exceptionally when there will be no turn
    /// @param attempt quick; its end is told by [#give]
    void take(CompletableFuture<?> result, Runnable attempt) {
        Waiting mine = new Waiting(result, attempt);
        boolean now;
        boolean never;
        synchronized (this) {
            never = closed;
            now = !closed && running < most;
            if (now) {
                running++;
            } else if (!never) {
                waiting.add(mine);
            }
        }
        if (never) {
            result.completeExceptionally(closed());
        } else if (now && !mine.start()) {
            give();
        }
    }

    /// An attempt has ended: the next one has its turn.
    void give() {
        Waiting next = next();
        while (next != null && !next.start()) {
            next = next();
        }
    }

    private synchronized @Nullable Waiting next() {
        Waiting next = waiting.poll();
        while (next != null && next.result().isDone()) {
            next = waiting.poll();
        }
        if (next == null) {
            running--;
        }
        return next;
    }

    /// Those that wait have no turn any more.
    void close() {
        List<Waiting> left;
        synchronized (this) {
            closed = true;
            left = new ArrayList<>(waiting);
            waiting.clear();
        }
        left.forEach(one -> one.result().completeExceptionally(closed()));
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("The initiator is closed");
    }
}

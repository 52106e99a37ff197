package dev.verbena;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Lets a few attempts to connect go on at a time; the others wait for their turn, first come first
/// served.
///
/// Threads: any.
final class ConnectTurns {
    private record Waiting(CompletableFuture<?> result, Runnable attempt) {}

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
        boolean now;
        boolean never;
        synchronized (this) {
            never = closed;
            now = !closed && running < most;
            if (now) {
                running++;
            } else if (!never) {
                waiting.add(new Waiting(result, attempt));
            }
        }
        if (never) {
            result.completeExceptionally(closed());
        } else if (now) {
            attempt.run();
        }
    }

    /// An attempt has ended: the next one has its turn.
    void give() {
        Waiting next;
        synchronized (this) {
            next = waiting.poll();
            while (next != null && next.result().isDone()) {
                next = waiting.poll();
            }
            if (next == null) {
                running--;
            }
        }
        if (next != null) {
            next.attempt().run();
        }
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

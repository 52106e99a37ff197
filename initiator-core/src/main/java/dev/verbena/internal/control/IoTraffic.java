package dev.verbena.internal.control;

import dev.verbena.internal.engine.CommandQueue;
import java.util.ArrayList;
import java.util.List;

/// Whether I/O commands prove that the controller still sees this host, which spares a Keep Alive
/// command where it counts any traffic (CTRATT.TBKAS).
///
/// Found out by comparing two counters that the queues have anyway. Of what completes between two
/// looks, at most as many commands as were under way at the first were sent before it; what goes
/// beyond was sent after it, and only that is a proof.
///
/// Threads: any.
final class IoTraffic {
    private static final class Watched {
        private final CommandQueue queue;
        private long completed;
        private long running;

        Watched(CommandQueue queue) {
            this.queue = queue;
            look();
        }

        boolean look() {
            // In this order: what is under way may be counted too high, never too low.
            long now = queue.completedCount();
            long submitted = queue.submittedCount();
            boolean proven = now - completed > running;
            completed = now;
            running = submitted - now;
            return proven;
        }

        boolean isOver() {
            return queue.failure() != null;
        }
    }

    private final List<Watched> queues = new ArrayList<>();

    /// Watches a queue until it ends.
    synchronized void opened(CommandQueue queue) {
        queues.removeIf(Watched::isOver);
        queues.add(new Watched(queue));
    }

    /// Whether a command that was sent after the last look has been answered. This is a look.
    synchronized boolean look() {
        queues.removeIf(Watched::isOver);
        boolean proven = false;
        for (Watched watched : queues) {
            proven |= watched.look();
        }
        return proven;
    }
}

package dev.verbena.cli.perf;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/// Runs tasks on the calling thread; those that a task hands in while it runs come after it, so
/// that a chain of I/Os that are done at once does not become a stack of calls.
final class Trampoline implements Executor {
    private static final class Pending {
        private final Queue<Runnable> tasks = new ArrayDeque<>();
        private boolean running;
    }

    private final ThreadLocal<Pending> pending = ThreadLocal.withInitial(Pending::new);

    @Override
    public void execute(Runnable task) {
        Pending here = pending.get();
        if (here.running) {
            here.tasks.add(task);
            return;
        }
        here.running = true;
        try {
            for (Runnable next = task; next != null; next = here.tasks.poll()) {
                next.run();
            }
        } finally {
            here.running = false;
        }
    }
}

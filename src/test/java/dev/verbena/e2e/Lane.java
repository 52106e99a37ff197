package dev.verbena.e2e;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A thread that reads and writes blocks of its own until it is told to stop, and knows what they
/// have to hold.
abstract class Lane {
    private final Thread thread;
    private volatile boolean stopping;
    private final AtomicLong operations = new AtomicLong();
    private volatile @Nullable Throwable failure;

    Lane(String name) {
        thread = Thread.ofPlatform().name(name).daemon().unstarted(this::guarded);
    }

    private void guarded() {
        try {
            run();
        } catch (Throwable e) {
            failure = e;
        }
    }

    /// Reads and writes until [#stopping], then ends what is under way.
    abstract void run() throws Exception;

    /// What the blocks of namespace 1 have to hold once the lane has ended.
    abstract List<ExpectedBlocks> expected();

    final void start() {
        thread.start();
    }

    final boolean stopping() {
        return stopping;
    }

    final void ended() {
        operations.incrementAndGet();
    }

    /// Operations that have ended, well or not.
    final long operations() {
        return operations.get();
    }

    final void stop() {
        stopping = true;
    }

    final void join(long millis) throws InterruptedException {
        thread.join(millis);
        if (thread.isAlive()) {
            StringBuilder trace = new StringBuilder();
            for (StackTraceElement element : thread.getStackTrace()) {
                trace.append("\n    ").append(element);
            }
            throw new AssertionError(thread.getName() + " does not end" + trace);
        }
        check();
    }

    /// Throws what has gone wrong so far.
    final void check() {
        Throwable wrong = failure;
        if (wrong != null) {
            throw new AssertionError(thread.getName() + " failed", wrong);
        }
    }
}

package dev.verbena.cli.perf;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Whether the streams of a run go on. Any thread.
final class RunState {
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final CountDownLatch abandoned = new CountDownLatch(1);
    private volatile boolean over;

    /// The time is over: no more I/O is measured; what was written may still be read back.
    void end() {
        over = true;
    }

    /// Nothing is started any more.
    void abandon() {
        over = true;
        abandoned.countDown();
    }

    void fail(Throwable why) {
        failure.compareAndSet(null, why);
        abandon();
    }

    boolean isOver() {
        return over;
    }

    boolean isAbandoned() {
        return abandoned.getCount() == 0;
    }

    /// Waits until the run is abandoned.
    ///
    /// @return whether it is
    boolean awaitAbandoned(long nanos) throws InterruptedException {
        return abandoned.await(Math.max(0, nanos), TimeUnit.NANOSECONDS);
    }

    void rethrow() throws IOException {
        Throwable why = failure.get();
        switch (why) {
            case null -> {}
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IOException(why.toString(), why);
        }
    }
}

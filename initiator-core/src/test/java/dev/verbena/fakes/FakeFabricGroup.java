package dev.verbena.fakes;

import dev.verbena.internal.fabric.FabricGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A group of queue pairs in memory.
public final class FakeFabricGroup implements FabricGroup {
    private final List<FakeFabricQueue> queues = new ArrayList<>();
    private boolean woken;
    private boolean closed;
    private int blockCalls;
    private boolean delivering;
    private @Nullable Throwable pollFailure;

    synchronized void add(FakeFabricQueue queue) {
        if (closed) {
            throw new AssertionError("A queue joins a group that is closed");
        }
        queues.add(queue);
        queue.join(this);
    }

    private synchronized List<FakeFabricQueue> open() {
        queues.removeIf(FakeFabricQueue::isClosed);
        return List.copyOf(queues);
    }

    /// Times the owner slept.
    public synchronized int blockCalls() {
        return blockCalls;
    }

    public synchronized boolean isClosed() {
        return closed;
    }

    /// Lets polling throw, as a broken completion queue does.
    public synchronized void failPoll(@Nullable Throwable e) {
        pollFailure = e;
    }

    private synchronized void requireWorking() {
        switch (pollFailure) {
            case null -> {}
            case Error error -> throw error;
            case RuntimeException e -> throw e;
            default -> throw new AssertionError(pollFailure);
        }
    }

    /// As one on a device: whoever polls, for one queue or for the group, takes the completions of
    /// all queues.
    @Override
    public int poll() {
        requireWorking();
        if (delivering) {
            throw new IllegalStateException("Events of the group are being delivered");
        }
        delivering = true;
        try {
            int count = 0;
            for (FakeFabricQueue queue : open()) {
                count += queue.pollForGroup();
            }
            return count;
        } finally {
            delivering = false;
        }
    }

    @Override
    public boolean hasCompletions() {
        requireWorking();
        return open().stream().anyMatch(FakeFabricQueue::hasCompletions);
    }

    @Override
    public void arm() {}

    @Override
    public synchronized void block(long timeoutNanos) {
        blockCalls++;
        long end = System.nanoTime() + timeoutNanos;
        while (!woken && end - System.nanoTime() > 0) {
            try {
                TimeUnit.NANOSECONDS.timedWait(this, end - System.nanoTime());
            } catch (InterruptedException e) {
                // The native wait is not interruptible either.
            }
        }
        woken = false;
    }

    @Override
    public synchronized void wakeUp() {
        woken = true;
        notifyAll();
    }

    @Override
    public int queueCount() {
        return open().size();
    }

    @Override
    public synchronized void close() {
        if (!open().isEmpty()) {
            throw new IllegalStateException("Queues belong to the group");
        }
        closed = true;
    }
}

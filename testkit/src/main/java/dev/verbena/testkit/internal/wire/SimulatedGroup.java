package dev.verbena.testkit.internal.wire;

import dev.verbena.internal.fabric.FabricEvents;
import dev.verbena.internal.fabric.FabricGroup;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// A completion queue with its channel, for one queue pair or for several.
///
/// [#arm] announces only what comes after it, as on a card.
///
/// Threads: as [FabricGroup]; the scheduler's thread completes.
final class SimulatedGroup implements FabricGroup {
    /// Events reported by one poll.
    static final int BATCH = 32;

    /// What a completion tells.
    interface Event {
        void deliver(FabricEvents events);
    }

    private record Completion(SimulatedQueue queue, Event event) {}

    private final Scheduler scheduler;
    private final Deque<Completion> completions = new ArrayDeque<>();
    private int queueCount;
    private boolean armed;
    private boolean notified;
    private boolean delivering;

    SimulatedGroup(Scheduler scheduler) {
        this.scheduler = scheduler;
    }

    synchronized void attach() {
        queueCount++;
    }

    /// A queue pair is destroyed, and what it had completed forgotten.
    synchronized void detach(SimulatedQueue queue) {
        queueCount--;
        completions.removeIf(completion -> completion.queue().equals(queue));
    }

    synchronized void complete(SimulatedQueue queue, Event event) {
        completions.add(new Completion(queue, event));
        if (armed) {
            armed = false;
            notified = true;
        }
        scheduler.changed(this);
    }

    @Override
    public int poll() {
        if (delivering) {
            throw new IllegalStateException("Events of the group are being delivered");
        }
        List<Completion> batch = new ArrayList<>();
        synchronized (this) {
            while (batch.size() < BATCH && !completions.isEmpty()) {
                batch.add(completions.remove());
            }
        }
        delivering = true;
        try {
            batch.forEach(completion -> completion.queue().deliver(completion.event()));
        } finally {
            delivering = false;
        }
        return batch.size();
    }

    @Override
    public synchronized boolean hasCompletions() {
        return !completions.isEmpty();
    }

    @Override
    public synchronized void arm() {
        armed = true;
    }

    @Override
    public void block(long timeoutNanos) {
        scheduler.await(this, this::isNotified, timeoutNanos);
        synchronized (this) {
            notified = false;
        }
    }

    private synchronized boolean isNotified() {
        return notified;
    }

    @Override
    public synchronized void wakeUp() {
        notified = true;
        scheduler.changed(this);
    }

    @Override
    public synchronized int queueCount() {
        return queueCount;
    }

    @Override
    public synchronized void close() {
        if (queueCount > 0) {
            throw new IllegalStateException(queueCount + " queues belong to the group");
        }
    }
}

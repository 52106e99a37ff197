package dev.verbena.testkit.internal.wire;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.function.BooleanSupplier;

/// Virtual time and a seed: the order of events is a function of the seed and of what the caller
/// does.
///
/// Threads: one, the test's. Nothing happens unless it steps or waits.
public final class SteppedScheduler implements Scheduler {
    /// Lines of the trace that are kept for people; the digest covers all.
    private static final int TRACE_LINES_MAX = 400;

    private record Event(long time, long order, String what, Runnable action) {}

    private final PriorityQueue<Event> events =
            new PriorityQueue<>(
                    Comparator.comparingLong(Event::time).thenComparingLong(Event::order));
    private final Random random;
    private final Deque<String> trace = new ArrayDeque<>();
    private long digest = 1;
    private long now;
    private long order;
    private boolean running;

    public SteppedScheduler(long seed) {
        random = new Random(seed);
    }

    @Override
    public long nanoTime() {
        return now;
    }

    /// Lets a little time pass without anything happening, so that whoever only looks at the clock
    /// sees it move.
    public void tick(long nanos) {
        now += nanos;
    }

    @Override
    public void schedule(String what, long delayNanos, Runnable action) {
        var _ = scheduleCancellable(what, delayNanos, action);
    }

    /// As [#schedule].
    ///
    /// @return takes the action back, when it has not run
    public Runnable scheduleCancellable(String what, long delayNanos, Runnable action) {
        long time = now + Math.clamp(delayNanos, 0, Long.MAX_VALUE - now);
        Event event = new Event(time, order++, what, action);
        events.add(event);
        return () -> events.remove(event);
    }

    /// Mostly some microseconds, sometimes none, rarely long: enough for any two messages on
    /// different connections to pass each other.
    @Override
    public long jitterNanos() {
        int kind = random.nextInt(16);
        if (kind < 3) {
            return 0;
        }
        return kind == 15 ? random.nextInt(2_000_000) : random.nextInt(20_000);
    }

    /// Runs the next action.
    ///
    /// @return false when there is none
    public boolean step() {
        Event event = events.poll();
        if (event == null) {
            return false;
        }
        if (running) {
            throw new IllegalStateException("An action must not run the scheduler");
        }
        now = Math.max(now, event.time());
        line(event.what());
        running = true;
        try {
            event.action().run();
        } finally {
            running = false;
        }
        return true;
    }

    /// Runs what is due until then, and moves the clock there.
    public void runUntil(long time) {
        while (nextTime() <= time) {
            step();
        }
        now = Math.max(now, time);
    }

    /// When the next action is due; [Long#MAX_VALUE] when there is none.
    public long nextTime() {
        Event next = events.peek();
        return next == null ? Long.MAX_VALUE : next.time();
    }

    @Override
    public void await(Object monitor, BooleanSupplier condition, long timeoutNanos) {
        long end = now + Math.min(timeoutNanos, Long.MAX_VALUE - now);
        while (!condition.getAsBoolean()) {
            if (nextTime() > end) {
                now = end;
                return;
            }
            step();
        }
    }

    @Override
    public void changed(Object monitor) {
        // The one thread looks for itself.
    }

    @Override
    public void note(String what) {
        line(what);
    }

    private void line(String what) {
        digest = 31 * (31 * digest + now) + what.hashCode();
        if (trace.size() == TRACE_LINES_MAX) {
            trace.remove();
        }
        trace.add(now + " " + what);
    }

    /// A number that two runs share only when the same things happened at the same times.
    public long digest() {
        return digest;
    }

    /// The last lines of what happened: time in nanoseconds, and what.
    public List<String> trace() {
        return List.copyOf(trace);
    }
}

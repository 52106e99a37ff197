package dev.verbena.internal.engine;

import dev.verbena.WaitMode;
import dev.verbena.internal.time.Time;
import java.util.concurrent.TimeUnit;

/// How a worker waits that found nothing to do on its queue.
///
/// Mostly until a completion wakes it. Where callers wait for their requests themselves (they join
/// futures, or block) that would wake it for nothing: then it only looks from time to time whether
/// they still do. It learns which is the case ([CallerTrust]).
///
/// Threads: the worker's.
final class WorkerRest implements WaitPolicy.Source {
    /// Time between two looks while callers wait themselves: so long a completion nobody waits for
    /// may be found late, the first time.
    static final long WATCH_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    /// Longest sleep with commands under way, whose deadlines have to be looked at.
    private static final long BUSY_SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private static final long IDLE_SLEEP_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// Sleeps without anything under way before they get longer.
    private static final int SLEEPS_BEFORE_DOZE = 10;

    private final DeviceWorker worker;
    private final DeviceQueues queues;
    private final SharedQueue queue;
    private final CommandQueue commands;
    private final DeviceQueues.Mode own;
    private final WaitPolicy policy;
    private final WaitPolicy withoutSpin;
    private final CallerTrust trust = new CallerTrust();
    private long callerEventsSeen;
    private int idleSleeps;

    /// After [#arm]: what it found.
    private boolean armed;

    private boolean workWhenArmed;

    WorkerRest(
            DeviceWorker worker,
            DeviceQueues queues,
            SharedQueue queue,
            CommandQueue commands,
            DeviceQueues.Mode own,
            WaitMode mode) {
        this.worker = worker;
        this.queues = queues;
        this.queue = queue;
        this.commands = commands;
        this.own = own;
        this.policy = new WaitPolicy(mode, WaitPolicy.SPIN_NANOS_DEFAULT);
        this.withoutSpin = mode == WaitMode.ADAPTIVE ? new WaitPolicy(WaitMode.EVENT, 0) : policy;
    }

    /// Waits for something to do; may return early.
    ///
    /// @param awaited requests the worker has completed since the last rest that somebody waited
    ///   for without looking
    void rest(long awaited) {
        boolean callers;
        boolean pending;
        boolean watch;
        long due;
        queue.take();
        try {
            if (queue.hasWork()) {
                return;
            }
            queue.lookAround();
            callers = learn(awaited);
            pending = queue.requests().runningCount() > 0;
            due = queue.requests().delayNanos();
            watch =
                    trust.isTrusted()
                            && callers
                            && policy.mode() == WaitMode.ADAPTIVE
                            && worker.callers().sleeperCount() == 0;
            if (watch) {
                queue.watched();
            }
        } finally {
            queue.give();
        }
        if (watch) {
            if (!isReady()) {
                Time.parkNanos(this, Math.min(WATCH_NANOS, due));
            }
        } else {
            sleep(pending, callers, due);
        }
        queue.take();
        queue.attended();
        queue.give();
    }

    /// @return whether callers have been active
    private boolean learn(long awaited) {
        long byCallers = queue.callerEvents() - callerEventsSeen;
        callerEventsSeen = queue.callerEvents();
        trust.learn(byCallers, awaited);
        return byCallers > 0;
    }

    private void sleep(boolean pending, boolean callers, long due) {
        idleSleeps = pending || callers ? 0 : idleSleeps + 1;
        long most = idleSleeps < SLEEPS_BEFORE_DOZE ? BUSY_SLEEP_NANOS : IDLE_SLEEP_NANOS;
        armed = false;
        WaitPolicy way = pending && !callers ? policy : withoutSpin;
        if (way.await(this, Math.min(most, due))) {
            worker.slept();
        }
        armed = false;
    }

    @Override
    public boolean isReady() {
        if (commands.failure() != null || worker.hasStagesToRun() || hasOtherMode()) {
            return true;
        }
        if (armed) {
            return workWhenArmed;
        }
        if (!queue.tryTake()) {
            return false;
        }
        boolean work = queue.hasWork();
        queue.give();
        return work || queue.isAskedFor();
    }

    private boolean hasOtherMode() {
        DeviceQueues.Mode mode = queues.mode();
        if (mode == own) {
            return false;
        }
        return mode.state() != DeviceQueues.State.CLOSED || worker.hasFinished();
    }

    @Override
    public void arm() {
        queue.take();
        try {
            if (idleSleeps >= SLEEPS_BEFORE_DOZE) {
                queue.dozes();
            } else {
                queue.unattended();
            }
            queue.arm();
            // What completed or was asked for before this moment wakes nobody.
            workWhenArmed = queue.hasWork();
        } finally {
            queue.give();
        }
        workWhenArmed |= queue.isAskedFor();
        armed = true;
    }

    @Override
    public void block(long timeoutNanos) {
        commands.block(timeoutNanos);
    }
}

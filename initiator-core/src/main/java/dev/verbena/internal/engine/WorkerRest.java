package dev.verbena.internal.engine;

import dev.verbena.WaitMode;
import dev.verbena.internal.time.Time;
import java.util.concurrent.TimeUnit;

/// How a worker waits that found nothing to do on its queue.
///
/// Mostly until a completion wakes it. Where callers wait for their requests themselves (they join
/// futures, or block) that would wake it for nothing: then it only looks from time to time whether
/// they still do. It learns which is the case from who finds the completions.
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

    /// Rests in which callers must have found nearly everything before they are trusted; doubled
    /// with every disappointment.
    private static final int TRUST_LEAST = 8;

    private static final int TRUST_MOST = 1024;

    /// Rests in a row in which the worker must have found more before they are not trusted any
    /// more: a caller may have been kept from its processor.
    private static final int DISAPPOINTMENTS_MAX = 4;

    /// How much more than the worker callers must have found.
    private static final int CALLERS_SHARE = 4;

    private final DeviceWorker worker;
    private final DeviceQueues queues;
    private final SharedQueue queue;
    private final CommandQueue commands;
    private final DeviceQueues.Mode own;
    private final WaitPolicy policy;
    private final WaitPolicy withoutSpin;
    private long callerEventsSeen;
    private int trust;
    private int trustNeeded = TRUST_LEAST;
    private int disappointments;
    private boolean callersWait;
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
    /// @param found what the worker has found since the last rest
    void rest(long found) {
        boolean callers;
        boolean pending;
        boolean watch;
        long due;
        queue.take();
        try {
            if (queue.hasWork()) {
                return;
            }
            queue.checkDeadlines();
            callers = learn(found);
            pending = queue.requests().runningCount() > 0;
            due = queue.requests().delayNanos();
            watch =
                    callersWait
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
    private boolean learn(long found) {
        long byCallers = queue.callerEvents() - callerEventsSeen;
        callerEventsSeen = queue.callerEvents();
        if (byCallers > CALLERS_SHARE * found) {
            disappointments = 0;
            trust = Math.min(trust + 1, TRUST_MOST);
            if (trust == TRUST_MOST) {
                trustNeeded = TRUST_LEAST;
            }
        } else if (found > byCallers
                && (!callersWait || ++disappointments == DISAPPOINTMENTS_MAX)) {
            disappointments = 0;
            trust = 0;
            trustNeeded = callersWait ? Math.min(2 * trustNeeded, TRUST_MOST) : trustNeeded;
        }
        callersWait = trust >= trustNeeded;
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
        if (commands.failure() != null || worker.hasHandedOver() || hasOtherMode()) {
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

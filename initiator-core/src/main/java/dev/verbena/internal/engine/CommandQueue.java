package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.CommandSlots.KEYLESS;
import static dev.verbena.internal.engine.CommandSlots.LEASED;
import static dev.verbena.internal.engine.CommandSlots.RUNNING;
import static dev.verbena.internal.engine.CommandSlots.SENT;

import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.memory.Region;
import dev.verbena.internal.memory.RegionLease;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One queue's commands: takes slots, sends capsules, and completes each command exactly once.
///
/// A command completes when its answer has come, the device is done with its capsule, and the key
/// that was made for it, if any, is invalid. When the queue fails, the queue pair is stopped and
/// flushed first; only then are the commands that were left completed, with status "host aborted
/// command", and their buffers given back.
///
/// Threads: one owner. [#fail] and [#wakeUp] from any thread.
public final class CommandQueue {
    /// Status of commands whose outcome is unknown because the connection ended: Host Aborted
    /// Command (SCT 3h, SC 71h).
    public static final int STATUS_HOST_ABORTED = 0x371;

    /// How long flushing a broken queue pair may take before it is destroyed instead.
    public static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(5);

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    private final FabricQueue queue;
    private final CommandSlots slots;
    private final SlotHolds holds;
    private final CommandDeadlines deadlines;
    private final CommandEvents events;
    private final DataPointers pointers;
    private final boolean bindsKeys;
    private final QueueCounters counters = new QueueCounters();

    /// Something is waiting for [#ring].
    private boolean staged;

    /// Events are being delivered at this moment: neither [#poll] nor [#close] may be entered
    /// again.
    private boolean delivering;

    /// Everything has been completed after a failure; nothing can be submitted any more.
    private boolean finished;

    private boolean closed;

    public CommandQueue(FabricQueue queue) {
        this.queue = queue;
        this.slots = new CommandSlots(Math.min(queue.depth(), CommandSlots.SLOT_COUNT_MAX));
        this.holds = new SlotHolds(slots.count());
        this.events = new CommandEvents(queue, slots, holds, counters);
        this.deadlines = new CommandDeadlines(slots, events);
        this.bindsKeys = queue.bindsKeys();
        this.pointers = new DataPointers(queue, events);
    }

    /// 0 for the admin queue.
    public int queueId() {
        return queue.queueId();
    }

    /// Commands that can be outstanding.
    public int depth() {
        return slots.count();
    }

    public int inFlightCount() {
        return slots.inUseCount();
    }

    /// Slots [#acquire] can take; none once the queue has been torn down.
    public int freeCount() {
        return finished ? 0 : slots.freeCount();
    }

    /// Takes a slot for a command, or returns -1 when all are in use or the queue has been torn
    /// down. Every slot taken must be submitted or abandoned.
    public int acquire() {
        return finished ? -1 : slots.acquire();
    }

    /// The slot that [#acquire] takes next, or -1. Its capsule may be filled without taking it: a
    /// submission takes it then, and where none follows nothing has happened.
    public int nextSlot() {
        return finished ? -1 : slots.next();
    }

    /// Gives back a slot that was taken and cannot be submitted, because its command could not be
    /// written.
    public void abandon(int slot) {
        slots.release(slot);
    }

    /// Where the capsules are, and maybe much else; the submission entry of a slot starts at
    /// [#capsuleOffset].
    public MemorySegment capsules() {
        // Asked every time: a constant there, where a field would hide that.
        return queue.capsules();
    }

    public long capsuleOffset(int slot) {
        return queue.capsuleOffset(slot);
    }

    /// The id the command in this slot must carry.
    public int commandId(int slot) {
        return slots.commandId(slot);
    }

    /// Whether every command with keyed data gets a key of its own, which is invalid when the
    /// command has completed. Such a command has one segment at most.
    public boolean bindsKeys() {
        return bindsKeys;
    }

    /// This queue's own count of the commands that use a region, cheaper than the region's. Valid
    /// until the queue is torn down.
    ///
    /// @return null when the queue has too many; then the region counts
    public @Nullable RegionLease lease(Region region) {
        return finished ? null : holds.lease(region);
    }

    /// Hands over a filled capsule whose data pointer is written already.
    ///
    /// @param region memory the controller has been given a key for, counted as used by the caller
    ///   and given back here when the command completes; null for none
    /// @param deadlineNanos on the scale of [System#nanoTime]
    public void submit(int slot, long token, @Nullable Region region, long deadlineNanos) {
        if (region != null) {
            holds.take(slot, region);
        }
        slots.deadline(slot, deadlineNanos);
        stage(slot, token, RUNNING, SubmissionEntry.SIZE, 0, KEYLESS);
    }

    /// Writes the data pointer of a filled capsule, and hands it over.
    ///
    /// @param slot taken before, or [#nextSlot], which is taken now
    /// @param data its segments are counted as used by the caller, and given back here when the
    ///   command completes
    /// @param timeoutNanos how long the answer may take, more than 0; begins to run with the next
    ///   [#checkDeadlines]
    /// @throws IllegalArgumentException when the data does not fit what was decided about its way;
    ///   then nothing has changed
    public void submit(int slot, long token, CommandData data, long timeoutNanos) {
        pointers.check(data);
        submitChecked(slot, token, timeoutNanos, data);
    }

    /// Whether [#submit(int, long, CommandData, long)] will take the data.
    ///
    /// @throws IllegalArgumentException when it does not fit what was decided about its way
    void check(CommandData data) {
        pointers.check(data);
    }

    /// Hands over a filled capsule that names one piece of memory by the key of its region.
    ///
    /// @param lease counted by the caller, given back here when the command completes
    void submitKeyed(int slot, long token, RegionLease lease, long timeoutNanos) {
        holds.takeLease(slot, lease);
        stage(slot, token, timeoutNanos, SubmissionEntry.SIZE, 0, KEYLESS | LEASED);
    }

    /// The same for a capsule that gets a key of its own here, for some bytes of the region.
    ///
    /// @param controllerWrites as in [FabricQueue#bind]
    void submitBound(
            int slot,
            long token,
            RegionLease lease,
            long address,
            int bytes,
            boolean controllerWrites,
            long timeoutNanos) {
        pointers.bind(slot, lease.region(), address, bytes, controllerWrites);
        holds.takeLease(slot, lease);
        stage(slot, token, timeoutNanos, SubmissionEntry.SIZE, 0, LEASED);
    }

    /// The same for data that travels in the capsule.
    ///
    /// @param headerBytes where it starts there
    void submitInCapsule(
            int slot,
            long token,
            RegionLease lease,
            long address,
            int bytes,
            int headerBytes,
            long timeoutNanos) {
        pointers.gather(slot, lease.region(), address, bytes, headerBytes);
        holds.takeLease(slot, lease);
        stage(slot, token, timeoutNanos, headerBytes, 1, KEYLESS | LEASED);
    }

    /// The same with a deadline.
    ///
    /// @param deadlineNanos on the scale of [System#nanoTime]
    public void submitUntil(int slot, long token, CommandData data, long deadlineNanos) {
        pointers.check(data);
        slots.deadline(slot, deadlineNanos);
        submitChecked(slot, token, RUNNING, data);
    }

    private void submitChecked(int slot, long token, long timeoutNanos, CommandData data) {
        int headerBytes = pointers.write(slot, data);
        CommandData.Travel travel = data.travel();
        holds.take(slot, data);
        stage(
                slot,
                token,
                timeoutNanos,
                headerBytes,
                travel == CommandData.Travel.IN_CAPSULE ? data.count() : 0,
                travel == CommandData.Travel.KEYED && bindsKeys ? 0 : KEYLESS);
    }

    private void stage(
            int slot, long token, long timeoutNanos, int headerBytes, int gathered, int state) {
        boolean awaitsSent = queue.stage(slot, slots.generation(slot), headerBytes, gathered);
        slots.submitted(slot, token, timeoutNanos, awaitsSent ? state : state | SENT);
        staged = true;
        if ((state & KEYLESS) == 0) {
            counters.count(QueueCounters.WINDOWS_BOUND);
        }
    }

    /// Bytes of a slot's capsule: the command, and what may stand between it and in-capsule data.
    public int capsuleBytes() {
        return queue.capsuleBytes();
    }

    /// Sends what has been submitted since the last call, in one go.
    public void ring() {
        if (staged) {
            staged = false;
            slots.posted();
            counters.count(QueueCounters.DOORBELLS);
        }
        queue.ring();
    }

    /// Invalidations of the batch; what handlers have staged goes with them.
    private void ringForEvents() {
        if (events.takeRinging()) {
            ring();
        }
    }

    /// What has happened on this queue so far. I/O commands accepted so far. Any thread; possibly
    /// some moments old.
    public long submittedCount() {
        return counters.submitted();
    }

    /// I/O commands completed so far. Any thread; possibly some moments old.
    public long completedCount() {
        return counters.completed();
    }

    QueueCounters counters() {
        return counters;
    }

    /// Refuses while completions are being delivered.
    ///
    /// @throws IllegalStateException while completions are being delivered: what takes them must
    ///   not be replaced in the middle of a batch, nor may the queue be polled or closed
    public void requireIdle() {
        if (delivering) {
            throw new IllegalStateException(
                    "A completion handler must not poll its own queue, and must not close it; do"
                            + " that after polling");
        }
    }

    /// Delivers completions, up to an internal batch. A failed queue is torn down here: all of its
    /// commands complete.
    ///
    /// An exception from the handler is thrown on after every completion of the batch has been
    /// delivered.
    ///
    /// @return the number of events seen; not every event completes a command
    /// @throws IllegalStateException when called from the handler
    public int poll(CommandHandler handler) {
        return poll(handler, true);
    }

    /// The same.
    ///
    /// @param ends whether a failed queue is torn down, which may take [#DRAIN_TIMEOUT]; if not,
    ///   that is left to a later poll
    int poll(CommandHandler handler, boolean ends) {
        requireIdle();
        if (finished) {
            return 0;
        }
        events.handler(handler);
        delivering = true;
        int count = 0;
        try {
            try {
                count = queue.poll(events);
            } catch (RuntimeException | Error e) {
                // The rest of the batch is lost: only the end of the queue ends its commands.
                broken("polling", e);
                if (e instanceof Error) {
                    events.thrown(e);
                }
            }
            ringForEvents();
            if (ends && queue.failure() != null) {
                count += tearDown();
            }
        } finally {
            delivering = false;
        }
        events.rethrow();
        return count;
    }

    /// The queue belongs to a [CommandGroup] from now on. Completions are delivered by polling the
    /// group only: what others, who connect or close a queue on the same completion queue, come
    /// across is kept until then, and its commands stay in flight.
    void joinGroup() {
        events.hold();
    }

    /// Says who completions are delivered to when a [CommandGroup] polls, and forbids [#poll] and
    /// [#close] until [#endGroupPoll].
    void beginGroupPoll(CommandHandler handler) {
        events.handler(handler);
        delivering = true;
        events.endHold();
    }

    /// Delivers what was kept since the last poll of the group.
    ///
    /// @return the number of completions
    int deliverHeld() {
        return events.deliverHeld();
    }

    /// What follows a poll of the group.
    ///
    /// @return commands that were aborted, because the queue has failed
    int endGroupPoll() {
        int count = 0;
        try {
            ringForEvents();
            if (isFailing()) {
                count = tearDown();
            }
        } finally {
            delivering = false;
            events.hold();
        }
        return count;
    }

    /// Whether the queue has failed, and its commands have not been completed yet.
    boolean isFailing() {
        return !finished && queue.failure() != null;
    }

    /// Whether the next poll of the group has something to deliver that the completion queue does
    /// not show.
    boolean hasMore() {
        return isFailing() || events.hasHeld();
    }

    /// Keeps what somebody who was told of a completion threw: the next poll that ends throws it
    /// on.
    public void thrown(Throwable e) {
        events.thrown(e);
    }

    /// Throws what handlers threw during [#endGroupPoll] and before.
    void rethrow() {
        events.rethrow();
    }

    /// Whether the next [#poll] has something to deliver, which may be the end of the queue.
    /// Delivers nothing.
    public boolean hasCompletions() {
        if (finished) {
            return false;
        }
        try {
            return queue.hasCompletions();
        } catch (RuntimeException e) {
            broken("polling", e);
            return true;
        }
    }

    void broken(String doing, Throwable e) {
        queue.fail(
                new FabricFailure(
                        FabricFailure.Kind.TRANSPORT_ERROR,
                        doing
                                + " queue "
                                + queue.queueId()
                                + " failed: "
                                + (e instanceof RuntimeException ? e.getMessage() : e)));
    }

    /// Why the queue is unusable; null while it works.
    public @Nullable FabricFailure failure() {
        return queue.failure();
    }

    /// Makes the queue unusable; its owner's next [#poll] completes everything that is outstanding.
    public void fail(FabricFailure failure) {
        queue.fail(failure);
    }

    /// See [FabricQueue#arm].
    public void arm() {
        if (finished) {
            return;
        }
        try {
            queue.arm();
        } catch (RuntimeException e) {
            broken("arming", e);
        }
    }

    /// See [FabricQueue#block]. Returns at once when the queue has failed.
    public void block(long timeoutNanos) {
        if (finished || queue.failure() != null) {
            return;
        }
        try {
            queue.block(timeoutNanos);
        } catch (RuntimeException e) {
            broken("waiting on", e);
        }
    }

    public void wakeUp() {
        queue.wakeUp();
    }

    /// The earliest deadline of all outstanding commands, [Long#MAX_VALUE] when none is
    /// outstanding.
    ///
    /// Looks at every slot: for idle moments, not for every command.
    public long earliestDeadlineNanos(long nowNanos) {
        return deadlines.earliest(nowNanos);
    }

    /// Fails the queue when a command is past its deadline: its buffer can be made safe in no other
    /// way.
    public void checkDeadlines(long nowNanos) {
        checkDeadlines(nowNanos, (token, slot) -> ExpiryHandler.FAIL);
    }

    /// Asks what to do with every command that is past its deadline.
    ///
    /// An exception from the handler is thrown on after all have been asked about.
    ///
    /// @throws IllegalStateException when called from a handler
    public void checkDeadlines(long nowNanos, ExpiryHandler handler) {
        if (delivering) {
            throw new IllegalStateException("A handler must not check its own queue's deadlines");
        }
        if (queue.failure() != null) {
            return;
        }
        delivering = true;
        try {
            if (deadlines.check(nowNanos, handler)) {
                queue.fail(
                        new FabricFailure(
                                FabricFailure.Kind.TIMED_OUT,
                                "a command on queue "
                                        + queue.queueId()
                                        + " was not answered in time"));
            }
        } finally {
            delivering = false;
        }
        events.rethrow();
    }

    /// Ends the queue: completes what is outstanding, then destroys the queue pair. Idempotent,
    /// bounded by [#DRAIN_TIMEOUT].
    ///
    /// @throws IllegalStateException when called from a handler: the batch being delivered lies in
    ///   the queue's memory
    public void close(CommandHandler handler) {
        requireIdle();
        if (closed) {
            return;
        }
        closed = true;
        events.handler(handler);
        queue.fail(new FabricFailure(FabricFailure.Kind.CLOSED, "the queue is closed"));
        if (!finished) {
            delivering = true;
            try {
                events.endHold();
                events.deliverHeld();
                tearDown();
            } finally {
                delivering = false;
            }
        }
        destroy();
        events.rethrow();
    }

    /// Stop, flush, then complete: see the design's contract "nothing is handed back while the
    /// device may touch it".
    private int tearDown() {
        finished = true;
        boolean safe = drain();
        if (!safe) {
            safe = destroy();
            closed = true;
        }
        int count = 0;
        for (int slot = 0; slot < slots.count(); slot++) {
            if (!slots.inUse(slot)) {
                continue;
            }
            if (!safe) {
                // The device may still reach this memory. It stays counted as used, so it is never
                // reused.
                holds.abandon(slot);
            }
            events.abort(slot);
            count++;
        }
        holds.closeLeases();
        return count;
    }

    private boolean drain() {
        try {
            return queue.drain(events, Deadline.after(DRAIN_TIMEOUT));
        } catch (RuntimeException | Error e) {
            // Destroying the queue pair is the other way to be safe.
            LOG.log(Level.WARNING, "Flushing queue " + queue.queueId() + " failed", e);
            return false;
        }
    }

    private boolean destroy() {
        try {
            return queue.close();
        } catch (RuntimeException | Error e) {
            LOG.log(Level.ERROR, "Queue " + queue.queueId() + " cannot be destroyed", e);
            return false;
        }
    }

    @Override
    public String toString() {
        return "CommandQueue[id="
                + queue.queueId()
                + ", inFlight="
                + slots.inUseCount()
                + "/"
                + slots.count()
                + "]";
    }
}

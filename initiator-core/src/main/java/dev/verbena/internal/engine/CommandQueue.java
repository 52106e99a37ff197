package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricEvents;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.CompletionEntry;
import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// One queue's commands: takes slots, sends capsules, and completes each command exactly once.
///
/// A command completes when its answer and its send completion have arrived. When the queue fails,
/// the queue pair is stopped and flushed first; only then are the commands that were left
/// completed, with status "host aborted command", and their buffers given back.
///
/// Threads: one owner. [#fail] and [#wakeUp] from any thread.
public final class CommandQueue {
    /// Status of commands whose outcome is unknown because the connection ended: Host Aborted
    /// Command (SCT 3h, SC 71h).
    public static final int STATUS_HOST_ABORTED = 0x371;

    /// How long flushing a broken queue pair may take before it is destroyed instead.
    public static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(5);

    private static final System.Logger LOG = System.getLogger("dev.verbena.engine");

    /// How much later than its command's deadline a send may complete when the answer has come.
    static final long SEND_COMPLETION_GRACE_NANOS = Duration.ofSeconds(1).toNanos();

    private final FabricQueue queue;
    private final CommandSlots slots;
    private final MemorySegment capsules;
    private final long[] tokens;
    private final int[] statuses;
    private final long[] results;
    private final Deadlines deadlines;
    private final SlotHolds holds;
    private final Events events = new Events();

    /// Events are being delivered at this moment: neither [#poll] nor [#close] may be entered
    /// again.
    private boolean delivering;

    /// Everything has been completed after a failure; nothing can be submitted any more.
    private boolean finished;

    private boolean closed;

    public CommandQueue(FabricQueue queue) {
        this.queue = queue;
        this.slots = new CommandSlots(Math.min(queue.depth(), CommandSlots.SLOT_COUNT_MAX));
        this.capsules = queue.capsules();
        int count = slots.count();
        tokens = new long[count];
        statuses = new int[count];
        results = new long[count];
        deadlines = new Deadlines(count);
        holds = new SlotHolds(count);
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

    /// Gives back a slot that was taken and cannot be submitted, because its command could not be
    /// written.
    public void abandon(int slot) {
        slots.release(slot);
    }

    /// Where the capsules are; the submission entry of a slot starts at [#capsuleOffset].
    public MemorySegment capsules() {
        return capsules;
    }

    public long capsuleOffset(int slot) {
        return queue.capsuleOffset(slot);
    }

    /// The id the command in this slot must carry.
    public int commandId(int slot) {
        return slots.commandId(slot);
    }

    /// Hands over a filled capsule whose data pointer is written already.
    ///
    /// @param region memory the controller has been given a key for, counted as used by the caller
    ///   and given back here when the command completes; null for none
    /// @param deadlineNanos on the scale of [System#nanoTime]
    public void submit(int slot, long token, @Nullable Region region, long deadlineNanos) {
        if (region != null) {
            holds.first(slot, region);
        }
        deadlines.at(slot, deadlineNanos);
        stage(slot, token, SubmissionEntry.SIZE, 0);
    }

    /// Writes the data pointer of a filled capsule, and hands it over.
    ///
    /// @param data its segments are counted as used by the caller, and given back here when the
    ///   command completes
    /// @param timeoutNanos how long the answer may take, more than 0; begins to run with the next
    ///   [#checkDeadlines]
    /// @throws IllegalArgumentException when the data does not fit what was decided about its way;
    ///   then nothing has changed
    public void submit(int slot, long token, CommandData data, long timeoutNanos) {
        long entry = queue.capsuleOffset(slot);
        int headerBytes = SubmissionEntry.SIZE;
        int gathered = 0;
        switch (data.travel()) {
            case NONE -> Sgl.none(capsules, entry);
            case IN_CAPSULE -> {
                headerBytes = data.capsuleHeaderBytes();
                gathered = data.count();
                requireRoom(headerBytes);
                Sgl.inCapsule(capsules, entry, 0, data.byteSize());
                for (int i = 0; i < gathered; i++) {
                    queue.segment(
                            slot, i, data.address(i), data.length(i), data.region(i).localKey());
                }
            }
            case KEYED -> {
                Region region = data.region(0);
                Sgl.keyed(capsules, entry, data.address(0), data.length(0), key(region, data));
            }
            case KEYED_LIST -> {
                headerBytes += data.count() * Sgl.SIZE;
                requireRoom(headerBytes);
                writeList(entry, data);
            }
        }
        holds.take(slot, data);
        deadlines.within(slot, timeoutNanos);
        stage(slot, token, headerBytes, gathered);
    }

    private void requireRoom(int bytes) {
        if (bytes > queue.capsuleBytes()) {
            throw new IllegalArgumentException(
                    "A capsule header of "
                            + bytes
                            + " bytes, where this queue has room for "
                            + queue.capsuleBytes());
        }
    }

    private static int key(Region region, CommandData data) {
        return data.direction() == CommandData.Direction.CONTROLLER_READS
                ? region.controllerReadsKey()
                : region.controllerWritesKey();
    }

    private void writeList(long entry, CommandData data) {
        Sgl.lastSegment(capsules, entry, 0, data.count());
        for (int i = 0; i < data.count(); i++) {
            Sgl.keyedDescriptor(
                    capsules,
                    entry + SubmissionEntry.SIZE + (long) i * Sgl.SIZE,
                    data.address(i),
                    data.length(i),
                    key(data.region(i), data),
                    false);
        }
    }

    private void stage(int slot, long token, int headerBytes, int gathered) {
        tokens[slot] = token;
        queue.stage(slot, slots.generation(slot), headerBytes, gathered);
    }

    /// Bytes of a slot's capsule: the command, and what may stand between it and in-capsule data.
    public int capsuleBytes() {
        return queue.capsuleBytes();
    }

    /// Sends what has been submitted since the last call, in one go.
    public void ring() {
        queue.ring();
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
        if (delivering) {
            throw new IllegalStateException("A completion handler must not poll its own queue");
        }
        if (finished) {
            return 0;
        }
        events.handler = handler;
        delivering = true;
        int count;
        try {
            count = pollFabric();
            if (queue.failure() != null) {
                count += tearDown();
            }
        } finally {
            delivering = false;
        }
        events.rethrow();
        return count;
    }

    private int pollFabric() {
        try {
            return queue.poll(events);
        } catch (RuntimeException e) {
            broken("polling", e);
            return 0;
        }
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

    private void broken(String doing, RuntimeException e) {
        queue.fail(
                new FabricFailure(
                        FabricFailure.Kind.TRANSPORT_ERROR,
                        doing + " queue " + queue.queueId() + " failed: " + e.getMessage()));
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
        long left = Long.MAX_VALUE;
        for (int slot = 0; slot < slots.count(); slot++) {
            if (slots.inUse(slot)) {
                left = Math.min(left, deadlineNanos(slot, nowNanos) - nowNanos);
            }
        }
        return left == Long.MAX_VALUE ? Long.MAX_VALUE : nowNanos + left;
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
        delivering = true;
        try {
            for (int slot = 0; slot < slots.count(); slot++) {
                if (slots.inUse(slot)
                        && deadlineNanos(slot, nowNanos) - nowNanos <= 0
                        && queue.failure() == null) {
                    expired(slot, nowNanos, handler);
                }
            }
        } finally {
            delivering = false;
        }
        events.rethrow();
    }

    private void expired(int slot, long nowNanos, ExpiryHandler handler) {
        long more = ExpiryHandler.FAIL;
        try {
            more = handler.expired(tokens[slot], slot);
        } catch (Throwable e) {
            events.thrown(e);
        }
        if (more > 0) {
            deadlines.at(slot, nowNanos + Math.min(more, Deadlines.TIMEOUT_NANOS_MAX));
            return;
        }
        queue.fail(
                new FabricFailure(
                        FabricFailure.Kind.TIMED_OUT,
                        "a command on queue " + queue.queueId() + " was not answered in time"));
    }

    /// An answer that came in time is not too late because its send completion, which only frees
    /// the slot, comes after the deadline.
    private long deadlineNanos(int slot, long nowNanos) {
        long deadline = deadlines.of(slot, nowNanos);
        return slots.isAnswered(slot) ? deadline + SEND_COMPLETION_GRACE_NANOS : deadline;
    }

    /// Ends the queue: completes what is outstanding, then destroys the queue pair. Idempotent,
    /// bounded by [#DRAIN_TIMEOUT].
    ///
    /// @throws IllegalStateException when called from a handler: the batch being delivered lies in
    ///   the queue's memory
    public void close(CommandHandler handler) {
        if (delivering) {
            throw new IllegalStateException(
                    "A completion handler must not close its own queue; close it after polling");
        }
        if (closed) {
            return;
        }
        closed = true;
        events.handler = handler;
        queue.fail(new FabricFailure(FabricFailure.Kind.CLOSED, "the queue is closed"));
        if (!finished) {
            delivering = true;
            try {
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
            if (!slots.isAnswered(slot)) {
                statuses[slot] = STATUS_HOST_ABORTED;
                results[slot] = 0;
            }
            if (!safe) {
                // The device may still reach this memory. Its region stays counted as used, so it
                // is never reused.
                holds.abandon(slot);
            }
            events.finish(slot);
            count++;
        }
        return count;
    }

    private boolean drain() {
        try {
            return queue.drain(events, Deadline.after(DRAIN_TIMEOUT));
        } catch (RuntimeException e) {
            // Destroying the queue pair is the other way to be safe.
            LOG.log(Level.WARNING, "Flushing queue " + queue.queueId() + " failed", e);
            return false;
        }
    }

    private boolean destroy() {
        try {
            return queue.close();
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "Queue " + queue.queueId() + " cannot be destroyed", e);
            return false;
        }
    }

    /// Receives the fabric's events; a class of its own so that the methods are not part of the
    /// queue's API.
    private final class Events implements FabricEvents {
        private CommandHandler handler = (token, slot, status, result) -> {};
        private @Nullable Throwable thrown;

        @Override
        public void sent(int slot, int tag) {
            if (!slots.isSending(slot, tag)) {
                queue.fail(
                        new FabricFailure(
                                FabricFailure.Kind.TRANSPORT_ERROR,
                                "a send completed that was not under way (slot " + slot + ")"));
                return;
            }
            if (slots.sent(slot)) {
                finish(slot);
            }
        }

        @Override
        public void received(MemorySegment response, long offset, int byteLength) {
            if (byteLength < CompletionEntry.SIZE) {
                violation("a response of " + byteLength + " bytes, 16 are the minimum");
                return;
            }
            int commandId = CompletionEntry.commandId(response, offset);
            int slot = slots.slotAwaiting(commandId);
            if (slot < 0) {
                violation(
                        "a response for command id "
                                + Integer.toHexString(commandId)
                                + "h, which no outstanding command has");
                return;
            }
            statuses[slot] = CompletionEntry.status(response, offset);
            results[slot] = CompletionEntry.result64(response, offset);
            if (slots.answered(slot)) {
                finish(slot);
            }
        }

        private void violation(String what) {
            queue.fail(
                    new FabricFailure(
                            FabricFailure.Kind.PROTOCOL_VIOLATION, "the target sent " + what));
        }

        private void finish(int slot) {
            long token = tokens[slot];
            int status = statuses[slot];
            long result = results[slot];
            holds.release(slot);
            slots.release(slot);
            try {
                handler.completed(token, slot, status, result);
            } catch (Throwable e) {
                // Errors too: whatever a handler throws, the other completions of the batch have to
                // be delivered.
                thrown(e);
            }
        }

        private void thrown(Throwable e) {
            if (thrown == null) {
                thrown = e;
            } else if (!thrown.equals(e)) {
                thrown.addSuppressed(e);
            }
        }

        private void rethrow() {
            Throwable e = thrown;
            thrown = null;
            switch (e) {
                case null -> {}
                case Error error -> throw error;
                case RuntimeException unchecked -> throw unchecked;
                default -> throw new IllegalStateException("A handler threw " + e, e);
            }
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

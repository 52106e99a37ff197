package dev.verbena.fakes;

import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.fabric.FabricEvents;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.CompletionEntry;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A queue pair that answers every command with success at the next poll, and allocates nothing
/// doing so: for tests of what the code above it allocates.
///
/// Threads: one.
public final class InstantQueue implements FabricQueue {
    private static final int CAPSULE_BYTES = 64 + 16 * 16;

    private final int depth;
    private final MemorySegment capsules;
    private final int[] staged;
    private final int[] tags;
    private int stagedCount;
    private int rungCount;
    private @Nullable FabricFailure failure;
    private boolean closed;

    /// A queue for that many commands.
    public InstantQueue(int depth) {
        this.depth = depth;
        this.capsules = Arena.ofAuto().allocate((long) depth * CAPSULE_BYTES, 64);
        this.staged = new int[depth];
        this.tags = new int[depth];
    }

    @Override
    public int queueId() {
        return 1;
    }

    @Override
    public int depth() {
        return depth;
    }

    @Override
    public MemorySegment capsules() {
        return capsules;
    }

    @Override
    public long capsuleOffset(int slot) {
        if (closed) {
            throw new IllegalStateException("The queue pair was used after it was destroyed");
        }
        return (long) slot * CAPSULE_BYTES;
    }

    @Override
    public int capsuleBytes() {
        return CAPSULE_BYTES;
    }

    @Override
    public void segment(int slot, int index, long address, int bytes, int localKey) {}

    @Override
    public boolean bindsKeys() {
        return false;
    }

    @Override
    public int bind(int slot, Region region, long address, int bytes, boolean controllerWrites) {
        throw new IllegalStateException("This queue binds no keys");
    }

    @Override
    public void invalidate(int slot, int tag) {
        throw new IllegalStateException("This queue binds no keys");
    }

    @Override
    public boolean stage(int slot, int tag, int headerBytes, int segmentCount) {
        staged[stagedCount] = slot;
        tags[stagedCount] = tag;
        stagedCount++;
        return true;
    }

    @Override
    public void ring() {
        rungCount = stagedCount;
    }

    @Override
    public int poll(FabricEvents events) {
        int count = rungCount;
        rungCount = 0;
        stagedCount = 0;
        for (int i = 0; i < count; i++) {
            int slot = staged[i];
            events.sent(slot, tags[i]);
            long id = SubmissionEntry.commandId(capsules, capsuleOffset(slot));
            events.received(0, id << 32, CompletionEntry.SIZE);
        }
        return 2 * count;
    }

    @Override
    public boolean hasCompletions() {
        return rungCount > 0;
    }

    @Override
    public @Nullable FabricFailure failure() {
        return failure;
    }

    @Override
    public void fail(FabricFailure reason) {
        if (failure == null) {
            failure = reason;
        }
    }

    @Override
    public void arm() {}

    @Override
    public void block(long timeoutNanos) {}

    @Override
    public void wakeUp() {}

    @Override
    public boolean drain(FabricEvents events, Deadline deadline) {
        poll(events);
        return true;
    }

    @Override
    public boolean close() {
        closed = true;
        return true;
    }
}

package dev.verbena.internal.engine;

import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.Sgl;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Builds NVM commands in the slots of a queue and decides how their data travels.
///
/// Threads: the queue's owner. Allocates nothing.
public final class IoCommands {
    private final CommandQueue commands;
    private final DataPlacement placement;
    private final long timeoutNanos;
    private final CommandData data = new CommandData();
    private long submittedCount;
    private long inCapsuleCount;
    private long keyedCount;

    public IoCommands(CommandQueue commands, DataPlacement placement, long timeoutNanos) {
        this.commands = commands;
        this.placement = placement;
        this.timeoutNanos = timeoutNanos;
    }

    /// Starts a read.
    ///
    /// @param region holds all of `[address, address + bytes)`; the caller has counted itself as a
    ///   user, and is no longer one when the command has completed
    /// @return false when no slot is free; then nothing has changed
    /// @throws IllegalArgumentException when a value does not fit the command; then nothing has
    ///   changed either
    public boolean tryRead(
            int namespaceId,
            long startingLba,
            int blockCount,
            Region region,
            long address,
            int bytes,
            long token) {
        int slot = commands.acquire();
        if (slot < 0) {
            return false;
        }
        try {
            MemorySegment capsules = commands.capsules();
            long entry = commands.capsuleOffset(slot);
            int id = commands.commandId(slot);
            NvmCommands.read(capsules, entry, id, namespaceId, startingLba, blockCount, 0);
            Sgl.keyed(capsules, entry, address, bytes, region.controllerWritesKey());
        } catch (RuntimeException e) {
            commands.abandon(slot);
            throw e;
        }
        keyedCount++;
        submit(slot, token, region);
        return true;
    }

    /// Starts a write. Small ones travel in the capsule where the controller allows it.
    ///
    /// @param region see [#tryRead]
    /// @return false when no slot is free; then nothing has changed
    public boolean tryWrite(
            int namespaceId,
            long startingLba,
            int blockCount,
            Region region,
            long address,
            int bytes,
            long token) {
        int slot = commands.acquire();
        if (slot < 0) {
            return false;
        }
        boolean inCapsule = bytes <= placement.inCapsuleBytesMax();
        try {
            MemorySegment capsules = commands.capsules();
            long entry = commands.capsuleOffset(slot);
            int id = commands.commandId(slot);
            NvmCommands.write(capsules, entry, id, namespaceId, startingLba, blockCount, 0);
            if (!inCapsule) {
                Sgl.keyed(capsules, entry, address, bytes, region.controllerReadsKey());
            }
        } catch (RuntimeException e) {
            commands.abandon(slot);
            throw e;
        }
        if (inCapsule) {
            inCapsuleCount++;
            submittedCount++;
            data.clear()
                    .direction(CommandData.Direction.CONTROLLER_READS)
                    .add(region, address, bytes)
                    .inCapsule(placement.capsuleHeaderBytes());
            commands.submit(slot, token, data, System.nanoTime() + timeoutNanos);
        } else {
            keyedCount++;
            submit(slot, token, region);
        }
        return true;
    }

    /// Starts a flush of one namespace.
    ///
    /// @return false when no slot is free
    public boolean tryFlush(int namespaceId, long token) {
        int slot = commands.acquire();
        if (slot < 0) {
            return false;
        }
        MemorySegment capsules = commands.capsules();
        long entry = commands.capsuleOffset(slot);
        NvmCommands.flush(capsules, entry, commands.commandId(slot), namespaceId);
        // A command without data still needs an SGL of a keyed type: Linux nvmet refuses the
        // all-zero one.
        Sgl.none(capsules, entry);
        submit(slot, token, null);
        return true;
    }

    private void submit(int slot, long token, @Nullable Region region) {
        submittedCount++;
        commands.submit(slot, token, region, System.nanoTime() + timeoutNanos);
    }

    public long submittedCount() {
        return submittedCount;
    }

    /// Writes whose data travelled in the capsule.
    public long inCapsuleCount() {
        return inCapsuleCount;
    }

    /// Commands whose data the controller fetched or placed by key.
    public long keyedCount() {
        return keyedCount;
    }
}

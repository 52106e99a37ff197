package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricQueue;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.Sgl;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.MemorySegment;

/// Writes into a capsule where the command's data is.
///
/// Threads: the queue's owner.
final class DataPointers {
    private final FabricQueue queue;
    private final CommandEvents events;
    private final boolean bindsKeys;

    DataPointers(FabricQueue queue, CommandEvents events) {
        this.queue = queue;
        this.events = events;
        this.bindsKeys = queue.bindsKeys();
    }

    /// Whether [#write] will do.
    ///
    /// @throws IllegalArgumentException when the data does not fit what was decided about its way
    void check(CommandData data) {
        switch (data.travel()) {
            case NONE -> {}
            case IN_CAPSULE -> requireRoom(data.capsuleHeaderBytes());
            case KEYED -> {
                if (data.count() != 1 || data.length(0) > Sgl.KEYED_LENGTH_MAX) {
                    throw new IllegalArgumentException(
                            "One key opens one segment of up to 16 MiB, not "
                                    + data.count()
                                    + " with "
                                    + data.byteSize()
                                    + " bytes");
                }
            }
            case KEYED_LIST -> {
                if (bindsKeys) {
                    throw new IllegalArgumentException(
                            "A command that binds its key has one segment, not a list");
                }
                requireRoom(SubmissionEntry.SIZE + data.count() * Sgl.SIZE);
            }
        }
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

    /// Writes the data pointer of a slot's capsule, and what it points to inside the capsule.
    ///
    /// @return bytes of the capsule's header
    int write(int slot, CommandData data) {
        MemorySegment capsules = queue.capsules();
        long entry = queue.capsuleOffset(slot);
        CommandData.Travel travel = data.travel();
        if (travel == CommandData.Travel.KEYED) {
            writeKeyed(slot, capsules, entry, data);
            return SubmissionEntry.SIZE;
        }
        if (travel == CommandData.Travel.NONE) {
            Sgl.none(capsules, entry);
            return SubmissionEntry.SIZE;
        }
        if (travel == CommandData.Travel.IN_CAPSULE) {
            writeInCapsule(slot, capsules, entry, data);
            return data.capsuleHeaderBytes();
        }
        writeList(capsules, entry, data);
        return SubmissionEntry.SIZE + data.count() * Sgl.SIZE;
    }

    private void writeKeyed(int slot, MemorySegment capsules, long entry, CommandData data) {
        Region region = data.region(0);
        long address = data.address(0);
        int bytes = data.length(0);
        if (bindsKeys) {
            boolean writes = data.direction() == CommandData.Direction.CONTROLLER_WRITES;
            bind(slot, region, address, bytes, writes);
        } else {
            Sgl.keyed(capsules, entry, address, bytes, key(region, data));
        }
    }

    /// Writes a data pointer with a key of its own.
    void bind(int slot, Region region, long address, int bytes, boolean controllerWrites) {
        int key = queue.bind(slot, region, address, bytes, controllerWrites);
        events.key(slot, key);
        Sgl.keyedInvalidate(queue.capsules(), queue.capsuleOffset(slot), address, bytes, key);
    }

    /// Writes a data pointer to one piece of memory that travels in the capsule.
    ///
    /// @throws IllegalArgumentException when the capsule has no such header
    void gather(int slot, Region region, long address, int bytes, int headerBytes) {
        requireRoom(headerBytes);
        Sgl.inCapsule(queue.capsules(), queue.capsuleOffset(slot), 0, bytes);
        queue.segment(slot, 0, address, bytes, region.localKey());
    }

    private static int key(Region region, CommandData data) {
        return data.direction() == CommandData.Direction.CONTROLLER_READS
                ? region.controllerReadsKey()
                : region.controllerWritesKey();
    }

    private void writeInCapsule(int slot, MemorySegment capsules, long entry, CommandData data) {
        Sgl.inCapsule(capsules, entry, 0, data.byteSize());
        for (int i = 0; i < data.count(); i++) {
            queue.segment(slot, i, data.address(i), data.length(i), data.region(i).localKey());
        }
    }

    private static void writeList(MemorySegment capsules, long entry, CommandData data) {
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
}

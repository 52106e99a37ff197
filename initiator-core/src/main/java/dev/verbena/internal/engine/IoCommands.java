package dev.verbena.internal.engine;

import dev.verbena.QueueStatistics;
import dev.verbena.internal.engine.CommandData.Direction;
import dev.verbena.internal.engine.CommandData.Travel;
import dev.verbena.internal.memory.Region;
import dev.verbena.internal.memory.RegionLease;
import dev.verbena.nvme.DataDirection;
import dev.verbena.nvme.FabricsCommandType;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.SubmissionEntry;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Builds I/O commands in the slots of a queue, decides how their data travels, and counts.
///
/// All `try…` methods return false, without effect, when no slot is free. What they throw is thrown
/// before anything has happened, too. In both cases the regions in the caller's `data` are still
/// the caller's to release ([CommandData#release]); once a command is accepted they are released
/// when it completes.
///
/// The last argument is how long the answer may take. It is counted from the first look at the
/// deadlines ([CommandQueue#checkDeadlines]) after the submission, so that submitting needs no
/// clock: a command expires at most one interval between looks later than it could.
///
/// Completions have to be collected by [#poll] here, and what is left when the queue ends by
/// [#close]: both count, and make one completion of a fused pair.
///
/// Threads: the queue's owner; [#statistics] any. Allocates nothing.
public final class IoCommands {
    private final CommandQueue commands;
    private final DataPlacement placement;
    private final QueueCounters counters;
    private final IoCompletions completions;
    private final boolean bindsKeys;
    private final CommandData none = new CommandData();

    /// A front of `commands`, whose data travels from where it is.
    public IoCommands(CommandQueue commands, DataPlacement placement) {
        this(commands, placement, null);
    }

    /// A front of `commands`.
    ///
    /// @param runs what data may be described with ([BounceRuns#describe]): the command takes the
    ///   run along when it is accepted, and ends it
    public IoCommands(CommandQueue commands, DataPlacement placement, @Nullable BounceRuns runs) {
        this.commands = commands;
        this.bindsKeys = commands.bindsKeys();
        this.placement = bindsKeys ? placement.withOneKey() : placement;
        this.counters = commands.counters();
        this.completions = new IoCompletions(commands, counters, runs);
    }

    /// Starts a command on a range of blocks.
    ///
    /// @param opcode of [NvmOpcode]: a read, write or compare
    /// @param flags bits of dword 12 as [NvmCommands] names them, 0 for none
    /// @param data where the blocks go, or come from; all of their bytes
    /// @return false when no slot is free
    /// @throws IllegalArgumentException when a value does not fit the command
    public boolean tryRanged(
            int opcode,
            int namespaceId,
            long startingLba,
            int blockCount,
            int flags,
            CommandData data,
            long token,
            long timeoutNanos) {
        place(data.direction(direction(opcode)));
        int slot = commands.nextSlot();
        if (slot < 0) {
            return false;
        }
        encode(opcode, slot, namespaceId, startingLba, blockCount, flags);
        submit(slot, data, token, timeoutNanos);
        return true;
    }

    /// Starts a command on a range of blocks that moves no data: write zeroes, verify or write
    /// uncorrectable. See the other one.
    public boolean tryRanged(
            int opcode,
            int namespaceId,
            long startingLba,
            int blockCount,
            int flags,
            long token,
            long timeoutNanos) {
        return tryRanged(
                opcode,
                namespaceId,
                startingLba,
                blockCount,
                flags,
                none.clear(),
                token,
                timeoutNanos);
    }

    /// Starts a read, write or compare whose data is one piece of leased memory, which is most of
    /// what there is: the same as with [CommandData], by the shortest way.
    ///
    /// @param lease from [CommandQueue#lease], counted by the caller; holds all of the bytes
    /// @param bytes more than 0, up to [DataPlacement#transferBytesMax]
    /// @return false when no slot is free
    /// @throws IllegalArgumentException when a value does not fit the command
    public boolean tryTransfer(
            int opcode,
            int namespaceId,
            long startingLba,
            int blockCount,
            int flags,
            RegionLease lease,
            long address,
            int bytes,
            long token,
            long timeoutNanos) {
        int slot = commands.nextSlot();
        if (slot < 0) {
            return false;
        }
        boolean read = opcode == NvmOpcode.READ;
        if (placement.choose(!read, 1, bytes) == DataPlacement.IN_CAPSULE) {
            encode(opcode, slot, namespaceId, startingLba, blockCount, flags);
            int header = placement.capsuleHeaderBytes();
            commands.submitInCapsule(slot, token, lease, address, bytes, header, timeoutNanos);
            submitted(slot, QueueCounters.IN_CAPSULE);
        } else if (bindsKeys) {
            encode(opcode, slot, namespaceId, startingLba, blockCount, flags);
            commands.submitBound(slot, token, lease, address, bytes, read, timeoutNanos);
            submitted(slot, QueueCounters.KEYED);
        } else {
            Region region = lease.region();
            NvmCommands.keyed(
                    commands.capsules(),
                    commands.capsuleOffset(slot),
                    opcode,
                    commands.commandId(slot),
                    namespaceId,
                    startingLba,
                    blockCount,
                    flags,
                    address,
                    bytes,
                    read ? region.controllerWritesKey() : region.controllerReadsKey());
            commands.submitKeyed(slot, token, lease, timeoutNanos);
            submitted(slot, QueueCounters.KEYED);
        }
        return true;
    }

    /// Starts a flush of one namespace.
    ///
    /// @return false when no slot is free
    public boolean tryFlush(int namespaceId, long token, long timeoutNanos) {
        int slot = commands.nextSlot();
        if (slot < 0) {
            return false;
        }
        NvmCommands.flush(
                commands.capsules(),
                commands.capsuleOffset(slot),
                commands.commandId(slot),
                namespaceId);
        submit(slot, none, token, timeoutNanos);
        return true;
    }

    /// Starts Dataset Management.
    ///
    /// @param attributes [NvmCommands#ATTRIBUTE_DEALLOCATE] and its neighbours
    /// @param rangeCount 1..256
    /// @param ranges holds the encoded ranges
    /// @return false when no slot is free
    public boolean tryDataSetManagement(
            int namespaceId,
            int attributes,
            int rangeCount,
            CommandData ranges,
            long token,
            long timeoutNanos) {
        place(ranges.direction(Direction.CONTROLLER_READS));
        int slot = commands.nextSlot();
        if (slot < 0) {
            return false;
        }
        NvmCommands.datasetManagement(
                commands.capsules(),
                commands.capsuleOffset(slot),
                commands.commandId(slot),
                namespaceId,
                rangeCount,
                attributes);
        submit(slot, ranges, token, timeoutNanos);
        return true;
    }

    /// Starts to copy blocks within the subsystem.
    ///
    /// @param namespaceId of the destination
    /// @param rangeCount 1..256
    /// @param format of the ranges, 0..3
    /// @param ranges holds the encoded ranges
    /// @return false when no slot is free
    public boolean tryCopy(
            int namespaceId,
            long destinationLba,
            int rangeCount,
            int format,
            int flags,
            CommandData ranges,
            long token,
            long timeoutNanos) {
        place(ranges.direction(Direction.CONTROLLER_READS));
        int slot = commands.nextSlot();
        if (slot < 0) {
            return false;
        }
        NvmCommands.copy(
                commands.capsules(),
                commands.capsuleOffset(slot),
                commands.commandId(slot),
                namespaceId,
                destinationLba,
                rangeCount,
                format,
                0,
                flags);
        submit(slot, ranges, token, timeoutNanos);
        return true;
    }

    /// Starts a fused Compare and Write: two commands next to each other in the send queue, of
    /// which the second is carried out only when the first finds no difference. It completes once,
    /// when both have been answered, with the status that says why it failed.
    ///
    /// @return false when no two slots are free
    public boolean tryCompareAndWrite(
            int namespaceId,
            long startingLba,
            int blockCount,
            int flags,
            CommandData compare,
            CommandData write,
            long token,
            long timeoutNanos) {
        place(compare.direction(Direction.CONTROLLER_READS));
        place(write.direction(Direction.CONTROLLER_READS));
        if (commands.freeCount() < 2) {
            return false;
        }
        // What can be refused is refused before the first is accepted.
        commands.check(compare);
        commands.check(write);
        MemorySegment capsules = commands.capsules();
        int first = commands.nextSlot();
        encode(NvmOpcode.COMPARE, first, namespaceId, startingLba, blockCount, flags);
        SubmissionEntry.fused(capsules, commands.capsuleOffset(first), SubmissionEntry.FUSED_FIRST);
        submit(first, compare, token, timeoutNanos);
        // Nothing rings in between, so the two stay neighbours.
        int second = commands.nextSlot();
        encode(NvmOpcode.WRITE, second, namespaceId, startingLba, blockCount, flags);
        SubmissionEntry.fused(
                capsules, commands.capsuleOffset(second), SubmissionEntry.FUSED_SECOND);
        submit(second, write, token, timeoutNanos);
        completions.pair(first, second);
        return true;
    }

    /// Starts a command as the caller has written it; only command id, data pointer and the flags
    /// that belong to them are replaced. The opcode's bits 1:0 give the direction of the data.
    ///
    /// @param entry the command, 64 bytes
    /// @param data empty for none
    /// @return false when no slot is free
    /// @throws IllegalArgumentException when the opcode is that of Fabrics commands, its direction
    ///   is both ways, it has data and shall not have any, or it is one of a fused pair
    public boolean tryRaw(MemorySegment entry, CommandData data, long token, long timeoutNanos) {
        place(data.direction(direction(entry, data)));
        int slot = commands.nextSlot();
        if (slot < 0) {
            return false;
        }
        MemorySegment capsules = commands.capsules();
        long at = commands.capsuleOffset(slot);
        MemorySegment.copy(entry, 0, capsules, at, SubmissionEntry.SIZE);
        SubmissionEntry.commandId(capsules, at, commands.commandId(slot));
        submit(slot, data, token, timeoutNanos);
        return true;
    }

    private static Direction direction(int opcode) {
        return switch (DataDirection.of(opcode)) {
            case HOST_TO_CONTROLLER -> Direction.CONTROLLER_READS;
            case CONTROLLER_TO_HOST -> Direction.CONTROLLER_WRITES;
            default -> Direction.NONE;
        };
    }

    private static Direction direction(MemorySegment entry, CommandData data) {
        if (entry.byteSize() < SubmissionEntry.SIZE) {
            throw new IllegalArgumentException(
                    "A command has " + SubmissionEntry.SIZE + " bytes, not " + entry.byteSize());
        }
        int opcode = SubmissionEntry.opcode(entry, 0);
        if (opcode == FabricsCommandType.OPCODE) {
            throw new IllegalArgumentException(
                    "Fabrics commands (opcode 7Fh) belong to the connection, not to its user");
        }
        if (SubmissionEntry.fused(entry, 0) != SubmissionEntry.FUSED_NONE) {
            throw new IllegalArgumentException(
                    "A raw command cannot be one of a fused pair; see compare and write");
        }
        return switch (DataDirection.of(opcode)) {
            case NONE -> {
                if (data.count() > 0) {
                    throw new IllegalArgumentException(
                            NvmOpcode.name(opcode)
                                    + " moves no data (opcode bits 1:0 are 00b), but has a buffer");
                }
                yield Direction.NONE;
            }
            case HOST_TO_CONTROLLER -> Direction.CONTROLLER_READS;
            case CONTROLLER_TO_HOST -> Direction.CONTROLLER_WRITES;
            case BIDIRECTIONAL ->
                    throw new IllegalArgumentException(
                            NvmOpcode.name(opcode)
                                    + " moves data both ways (opcode bits 1:0 are 11b), which one"
                                    + " data pointer cannot describe");
        };
    }

    private void encode(
            int opcode, int slot, int namespaceId, long startingLba, int blockCount, int flags) {
        NvmCommands.ranged(
                commands.capsules(),
                commands.capsuleOffset(slot),
                opcode,
                commands.commandId(slot),
                namespaceId,
                startingLba,
                blockCount,
                flags);
    }

    private void place(CommandData data) {
        // Mostly it has been asked for by #fits before.
        if (data.travel() == Travel.NONE && !placement.place(data)) {
            throw new IllegalArgumentException(
                    data.count()
                            + " segments of memory are more than one command to this controller can"
                            + " name; copy them to one");
        }
    }

    /// Whether the data of a command can travel as it is; if not, it has to be copied to one piece
    /// of memory first. Its direction has to be set.
    public boolean fits(CommandData data) {
        return placement.place(data);
    }

    private void submit(int slot, CommandData data, long token, long timeoutNanos) {
        commands.submit(slot, token, data, timeoutNanos);
        submitted(slot, data.travel().counter);
        int run = data.run();
        if (run >= 0) {
            completions.bounced(slot, run);
        }
    }

    private void submitted(int slot, int counter) {
        counters.count(counter);
        completions.started(slot);
    }

    /// Notes that the controller is asked to abort the command of a slot; it ends with the command.
    public void aborting(int slot) {
        completions.aborting(slot);
    }

    /// Whether the controller has been asked to abort the command of a slot.
    public boolean isAborting(int slot) {
        return completions.isAborting(slot);
    }

    /// Commands that can be outstanding.
    int depth() {
        return commands.depth();
    }

    /// See [CommandQueue#poll].
    public int poll(CommandHandler handler) {
        return poll(handler, true);
    }

    /// See [CommandQueue#poll(CommandHandler, boolean)].
    int poll(CommandHandler handler, boolean ends) {
        int count = commands.poll(collector(handler), ends);
        countPoll(count);
        return count;
    }

    /// What completions have to be delivered to, where somebody else polls the queue.
    ///
    /// @param handler takes them in the end
    /// @throws IllegalStateException while completions are being delivered: the rest of the batch
    ///   belongs to who polls
    public CommandHandler collector(CommandHandler handler) {
        commands.requireIdle();
        completions.handler(handler);
        return completions;
    }

    /// The queue was polled by somebody else.
    public void countPoll(int events) {
        counters.count(events == 0 ? QueueCounters.EMPTY_POLLS : QueueCounters.POLLS);
    }

    /// See [CommandQueue#close].
    public void close(CommandHandler handler) {
        commands.close(collector(handler));
    }

    /// A command went through a copy of its data.
    public void countBounced() {
        counters.count(QueueCounters.BOUNCED);
    }

    /// The owner slept.
    public void countWait() {
        counters.count(QueueCounters.WAITS);
    }

    /// A command was not answered in time.
    public void countExpired() {
        counters.count(QueueCounters.EXPIRED);
    }

    /// Reports the latency of every command from now on; null for none.
    public void observe(@Nullable CommandObserver observer) {
        completions.observe(observer);
    }

    /// Takes notice of a JFR recording that has started or ended since; for idle moments.
    public void refresh() {
        completions.refresh();
    }

    /// What this queue has done. Any thread.
    public QueueStatistics statistics() {
        return counters.snapshot();
    }
}

package dev.verbena;

import dev.verbena.internal.engine.BounceRuns;
import dev.verbena.internal.engine.CommandData;
import dev.verbena.internal.engine.CommandData.Direction;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.engine.IoCommands;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.internal.memory.RegionLease;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Turns the caller's buffers into the data of a command: finds the regions they lie in, keeps
/// these from being closed, and copies what lies in too many pieces.
///
/// Threads: the queue's owner. Allocates nothing, except the bounce pool when it is first needed.
final class BufferHolder {
    /// Instead of a run: the data travels from where it is.
    static final int DIRECT = -1;

    /// Instead of a run: there is no room in the bounce pool at the moment.
    static final int NO_ROOM = -2;

    private final MemoryDomain memory;
    private final CommandQueue commands;
    private final IoCommands io;
    private final BounceRuns runs;
    private @Nullable RegionLease lastLease;

    /// @param runs also known to `io`, which ends them
    BufferHolder(MemoryDomain memory, CommandQueue commands, IoCommands io, BounceRuns runs) {
        this.memory = memory;
        this.commands = commands;
        this.io = io;
        this.runs = runs;
    }

    /// Counts a command as a user of one piece of memory, where that is simple: the memory is that
    /// of the last command's region.
    ///
    /// @return what is counted, to be given back when no command follows; null when [#fill] has to
    ///   look
    @Nullable RegionLease tryHold(MemorySegment buffer, int bytes, boolean controllerWrites) {
        RegionLease last = lastLease;
        if (last == null
                || !buffer.isNative()
                || (controllerWrites && buffer.isReadOnly())
                || !last.region().contains(buffer.address(), bytes)
                || !last.tryAcquire()) {
            return null;
        }
        // Only now: what is alive while the region is held lies in the region.
        if (!buffer.scope().isAlive()) {
            last.release();
            return null;
        }
        return last;
    }

    /// Describes buffers to a command.
    ///
    /// @param one the only piece; null to take those of `list`
    /// @param bytes what the command moves, no more than the pieces have
    /// @return the run of the bounce pool the data travels by, [#DIRECT], or [#NO_ROOM]; then
    ///   `data` is empty
    int fill(
            CommandData data,
            Direction direction,
            @Nullable MemorySegment one,
            @Nullable BufferList list,
            int bytes) {
        hold(data, direction, one, list, bytes);
        return io.fits(data) ? DIRECT : bounce(data, one, list, bytes);
    }

    /// As [#fill], for the two halves of a fused pair; both travel by the same run, or neither.
    int fillPair(
            CommandData first,
            @Nullable MemorySegment firstOne,
            @Nullable BufferList firstList,
            CommandData second,
            @Nullable MemorySegment secondOne,
            @Nullable BufferList secondList,
            int bytes) {
        hold(first, Direction.CONTROLLER_READS, firstOne, firstList, bytes);
        try {
            hold(second, Direction.CONTROLLER_READS, secondOne, secondList, bytes);
        } catch (RuntimeException e) {
            first.release();
            throw e;
        }
        if (io.fits(first) && io.fits(second)) {
            return DIRECT;
        }
        int run = NO_ROOM;
        try {
            run = acquire(2 * bytes);
            if (run >= 0) {
                copyIn(run, 0, firstOne, firstList, bytes);
                copyIn(run, bytes, secondOne, secondList, bytes);
            }
        } finally {
            first.release();
            second.release();
        }
        if (run >= 0) {
            runs.describe(run, 0, bytes, first);
            runs.describe(run, bytes, bytes, second);
        }
        return run;
    }

    /// Takes a run to write lists of ranges to; they start at [#rangesOffset] of [#ranges].
    ///
    /// @return the run, or [#NO_ROOM]
    int fillRanges(CommandData data, int bytes) {
        int run = acquire(bytes);
        if (run >= 0) {
            runs.describe(run, 0, bytes, data);
        } else {
            data.clear();
        }
        return run;
    }

    MemorySegment ranges() {
        return runs.segment();
    }

    long rangesOffset(int run) {
        return runs.offset(run);
    }

    /// The command that was described last was not accepted.
    ///
    /// @param data of it, one for each half of a pair
    void refused(int run, CommandData data, @Nullable CommandData second) {
        data.release();
        if (second != null) {
            second.release();
        }
        if (run >= 0) {
            runs.release(run);
        }
    }

    /// Frees the pool; the queue has been closed.
    ///
    /// @throws RuntimeException when the device refuses to let go of it; this may be called again
    ///   then
    void close() {
        runs.close();
    }

    private int acquire(int bytes) {
        if (bytes > runs.poolBytes()) {
            throw new IllegalArgumentException(
                    bytes
                            + " bytes in pieces no command can name, where the queue can copy "
                            + runs.poolBytes()
                            + " at a time; use one segment");
        }
        int run = runs.acquire(bytes);
        return run < 0 ? NO_ROOM : run;
    }

    private int bounce(
            CommandData data, @Nullable MemorySegment one, @Nullable BufferList list, int bytes) {
        int run = NO_ROOM;
        Direction direction = data.direction();
        boolean read = direction == Direction.CONTROLLER_WRITES;
        try {
            run = acquire(bytes);
            if (run >= 0 && read) {
                noteTargets(run, data, one, list);
            } else if (run >= 0) {
                copyIn(run, 0, one, list, bytes);
            }
        } finally {
            data.release();
        }
        if (run >= 0) {
            runs.describe(run, 0, bytes, data);
            data.direction(direction);
            io.countBounced();
        }
        return run;
    }

    private void noteTargets(
            int run, CommandData data, @Nullable MemorySegment one, @Nullable BufferList list) {
        for (int i = 0; i < data.count(); i++) {
            Region region = data.region(i);
            if (!region.tryAcquire()) {
                // Somebody tries to close it at this moment.
                runs.release(run);
                throw notRegistered();
            }
            runs.target(run, piece(one, list, i), data.length(i), region);
        }
    }

    private void copyIn(
            int run, int at, @Nullable MemorySegment one, @Nullable BufferList list, int bytes) {
        long to = runs.offset(run) + at;
        int left = bytes;
        for (int i = 0; left > 0; i++) {
            MemorySegment piece = piece(one, list, i);
            int part = (int) Math.min(left, piece.byteSize());
            MemorySegment.copy(piece, 0, runs.segment(), to, part);
            to += part;
            left -= part;
        }
    }

    private static MemorySegment piece(
            @Nullable MemorySegment one, @Nullable BufferList list, int index) {
        if (one != null) {
            return one;
        }
        if (list == null) {
            throw new IllegalArgumentException("The command needs a buffer");
        }
        return list.segment(index);
    }

    /// Counts this command as a user of the memory of its buffers, all of it or nothing.
    private void hold(
            CommandData data,
            Direction direction,
            @Nullable MemorySegment one,
            @Nullable BufferList list,
            int bytes) {
        data.clear().direction(direction);
        boolean complete = false;
        try {
            int left = bytes;
            for (int i = 0; left > 0; i++) {
                MemorySegment piece = piece(one, list, i);
                if (direction == Direction.CONTROLLER_WRITES && piece.isReadOnly()) {
                    throw new IllegalArgumentException(
                            "The buffer of a read must not be read-only");
                }
                int part = (int) Math.min(left, piece.byteSize());
                hold(data, piece, part);
                left -= part;
            }
            complete = true;
        } finally {
            if (!complete) {
                data.release();
            }
        }
    }

    private void hold(CommandData data, MemorySegment buffer, int bytes) {
        if (!buffer.isNative()) {
            throw notRegistered();
        }
        long address = buffer.address();
        RegionLease last = lastLease;
        if (last != null && last.region().contains(address, bytes) && last.tryAcquire()) {
            data.add(last, address, bytes);
        } else {
            // The last region may have been closed since, and another arena have taken its
            // address.
            find(data, address, bytes);
        }
        // Only now: what is alive while the region is held lies in the region.
        if (!buffer.scope().isAlive()) {
            throw notRegistered();
        }
    }

    private void find(CommandData data, long address, int bytes) {
        Region region = memory.find(address, bytes);
        RegionLease lease = region == null ? null : commands.lease(region);
        if (lease != null) {
            // In any case: the last one may have been given up for this one.
            lastLease = lease;
        }
        if (lease != null && lease.tryAcquire()) {
            data.add(lease, address, bytes);
        } else if (region != null && lease == null && region.tryAcquire()) {
            data.add(region, address, bytes);
        } else {
            throw notRegistered();
        }
    }

    private static IllegalArgumentException notRegistered() {
        return new IllegalArgumentException(
                "The buffer is not memory of an open DmaArena of this controller; make one with"
                        + " Controller.newArena, or use a BlockDevice, which takes any memory");
    }
}

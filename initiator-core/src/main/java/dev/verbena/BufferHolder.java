package dev.verbena;

import dev.verbena.internal.engine.BounceRuns;
import dev.verbena.internal.engine.CommandData;
import dev.verbena.internal.engine.CommandData.Direction;
import dev.verbena.internal.engine.IoCommands;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
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
    private final IoCommands io;
    private final BounceRuns runs;
    private @Nullable Region lastRegion;

    /// Whether [#runs] has to know of every command.
    private boolean bouncing;

    BufferHolder(MemoryDomain memory, IoCommands io, int depth, int transferBytesMax) {
        this.memory = memory;
        this.io = io;
        this.runs = new BounceRuns(memory, depth, transferBytesMax);
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

    /// Tells what became of the command that was described last.
    ///
    /// @param data of it, one for each half of a pair
    void settle(boolean accepted, int run, CommandData data, @Nullable CommandData second) {
        if (!accepted) {
            data.release();
            if (second != null) {
                second.release();
            }
            if (run >= 0) {
                runs.release(run);
            }
            return;
        }
        if (bouncing) {
            runs.attach(io.lastSlot(), run);
            if (second != null) {
                runs.attach(io.lastPairedSlot(), run);
            }
        }
    }

    /// A command has ended; its data is where it belongs when this returns.
    void completed(int slot, int status) {
        if (bouncing) {
            runs.completed(slot, status);
        }
    }

    /// Frees the pool; the queue has been closed.
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
        bouncing = true;
        return run < 0 ? NO_ROOM : run;
    }

    private int bounce(
            CommandData data, @Nullable MemorySegment one, @Nullable BufferList list, int bytes) {
        int run = NO_ROOM;
        Direction direction = data.direction();
        boolean read = direction == Direction.CONTROLLER_WRITES;
        boolean moved = false;
        try {
            run = acquire(bytes);
            if (run >= 0 && read) {
                moved = true;
                for (int i = 0; i < data.count(); i++) {
                    runs.target(run, piece(one, list, i), data.length(i), data.region(i));
                }
            } else if (run >= 0) {
                copyIn(run, 0, one, list, bytes);
            }
        } finally {
            if (moved) {
                data.clear();
            } else {
                data.release();
            }
        }
        if (run >= 0) {
            runs.describe(run, 0, bytes, data);
            data.direction(direction);
            io.countBounced();
        }
        return run;
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
                data.add(acquire(piece, part), piece.address(), part);
                left -= part;
            }
            complete = true;
        } finally {
            if (!complete) {
                data.release();
            }
        }
    }

    private Region acquire(MemorySegment buffer, long bytes) {
        Region region = buffer.isNative() ? held(buffer.address(), bytes) : null;
        if (region == null) {
            throw notRegistered();
        }
        // Only now: what is alive while the region is held lies in the region.
        if (!buffer.scope().isAlive()) {
            region.release();
            throw notRegistered();
        }
        return region;
    }

    private @Nullable Region held(long address, long bytes) {
        Region last = lastRegion;
        if (last != null && last.contains(address, bytes) && last.tryAcquire()) {
            return last;
        }
        // The last region may have been closed since, and another arena have taken its address.
        Region found = memory.find(address, bytes);
        lastRegion = found;
        return found != null && found.tryAcquire() ? found : null;
    }

    private static IllegalArgumentException notRegistered() {
        return new IllegalArgumentException(
                "The buffer is not memory of an open DmaArena of this controller; make one with"
                        + " Controller.newArena, or use a BlockDevice, which takes any memory");
    }
}

package dev.verbena.internal.engine;

import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmeStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Registered memory of one queue for data that cannot travel from where it lies: in more pieces
/// than a command can name, or, as lists of ranges, not in registered memory at all.
///
/// Bounded: [#RUNS_MAX] pieces in [#poolBytes] bytes. A run of the pool belongs to the command
/// whose data it was described as ([#describe]), or to both commands of a fused pair: it is taken
/// back when the last of them has ended. Only [IoCompletions] says when commands begin and end, and
/// it says so of each slot; a command without a run therefore never meets one of an earlier
/// command.
///
/// Threads: the queue's owner. Allocates only when it is first needed.
public final class BounceRuns {
    /// Most commands that can use the pool at the same time.
    public static final int RUNS_MAX = Long.SIZE;

    /// Least size of the pool in bytes.
    private static final int POOL_BYTES_MIN = 1 << 20;

    private static final int PAGE_BYTES = 4096;

    /// Status of a read that arrived but could not be copied to where it belongs: Data Transfer
    /// Error.
    private static final int DATA_TRANSFER_ERROR = NvmeStatus.of(0, 4, true).value();

    private final MemoryDomain memory;
    private final int poolBytes;
    private final int unitBytes;
    private final byte[] runOfSlot;
    private @Nullable Arena arena;
    private @Nullable Region region;
    private Run[] runs = {};

    /// Bit n is set while unit n is in use.
    private long used;

    /// What has to be done when the command has ended.
    private static final class Run {
        private long units;

        /// Commands that use it.
        private int users;

        private int count;
        private final @Nullable MemorySegment[] targets =
                new MemorySegment[CommandData.SEGMENTS_MAX];
        private final int[] lengths = new int[CommandData.SEGMENTS_MAX];
        private final @Nullable Region[] regions = new Region[CommandData.SEGMENTS_MAX];
    }

    /// @param depth slots of the queue
    /// @param transferBytesMax most bytes of one command; that much fits at least
    public BounceRuns(MemoryDomain memory, int depth, int transferBytesMax) {
        this.memory = memory;
        int wanted = Math.max(POOL_BYTES_MIN, transferBytesMax);
        this.poolBytes =
                wanted == Integer.highestOneBit(wanted)
                        ? wanted
                        : Integer.highestOneBit(wanted) << 1;
        this.unitBytes = poolBytes / RUNS_MAX;
        this.runOfSlot = new byte[depth];
    }

    /// Bytes of the pool.
    public int poolBytes() {
        return poolBytes;
    }

    /// Takes a run.
    ///
    /// @param bytes 1..[#poolBytes]
    /// @return its handle, 0 or more; -1 when there is no room at the moment
    /// @throws RuntimeException when the pool's memory cannot be registered
    public int acquire(int bytes) {
        if (region == null) {
            allocate();
        }
        int units = Math.ceilDiv(bytes, unitBytes);
        if (units < 1 || units > RUNS_MAX) {
            throw new IllegalArgumentException(bytes + " bytes from a pool of " + poolBytes);
        }
        // Bit n stays set when units n to n + units - 1 are free.
        long free = ~used;
        for (int i = 1; i < units; i++) {
            free &= free >>> 1;
        }
        if (free == 0) {
            return -1;
        }
        int first = Long.numberOfTrailingZeros(free);
        long mask = (units == Long.SIZE ? -1L : (1L << units) - 1) << first;
        used |= mask;
        runs[first].units = mask;
        return first;
    }

    private void allocate() {
        Arena made = Arena.ofShared();
        try {
            region = memory.register(made.allocate(poolBytes, PAGE_BYTES));
        } catch (RuntimeException | OutOfMemoryError e) {
            made.close();
            throw e;
        }
        arena = made;
        runs = new Run[RUNS_MAX];
        for (int i = 0; i < RUNS_MAX; i++) {
            runs[i] = new Run();
        }
    }

    private Region pool() {
        Region pool = region;
        if (pool == null) {
            throw new IllegalStateException("No run has been taken");
        }
        return pool;
    }

    /// The pool's memory; a run starts at [#offset].
    public MemorySegment segment() {
        return pool().segment();
    }

    /// Where a run starts in [#segment].
    public long offset(int run) {
        return (long) run * unitBytes;
    }

    /// Lets a command's data be this run, or a part of it. When the command is accepted, the run
    /// ends with it.
    ///
    /// @param data cleared and filled; its region is counted as used
    /// @param at offset in the run
    public void describe(int run, int at, int bytes, CommandData data) {
        Region pool = pool();
        if (!pool.tryAcquire()) {
            throw new IllegalStateException("The registration of the bounce pool has ended");
        }
        data.clear().add(pool, pool.address() + offset(run) + at, bytes).run(run);
    }

    /// Notes a piece of the caller's memory that the run is copied to when the command succeeds,
    /// after the pieces noted before.
    ///
    /// @param user held, and given back when the command ends
    public void target(int run, MemorySegment segment, int bytes, Region user) {
        Run entry = runs[run];
        entry.targets[entry.count] = segment;
        entry.lengths[entry.count] = bytes;
        entry.regions[entry.count] = user;
        entry.count++;
    }

    /// A command that uses a run has begun.
    void begun(int slot, int run) {
        runOfSlot[slot] = (byte) run;
        runs[run].users++;
    }

    /// A command that [#begun] has ended: copies what it read to where it belongs, and takes the
    /// run back unless the other half of a pair uses it still.
    ///
    /// @return what the command has ended with: its status, or that its data could not be copied
    int ended(int slot, int status) {
        int run = runOfSlot[slot];
        int outcome = status;
        try {
            if (status == 0) {
                copyOut(run);
            }
        } catch (RuntimeException | Error e) {
            // The caller's memory cannot be accessed, or not from this thread. That is this
            // command's failure and must not become that of the others in the batch.
            outcome = DATA_TRANSFER_ERROR;
        }
        if (--runs[run].users == 0) {
            release(run);
        }
        return outcome;
    }

    private void copyOut(int run) {
        Run entry = runs[run];
        long from = offset(run);
        for (int i = 0; i < entry.count; i++) {
            MemorySegment target = entry.targets[i];
            if (target != null) {
                MemorySegment.copy(segment(), from, target, 0, entry.lengths[i]);
            }
            from += entry.lengths[i];
        }
    }

    /// Takes a run back, and what was noted with it.
    public void release(int run) {
        Run entry = runs[run];
        for (int i = 0; i < entry.count; i++) {
            Region user = entry.regions[i];
            if (user != null) {
                user.release();
            }
            entry.regions[i] = null;
            entry.targets[i] = null;
        }
        entry.count = 0;
        used &= ~entry.units;
        entry.units = 0;
    }

    /// Runs in use. For tests.
    int unitsInUse() {
        return Long.bitCount(used);
    }

    /// Frees the pool; the queue has been closed. Memory the device might still reach stays
    /// allocated.
    ///
    /// @throws RuntimeException when the device refuses to let go of the pool; this may be called
    ///   again then
    public void close() {
        Region pool = region;
        Arena made = arena;
        boolean free = pool != null && memory.unregister(pool);
        region = null;
        arena = null;
        if (free && made != null) {
            made.close();
        }
    }
}

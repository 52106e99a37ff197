package dev.verbena.cli.perf;

import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// One I/O that is outstanding at a time, again and again: what it does next, its buffer, and
/// whether it found what it should.
///
/// With verification, slots share the range out among themselves, so that the last write of a block
/// is always known; when the time is over each reads back what it wrote.
///
/// Threads: one at a time, as its I/O passes from one to another.
final class Slot {
    /// Versions of this many units are kept at most, by all slots together.
    static final long VERIFIED_UNITS_MAX = 1 << 26;

    /// What all slots of a stream have in common.
    ///
    /// @param firstLba of the range
    /// @param units I/Os that fit into the range
    /// @param blocks blocks of an I/O
    /// @param slots of all streams
    /// @param sequence next unit of a sequential stream
    record Range(
            Namespace namespace,
            long firstLba,
            long units,
            int blocks,
            int slots,
            AtomicLong sequence,
            @Nullable BlockPattern pattern) {}

    private final RunState state;
    private final Workload workload;
    private final Range range;
    private final Meter meter;
    private final MemorySegment buffer;
    private final int number;

    /// Units that only this slot touches, and the generations of what it wrote; null without
    /// verification.
    private final int @Nullable [] generations;

    private long random;
    private long turn;
    private long unit;
    private int readBack;
    private boolean write;
    private boolean measured;
    private long startNanos;

    Slot(
            RunState state,
            Workload workload,
            Range range,
            Meter meter,
            MemorySegment buffer,
            int number) {
        this.state = state;
        this.workload = workload;
        this.range = range;
        this.meter = meter;
        this.buffer = buffer;
        this.number = number;
        long own = (range.units - number + range.slots - 1) / range.slots;
        this.generations = range.pattern == null ? null : new int[Math.toIntExact(own)];
        // xorshift needs a state that is not 0.
        this.random = (workload.seed() + number * 0x9E37_79B9_7F4A_7C15L) | 1;
        for (int i = 0; i < 8; i++) {
            nextRandom();
        }
    }

    /// Decides what the next I/O is, and fills its buffer.
    ///
    /// @return false when there is none any more
    boolean next() {
        int[] written = generations;
        if (state.isOver()) {
            return written != null && workload.writes() && nextReadBack(written);
        }
        measured = true;
        int mix = workload.readPercent();
        write = mix < 100 && (mix == 0 || bounded(100) >= mix);
        if (written == null) {
            unit =
                    workload.random()
                            ? bounded(range.units)
                            : range.sequence.getAndIncrement() % range.units;
        } else {
            long index = workload.random() ? bounded(written.length) : turn++ % written.length;
            unit = index * range.slots + number;
            // So that every read can be checked.
            write |= workload.writes() && written[(int) index] == BlockPattern.ANY_GENERATION;
            if (write) {
                written[(int) index]++;
                pattern().fill(buffer, lba(), written[(int) index]);
            }
        }
        return true;
    }

    private boolean nextReadBack(int[] written) {
        while (readBack < written.length && !state.isAbandoned()) {
            int index = readBack++;
            if (written[index] != BlockPattern.ANY_GENERATION) {
                unit = (long) index * range.slots + number;
                write = false;
                measured = false;
                return true;
            }
        }
        return false;
    }

    private BlockPattern pattern() {
        BlockPattern pattern = range.pattern;
        if (pattern == null) {
            throw new IllegalStateException("Nothing is verified here");
        }
        return pattern;
    }

    private long nextRandom() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return random;
    }

    /// Evenly distributed in 0..limit-1, without a division.
    private long bounded(long limit) {
        return Math.unsignedMultiplyHigh(nextRandom(), limit);
    }

    /// The I/O is about to be handed over.
    void started() {
        startNanos = System.nanoTime();
    }

    /// The I/O has ended well.
    ///
    /// @throws IOException when what was read is not what should be there
    void ended() throws IOException {
        long nanos = System.nanoTime() - startNanos;
        if (measured) {
            meter.record(write, nanos);
        }
        int[] written = generations;
        if (written != null && !write) {
            int generation = written[(int) (unit / range.slots)];
            String problem = pattern().check(buffer, lba(), generation);
            if (problem != null) {
                throw new IOException(problem);
            }
            // A read that moves nothing must not find the right content here the next time.
            buffer.fill((byte) 0xA5);
        }
    }

    boolean isWrite() {
        return write;
    }

    MemorySegment buffer() {
        return buffer;
    }

    int blocks() {
        return range.blocks;
    }

    Namespace namespace() {
        return range.namespace;
    }

    /// First block of the I/O.
    long lba() {
        return range.firstLba + unit * range.blocks;
    }

    /// The same in bytes.
    long offset() {
        return lba() * range.namespace.blockSize();
    }

    /// What it is, for a message: "The read of block 12 (8 blocks)".
    @Override
    public String toString() {
        return "The "
                + (write ? "write" : "read")
                + " of block "
                + lba()
                + (range.blocks == 1 ? "" : " (" + range.blocks + " blocks)");
    }
}

package dev.verbena.e2e;

import dev.verbena.BlockDevice;
import dev.verbena.DmaArena;
import dev.verbena.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// Mixed I/O on a device by several threads, which know at each moment what every block has to
/// hold.
///
/// Each thread has a piece of the device to itself and never has two operations on the same block
/// under way, so that every read has one right answer. A block's content follows from its number
/// and from how often it was written; a read is compared byte for byte, and at the end everything
/// is read once more.
///
/// What it reports names the seed: the same seed gives each thread the same operations.
public final class ContentChecker {
    /// What to do.
    ///
    /// @param count operations of all threads together
    /// @param depth operations of all threads together that are under way at the same time
    /// @param blocks of the device that are used, from its first
    public record Plan(long seed, int threads, int depth, long count, int blocks) {
        /// The plan for the count that `-Dverbena.io.count` names.
        ///
        /// @param blocks of the device that are used
        public static Plan standard(int blocks) {
            return new Plan(
                    Long.getLong("verbena.io.seed", 42),
                    8,
                    128,
                    Long.getLong("verbena.io.count", 20_000),
                    blocks);
        }
    }

    /// What was done.
    public record Result(long reads, long writes, long zeroes, long flushes, long blocksCompared) {
        Result plus(Result other) {
            return new Result(
                    reads + other.reads,
                    writes + other.writes,
                    zeroes + other.zeroes,
                    flushes + other.flushes,
                    blocksCompared + other.blocksCompared);
        }
    }

    /// Most blocks of one operation.
    private static final int BLOCKS_MAX = 40;

    private static final long PATIENCE_SECONDS = 120;

    private final BlockDevice device;
    private final Plan plan;
    private final boolean canZero;
    private final int blockSize;

    /// @param canZero whether the controller has Write Zeroes
    public ContentChecker(BlockDevice device, Plan plan, boolean canZero) {
        this.device = device;
        this.plan = plan;
        this.canZero = canZero;
        this.blockSize = device.blockSize();
    }

    /// Runs the plan.
    ///
    /// @throws AssertionError when a block holds something else than it should
    public Result run() throws IOException, InterruptedException {
        List<Worker> workers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        int share = plan.blocks() / plan.threads();
        for (int i = 0; i < plan.threads(); i++) {
            Worker worker = new Worker(i, (long) i * share, share);
            workers.add(worker);
            threads.add(Thread.ofPlatform().name("checker-" + i).start(worker));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        Result total = new Result(0, 0, 0, 0, 0);
        for (Worker worker : workers) {
            if (worker.failure != null) {
                throw new AssertionError(
                        "seed " + plan.seed() + ", thread " + worker.index, worker.failure);
            }
            total = total.plus(worker.result());
        }
        return total;
    }

    /// The words a block holds, from its number and its version; version 0 is zeroes.
    static void fill(MemorySegment target, long offset, int bytes, long block, int version) {
        for (int i = 0; i < bytes; i += Long.BYTES) {
            target.set(ValueLayout.JAVA_LONG_UNALIGNED, offset + i, word(block, version, i));
        }
    }

    private static long word(long block, int version, int at) {
        if (version == 0) {
            return 0;
        }
        long x = block * 0x9E37_79B9_7F4A_7C15L + version * 0xC2B2_AE3D_27D4_EB4FL + at;
        x = (x ^ (x >>> 31)) * 0xBF58_476D_1CE4_E5B9L;
        return x ^ (x >>> 29);
    }

    /// An operation that is under way.
    private static final class Running {
        final CompletableFuture<Void> future;
        final int first;
        final int count;
        final int slot;

        /// Versions a read has to find; null for anything else.
        final int @Nullable [] expected;

        final List<MemorySegment> memory;

        Running(
                CompletableFuture<Void> future,
                int first,
                int count,
                int slot,
                int @Nullable [] expected,
                List<MemorySegment> memory) {
            this.future = future;
            this.first = first;
            this.count = count;
            this.slot = slot;
            this.expected = expected;
            this.memory = memory;
        }
    }

    private final class Worker implements Runnable {
        private final int index;
        private final long firstBlock;
        private final int[] versions;
        private final boolean[] busy;
        private final Random random;
        private final Deque<Running> running = new ArrayDeque<>();
        private final Deque<Integer> freeSlots = new ArrayDeque<>();
        private final int depth;
        private @Nullable MemorySegment memory;
        private @Nullable Throwable failure;
        private long reads;
        private long writes;
        private long zeroes;
        private long flushes;
        private long compared;

        Worker(int index, long firstBlock, int blocks) {
            this.index = index;
            this.firstBlock = firstBlock;
            this.versions = new int[blocks];
            this.busy = new boolean[blocks];
            this.random = new Random(plan.seed() * 1000 + index);
            this.depth = Math.max(1, plan.depth() / plan.threads());
        }

        Result result() {
            return new Result(reads, writes, zeroes, flushes, compared);
        }

        @Override
        public void run() {
            int slotBytes = BLOCKS_MAX * blockSize;
            try (DmaArena arena = device.newArena((long) depth * slotBytes)) {
                memory = arena.allocate((long) depth * slotBytes, 4096);
                for (int i = 0; i < depth; i++) {
                    freeSlots.add(i);
                }
                try {
                    writeEverything();
                    for (long i = 0; i < plan.count() / plan.threads(); i++) {
                        step();
                    }
                    drain();
                    readEverything();
                } catch (Throwable e) {
                    failure = e;
                } finally {
                    settle();
                }
            } catch (Throwable e) {
                if (failure == null) {
                    failure = e;
                }
            }
        }

        /// After a failure: the arena may be closed only when nothing uses it.
        private void settle() {
            for (Running one : running) {
                try {
                    one.future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                } catch (ExecutionException | TimeoutException | InterruptedException e) {
                    // The first failure is the one that counts.
                }
            }
        }

        private void writeEverything() throws Exception {
            for (int block = 0; block < versions.length; block += BLOCKS_MAX) {
                write(block, Math.min(BLOCKS_MAX, versions.length - block), Durability.CACHED);
            }
            drain();
        }

        private void readEverything() throws Exception {
            for (int block = 0; block < versions.length; block += BLOCKS_MAX) {
                read(block, Math.min(BLOCKS_MAX, versions.length - block));
            }
            drain();
        }

        private void step() throws Exception {
            int kind = random.nextInt(100);
            if (kind < 2) {
                flushes++;
                start(device.flushAsync(), 0, 0, null, List.of());
                return;
            }
            int count = 1 + random.nextInt(random.nextInt(4) == 0 ? BLOCKS_MAX : 8);
            int first = random.nextInt(versions.length - count + 1);
            while (isBusy(first, count)) {
                finishOldest();
            }
            if (kind < 6 && canZero) {
                zero(first, count);
            } else if (kind < 50) {
                write(first, count, kind == 6 ? Durability.DURABLE : Durability.CACHED);
            } else {
                read(first, count);
            }
        }

        private boolean isBusy(int first, int count) {
            for (int i = first; i < first + count; i++) {
                if (busy[i]) {
                    return true;
                }
            }
            return false;
        }

        private void zero(int first, int count) throws Exception {
            zeroes++;
            for (int i = first; i < first + count; i++) {
                versions[i] = 0;
            }
            start(
                    device.writeZeroesAsync(at(first), (long) count * blockSize, false),
                    first,
                    count,
                    null,
                    List.of());
        }

        private void write(int first, int count, Durability durability) throws Exception {
            writes++;
            MemorySegment whole = buffer(count);
            for (int i = 0; i < count; i++) {
                int version = ++versions[first + i];
                fill(whole, (long) i * blockSize, blockSize, firstBlock + first + i, version);
            }
            List<MemorySegment> pieces = pieces(whole, true);
            start(
                    pieces.size() == 1
                            ? device.writeAsync(at(first), pieces.getFirst(), durability)
                            : device.writeAsync(at(first), pieces, durability),
                    first,
                    count,
                    null,
                    pieces);
        }

        private void read(int first, int count) throws Exception {
            reads++;
            int[] expected = new int[count];
            System.arraycopy(versions, first, expected, 0, count);
            List<MemorySegment> pieces = pieces(buffer(count), false);
            start(
                    pieces.size() == 1
                            ? device.readAsync(at(first), pieces.getFirst())
                            : device.readAsync(at(first), pieces),
                    first,
                    count,
                    expected,
                    pieces);
        }

        private long at(int block) {
            return (firstBlock + block) * blockSize;
        }

        /// Memory of the next operation; the slot is taken by [#start].
        private MemorySegment buffer(int count) throws Exception {
            while (freeSlots.isEmpty()) {
                finishOldest();
            }
            MemorySegment all = memory;
            if (all == null) {
                throw new IllegalStateException("not running");
            }
            return all.asSlice(
                    (long) freeSlots.getFirst() * BLOCKS_MAX * blockSize, (long) count * blockSize);
        }

        /// The same bytes as one to sixteen pieces, some of them in memory that is not registered.
        private List<MemorySegment> pieces(MemorySegment whole, boolean withContent) {
            int kind = random.nextInt(10);
            if (kind < 6) {
                return List.of(whole);
            }
            if (kind == 6) {
                return List.of(elsewhere(whole, withContent));
            }
            int most = 1 + random.nextInt(16);
            List<MemorySegment> pieces = new ArrayList<>();
            long at = 0;
            while (at < whole.byteSize()) {
                long left = whole.byteSize() - at;
                long size =
                        pieces.size() == most - 1
                                ? left
                                : Math.min(left, 4L * (1 + random.nextInt(2 * blockSize)));
                MemorySegment piece = whole.asSlice(at, size);
                pieces.add(kind == 9 ? elsewhere(piece, withContent) : piece);
                at += size;
            }
            return pieces;
        }

        private MemorySegment elsewhere(MemorySegment piece, boolean withContent) {
            MemorySegment copy = MemorySegment.ofArray(new byte[(int) piece.byteSize()]);
            return withContent ? copy.copyFrom(piece) : copy;
        }

        private void start(
                CompletableFuture<Void> future,
                int first,
                int count,
                int @Nullable [] expected,
                List<MemorySegment> pieces)
                throws Exception {
            int slot = pieces.isEmpty() ? -1 : freeSlots.removeFirst();
            for (int i = first; i < first + count; i++) {
                busy[i] = true;
            }
            running.add(new Running(future, first, count, slot, expected, pieces));
            while (running.size() > depth) {
                finishOldest();
            }
        }

        private void drain() throws Exception {
            while (!running.isEmpty()) {
                finishOldest();
            }
        }

        private void finishOldest() throws Exception {
            Running one = running.element();
            one.future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            running.remove();
            for (int i = one.first; i < one.first + one.count; i++) {
                busy[i] = false;
            }
            int[] expected = one.expected;
            if (expected != null) {
                compare(one, expected);
            }
            if (one.slot >= 0) {
                freeSlots.add(one.slot);
            }
        }

        private void compare(Running one, int[] expected) {
            MemorySegment all = one.memory.size() == 1 ? one.memory.getFirst() : joined(one.memory);
            for (int i = 0; i < one.count; i++) {
                long block = firstBlock + one.first + i;
                for (int at = 0; at < blockSize; at += Long.BYTES) {
                    long is = all.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) i * blockSize + at);
                    if (is != word(block, expected[i], at)) {
                        throw new AssertionError(
                                "Block "
                                        + block
                                        + " (number "
                                        + i
                                        + " of a read of "
                                        + one.count
                                        + " into "
                                        + one.memory.size()
                                        + " pieces) does not hold version "
                                        + expected[i]
                                        + " at byte "
                                        + at
                                        + " but "
                                        + Long.toHexString(is));
                    }
                }
                compared++;
            }
        }

        private MemorySegment joined(List<MemorySegment> pieces) {
            long bytes = pieces.stream().mapToLong(MemorySegment::byteSize).sum();
            MemorySegment all = MemorySegment.ofArray(new byte[(int) bytes]);
            long at = 0;
            for (MemorySegment piece : pieces) {
                MemorySegment.copy(piece, 0, all, at, piece.byteSize());
                at += piece.byteSize();
            }
            return all;
        }
    }
}

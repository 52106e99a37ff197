package dev.verbena.e2e;

import dev.verbena.BlockDevice;
import dev.verbena.DmaArena;
import dev.verbena.Durability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
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
    private final List<Worker> workers = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final LongAdder operations = new LongAdder();
    private volatile boolean stopping;

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
        start();
        return join();
    }

    /// Starts the plan.
    void start() {
        int share = plan.blocks() / plan.threads();
        for (int i = 0; i < plan.threads(); i++) {
            Worker worker = new Worker(i, (long) i * share, share);
            workers.add(worker);
            threads.add(Thread.ofPlatform().name("checker-" + i).start(worker));
        }
    }

    /// Ends it before its count is reached: what is under way is waited for, everything is read
    /// once more.
    void stop() {
        stopping = true;
    }

    /// Operations that have ended.
    long operations() {
        return operations.sum();
    }

    /// Waits for the end.
    ///
    /// @throws AssertionError when a block holds something else than it should
    Result join() throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
        Result total = new Result(0, 0, 0, 0, 0);
        for (Worker worker : workers) {
            throwFailure(worker);
            total = total.plus(worker.result());
        }
        return total;
    }

    /// Throws what has gone wrong so far.
    void check() {
        workers.forEach(this::throwFailure);
    }

    private void throwFailure(Worker worker) {
        Throwable failure = worker.failure;
        if (failure != null) {
            throw new AssertionError("seed " + plan.seed() + ", thread " + worker.index, failure);
        }
    }

    /// What the blocks have to hold once [#join] has returned.
    List<ExpectedBlocks> expected() {
        return workers.stream().map(worker -> worker.expected).toList();
    }

    /// An operation that is under way.
    private static final class Running {
        final CompletableFuture<Void> future;
        final int first;
        final int count;
        final int slot;

        /// What a write is to leave; null for anything else.
        final int @Nullable [] versions;

        final boolean read;

        final List<MemorySegment> memory;

        Running(
                CompletableFuture<Void> future,
                int first,
                int count,
                int slot,
                int @Nullable [] versions,
                boolean read,
                List<MemorySegment> memory) {
            this.future = future;
            this.first = first;
            this.count = count;
            this.slot = slot;
            this.versions = versions;
            this.read = read;
            this.memory = memory;
        }
    }

    private final class Worker implements Runnable {
        private final int index;
        private final ExpectedBlocks expected;
        private final boolean[] busy;
        private final Random random;
        private final Deque<Running> running = new ArrayDeque<>();
        private final Deque<Integer> freeSlots = new ArrayDeque<>();
        private final int depth;
        private @Nullable MemorySegment memory;
        private volatile @Nullable Throwable failure;
        private long reads;
        private long writes;
        private long zeroes;
        private long flushes;

        Worker(int index, long firstBlock, int blocks) {
            this.index = index;
            this.expected = new ExpectedBlocks(firstBlock, blocks, blockSize);
            this.busy = new boolean[blocks];
            this.random = new Random(plan.seed() * 1000 + index);
            this.depth = Math.max(1, plan.depth() / plan.threads());
        }

        Result result() {
            return new Result(reads, writes, zeroes, flushes, expected.compared());
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
                    for (long i = 0; i < plan.count() / plan.threads() && !stopping; i++) {
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
            for (int block = 0; block < expected.count(); block += BLOCKS_MAX) {
                write(block, Math.min(BLOCKS_MAX, expected.count() - block), Durability.CACHED);
            }
            drain();
        }

        private void readEverything() throws Exception {
            for (int block = 0; block < expected.count(); block += BLOCKS_MAX) {
                read(block, Math.min(BLOCKS_MAX, expected.count() - block));
            }
            drain();
        }

        private void step() throws Exception {
            int kind = random.nextInt(100);
            if (kind < 2) {
                flushes++;
                start(device.flushAsync(), 0, 0, null, false, List.of());
                return;
            }
            int count = 1 + random.nextInt(random.nextInt(4) == 0 ? BLOCKS_MAX : 8);
            int first = random.nextInt(expected.count() - count + 1);
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
            start(
                    device.writeZeroesAsync(
                            expected.byteOffset(first), (long) count * blockSize, false),
                    first,
                    count,
                    ExpectedBlocks.zeroes(count),
                    false,
                    List.of());
        }

        private void write(int first, int count, Durability durability) throws Exception {
            writes++;
            MemorySegment whole = buffer(count);
            int[] versions = expected.next(first, count);
            expected.fill(whole, first, versions);
            List<MemorySegment> pieces = pieces(whole, true);
            long at = expected.byteOffset(first);
            start(
                    pieces.size() == 1
                            ? device.writeAsync(at, pieces.getFirst(), durability)
                            : device.writeAsync(at, pieces, durability),
                    first,
                    count,
                    versions,
                    false,
                    pieces);
        }

        private void read(int first, int count) throws Exception {
            reads++;
            List<MemorySegment> pieces = pieces(buffer(count), false);
            long at = expected.byteOffset(first);
            start(
                    pieces.size() == 1
                            ? device.readAsync(at, pieces.getFirst())
                            : device.readAsync(at, pieces),
                    first,
                    count,
                    null,
                    true,
                    pieces);
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
                int @Nullable [] versions,
                boolean read,
                List<MemorySegment> pieces)
                throws Exception {
            int slot = pieces.isEmpty() ? -1 : freeSlots.removeFirst();
            for (int i = first; i < first + count; i++) {
                busy[i] = true;
            }
            running.add(new Running(future, first, count, slot, versions, read, pieces));
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
            operations.increment();
            for (int i = one.first; i < one.first + one.count; i++) {
                busy[i] = false;
            }
            int[] versions = one.versions;
            if (versions != null) {
                expected.written(one.first, versions);
            } else if (one.read) {
                List<MemorySegment> memory = one.memory;
                expected.check(
                        memory.size() == 1 ? memory.getFirst() : joined(memory),
                        one.first,
                        one.count);
            }
            if (one.slot >= 0) {
                freeSlots.add(one.slot);
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

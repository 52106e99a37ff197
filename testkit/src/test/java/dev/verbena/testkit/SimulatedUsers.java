package dev.verbena.testkit;

import dev.verbena.testkit.CanaryPool.Buffer;
import dev.verbena.testkit.internal.wire.SteppedScheduler;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the users of one namespace do, whatever way they reach it: operations on blocks of which
/// the contents are known, with buffers that notice a touch at the wrong time.
final class SimulatedUsers {
    static final int BLOCK = 512;
    static final int BLOCKS = 96;
    static final int BLOCKS_MAX = 6;
    private static final int BUFFERS = 40;

    /// What somebody does.
    enum Kind {
        READ(false),
        WRITE(true),
        WRITE_ZEROES(true),
        DEALLOCATE(true),
        COMPARE(false),
        COMPARE_AND_WRITE(true),
        COPY(true),
        FLUSH(false);

        private final boolean writes;

        Kind(boolean writes) {
            this.writes = writes;
        }
    }

    /// One operation.
    static final class Work {
        final Kind kind;
        final int lba;
        final int count;

        /// Where a copy comes from.
        final int from;

        final int number;

        /// Data, or what is compared.
        final @Nullable Buffer first;

        /// What is written after it was compared.
        final @Nullable Buffer second;

        private boolean ended;

        private Work(
                Kind kind,
                int lba,
                int count,
                int from,
                int number,
                @Nullable Buffer first,
                @Nullable Buffer second) {
            this.kind = kind;
            this.lba = lba;
            this.count = count;
            this.from = from;
            this.number = number;
            this.first = first;
            this.second = second;
        }

        MemorySegment data() {
            return part(first);
        }

        MemorySegment written() {
            return part(second);
        }

        private MemorySegment part(@Nullable Buffer buffer) {
            if (buffer == null) {
                throw new IllegalStateException(kind + " has no such data");
            }
            return buffer.memory.asSlice(0, (long) count * BLOCK);
        }

        @Override
        public String toString() {
            return kind + " of " + count + " at " + lba;
        }
    }

    private final SteppedScheduler scheduler;
    private final Random random;
    private final CanaryPool pool;
    private final BlockModel model;
    private final List<String> problems = new ArrayList<>();
    private int begun;
    private int numbers;
    private int ended;
    private int succeeded;
    private boolean stopped;
    private boolean unknown;

    /// What was begun and has not ended.
    private final Set<Work> running = new LinkedHashSet<>();

    SimulatedUsers(SteppedScheduler scheduler, Random random, MemorySegment memory) {
        this.scheduler = scheduler;
        this.model = new BlockModel(BLOCKS, BLOCK, scheduler::nanoTime);
        this.random = random;
        this.pool = new CanaryPool(memory, BUFFERS, BLOCKS_MAX * BLOCK);
    }

    static long memoryBytes() {
        return CanaryPool.byteSize(BUFFERS, BLOCKS_MAX * BLOCK);
    }

    CanaryPool pool() {
        return pool;
    }

    Random random() {
        return random;
    }

    /// The users are to come to an end.
    void stop() {
        stopped = true;
    }

    boolean isStopped() {
        return stopped || !problems.isEmpty();
    }

    /// From now on nobody knows what is read.
    void contentIsUnknown() {
        unknown = true;
    }

    /// Draws an operation that is in nobody's way.
    ///
    /// @return null when there is none at this moment
    @Nullable Work begin() {
        return begin(Kind.values());
    }

    /// The same, of some kinds.
    @Nullable Work begin(Kind... kinds) {
        Kind kind = kinds[random.nextInt(kinds.length)];
        // No more than the target compares and writes as one.
        int count = 1 + random.nextInt(kind == Kind.COMPARE_AND_WRITE ? 1 : BLOCKS_MAX);
        int lba = random.nextInt(BLOCKS - count + 1);
        int from = random.nextInt(BLOCKS - count + 1);
        boolean compares = kind == Kind.COMPARE || kind == Kind.COMPARE_AND_WRITE;
        boolean copies = kind == Kind.COPY;
        boolean overlaps = Math.abs(from - lba) < count;
        if (pool.freeCount() < 2
                || (kind != Kind.FLUSH && !model.isFree(lba, count, kind.writes))
                || (compares && !model.isCertain(lba, count))
                || (copies
                        && (overlaps
                                || !model.isFree(from, count, false)
                                || !model.isCertain(from, count)))) {
            return null;
        }
        begun++;
        int number = kind == Kind.WRITE || kind == Kind.COMPARE_AND_WRITE ? ++numbers : 0;
        Buffer first = null;
        Buffer second = null;
        if (kind == Kind.READ || kind == Kind.WRITE || compares) {
            first = pool.lend();
        }
        if (kind == Kind.COMPARE_AND_WRITE) {
            second = pool.lend();
        }
        if (kind != Kind.FLUSH) {
            model.begin(lba, count, kind.writes);
        }
        if (copies) {
            model.begin(from, count, false);
        }
        Work work = new Work(kind, lba, count, from, number, first, second);
        fill(work);
        running.add(work);
        return work;
    }

    private void fill(Work work) {
        for (int i = 0; i < work.count; i++) {
            int lba = work.lba + i;
            switch (work.kind) {
                case WRITE -> put(work.first, i, model.data(work.number, lba));
                case COMPARE -> put(work.first, i, model.expected(lba));
                case COMPARE_AND_WRITE -> {
                    put(work.first, i, model.expected(lba));
                    put(work.second, i, model.data(work.number, lba));
                }
                default -> {}
            }
        }
    }

    private static void put(@Nullable Buffer buffer, int block, byte[] content) {
        if (buffer != null) {
            MemorySegment.copy(
                    content, 0, buffer.memory, ValueLayout.JAVA_BYTE, (long) block * BLOCK, BLOCK);
        }
    }

    /// An operation was not accepted after all: it has no effect.
    void refused(Work work) {
        begun--;
        end(work, false, true);
    }

    /// An operation has ended.
    void ended(Work work, boolean success) {
        ended++;
        end(work, success, false);
    }

    private void end(Work work, boolean success, boolean withoutEffect) {
        if (work.ended) {
            problems.add(work + " ended twice");
            return;
        }
        work.ended = true;
        running.remove(work);
        if (success) {
            succeeded++;
            if (work.kind == Kind.READ && !unknown) {
                compare(work);
            }
        }
        if (withoutEffect) {
            release(work);
        } else {
            settle(work, success);
        }
        giveBack(work.first);
        giveBack(work.second);
    }

    private void settle(Work work, boolean success) {
        switch (work.kind) {
            case FLUSH -> {}
            case COPY -> model.endCopy(work.from, work.lba, work.count, success);
            case READ, COMPARE -> model.endRead(work.lba, work.count);
            default -> model.endWrite(work.lba, work.count, work.number, success);
        }
    }

    private void release(Work work) {
        if (work.kind == Kind.COPY) {
            model.endRead(work.from, work.count);
        }
        if (work.kind.writes) {
            model.cancelWrite(work.lba, work.count);
        } else if (work.kind != Kind.FLUSH) {
            model.endRead(work.lba, work.count);
        }
    }

    private void giveBack(@Nullable Buffer buffer) {
        if (buffer != null) {
            pool.giveBack(buffer);
        }
    }

    private void compare(Work work) {
        for (int i = 0; i < work.count; i++) {
            byte[] read =
                    work.data().asSlice((long) i * BLOCK, BLOCK).toArray(ValueLayout.JAVA_BYTE);
            if (!model.matches(work.lba + i, read)) {
                problems.add("block " + (work.lba + i) + " was read wrong at " + now());
            }
        }
    }

    private String now() {
        return scheduler.nanoTime() + " ns";
    }

    void problem(String what) {
        problems.add(what);
    }

    /// Operations that were accepted and have not ended.
    int outstanding() {
        return begun - ended;
    }

    /// What has not ended, for people.
    String describeRunning() {
        return running.toString();
    }

    int succeededCount() {
        return succeeded;
    }

    List<String> problems() {
        List<String> all = new ArrayList<>(problems);
        all.addAll(pool.problems());
        return all;
    }
}

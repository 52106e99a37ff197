package dev.verbena.e2e;

import dev.verbena.ConnectionLostException;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.internal.engine.CommandQueue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Level 1: reads and writes on an [IoQueue] that is opened again whenever it was lost.
///
/// Each slot has a buffer and blocks of its own. A command that a loss ended with Host Aborted
/// Command gives its buffer back; the slot then holds a canary there, which whatever the target or
/// the device still sends would kill.
final class QueueLane extends Lane {
    private static final int DEPTH = 16;
    private static final int POSITIONS = 8;
    private static final long CANARY = 0x0DEA_DBEE_F0CA_FE01L;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Controller controller;
    private final Namespace namespace;
    private final int blocks;
    private final int bytes;
    private final Random random;
    private final ExpectedBlocks expected;
    private final Slot[] slots = new Slot[DEPTH];
    private @Nullable AssertionError wrong;

    /// Whether every block was written once.
    private boolean filled;

    private final AtomicLong aborted = new AtomicLong();
    private final AtomicInteger queuesOpened = new AtomicInteger();

    /// A command's place.
    private static final class Slot {
        final MemorySegment buffer;
        boolean busy;
        boolean canary;
        int first;

        /// What a write is to leave; null for a read.
        int @Nullable [] versions;

        Slot(MemorySegment buffer) {
            this.buffer = buffer;
        }
    }

    /// @param firstBlock of [#blocksUsed] blocks of namespace 1
    QueueLane(Controller controller, long firstBlock, long seed) throws IOException {
        super("level-1-" + firstBlock);
        this.controller = controller;
        this.namespace = controller.namespace(1);
        this.blocks = Math.max(1, 4096 / namespace.blockSize());
        this.bytes = blocks * namespace.blockSize();
        this.random = new Random(seed);
        this.expected =
                new ExpectedBlocks(firstBlock, blocksUsed(namespace), namespace.blockSize());
    }

    static int blocksUsed(Namespace namespace) {
        return DEPTH * POSITIONS * Math.max(1, 4096 / namespace.blockSize());
    }

    /// Commands that a loss ended.
    long aborted() {
        return aborted.get();
    }

    int queuesOpened() {
        return queuesOpened.get();
    }

    @Override
    List<ExpectedBlocks> expected() {
        return List.of(expected);
    }

    @Override
    void run() throws Exception {
        try (DmaArena arena = controller.newArena((long) DEPTH * bytes)) {
            for (int i = 0; i < DEPTH; i++) {
                slots[i] = new Slot(arena.allocate(bytes, bytes));
            }
            while (!stopping() || !filled) {
                drive();
            }
            checkEverything();
        }
    }

    /// Uses one queue for as long as it lives.
    private void drive() throws Exception {
        whileItLives(queue -> {
            if (!filled) {
                each(queue, true);
                filled = true;
            }
            while (!stopping()) {
                for (int i = 0; i < DEPTH; i++) {
                    if (!slots[i].busy) {
                        submit(queue, i, random.nextInt(POSITIONS), random.nextBoolean());
                    }
                }
                poll(queue);
            }
            settle(queue);
        });
    }

    private interface Use {
        void of(IoQueue queue) throws IOException;
    }

    /// @return false when the queue was lost; then each of its commands has completed all the same
    private boolean whileItLives(Use use) throws Exception {
        boolean alive = true;
        try (IoQueue queue = open()) {
            try {
                use.of(queue);
            } catch (ConnectionLostException e) {
                alive = false;
                settle(queue);
            }
        }
        for (int i = 0; i < DEPTH; i++) {
            if (slots[i].busy) {
                throw new AssertionError("The command of slot " + i + " never completed");
            }
        }
        return alive;
    }

    /// Writes, or reads, every block of every slot.
    private void each(IoQueue queue, boolean write) throws IOException {
        for (int position = 0; position < POSITIONS; position++) {
            for (int i = 0; i < DEPTH; i++) {
                submit(queue, i, position, write);
            }
            settle(queue);
        }
    }

    private void checkEverything() throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!whileItLives(queue -> each(queue, false))) {
            if (System.nanoTime() > end) {
                throw new AssertionError("The connection breaks again and again");
            }
        }
    }

    private IoQueue open() throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            if (!controller.awaitLive(PATIENCE)) {
                throw new AssertionError("Not live in time: " + controller.status());
            }
            try {
                IoQueue queue = controller.openQueue();
                queuesOpened.incrementAndGet();
                return queue;
            } catch (IOException e) {
                // Lost again meanwhile, or it is not known yet that it is.
                if (System.nanoTime() > end) {
                    throw e;
                }
                Thread.sleep(20);
            }
        }
    }

    private void submit(IoQueue queue, int index, int position, boolean write) throws IOException {
        Slot slot = slots[index];
        checkCanary(slot, index);
        slot.first = (index * POSITIONS + position) * blocks;
        long lba = expected.lba(slot.first);
        boolean accepted;
        if (write) {
            int[] versions = expected.next(slot.first, blocks);
            slot.versions = versions;
            expected.fill(slot.buffer, slot.first, versions);
            accepted = queue.tryWrite(namespace, lba, blocks, slot.buffer, index);
        } else {
            slot.versions = null;
            slot.buffer.fill((byte) 0x55);
            accepted = queue.tryRead(namespace, lba, blocks, slot.buffer, index);
        }
        slot.busy = accepted;
    }

    /// Waits until no command is under way, also when the queue is lost.
    private void settle(IoQueue queue) throws IOException {
        while (queue.inFlightCount() > 0) {
            poll(queue);
        }
    }

    private void poll(IoQueue queue) throws IOException {
        if (queue.poll(this::completed) == 0) {
            queue.await(5_000_000);
        }
        if (wrong != null) {
            throw wrong;
        }
    }

    private void completed(long token, int status, long result) {
        Slot slot = slots[(int) token];
        if (!slot.busy) {
            wrong = new AssertionError("A second completion for slot " + token);
            return;
        }
        slot.busy = false;
        ended();
        int[] versions = slot.versions;
        if (status == CommandQueue.STATUS_HOST_ABORTED) {
            aborted.incrementAndGet();
            if (versions != null) {
                expected.doubtful(slot.first, versions);
            }
            for (long at = 0; at < bytes; at += Long.BYTES) {
                slot.buffer.set(ValueLayout.JAVA_LONG, at, CANARY + at);
            }
            slot.canary = true;
        } else if (status != 0) {
            wrong = new AssertionError("Status " + Integer.toHexString(status) + "h");
        } else if (versions != null) {
            expected.written(slot.first, versions);
        } else {
            try {
                expected.check(slot.buffer, slot.first, blocks);
            } catch (AssertionError e) {
                wrong = e;
            }
        }
    }

    private void checkCanary(Slot slot, int index) {
        if (!slot.canary) {
            return;
        }
        slot.canary = false;
        for (long at = 0; at < bytes; at += Long.BYTES) {
            if (slot.buffer.get(ValueLayout.JAVA_LONG, at) != CANARY + at) {
                throw new AssertionError(
                        "The buffer of slot %d was written at byte %d after its command had ended"
                                .formatted(index, at));
            }
        }
    }
}

package dev.verbena.nativefabric;

import dev.verbena.CompletionHandler;
import dev.verbena.DmaArena;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Random reads and writes of 4 KiB on one queue, each buffer slot with blocks of its own, with the
/// expected content of every block in mind.
final class MixedRun {
    private static final int BYTES = 4096;
    private static final int POSITIONS = 16;
    private static final int AWAIT_NANOS = 10_000_000;

    private final IoQueue queue;
    private final Namespace namespace;
    private final Random random = new Random(11);
    private final MemorySegment[] buffers;
    private final boolean[] busy;
    private final int[] reading;
    private final long[][] seeds;
    private final int blocks;
    private final List<String> mismatches = new ArrayList<>();
    private final CompletionHandler handler = this::completed;
    private long outstanding;

    MixedRun(IoQueue queue, Namespace namespace, DmaArena arena, int depth) {
        this.queue = queue;
        this.namespace = namespace;
        this.blocks = BYTES / namespace.blockSize();
        buffers = new MemorySegment[depth];
        busy = new boolean[depth];
        reading = new int[depth];
        seeds = new long[depth][POSITIONS];
        for (int i = 0; i < depth; i++) {
            buffers[i] = arena.allocate(BYTES, BYTES);
        }
    }

    List<String> mismatches() {
        return mismatches;
    }

    void run(int count) throws IOException {
        int submitted = 0;
        while (submitted < count || outstanding > 0) {
            for (int slot = 0; slot < buffers.length && submitted < count; slot++) {
                if (!busy[slot]) {
                    start(slot);
                    submitted++;
                }
            }
            if (queue.poll(handler) == 0) {
                queue.await(AWAIT_NANOS);
            }
        }
    }

    private void start(int slot) throws IOException {
        int position = random.nextInt(POSITIONS);
        long lba = ((long) slot * POSITIONS + position) * blocks;
        boolean write = seeds[slot][position] == 0 || random.nextBoolean();
        boolean accepted;
        if (write) {
            long seed = 1 + random.nextLong(1L << 40);
            seeds[slot][position] = seed;
            Patterns.fill(buffers[slot], seed);
            reading[slot] = -1;
            accepted = queue.tryWrite(namespace, lba, blocks, buffers[slot], slot);
        } else {
            buffers[slot].fill((byte) 0);
            reading[slot] = position;
            accepted = queue.tryRead(namespace, lba, blocks, buffers[slot], slot);
        }
        if (!accepted) {
            throw new IOException("refused with " + queue.inFlightCount() + " in flight");
        }
        busy[slot] = true;
        outstanding++;
    }

    private void completed(long token, int status, long result) {
        int slot = (int) token;
        if (!busy[slot] || status != 0) {
            mismatches.add("slot " + slot + " busy " + busy[slot] + " status " + status);
        }
        busy[slot] = false;
        outstanding--;
        if (reading[slot] >= 0) {
            byte[] expected = Patterns.of(BYTES, seeds[slot][reading[slot]]);
            if (!java.util.Arrays.equals(buffers[slot].toArray(ValueLayout.JAVA_BYTE), expected)) {
                mismatches.add("slot " + slot + " position " + reading[slot]);
            }
        }
    }
}

package dev.verbena.bench.cost;

import dev.verbena.CompletionHandler;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// Level 1: one thread that submits to an [IoQueue] and polls it.
final class QueueLoad implements Load {
    private final IoQueue queue;
    private final Namespace namespace;
    private final DmaArena arena;
    private final MemorySegment[] buffers;
    private final int[] free;
    private final int blocks;
    private final boolean write;
    private final RandomBlocks random;
    private final CompletionHandler handler;
    private int freeCount;
    private long completed;
    private int badStatus;

    QueueLoad(Controller controller, Namespace namespace, int depth, int bytes, boolean write)
            throws IOException {
        this.write = write;
        this.namespace = namespace;
        this.blocks = bytes / namespace.blockSize();
        this.random = new RandomBlocks(namespace, blocks);
        queue = controller.openQueue();
        if (queue.depth() < depth) {
            queue.close();
            throw new IOException(
                    "The queue has a depth of " + queue.depth() + ", wanted is " + depth);
        }
        arena = controller.newArena((long) depth * bytes);
        buffers = new MemorySegment[depth];
        free = new int[depth];
        for (int i = 0; i < depth; i++) {
            buffers[i] = arena.allocate(bytes, 4096);
            free[i] = i;
        }
        freeCount = depth;
        handler =
                (token, status, result) -> {
                    if (status != 0) {
                        badStatus = status;
                    }
                    free[freeCount++] = (int) token;
                    completed++;
                };
    }

    @Override
    public void run(long count) throws IOException {
        long submitted = 0;
        long end = completed + count;
        while (completed < end) {
            while (freeCount > 0 && submitted < count) {
                int buffer = free[freeCount - 1];
                if (!submit(buffer)) {
                    break;
                }
                freeCount--;
                submitted++;
            }
            queue.poll(handler);
        }
        if (badStatus != 0) {
            throw new IOException("An I/O ended with status " + Integer.toHexString(badStatus));
        }
    }

    private boolean submit(int buffer) throws IOException {
        long lba = random.next();
        return write
                ? queue.tryWrite(namespace, lba, blocks, buffers[buffer], buffer)
                : queue.tryRead(namespace, lba, blocks, buffers[buffer], buffer);
    }

    @Override
    public boolean ownThreadOnly() {
        return true;
    }

    @Override
    public void close() {
        queue.close();
        arena.close();
    }
}

package dev.verbena.bench.cost;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;

/// Level 2 without blocking: one thread keeps futures outstanding and waits for the oldest.
final class AsyncLoad implements Load {
    private final BlockDevice device;
    private final DmaArena arena;
    private final MemorySegment[] buffers;
    private final CompletableFuture<Void>[] futures;
    private final RandomBlocks random;

    AsyncLoad(Controller controller, Namespace namespace, int depth, int bytes) throws IOException {
        device = controller.openDevice(namespace.id());
        arena = device.newArena((long) depth * bytes);
        buffers = new MemorySegment[depth];
        for (int i = 0; i < depth; i++) {
            buffers[i] = arena.allocate(bytes, 4096);
        }
        @SuppressWarnings({"unchecked", "rawtypes"})
        CompletableFuture<Void>[] array = new CompletableFuture[depth];
        futures = array;
        random = new RandomBlocks(namespace, bytes / namespace.blockSize());
    }

    @Override
    public void run(long count) {
        int depth = (int) Math.min(count, futures.length);
        for (int i = 0; i < depth; i++) {
            futures[i] = read(i);
        }
        long submitted = depth;
        int oldest = 0;
        while (submitted < count) {
            futures[oldest].join();
            futures[oldest] = read(oldest);
            submitted++;
            oldest = oldest + 1 == depth ? 0 : oldest + 1;
        }
        for (int i = 0; i < depth; i++) {
            futures[i].join();
        }
    }

    private CompletableFuture<Void> read(int i) {
        return device.readAsync(random.next() * device.blockSize(), buffers[i]);
    }

    @Override
    public boolean ownThreadOnly() {
        return false;
    }

    @Override
    public void close() {
        device.close();
        arena.close();
    }
}

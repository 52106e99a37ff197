package dev.verbena.bench.cost;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Level 2 blocking: as many virtual threads as I/Os are to be outstanding, each reading in a loop.
final class BlockingLoad implements Load {
    private final BlockDevice device;
    private final DmaArena arena;
    private final Namespace namespace;
    private final MemorySegment[] buffers;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    BlockingLoad(Controller controller, Namespace namespace, int depth, int bytes)
            throws IOException {
        this.namespace = namespace;
        device = controller.openDevice(namespace.id());
        arena = device.newArena((long) depth * bytes);
        buffers = new MemorySegment[depth];
        for (int i = 0; i < depth; i++) {
            buffers[i] = arena.allocate(bytes, 4096);
        }
    }

    @Override
    public void run(long count) throws IOException {
        int depth = buffers.length;
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < depth; i++) {
            MemorySegment buffer = buffers[i];
            long share = count / depth + (i < count % depth ? 1 : 0);
            running.add(
                    threads.submit(() -> {
                        readAll(buffer, share);
                        return null;
                    }));
        }
        for (Future<?> each : running) {
            try {
                each.get();
            } catch (ExecutionException e) {
                throw new IOException("A read failed", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("Interrupted", e);
            }
        }
    }

    private void readAll(MemorySegment buffer, long count) throws IOException {
        int blocks = (int) (buffer.byteSize() / namespace.blockSize());
        RandomBlocks random = new RandomBlocks(namespace, blocks);
        for (long i = 0; i < count; i++) {
            device.read(random.next() * namespace.blockSize(), buffer);
        }
    }

    @Override
    public boolean ownThreadOnly() {
        return false;
    }

    @Override
    public void close() {
        threads.close();
        device.close();
        arena.close();
    }
}

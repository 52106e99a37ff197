package dev.verbena.e2e;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectionLostException;
import dev.verbena.Controller;
import dev.verbena.NvmeException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/// Level 2 on a namespace that comes and goes: one request after the other, on a device that is
/// opened again whenever its namespace was taken away.
final class ReopeningLane extends Lane {
    private static final int BLOCKS = 512;
    private static final int BLOCKS_MAX = 16;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Controller controller;
    private final int namespaceId;
    private final Random random;
    private final ExpectedBlocks expected;
    private final int blockSize;
    private final AtomicLong refused = new AtomicLong();
    private boolean filled;

    ReopeningLane(Controller controller, int namespaceId, long seed) throws IOException {
        super("namespace-" + namespaceId);
        this.controller = controller;
        this.namespaceId = namespaceId;
        this.random = new Random(seed);
        this.blockSize = controller.namespace(namespaceId).blockSize();
        this.expected = new ExpectedBlocks(0, BLOCKS, blockSize);
    }

    /// Requests that failed because the namespace was gone.
    long refused() {
        return refused.get();
    }

    @Override
    List<ExpectedBlocks> expected() {
        return List.of(expected);
    }

    @Override
    void run() throws Exception {
        while (true) {
            try (BlockDevice device = open()) {
                while (!filled || !stopping()) {
                    step(device);
                    ended();
                }
                for (int block = 0; block < BLOCKS; block += BLOCKS_MAX) {
                    read(device, block, BLOCKS_MAX);
                }
                return;
            } catch (NvmeException | ConnectionLostException e) {
                refused.incrementAndGet();
            } catch (IOException e) {
                if (!String.valueOf(e.getMessage()).contains("was removed")) {
                    throw e;
                }
                refused.incrementAndGet();
            }
        }
    }

    private BlockDevice open() throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return controller.openDevice(namespaceId);
            } catch (IOException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                Thread.sleep(20);
            }
        }
    }

    private void step(BlockDevice device) throws IOException {
        if (!filled) {
            for (int block = 0; block < BLOCKS; block += BLOCKS_MAX) {
                write(device, block, BLOCKS_MAX);
            }
            filled = true;
        }
        int count = 1 + random.nextInt(BLOCKS_MAX);
        int first = random.nextInt(BLOCKS - count + 1);
        if (random.nextBoolean()) {
            write(device, first, count);
        } else {
            read(device, first, count);
        }
    }

    private void write(BlockDevice device, int first, int count) throws IOException {
        int[] versions = expected.next(first, count);
        MemorySegment content = MemorySegment.ofArray(new byte[count * blockSize]);
        expected.fill(content, first, versions);
        try {
            device.write(expected.byteOffset(first), content);
        } catch (IOException e) {
            expected.doubtful(first, versions);
            throw e;
        }
        expected.written(first, versions);
    }

    private void read(BlockDevice device, int first, int count) throws IOException {
        MemorySegment content = MemorySegment.ofArray(new byte[count * blockSize]);
        device.read(expected.byteOffset(first), content);
        expected.check(content, first, count);
    }
}

package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.BufferList;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/// A queue with memory, and one command at a time.
final class Level1Harness implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    /// Starts a command with a token.
    interface Start {
        boolean start(long token) throws IOException;
    }

    final Namespace namespace;
    final IoQueue queue;
    final DmaArena arena;
    private final int blockSize;
    private long nextToken = 1;

    Level1Harness(Controller controller, int namespaceId, long arenaBytes) throws IOException {
        namespace = controller.namespace(namespaceId);
        blockSize = namespace.blockSize();
        queue = controller.openQueue();
        arena = controller.newArena(arenaBytes);
    }

    static byte[] pattern(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    /// Runs one command to its end.
    ///
    /// @return its status
    int run(Start command) throws IOException {
        long token = nextToken++;
        assertThat(command.start(token)).isTrue();
        int[] status = {-1};
        List<Long> tokens = new ArrayList<>();
        long start = System.nanoTime();
        while (tokens.isEmpty() && System.nanoTime() - start < PATIENCE_NANOS) {
            queue.pollOrWait(
                    (done, result, value) -> {
                        tokens.add(done);
                        status[0] = result;
                    },
                    100_000_000);
        }
        assertThat(tokens).containsExactly(token);
        return status[0];
    }

    MemorySegment filled(int bytes, long seed) {
        return arena.allocate(bytes, 4096).copyFrom(MemorySegment.ofArray(pattern(bytes, seed)));
    }

    /// Pieces of uneven lengths at uneven addresses, which hold the pattern.
    BufferList pieces(int count, int bytes, long seed) {
        BufferList list = new BufferList();
        MemorySegment content = MemorySegment.ofArray(pattern(bytes, seed));
        int from = 0;
        for (int i = 0; i < count; i++) {
            // Multiples of 4: what the controller behind a target may insist on.
            int length = i == count - 1 ? bytes - from : (bytes / count & ~3) - 4 * (i % 3);
            MemorySegment piece = arena.allocate(length + 64L, 64).asSlice(4L * (i % 5), length);
            MemorySegment.copy(content, from, piece, 0, length);
            list.add(piece);
            from += length;
        }
        return list;
    }

    static byte[] content(BufferList list) {
        byte[] all = new byte[(int) list.byteSize()];
        int from = 0;
        for (int i = 0; i < list.size(); i++) {
            MemorySegment piece = list.segment(i);
            MemorySegment.copy(piece, ValueLayout.JAVA_BYTE, 0, all, from, (int) piece.byteSize());
            from += (int) piece.byteSize();
        }
        return all;
    }

    static void wipe(BufferList list) {
        for (int i = 0; i < list.size(); i++) {
            list.segment(i).fill((byte) 0);
        }
    }

    int blockSize() {
        return blockSize;
    }

    @Override
    public void close() {
        queue.close();
        arena.close();
    }
}

package dev.verbena.bench.io;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import dev.verbena.Target;
import dev.verbena.WaitMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/// What a benchmark reads from and writes to: the null fabric's namespace, or the one that
/// `-Dverbena.bench.target=ADDRESS` and `-Dverbena.bench.nqn=NQN` name; that one is written to only
/// with `-Dverbena.bench.overwrite=yes`.
final class IoTarget implements AutoCloseable {
    private static final String ADDRESS = System.getProperty("verbena.bench.target", "127.0.0.1");
    private static final String NQN =
            System.getProperty("verbena.bench.nqn", "nqn.2026-01.invalid.nullfabric:cnode1");
    private static final boolean OVERWRITABLE =
            NQN.startsWith("nqn.2026-01.invalid.nullfabric")
                    || System.getProperty("verbena.bench.overwrite", "").equals("yes");

    private static final int BYTES = 4096;

    private final Initiator initiator;
    private final Controller controller;
    private final Namespace namespace;
    private final DmaArena arena;
    private final MemorySegment[] buffers;
    private final int blocks;
    private long random = 88172645463325252L;

    IoTarget(int depth, WaitMode waitMode) throws IOException {
        initiator = Initiator.open();
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withIoQueues(1)
                        .withPollQueues(1)
                        .withKeepAliveTimeout(Duration.ofSeconds(30))
                        .withWaitMode(waitMode);
        controller = initiator.connect(Target.rdma(ADDRESS), NQN, options);
        namespace = controller.namespaces().getFirst();
        blocks = BYTES / namespace.blockSize();
        arena = controller.newArena((long) depth * BYTES);
        buffers = new MemorySegment[depth];
        for (int i = 0; i < depth; i++) {
            buffers[i] = arena.allocate(BYTES, BYTES);
        }
    }

    /// Every benchmark that writes asks first.
    ///
    /// @throws IllegalStateException when the target may only be read
    static void requireOverwritable() {
        if (!OVERWRITABLE) {
            throw new IllegalStateException(
                    "This benchmark overwrites the first namespace of "
                            + NQN
                            + ": say -Dverbena.bench.overwrite=yes");
        }
    }

    Controller controller() {
        return controller;
    }

    Namespace namespace() {
        return namespace;
    }

    MemorySegment buffer(int index) {
        return buffers[index];
    }

    int blocks() {
        return blocks;
    }

    /// First block of a random 4 KiB, as `verbena perf` chooses it.
    long nextLba() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return Math.unsignedMultiplyHigh(random, namespace.blockCount() / blocks) * blocks;
    }

    @Override
    public void close() {
        arena.close();
        controller.close();
        initiator.close();
    }
}

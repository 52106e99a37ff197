package dev.verbena.bench.cost;

import dev.verbena.Namespace;

/// Random positions in the first part of a namespace, aligned to the size of an I/O; cheap
/// (xorshift), because its cost is counted.
final class RandomBlocks {
    private static final long SEED = 88172645463325252L;

    private final long mask;
    private final int blocks;
    private long state = SEED;

    RandomBlocks(Namespace namespace, int blocks) {
        this.blocks = blocks;
        this.mask = Long.highestOneBit(namespace.blockCount() / blocks) - 1;
    }

    /// The first block of the next I/O.
    long next() {
        state ^= state << 13;
        state ^= state >>> 7;
        state ^= state << 17;
        return (state & mask) * blocks;
    }
}

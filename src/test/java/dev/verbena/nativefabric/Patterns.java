package dev.verbena.nativefabric;

import java.lang.foreign.MemorySegment;
import java.util.Random;

/// Contents that differ from one seed to the next.
final class Patterns {
    private Patterns() {}

    static byte[] of(int bytes, long seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return content;
    }

    static void fill(MemorySegment segment, long seed) {
        segment.copyFrom(MemorySegment.ofArray(of((int) segment.byteSize(), seed)));
    }
}

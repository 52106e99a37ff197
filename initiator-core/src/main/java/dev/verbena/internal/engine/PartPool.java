package dev.verbena.internal.engine;

import java.util.Arrays;

/// The parts of one worker. Grows with the depth of its queue, never shrinks.
final class PartPool {
    private Part[] parts = {};
    private Part[] free = {};
    private int freeCount;

    /// Sees to it that there are so many in all.
    void grow(int count) {
        int old = parts.length;
        if (count <= old) {
            return;
        }
        parts = Arrays.copyOf(parts, count);
        free = Arrays.copyOf(free, count);
        for (int i = old; i < count; i++) {
            parts[i] = new Part(i);
            free[freeCount++] = parts[i];
        }
    }

    /// Takes a part; more are made when none is free.
    Part take() {
        if (freeCount == 0) {
            grow(Math.max(16, parts.length * 2));
        }
        return free[--freeCount];
    }

    void give(Part part) {
        part.request = null;
        free[freeCount++] = part;
    }

    Part get(int index) {
        return parts[index];
    }

    /// Parts in all, taken or free.
    int count() {
        return parts.length;
    }

    /// Parts that are taken.
    int takenCount() {
        return parts.length - freeCount;
    }
}

package dev.verbena.internal.engine;

import dev.verbena.internal.memory.Region;
import org.jspecify.annotations.Nullable;

/// The memory that each slot's command keeps from being deregistered.
///
/// Threads: the queue's owner.
final class SlotHolds {
    private static final int REST_MAX = CommandData.SEGMENTS_MAX - 1;

    private final int slotCount;
    private final @Nullable Region[] first;

    /// Regions after a command's first, [#REST_MAX] per slot; empty until a command has more than
    /// one.
    private @Nullable Region[] rest = new Region[0];

    /// How many of [#rest] are set, by slot.
    private final byte[] restCount;

    SlotHolds(int slotCount) {
        this.slotCount = slotCount;
        this.first = new Region[slotCount];
        this.restCount = new byte[slotCount];
    }

    /// Takes over one count.
    void first(int slot, Region region) {
        first[slot] = region;
    }

    /// Takes over the counts of all segments.
    void take(int slot, CommandData data) {
        int count = data.count();
        if (count > 0) {
            first[slot] = data.region(0);
        }
        if (count > 1) {
            takeRest(slot, data);
        }
    }

    private void takeRest(int slot, CommandData data) {
        if (rest.length == 0) {
            rest = new Region[slotCount * REST_MAX];
        }
        for (int i = 1; i < data.count(); i++) {
            rest[slot * REST_MAX + i - 1] = data.region(i);
        }
        restCount[slot] = (byte) (data.count() - 1);
    }

    /// Gives all counts of a slot back.
    void release(int slot) {
        Region region = first[slot];
        if (region == null) {
            return;
        }
        first[slot] = null;
        region.release();
        if (restCount[slot] > 0) {
            releaseRest(slot);
        }
    }

    private void releaseRest(int slot) {
        for (int i = 0; i < restCount[slot]; i++) {
            Region region = rest[slot * REST_MAX + i];
            rest[slot * REST_MAX + i] = null;
            if (region != null) {
                region.release();
            }
        }
        restCount[slot] = 0;
    }

    /// Forgets a slot's regions without giving the counts back: they stay in use for ever.
    void abandon(int slot) {
        first[slot] = null;
        for (int i = 0; i < restCount[slot]; i++) {
            rest[slot * REST_MAX + i] = null;
        }
        restCount[slot] = 0;
    }
}

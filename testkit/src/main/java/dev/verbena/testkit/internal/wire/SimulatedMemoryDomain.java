package dev.verbena.testkit.internal.wire;

import dev.verbena.MemoryMode;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import dev.verbena.testkit.internal.wire.SimulatedDevice.Use;
import java.lang.foreign.MemorySegment;

/// Registered memory of one association on a device in memory.
public final class SimulatedMemoryDomain extends MemoryDomain {
    private final SimulatedDevice device;

    /// Decided by the first queue.
    private volatile MemoryMode mode = MemoryMode.SLAB;

    public SimulatedMemoryDomain(SimulatedDevice device) {
        this.device = device;
    }

    void mode(MemoryMode value) {
        mode = value;
    }

    @Override
    public MemoryMode mode() {
        return mode;
    }

    @Override
    protected Region registerWithDevice(MemorySegment segment) {
        int local = device.register(segment, Use.LOCAL);
        if (mode == MemoryMode.STRICT) {
            // No remote keys: only what a window opens can be reached.
            return new Region(segment, local, 0, 0, () -> device.deregister(local));
        }
        int reads = device.register(segment, Use.CONTROLLER_READS);
        int writes = device.register(segment, Use.CONTROLLER_WRITES);
        return new Region(
                segment,
                local,
                reads,
                writes,
                () -> {
                    device.deregister(local);
                    device.deregister(reads);
                    device.deregister(writes);
                });
    }

    /// Gives everything back to the device; the regions stay.
    void detach() {
        detachRegions();
    }

    @Override
    public void close() {
        closeRegions();
    }
}

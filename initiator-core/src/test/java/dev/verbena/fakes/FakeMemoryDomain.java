package dev.verbena.fakes;

import dev.verbena.MemoryMode;
import dev.verbena.internal.memory.MemoryDomain;
import dev.verbena.internal.memory.Region;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Registered memory without a device. Keys work as on one: they name a region, a direction, and
/// nothing after the region was deregistered.
public final class FakeMemoryDomain extends MemoryDomain {
    private enum Use {
        LOCAL,
        CONTROLLER_READS,
        CONTROLLER_WRITES
    }

    private record Key(MemorySegment segment, Use use) {}

    private final MemoryMode mode;

    public FakeMemoryDomain() {
        this(MemoryMode.SLAB);
    }

    /// @param mode in STRICT, the keys of regions are of no use to a controller
    public FakeMemoryDomain(MemoryMode mode) {
        this.mode = mode;
    }

    @Override
    public MemoryMode mode() {
        return mode;
    }

    /// Makes a key for some bytes of a region.
    int bind(Region region, long address, int bytes, boolean controllerWrites) {
        MemorySegment part = region.segment().asSlice(address - region.address(), bytes);
        return key(part, controllerWrites ? Use.CONTROLLER_WRITES : Use.CONTROLLER_READS);
    }

    /// Ends a key that [#bind] made.
    void invalidate(int key) {
        keys.remove(key);
    }

    /// Whether a controller could use a key.
    public boolean isValid(int key) {
        return keys.containsKey(key);
    }

    /// The device has gone, with all keys.
    public void detach() {
        detachRegions();
    }

    /// Another device is there.
    public void attach() {
        attachRegions();
    }

    private final Map<Integer, Key> keys = new ConcurrentHashMap<>();
    private final AtomicInteger nextKey = new AtomicInteger(0x1000);
    private final AtomicInteger registered = new AtomicInteger();
    private final AtomicInteger deregisterCalls = new AtomicInteger();
    private volatile @Nullable RuntimeException registerFailure;
    private volatile @Nullable RuntimeException deregisterFailure;
    private volatile int regionsLeft = -1;

    /// Lets registrations fail from now on; null lets them succeed.
    public void failRegister(@Nullable RuntimeException failure) {
        registerFailure = failure;
    }

    /// Lets deregistrations fail from now on; null lets them succeed.
    public void failDeregister(@Nullable RuntimeException failure) {
        deregisterFailure = failure;
    }

    /// Regions that exist at this moment.
    public int registeredCount() {
        return registered.get();
    }

    public int deregisterCalls() {
        return deregisterCalls.get();
    }

    /// Regions that had to stay at [#close]; -1 before.
    public int regionsLeft() {
        return regionsLeft;
    }

    @Override
    protected Region registerWithDevice(MemorySegment segment) {
        RuntimeException failure = registerFailure;
        if (failure != null) {
            throw failure;
        }
        int local = key(segment, Use.LOCAL);
        boolean slab = mode == MemoryMode.SLAB;
        int reads = slab ? key(segment, Use.CONTROLLER_READS) : 0;
        int writes = slab ? key(segment, Use.CONTROLLER_WRITES) : 0;
        registered.incrementAndGet();
        return new Region(segment, local, reads, writes, () -> deregister(local, reads, writes));
    }

    private int key(MemorySegment segment, Use use) {
        int key = nextKey.getAndIncrement();
        keys.put(key, new Key(segment, use));
        return key;
    }

    private void deregister(int local, int reads, int writes) {
        deregisterCalls.incrementAndGet();
        RuntimeException failure = deregisterFailure;
        if (failure != null) {
            throw failure;
        }
        keys.remove(local);
        keys.remove(reads);
        keys.remove(writes);
        registered.decrementAndGet();
    }

    /// What the device gathers for a send.
    public byte[] gather(List<SentCapsule.Piece> pieces) {
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        for (SentCapsule.Piece piece : pieces) {
            data.writeBytes(
                    slice(piece.localKey(), Use.LOCAL, piece.address(), piece.bytes())
                            .toArray(ValueLayout.JAVA_BYTE));
        }
        return data.toByteArray();
    }

    /// What a controller reads by RDMA.
    public byte[] rdmaRead(int key, long address, int bytes) {
        return slice(key, Use.CONTROLLER_READS, address, bytes).toArray(ValueLayout.JAVA_BYTE);
    }

    /// What a controller writes by RDMA.
    public void rdmaWrite(int key, long address, byte[] data) {
        slice(key, Use.CONTROLLER_WRITES, address, data.length)
                .copyFrom(MemorySegment.ofArray(data));
    }

    private MemorySegment slice(int number, Use use, long address, int bytes) {
        Key key = keys.get(number);
        if (key == null || key.use() != use) {
            throw new AssertionError(
                    "Remote access error: key " + number + " is " + key + ", wanted " + use);
        }
        return key.segment().asSlice(address - key.segment().address(), bytes);
    }

    @Override
    public void close() {
        regionsLeft = closeRegions();
    }
}

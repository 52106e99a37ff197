package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Libibverbs;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_mr;
import java.lang.foreign.MemorySegment;

/// Registered memory (`struct ibv_mr`) and the keys that name it in work requests. Any thread may
/// call.
public final class MemoryRegion implements AutoCloseable {
    private final ProtectionDomain domain;
    private final long handle;
    private final MemorySegment segment;
    private final int localKey;
    private final int remoteKey;
    private final Lifecycle lifecycle;

    MemoryRegion(ProtectionDomain domain, long handle, MemorySegment segment, Lifecycle lifecycle) {
        this.domain = domain;
        this.handle = handle;
        this.segment = segment;
        this.lifecycle = lifecycle;
        MemorySegment region = Native.at(handle, ibv_mr.layout());
        this.localKey = ibv_mr.lkey(region);
        this.remoteKey = ibv_mr.rkey(region);
    }

    /// The key for scatter/gather elements of this side's work requests.
    public int localKey() {
        return localKey;
    }

    /// The key to give to a peer; valid only for the remote rights the region was registered with.
    public int remoteKey() {
        return remoteKey;
    }

    /// The first byte's virtual address, which peers use too.
    public long address() {
        return segment.address();
    }

    /// The region's size in bytes.
    public long byteSize() {
        return segment.byteSize();
    }

    /// The memory that was registered. Keeps its arena's own rules.
    public MemorySegment segment() {
        return segment;
    }

    /// The protection domain the region belongs to.
    public ProtectionDomain protectionDomain() {
        return domain;
    }

    /// The `struct ibv_mr *`, for verbs this library does not wrap.
    public long handle() {
        return handle;
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    /// Takes the memory away from the device (`ibv_dereg_mr(3)`). Idempotent.
    ///
    /// @throws RdmaException EBUSY while a memory window is bound to the region; it stays
    ///   registered then
    @Override
    public void close() {
        lifecycle.close(() -> Libibverbs.DEREG_MR.destroy(handle, domain.context()::isTakenAway));
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

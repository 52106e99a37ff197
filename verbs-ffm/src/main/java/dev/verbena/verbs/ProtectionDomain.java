package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Libibverbs;
import java.lang.foreign.MemorySegment;

/// A protection domain (`struct ibv_pd`): queue pairs may only use memory of their own domain. Any
/// thread may call.
public final class ProtectionDomain implements AutoCloseable {
    private final RdmaContext context;
    private final long handle;
    private final Lifecycle lifecycle;

    ProtectionDomain(RdmaContext context, long handle, Lifecycle lifecycle) {
        this.context = context;
        this.handle = handle;
        this.lifecycle = lifecycle;
    }

    /// Registers memory (`ibv_reg_mr(3)`): pins it and gives the device access. Costs a system call
    /// and time per page, so register large regions once.
    ///
    /// The caller keeps the segment's arena open until the region is closed **and** no work request
    /// uses it: the device does not know about arenas.
    ///
    /// @param segment native memory of at least one byte
    /// @param access rights of [Access]; 0 allows local reading only
    /// @throws MemoryLimitException when the limit on locked memory does not allow it
    /// @throws IllegalArgumentException for heap memory or an empty segment
    public MemoryRegion register(MemorySegment segment, int access) {
        if (!segment.isNative()) {
            throw new IllegalArgumentException(
                    "heap memory cannot be registered: allocate the segment from an arena");
        }
        if (segment.byteSize() == 0) {
            throw new IllegalArgumentException("an empty segment cannot be registered");
        }
        if ((access & (Access.REMOTE_WRITE | Access.REMOTE_ATOMIC)) != 0
                && (access & Access.LOCAL_WRITE) == 0) {
            throw new IllegalArgumentException(
                    "REMOTE_WRITE and REMOTE_ATOMIC need LOCAL_WRITE as well, see ibv_reg_mr(3)");
        }
        long address = segment.address();
        long byteSize = segment.byteSize();
        Lifecycle child =
                new Lifecycle(
                        "memory region at 0x%x of %d bytes".formatted(address, byteSize),
                        lifecycle);
        long region = child.create(() -> register(address, byteSize, access));
        return new MemoryRegion(this, region, segment, child);
    }

    private long register(long address, long byteSize, int access) {
        if ((access & Access.OPTIONAL) != 0) {
            // The plain function would hand flags to an old kernel that has to reject them; this
            // one drops them there.
            return Libibverbs.REG_MR_IOVA2.call(handle, address, byteSize, address, access);
        }
        return Libibverbs.REG_MR.call(handle, address, byteSize, access);
    }

    /// Makes a type 2 memory window, not bound yet (`ibv_alloc_mw(3)`).
    ///
    /// @throws RdmaException EOPNOTSUPP or EINVAL where the device has none, see
    ///   [DeviceAttributes#memoryWindowType2B()]
    public MemoryWindow allocateMemoryWindow() {
        Lifecycle child = new Lifecycle("memory window", lifecycle);
        return new MemoryWindow(
                context,
                child.create(() ->
                        context.ops().allocateMemoryWindow().call(handle, MemoryWindow.TYPE_2)),
                child);
    }

    /// Makes a shared receive queue (`ibv_create_srq(3)`).
    ///
    /// @param workRequestMax outstanding receives, at least 1
    /// @param segmentMax scatter elements of a receive, at least 1
    public SharedReceiveQueue createSharedReceiveQueue(int workRequestMax, int segmentMax) {
        if (workRequestMax < 1 || segmentMax < 1) {
            throw new IllegalArgumentException(
                    "workRequestMax %d and segmentMax %d must be at least 1"
                            .formatted(workRequestMax, segmentMax));
        }
        return SharedReceiveQueue.create(this, workRequestMax, segmentMax);
    }

    /// The context that made this domain.
    public RdmaContext context() {
        return context;
    }

    Lifecycle lifecycle() {
        return lifecycle;
    }

    /// The `struct ibv_pd *`, for verbs this library does not wrap.
    public long handle() {
        return handle;
    }

    /// Releases the domain (`ibv_dealloc_pd(3)`). Idempotent.
    ///
    /// @throws IllegalStateException naming the regions, windows and queue pairs that are open in
    ///   it
    /// @throws RdmaException when the device refuses; the domain stays open then
    @Override
    public void close() {
        lifecycle.close(() -> Libibverbs.DEALLOC_PD.destroy(handle, context::isTakenAway));
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

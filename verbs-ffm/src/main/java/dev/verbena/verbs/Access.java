package dev.verbena.verbs;

/// Access rights of memory regions, memory windows and queue pairs (`enum ibv_access_flags`);
/// combine with `|`.
///
/// Local reading is always allowed. Remote writing and remote atomics need [#LOCAL_WRITE] as well
/// (`ibv_reg_mr(3)`).
public final class Access {
    public static final int LOCAL_WRITE = 1;
    public static final int REMOTE_WRITE = 1 << 1;
    public static final int REMOTE_READ = 1 << 2;
    public static final int REMOTE_ATOMIC = 1 << 3;

    /// Memory windows may be bound to the region.
    public static final int MW_BIND = 1 << 4;

    /// Remote addresses are offsets from the start of the region or window.
    public static final int ZERO_BASED = 1 << 5;

    /// Pages are faulted in when the device touches them, instead of pinned.
    public static final int ON_DEMAND = 1 << 6;

    /// The memory consists of huge pages.
    public static final int HUGETLB = 1 << 7;

    /// Writes may be reordered on the bus. Ignored by devices that do not know it.
    public static final int RELAXED_ORDERING = 1 << 20;

    /// Flags a device may ignore (`IBV_ACCESS_OPTIONAL_RANGE`); libraries before rdma-core 27 know
    /// none.
    static final int OPTIONAL = 0x3ff << 20;

    private Access() {}
}

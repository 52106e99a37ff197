package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_wc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// A batch of work completions (array of `struct ibv_wc`) that [CompletionQueue#poll] fills.
///
/// Entries below the count of the last poll are valid until the next. Of a completion in error only
/// [#wrId(int)], [#status(int)], [#queuePairNumber(int)] and [#vendorError(int)] are meaningful.
/// Belongs to one thread; must not be used after its arena is closed.
public final class WorkCompletions {
    /// Opcodes (`enum ibv_wc_opcode`). Receives are all those with the bit of [#RECV] set.
    public static final int SEND = 0;

    public static final int RDMA_WRITE = 1;
    public static final int RDMA_READ = 2;
    public static final int COMP_SWAP = 3;
    public static final int FETCH_ADD = 4;
    public static final int BIND_MW = 5;
    public static final int LOCAL_INV = 6;
    public static final int RECV = 1 << 7;
    public static final int RECV_RDMA_WITH_IMM = RECV | 1;

    /// Flags: immediate data arrived, see [#immediate(int)].
    public static final int WITH_IMM = 1 << 1;

    /// Flags: a key was invalidated by the peer; ask [#keyInvalidated(int)] instead.
    public static final int WITH_INV = 1 << 3;

    private static final int WITH_INV_OF_RXE = 1 << 2;

    static final int CAPACITY_MAX = 1 << 16;

    private static final long STRIDE = ibv_wc.sizeof();
    private static final long WR_ID = ibv_wc.wr_id$offset();
    private static final long STATUS = ibv_wc.status$offset();
    private static final long OPCODE = ibv_wc.opcode$offset();
    private static final long VENDOR_ERR = ibv_wc.vendor_err$offset();
    private static final long BYTE_LEN = ibv_wc.byte_len$offset();
    private static final long IMM_OR_KEY = ibv_wc.invalidated_rkey$offset();
    private static final long QP_NUM = ibv_wc.qp_num$offset();
    private static final long WC_FLAGS = ibv_wc.wc_flags$offset();

    private final int capacity;
    private final long address;

    private WorkCompletions(int capacity, long address) {
        this.capacity = capacity;
        this.address = address;
    }

    /// A batch in memory of `arena`, which must stay open as long as the batch is used.
    ///
    /// @param capacity 1 to 65,536
    public static WorkCompletions allocate(Arena arena, int capacity) {
        if (capacity < 1 || capacity > CAPACITY_MAX) {
            throw new IllegalArgumentException(
                    "capacity " + capacity + " is not within 1 to " + CAPACITY_MAX);
        }
        MemorySegment segment = arena.allocate(STRIDE * capacity, 64);
        return new WorkCompletions(capacity, segment.address());
    }

    /// How many completions one poll can take.
    public int capacity() {
        return capacity;
    }

    long address() {
        return address;
    }

    private long entry(int index) {
        return address + Objects.checkIndex(index, capacity) * STRIDE & Native.ADDRESS_MASK;
    }

    private int intAt(int index, long offset) {
        return Native.MEMORY.get(Native.INT, entry(index) + offset);
    }

    /// What the work request carried as its id.
    public long wrId(int index) {
        return Native.MEMORY.get(Native.LONG, entry(index) + WR_ID);
    }

    /// The status as a number; see [WorkCompletionStatus].
    public int status(int index) {
        return intAt(index, STATUS);
    }

    /// What was done: one of the constants of this class, or another `enum ibv_wc_opcode`. Not set
    /// in error.
    public int opcode(int index) {
        return intAt(index, OPCODE);
    }

    /// The bytes that a receive, an RDMA READ or an atomic brought. Not set in error, nor for
    /// sends.
    public int byteLength(int index) {
        return intAt(index, BYTE_LEN);
    }

    /// The vendor's own error code; 0 without error.
    public int vendorError(int index) {
        return intAt(index, VENDOR_ERR);
    }

    /// [#WITH_IMM], [#WITH_INV] and others (`enum ibv_wc_flags`).
    public int flags(int index) {
        return intAt(index, WC_FLAGS);
    }

    /// The number of the queue pair the work request was posted on.
    public int queuePairNumber(int index) {
        return intAt(index, QP_NUM);
    }

    /// Whether the peer's message invalidated a key, see [#invalidatedKey(int)].
    ///
    /// More than [#WITH_INV]: rdma_rxe (seen in Linux 6.1 and 6.12) hands the kernel's number of
    /// this flag to user space, bit 2, which there means a checked IP header sum and never occurs
    /// on reliable connections.
    public boolean keyInvalidated(int index) {
        return (flags(index) & (WITH_INV | WITH_INV_OF_RXE)) != 0;
    }

    /// The key that the peer's SEND_WITH_INV invalidated; valid with [#keyInvalidated(int)].
    public int invalidatedKey(int index) {
        return intAt(index, IMM_OR_KEY);
    }

    /// The immediate value the peer sent; valid with [#WITH_IMM].
    public int immediate(int index) {
        return Integer.reverseBytes(intAt(index, IMM_OR_KEY));
    }
}

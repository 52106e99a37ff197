package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_mw;

/// A type 2 memory window (`struct ibv_mw`, `ibv_alloc_mw(3)`): remote access to a part of a region
/// that is given by a BIND_MW work request and taken back by invalidation, without the cost of a
/// registration.
///
/// Its key changes with every bind: the upper 24 bits stay, the poster chooses the low eight.
/// Providers read the key in use from the native structure when a bind is posted, and nobody but
/// the poster can keep it current:
///
/// ```java
/// int key = window.nextKey();
/// sends.initialize(slot, id, SendSlots.BIND_MW, SendSlots.SIGNALED);
/// sends.bind(slot, window, key, region, address, length, Access.REMOTE_READ);
/// if (pair.postSend(sends, slot) == 0) {
///     window.bindPosted(key);
/// }
/// ```
///
/// Belongs to the thread that posts its binds.
public final class MemoryWindow implements AutoCloseable {
    static final int TYPE_2 = 2;

    private static final long KEY = ibv_mw.rkey$offset();

    private final RdmaContext context;
    private final long handle;
    private final Lifecycle lifecycle;

    /// What stands in the native structure, which only this object writes.
    private int key;

    /// 0 when closed; read with every bind, unlike the lifecycle, which takes a lock.
    private volatile long open;

    MemoryWindow(RdmaContext context, long handle, Lifecycle lifecycle) {
        this.context = context;
        this.handle = handle;
        this.lifecycle = lifecycle;
        this.key = ibv_mw.rkey(Native.at(handle, ibv_mw.layout()));
        this.open = handle;
    }

    /// The key in use: of the latest [#bindPosted(int)], or the one of a window never bound.
    public int key() {
        requireOpen();
        return key;
    }

    /// The key for the next bind: the present one with its low eight bits counted up
    /// (`ibv_inc_rkey(3)`). A request that still carries an older key cannot use the window again
    /// until 256 binds later.
    public int nextKey() {
        int present = key();
        return (present & 0xffffff00) | ((present + 1) & 0xff);
    }

    private void requireOpen() {
        if (open == 0) {
            throw lifecycle.closedException();
        }
    }

    /// Records that a bind with this key was posted.
    ///
    /// @throws IllegalArgumentException for a key of another window
    public void bindPosted(int newKey) {
        requireOpen();
        if ((newKey ^ key) >>> 8 != 0) {
            throw foreign(newKey);
        }
        key = newKey;
        Native.MEMORY.set(Native.INT, handle + KEY, newKey);
    }

    private IllegalArgumentException foreign(int newKey) {
        return new IllegalArgumentException(
                "0x%x is not a key of the window with key 0x%x".formatted(newKey, key));
    }

    /// The `struct ibv_mw *`, for verbs this library does not wrap.
    public long handle() {
        return handle;
    }

    /// Releases the window, bound or not (`ibv_dealloc_mw`). Idempotent.
    @Override
    public void close() {
        lifecycle.close(() -> {
            open = 0;
            try {
                context.ops().deallocateMemoryWindow().destroy(handle, context::isTakenAway);
            } catch (RdmaException e) {
                open = handle;
                throw e;
            }
        });
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

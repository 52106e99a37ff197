package dev.verbena.verbs;

import dev.verbena.verbs.ffi.ContextOps;
import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.ibv_mw;
import java.lang.foreign.MemorySegment;

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

    private final ContextOps ops;
    private final long handle;
    private final Lifecycle lifecycle;
    private final MemorySegment window;

    MemoryWindow(ContextOps ops, long handle, Lifecycle lifecycle) {
        this.ops = ops;
        this.handle = handle;
        this.lifecycle = lifecycle;
        this.window = Native.at(handle, ibv_mw.layout());
    }

    /// The key in use: of the latest [#bindPosted(int)], or the one of a window never bound.
    public int key() {
        lifecycle.requireOpen();
        return ibv_mw.rkey(window);
    }

    /// The key for the next bind: the present one with its low eight bits counted up
    /// (`ibv_inc_rkey(3)`). A request that still carries an older key cannot use the window again
    /// until 256 binds later.
    public int nextKey() {
        int key = key();
        return (key & 0xffffff00) | ((key + 1) & 0xff);
    }

    /// Records that a bind with this key was posted.
    ///
    /// @throws IllegalArgumentException for a key of another window
    public void bindPosted(int newKey) {
        if ((newKey ^ key()) >>> 8 != 0) {
            throw new IllegalArgumentException(
                    "0x%x is not a key of the window with key 0x%x".formatted(newKey, key()));
        }
        ibv_mw.rkey(window, newKey);
    }

    /// The `struct ibv_mw *`, for verbs this library does not wrap.
    public long handle() {
        return handle;
    }

    /// Releases the window, bound or not (`ibv_dealloc_mw`). Idempotent.
    @Override
    public void close() {
        lifecycle.close(() -> ops.deallocateMemoryWindow().call(handle));
    }

    @Override
    public String toString() {
        return lifecycle.name();
    }
}

package dev.verbena.testkit.internal.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A network card: which keys exist and what each of them allows.
///
/// Threads: any. An access and a deregistration never overlap, as on a card.
public final class SimulatedDevice {
    /// What a key is for.
    public enum Use {
        /// The sender's own gather list.
        LOCAL,
        /// RDMA READ by the controller: data of a write command.
        CONTROLLER_READS,
        /// RDMA WRITE by the controller: data of a read command.
        CONTROLLER_WRITES
    }

    private record Registration(MemorySegment segment, Use use, boolean window) {}

    /// Violations that are kept; the first say what happened, the rest are its consequences.
    private static final int VIOLATIONS_MAX = 100;

    private final Map<Integer, Registration> keys = new HashMap<>();
    private final List<String> violations = new ArrayList<>();
    private int nextKey = 0x1000;
    private @Nullable AccessListener listener;
    private boolean present = true;

    /// Registers memory for one use.
    ///
    /// @return the key
    public synchronized int register(MemorySegment segment, Use use) {
        if (!present) {
            throw new IllegalStateException("The RDMA device was removed");
        }
        int key = nextKey;
        // Like a card's: an index above, a tag in the low byte.
        nextKey += 0x100;
        keys.put(key, new Registration(segment, use, false));
        return key;
    }

    public synchronized void deregister(int key) {
        keys.remove(key);
    }

    /// Opens a window on registered memory: a key of its own for a part of it.
    ///
    /// @param key for the window, unused so far
    public synchronized void bind(int key, MemorySegment part, Use use) {
        if (keys.putIfAbsent(key, new Registration(part, use, true)) != null) {
            throw new IllegalStateException("Key " + Integer.toHexString(key) + "h is in use");
        }
    }

    /// A key number that no registration will get.
    public synchronized int newWindowIndex() {
        int key = nextKey;
        nextKey += 0x100;
        return key;
    }

    /// Invalidates a window's key.
    ///
    /// @throws AccessRefusedException when the key is none of a window
    public synchronized void invalidate(int key) throws AccessRefusedException {
        Registration registration = keys.get(key);
        if (registration == null || !registration.window()) {
            throw new AccessRefusedException(
                    "key "
                            + Integer.toHexString(key)
                            + "h cannot be invalidated: it is "
                            + (registration == null ? "unknown" : "not a window's"));
        }
        keys.remove(key);
    }

    /// Keys that exist: 0 when nothing was left registered.
    public synchronized int keyCount() {
        return keys.size();
    }

    /// Whether a window's key is valid at this moment.
    public synchronized boolean isWindowOpen(int key) {
        Registration registration = keys.get(key);
        return registration != null && registration.window();
    }

    /// Reads registered memory.
    public synchronized byte[] read(int key, Use use, long address, int bytes)
            throws AccessRefusedException {
        MemorySegment part = part(key, use, address, bytes);
        if (listener != null) {
            listener.accessing(address, bytes, false);
        }
        return part.toArray(ValueLayout.JAVA_BYTE);
    }

    /// Writes registered memory.
    public synchronized void write(int key, long address, byte[] data, int offset, int bytes)
            throws AccessRefusedException {
        MemorySegment part = part(key, Use.CONTROLLER_WRITES, address, bytes);
        if (listener != null) {
            listener.accessing(address, bytes, true);
        }
        MemorySegment.copy(data, offset, part, ValueLayout.JAVA_BYTE, 0, bytes);
    }

    private MemorySegment part(int key, Use use, long address, int bytes)
            throws AccessRefusedException {
        if (!present) {
            throw refused(key, "is of a device that was removed");
        }
        Registration registration = keys.get(key);
        if (registration == null) {
            throw refused(key, "is unknown or no longer valid");
        }
        if (registration.use() != use) {
            throw refused(key, "allows " + registration.use() + ", not " + use);
        }
        MemorySegment segment = registration.segment();
        long offset = address - segment.address();
        if (offset < 0 || bytes < 0 || offset > segment.byteSize() - bytes) {
            throw refused(
                    key,
                    "covers "
                            + segment.byteSize()
                            + " bytes, and "
                            + bytes
                            + " at offset "
                            + offset
                            + " were accessed");
        }
        if (!segment.scope().isAlive()) {
            violation("memory was freed while it was registered");
            throw refused(key, "is for memory that has been freed");
        }
        return segment.asSlice(offset, bytes);
    }

    private static AccessRefusedException refused(int key, String why) {
        return new AccessRefusedException("key " + Integer.toHexString(key) + "h " + why);
    }

    /// Sets who hears of accesses; null for nobody.
    public synchronized void listen(@Nullable AccessListener value) {
        listener = value;
    }

    /// Records that the initiator broke a promise.
    public synchronized void violation(String what) {
        if (violations.size() < VIOLATIONS_MAX) {
            violations.add(what);
        }
    }

    /// Promises the initiator has broken so far, oldest first.
    public synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /// The card is pulled: its keys mean nothing any more.
    synchronized void removed() {
        present = false;
    }

    /// A card is there again.
    synchronized void returned() {
        present = true;
    }

    synchronized boolean isPresent() {
        return present;
    }
}

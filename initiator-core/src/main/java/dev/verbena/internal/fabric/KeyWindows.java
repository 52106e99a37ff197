package dev.verbena.internal.fabric;

import dev.verbena.verbs.Access;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.SendSlots;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/// A type 2 memory window per slot: the key of one command at a time, different for each.
///
/// Threads: the queue's owner.
final class KeyWindows implements AutoCloseable {
    private static final int VARIANT_MASK = 0xFF;

    private final MemoryWindow[] windows;
    private final int[] keys;

    /// Slots whose bind is staged and not posted.
    private final int[] staged;

    private int stagedCount;

    /// Windows that exist still.
    private final Deque<MemoryWindow> open = new ArrayDeque<>();

    /// @throws dev.verbena.verbs.RdmaException when the device has no more windows; none is left
    ///   over then
    KeyWindows(ProtectionDomain domain, int slotCount) {
        windows = new MemoryWindow[slotCount];
        keys = new int[slotCount];
        staged = new int[slotCount];
        try {
            for (int i = 0; i < slotCount; i++) {
                windows[i] = domain.allocateMemoryWindow();
                open.push(windows[i]);
                keys[i] = windows[i].key();
            }
        } catch (RuntimeException | Error e) {
            try {
                close();
            } catch (RuntimeException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
    }

    /// Builds the request that binds a slot's window.
    ///
    /// @return the key it will have
    int bind(
            int slot,
            SendSlots requests,
            int request,
            MemoryRegion region,
            long address,
            int bytes,
            boolean controllerWrites) {
        int key = (keys[slot] & ~VARIANT_MASK) | (keys[slot] + 1 & VARIANT_MASK);
        int access = controllerWrites ? Access.REMOTE_WRITE : Access.REMOTE_READ;
        requests.bind(request, windows[slot], key, region, address, bytes, access);
        keys[slot] = key;
        staged[stagedCount++] = slot;
        return key;
    }

    /// The key last bound for a slot.
    int key(int slot) {
        return keys[slot];
    }

    /// What was staged has been posted: from now on the windows have their new keys. Providers read
    /// the present one when the next bind is posted.
    void posted() {
        for (int i = 0; i < stagedCount; i++) {
            int slot = staged[i];
            windows[slot].bindPosted(keys[slot]);
        }
        stagedCount = 0;
    }

    /// What was staged has been dropped; its queue pair is of no use any more.
    void discarded() {
        stagedCount = 0;
    }

    /// Releases the windows. Must come before their queue pair is destroyed: some devices count a
    /// bound window as a user of it. What cannot be released does not keep the others, and may be
    /// tried again.
    @Override
    public void close() {
        RuntimeException failure = null;
        for (Iterator<MemoryWindow> each = open.iterator(); each.hasNext(); ) {
            try {
                each.next().close();
                each.remove();
            } catch (RuntimeException e) {
                if (failure == null) {
                    failure = e;
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}

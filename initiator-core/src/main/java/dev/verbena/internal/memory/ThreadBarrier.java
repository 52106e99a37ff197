package dev.verbena.internal.memory;

import java.lang.foreign.Arena;

/// Makes every thread of the process pass a full memory barrier.
public final class ThreadBarrier {
    private ThreadBarrier() {}

    /// When this returns, every store that any thread did before its barrier is visible here, and
    /// every load that a thread does after it sees what was stored here before the call.
    ///
    /// Closing a shared arena has to make sure that no thread accesses it afterwards, though no
    /// thread does more for an access than look at a plain field. The JDK does that by a handshake
    /// with every thread, each at a safepoint of its own; this arena exists for its handshake. Some
    /// ten to a hundred microseconds.
    public static void pass() {
        Arena.ofShared().close();
    }
}

package dev.verbena.internal.engine;

import java.lang.foreign.MemorySegment;

/// Copies bytes from and to memory of users: the one place where that is touched.
///
/// Whatever such memory throws is a [RuntimeException] of the request it belongs to. That includes
/// errors: a mapped file that has become shorter, or a file system that is full or broken under it,
/// answers an access with an [InternalError].
final class UserMemory {
    private static final Object NOTHING = new Object();

    private UserMemory() {}

    /// Copies.
    ///
    /// @throws RuntimeException when one of the two cannot be accessed
    static void copy(
            MemorySegment source, long from, MemorySegment target, long to, long byteCount) {
        try {
            MemorySegment.copy(source, from, target, to, byteCount);
            if (source.isMapped() || target.isMapped()) {
                faultNow();
            }
        } catch (Error e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /// The JVM throws the error of a faulty access by compiled code some steps later, where the
    /// thread passes a safepoint. It does so at a return from native code: after this nothing is
    /// left to be thrown.
    private static void faultNow() {
        var _ = Thread.holdsLock(NOTHING);
    }
}

package dev.verbena.internal.engine;

import org.jspecify.annotations.Nullable;

/// What was thrown by those who are told of several things: all of them have to be told first. The
/// first exception is thrown on afterwards, with the others as suppressed ones.
///
/// Threads: one owner.
public final class Thrown {
    private @Nullable Throwable first;

    /// Keeps an exception for [#rethrow].
    public void add(Throwable e) {
        Throwable earlier = first;
        if (earlier == null) {
            first = e;
        } else if (!earlier.equals(e)) {
            earlier.addSuppressed(e);
        }
    }

    /// Throws what was kept, and forgets it.
    public void rethrow() {
        Throwable e = first;
        if (e != null) {
            first = null;
            throwIt(e);
        }
    }

    private static void throwIt(Throwable e) {
        switch (e) {
            case Error error -> throw error;
            case RuntimeException unchecked -> throw unchecked;
            default -> throw new IllegalStateException("A handler threw " + e, e);
        }
    }
}

package dev.verbena.testkit.internal.wire;

import java.io.Serial;

/// A key does not allow what was tried with it.
public final class AccessRefusedException extends Exception {
    @Serial private static final long serialVersionUID = 1;

    public AccessRefusedException(String message) {
        super(message);
    }
}

package dev.verbena.cli.base;

import java.io.IOException;
import java.io.Serial;

/// Nobody said yes.
public final class NotConfirmedException extends IOException {
    @Serial private static final long serialVersionUID = 1;

    NotConfirmedException(String message) {
        super(message);
    }
}

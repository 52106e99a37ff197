package dev.verbena.internal.control;

import dev.verbena.nvme.WireFormatException;
import java.io.IOException;

/// A controller answered with data that cannot be, such as a format that is not in its own list.
/// Where only a part of what it offers is concerned, that part is left out.
public final class ImpossibleAnswerException extends IOException {
    private static final long serialVersionUID = 1;

    ImpossibleAnswerException(String address, WireFormatException cause) {
        super(
                "The controller at "
                        + address
                        + " sent something impossible: "
                        + cause.getMessage(),
                cause);
    }
}

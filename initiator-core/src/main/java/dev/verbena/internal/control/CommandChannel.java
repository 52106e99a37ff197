package dev.verbena.internal.control;

import dev.verbena.internal.control.AdminCommand.Answer;
import java.io.IOException;

/// A queue as the steps of a connection use it: one command, one answer.
interface CommandChannel {
    /// Sends a command and waits for its answer, which may be an error status.
    ///
    /// @throws dev.verbena.CommandTimeoutException when there is none in time
    /// @throws dev.verbena.ConnectionLostException when the connection ended first
    /// @throws java.io.InterruptedIOException when the calling thread was interrupted
    Answer answer(AdminCommand command) throws IOException;
}

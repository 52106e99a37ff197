package dev.verbena.cli.base;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// Reads what comes from outside: a person, a pipe, a file that may be a pipe.
///
/// Such a read cannot be interrupted. It runs on a thread of its own, which nobody waits for at the
/// end, so that Ctrl-C ends the command at once.
final class Input {
    private Input() {}

    static <T> T await(Callable<T> read) throws IOException {
        FutureTask<T> task = new FutureTask<>(read);
        Thread.ofPlatform().daemon().name("verbena-input").start(task);
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while waiting for input");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case Error error -> throw error;
                case RuntimeException defect -> throw defect;
                case null, default -> throw new IOException(e.getCause());
            }
        }
    }
}

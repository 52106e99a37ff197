package dev.verbena.cli.base;

import dev.verbena.Initiator;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/// Ends a process in order when it is told to, by Ctrl-C or `kill`: what is connected is
/// disconnected first.
public final class Ending {
    /// How long the command itself has to come to its end. A test that must tell an end at once
    /// from the end of patience makes it longer.
    private static final long PATIENCE_MILLIS =
            Long.getLong("dev.verbena.cli.patienceMillis", 5_000);

    private Ending() {}

    /// Runs a command on this thread. When the process is ended meanwhile, the thread is
    /// interrupted, and closes what it has opened; where it does not react, the connections are
    /// closed from outside.
    public static int run(Environment environment, IntSupplier command) {
        Thread worker = Thread.currentThread();
        CountDownLatch ended = new CountDownLatch(1);
        Thread hook =
                new Thread(
                        () -> {
                            if (ended.getCount() > 0) {
                                worker.interrupt();
                                awaitOrClose(environment, ended);
                            }
                        },
                        "verbena-ending");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return command.getAsInt();
        } finally {
            ended.countDown();
        }
    }

    private static void awaitOrClose(Environment environment, CountDownLatch ended) {
        try {
            if (ended.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Initiator initiator = environment.current().get();
        if (initiator != null) {
            try {
                initiator.close();
            } catch (IllegalStateException e) {
                // A queue whose owner does not react: the process' end disconnects it.
                System.getLogger("dev.verbena.cli")
                        .log(System.Logger.Level.DEBUG, "Not closed in order", e);
            }
        }
    }
}

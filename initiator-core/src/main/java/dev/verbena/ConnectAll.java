package dev.verbena;

import dev.verbena.nvme.DiscoveryEntry;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;

/// Connects what discovery has found.
final class ConnectAll {
    private ConnectAll() {}

    /// Connects the subsystems of a tree, a few at a time.
    ///
    /// @throws IOException when not even the first log could be read, or the thread was
    ///   interrupted; then nothing stays connected
    static List<ConnectedEntry> of(Initiator initiator, DiscoveryTree tree, ConnectOptions options)
            throws IOException {
        var _ = tree.requireLog();
        Semaphore room = new Semaphore(options.connectParallelism());
        List<CompletableFuture<Controller>> started = new ArrayList<>();
        List<CompletableFuture<ConnectedEntry>> ends = new ArrayList<>();
        try {
            for (DiscoveryEntry entry : tree.subsystems()) {
                room.acquire();
                CompletableFuture<Controller> next = start(initiator, entry, options);
                started.add(next);
                ends.add(
                        next.handle((controller, e) -> connected(entry, controller, e))
                                .whenComplete((result, e) -> room.release()));
            }
            List<ConnectedEntry> results = new ArrayList<>();
            for (CompletableFuture<ConnectedEntry> each : ends) {
                results.add(each.get());
            }
            results.addAll(tree.unread());
            return List.copyOf(results);
        } catch (InterruptedException e) {
            takeBack(started);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while connecting");
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private static CompletableFuture<Controller> start(
            Initiator initiator, DiscoveryEntry entry, ConnectOptions options) {
        try {
            return initiator.connectAsync(Target.of(entry), entry.subsystemNqn(), options);
        } catch (IllegalArgumentException e) {
            // An address or a name from the network.
            return CompletableFuture.failedFuture(e);
        }
    }

    private static ConnectedEntry connected(
            DiscoveryEntry entry,
            @org.jspecify.annotations.Nullable Controller controller,
            @org.jspecify.annotations.Nullable Throwable e) {
        Optional<Exception> failure = Optional.empty();
        if (e != null) {
            failure = Optional.of(e instanceof Exception why ? why : new IOException(e));
        }
        return new ConnectedEntry(entry, Optional.ofNullable(controller), failure);
    }

    private static void takeBack(List<CompletableFuture<Controller>> started) {
        for (CompletableFuture<Controller> each : started) {
            if (!each.cancel(true) && !each.isCompletedExceptionally()) {
                each.join().close();
            }
        }
    }
}

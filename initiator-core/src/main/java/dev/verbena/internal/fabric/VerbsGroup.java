package dev.verbena.internal.fabric;

import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.RdmaContext;
import dev.verbena.verbs.WorkCompletions;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A completion queue with its channel, for one queue pair or for several.
///
/// Threads: as [FabricGroup].
final class VerbsGroup implements FabricGroup {
    /// Completions taken per call into the library.
    static final int BATCH = 64;

    private final RdmaContext context;
    private final int entryCount;
    private final Arena arena = Arena.ofShared();
    private final CompletionChannel channel;
    private final CompletionQueue completionQueue;
    private final WorkCompletions batch;

    private VerbsQueue[] queues = {};

    /// Whether there can be more than one queue.
    private final boolean shared;

    /// The only queue of a group that is not shared, which needs no search.
    private @Nullable VerbsQueue single;

    /// Entries that the queues may fill at the same time.
    private int reserved;

    /// Completions in the batch that have not been reported yet.
    private int fetched;

    private boolean delivering;
    private boolean closed;

    /// @param entryCount completions that may be waiting at the same time
    /// @param shared whether there can be more than one queue
    VerbsGroup(RdmaContext context, int entryCount, boolean shared) {
        this.context = context;
        this.shared = shared;
        this.entryCount = entryCount;
        batch = WorkCompletions.allocate(arena, BATCH);
        CompletionChannel made = null;
        try {
            made = context.createCompletionChannel();
            completionQueue = context.createCompletionQueue(entryCount, made);
            channel = made;
        } catch (RuntimeException | Error e) {
            try {
                if (made != null) {
                    made.close();
                }
            } catch (RuntimeException left) {
                e.addSuppressed(left);
            } finally {
                arena.close();
            }
            throw e;
        }
    }

    CompletionQueue completionQueue() {
        return completionQueue;
    }

    /// Makes room for a queue that will be attached.
    ///
    /// @throws IOException when the group is on another device or too small
    void reserve(RdmaContext device, int entries) throws IOException {
        if (closed) {
            throw new IllegalStateException("The queue group is closed");
        }
        if (device != context) {
            throw new IOException(
                    "The queue group is on device "
                            + context.deviceName()
                            + ", the connection is routed over "
                            + device.deviceName());
        }
        if (entries > entryCount - reserved) {
            throw new IOException(
                    "The queue group has room for "
                            + (entryCount - reserved)
                            + " more completions, another queue needs "
                            + entries
                            + "; make a larger group, or smaller queues");
        }
        reserved += entries;
    }

    /// Gives back what [#reserve] took.
    void unreserve(int entries) {
        reserved -= entries;
    }

    void attach(VerbsQueue queue) {
        queues = Arrays.copyOf(queues, queues.length + 1);
        queues[queues.length - 1] = queue;
        single = shared ? null : queue;
    }

    /// A queue's pair is destroyed: what it left in the batch is forgotten with it.
    void detach(VerbsQueue queue) {
        queues = Arrays.stream(queues).filter(q -> q != queue).toArray(VerbsQueue[]::new);
        single = null;
    }

    @Override
    public int queueCount() {
        return queues.length;
    }

    @Override
    public boolean hasCompletions() {
        if (fetched == 0) {
            fetched = completionQueue.poll(batch);
        }
        return fetched > 0;
    }

    @Override
    public int poll() {
        if (delivering) {
            throw new IllegalStateException(
                    "Events of the group are being delivered; poll or close its queues afterwards");
        }
        int count = fetched > 0 ? fetched : completionQueue.poll(batch);
        fetched = 0;
        if (count > 0) {
            delivering = true;
            try {
                VerbsQueue only = single;
                if (only != null) {
                    only.completed(batch, 0, count);
                } else {
                    deliver(count);
                }
            } finally {
                delivering = false;
            }
        }
        return count;
    }

    private void deliver(int count) {
        for (int i = 0; i < count; i++) {
            VerbsQueue queue = find(batch.queuePairNumber(i));
            if (queue != null) {
                queue.completed(batch, i, i + 1);
            }
        }
    }

    private @Nullable VerbsQueue find(int number) {
        for (VerbsQueue queue : queues) {
            if (queue.number() == number) {
                return queue;
            }
        }
        // Left over from a pair that has been destroyed since.
        return null;
    }

    @Override
    public void arm() {
        completionQueue.requestNotification(false);
    }

    @Override
    public void block(long timeoutNanos) {
        channel.await(timeoutNanos);
    }

    @Override
    public void wakeUp() {
        channel.wakeUp();
    }

    @Override
    public void close() {
        if (queues.length > 0) {
            throw new IllegalStateException(
                    queues.length + " queues belong to the group; close them first");
        }
        if (!closed) {
            completionQueue.close();
            closed = true;
            // Nothing is polled any more, whatever becomes of the channel.
            arena.close();
        }
        channel.close();
    }
}

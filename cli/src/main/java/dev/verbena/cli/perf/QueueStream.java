package dev.verbena.cli.perf;

import dev.verbena.CompletionHandler;
import dev.verbena.Controller;
import dev.verbena.IoQueue;
import dev.verbena.QueueGroup;
import dev.verbena.QueueStatistics;
import dev.verbena.WaitMode;
import dev.verbena.nvme.NvmeStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Level 1: a thread with an [IoQueue] of its own, or with several in a [QueueGroup]. The loop
/// allocates nothing.
final class QueueStream implements Stream, CompletionHandler, QueueGroup.Handler {
    /// Longest wait for a completion; a command's own deadline ends it anyway.
    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /// How long outstanding commands may take when nobody wants them any more; closing the queue
    /// aborts what is left.
    private static final long DRAIN_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final RunState state;
    private final Slot[] slots;
    private final IoQueue[] queues;
    private final @Nullable QueueGroup group;

    /// Slots without an I/O, the first [#freeCount] of them.
    private final int[] free;

    private int freeCount;

    /// Slots that may still have something to do.
    private int active;

    private QueueStream(
            RunState state, Slot[] slots, IoQueue[] queues, @Nullable QueueGroup group) {
        this.state = state;
        this.slots = slots;
        this.queues = queues;
        this.group = group;
        this.free = new int[slots.length];
        for (int i = 0; i < slots.length; i++) {
            free[i] = slots.length - 1 - i;
        }
        this.freeCount = slots.length;
        this.active = slots.length;
    }

    /// @param queueCount 1 or more; slots take turns on them
    /// @param spin longest spin of adaptive waiting; null for the default
    /// @throws IOException when a queue cannot be opened or is not deep enough
    static QueueStream open(
            RunState state,
            Controller controller,
            Slot[] slots,
            int queueCount,
            WaitMode wait,
            @Nullable Duration spin)
            throws IOException {
        QueueGroup group = queueCount == 1 ? null : controller.newQueueGroup(queueCount);
        List<IoQueue> queues = new ArrayList<>();
        try {
            for (int i = 0; i < queueCount; i++) {
                IoQueue queue =
                        group == null ? controller.openQueue() : controller.openQueue(group);
                queues.add(queue);
                int wanted = (slots.length + queueCount - 1) / queueCount;
                if (queue.depth() < wanted) {
                    throw new IOException(
                            "The controller allows "
                                    + queue.depth()
                                    + " commands on a queue, wanted are "
                                    + wanted
                                    + ": lower --iodepth or raise --queues");
                }
                if (group == null && spin != null) {
                    queue.waitMode(wait, spin);
                }
            }
            if (group != null && spin != null) {
                group.waitMode(wait, spin);
            }
        } catch (IOException | RuntimeException e) {
            close(queues, group);
            throw e;
        }
        return new QueueStream(state, slots, queues.toArray(IoQueue[]::new), group);
    }

    @Override
    public void run() {
        try {
            QueueGroup together = group;
            while (active > 0 && !state.isAbandoned()) {
                start();
                if (together == null) {
                    queues[0].pollOrWait(this, WAIT_NANOS);
                } else {
                    together.pollOrWait(this, WAIT_NANOS);
                }
            }
            drain();
        } catch (IOException | RuntimeException | Error e) {
            state.fail(e);
        }
    }

    private void start() throws IOException {
        while (freeCount > 0) {
            int index = free[freeCount - 1];
            Slot slot = slots[index];
            if (!slot.next()) {
                freeCount--;
                active--;
                continue;
            }
            IoQueue queue = queues[index % queues.length];
            slot.started();
            boolean accepted =
                    slot.isWrite()
                            ? queue.tryWrite(
                                    slot.namespace(),
                                    slot.lba(),
                                    slot.blocks(),
                                    slot.buffer(),
                                    index)
                            : queue.tryRead(
                                    slot.namespace(),
                                    slot.lba(),
                                    slot.blocks(),
                                    slot.buffer(),
                                    index);
            if (!accepted) {
                throw new IOException(slot + " was not accepted: " + queue + " is full");
            }
            freeCount--;
        }
    }

    /// Nothing is wanted any more, but buffers come back with their completions.
    private void drain() {
        long deadline = System.nanoTime() + DRAIN_NANOS;
        for (IoQueue queue : queues) {
            while (queue.inFlightCount() > 0 && System.nanoTime() - deadline < 0) {
                if (group == null) {
                    queue.pollOrWait(this, WAIT_NANOS);
                } else {
                    group.pollOrWait(this, WAIT_NANOS);
                }
            }
        }
    }

    @Override
    public void completed(long token, int status, long result) {
        Slot slot = slots[(int) token];
        free[freeCount++] = (int) token;
        if (status != 0) {
            failed(slot, status);
            return;
        }
        try {
            slot.ended();
        } catch (IOException e) {
            state.fail(e);
        }
    }

    @Override
    public void completed(IoQueue queue, long token, int status, long result) {
        completed(token, status, result);
    }

    private void failed(Slot slot, int status) {
        state.fail(new IOException(slot + " failed: " + NvmeStatus.describe(status)));
    }

    // Both handlers have this; a command that expires is reported by its status.
    @Override
    public void expired(long token) {}

    @Override
    public List<QueueStatistics> statistics() {
        List<QueueStatistics> all = new ArrayList<>();
        for (IoQueue queue : queues) {
            all.add(queue.statistics());
        }
        return all;
    }

    @Override
    public void close() {
        close(List.of(queues), group);
    }

    private static void close(List<IoQueue> queues, @Nullable QueueGroup group) {
        for (IoQueue queue : queues) {
            queue.close();
        }
        if (group != null) {
            group.close();
        }
    }
}

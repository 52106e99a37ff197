package dev.verbena.testkit;

import dev.verbena.BlockRanges;
import dev.verbena.BufferList;
import dev.verbena.ConnectionLostException;
import dev.verbena.Controller;
import dev.verbena.CopySources;
import dev.verbena.IoOptions;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.QueueGroup;
import dev.verbena.internal.time.Time;
import dev.verbena.testkit.SimulatedUsers.Kind;
import dev.verbena.testkit.SimulatedUsers.Work;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Somebody with an [IoQueue], or some in a [QueueGroup], which he polls himself; with others when
/// they end. He opens and closes queues of a group while commands are under way, and his handlers
/// and recorders throw, and try what they may not.
final class QueueUser implements Runnable {
    private static final int PAUSE_MILLIS_MAX = 700;
    private static final int GROUP_MAX = 3;

    /// The connection ends under commands that were sent: once in so many bursts.
    private static final int CUT_EVERY = 25;

    /// Something else goes wrong in the user's code: once in so many calls.
    private static final int MISTAKE_EVERY = 12;

    /// What the user's own code throws.
    private static final class MistakeException extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /// The same, as an error.
    private static final class MistakeError extends Error {
        private static final long serialVersionUID = 1;
    }

    /// What meets in the bounce pool of a queue.
    private static final Kind[] BOUNCED = {Kind.READ, Kind.FLUSH, Kind.COMPARE_AND_WRITE};

    private record Running(IoQueue queue, Work work) {}

    private final Controller controller;
    private final Volumes volumes;
    private final SimulatedUsers users;
    private final Runnable cut;
    private final Random random;
    private final Map<Long, Running> running = new HashMap<>();
    private final List<IoQueue> queues = new ArrayList<>();
    private @Nullable QueueGroup group;

    /// Whether all he does at this time is what meets in the bounce pool, many at a time.
    private boolean bounces;

    private long nextToken;
    private int queueCount;
    private @Nullable Namespace mine;

    /// @param cut ends all connections, if that may be at this moment
    QueueUser(Controller controller, Volumes volumes, SimulatedUsers users, Runnable cut) {
        this.controller = controller;
        this.volumes = volumes;
        this.users = users;
        this.cut = cut;
        this.random = users.random();
    }

    int queueCount() {
        return queueCount;
    }

    @Override
    public void run() {
        try {
            while (!users.isStopped() && !isAnothers()) {
                if (open()) {
                    try {
                        work();
                        drain();
                    } finally {
                        closeAll();
                    }
                } else {
                    closeAll();
                    Time.sleep(Duration.ofMillis(200 + random.nextInt(PAUSE_MILLIS_MAX)));
                }
            }
        } catch (InterruptedException e) {
            users.problem("a user was interrupted");
        }
    }

    private boolean isAnothers() {
        Namespace namespace = mine;
        return namespace != null && !volumes.isMine(namespace);
    }

    // Opening and closing.

    /// @return false when not connected, or no queue is left
    private boolean open() {
        try {
            if (group == null && random.nextInt(3) == 0) {
                group = controller.newQueueGroup(GROUP_MAX);
            }
            openQueue();
            if (mine == null) {
                mine = controller.namespace(Volumes.ID);
            }
            bounces = random.nextInt(3) == 0;
            return !isAnothers();
        } catch (IOException | IllegalArgumentException | IllegalStateException e) {
            return false;
        }
    }

    private void openQueue() throws IOException {
        QueueGroup of = group;
        IoQueue queue = of == null ? controller.openQueue() : controller.openQueue(of);
        queues.add(queue);
        queueCount++;
        if (random.nextBoolean()) {
            queue.recordLatency((opcode, nanos) -> mistake());
        }
    }

    private void mistake() {
        switch (random.nextInt(2 * MISTAKE_EVERY)) {
            case 0 -> throw new MistakeException();
            case 1 -> throw new MistakeError();
            default -> {}
        }
    }

    private void closeQueue(IoQueue queue) {
        queue.close();
        queues.remove(queue);
        // What was under way when the queue was closed is told to nobody; its buffers are the
        // user's again.
        running.values()
                .removeIf(one -> {
                    boolean gone = one.queue().equals(queue);
                    if (gone) {
                        users.ended(one.work(), false);
                    }
                    return gone;
                });
    }

    private void closeAll() {
        List.copyOf(queues).forEach(this::closeQueue);
        QueueGroup last = group;
        if (last != null) {
            group = null;
            last.close();
        }
    }

    /// Another queue comes, or one goes, while the others work.
    private void change() {
        if (group == null || random.nextInt(6) > 0) {
            return;
        }
        if (queues.size() == GROUP_MAX) {
            closeQueue(queues.get(random.nextInt(queues.size())));
            return;
        }
        try {
            openQueue();
        } catch (IOException | IllegalStateException e) {
            // Not connected at this moment, or no queue is left.
        }
    }

    // Working.

    private void work() throws InterruptedException {
        while (!users.isStopped() && submitSome()) {
            queues.forEach(IoQueue::submit);
            if (random.nextInt(CUT_EVERY) == 0) {
                cut.run();
            }
            change();
            int looks = 1 + random.nextInt(4);
            for (int i = 0; i < looks; i++) {
                poll(random.nextInt(2) * 50_000_000L);
            }
            Time.sleep(Duration.ofMillis(random.nextInt(PAUSE_MILLIS_MAX)));
        }
    }

    /// @return false when the queue has ended: what is under way completes later
    private boolean submitSome() throws InterruptedException {
        try {
            int burst = random.nextInt(bounces ? 16 : 5);
            for (int i = 0; i < burst; i++) {
                if (!submit(queues.get(random.nextInt(queues.size()))) && !bounces) {
                    break;
                }
            }
            return true;
        } catch (ConnectionLostException e) {
            return false;
        } catch (IllegalArgumentException
                | IllegalStateException
                | UnsupportedOperationException e) {
            // The namespace is another, or the controller says that it cannot do this.
            Time.sleep(Duration.ofMillis(PAUSE_MILLIS_MAX));
            return false;
        }
    }

    private void poll(long waitNanos) {
        try {
            QueueGroup of = group;
            if (of == null) {
                var _ =
                        queues.getFirst()
                                .pollOrWait(
                                        (token, status, result) -> completed(token, status),
                                        waitNanos);
            } else {
                var _ =
                        of.pollOrWait(
                                (queue, token, status, result) -> completed(token, status),
                                waitNanos);
            }
        } catch (MistakeException | MistakeError e) {
            // Of the user's own.
        }
    }

    private void completed(long token, int status) {
        Running one = running.remove(token);
        if (one == null) {
            users.problem("token " + token + " completed out of nothing");
            return;
        }
        users.ended(one.work(), status == 0);
        if (random.nextInt(MISTAKE_EVERY) == 0) {
            refused("poll", () -> pollFor(one.queue()));
        }
        if (random.nextInt(MISTAKE_EVERY) == 0) {
            refused("close", one.queue()::close);
        }
        mistake();
    }

    /// A poll in the middle of a poll, whose handler gets nothing.
    private void pollFor(IoQueue queue) {
        QueueGroup of = group;
        if (of == null) {
            var _ = queue.poll((token, status, result) -> users.problem("a nested poll got it"));
        } else {
            var _ = of.poll((q, token, status, result) -> users.problem("a nested poll got it"));
        }
    }

    private void refused(String what, Runnable call) {
        try {
            call.run();
            users.problem(what + " was not refused in a handler");
        } catch (IllegalStateException e) {
            // As it should be.
        }
    }

    private void drain() {
        // Some leave it to close() what is under way.
        int looks = random.nextInt(40);
        for (int i = 0; i < looks && !running.isEmpty(); i++) {
            poll(100_000_000);
            for (IoQueue queue : queues) {
                if (queue.inFlightCount() == 0
                        && running.values().stream().anyMatch(one -> one.queue().equals(queue))) {
                    users.problem("nothing is in flight, and completions are missing");
                    return;
                }
            }
        }
    }

    /// @return false when there is nothing to do, or no room
    private boolean submit(IoQueue queue) throws ConnectionLostException {
        // Whatever the controller has under this id later.
        Namespace namespace = Objects.requireNonNull(mine);
        Work work = bounces ? users.begin(BOUNCED) : users.begin();
        if (work == null) {
            return false;
        }
        if (work.kind == Kind.COMPARE_AND_WRITE && queue.depth() < 2) {
            users.refused(work);
            return true;
        }
        long token = nextToken++;
        boolean accepted = false;
        running.put(token, new Running(queue, work));
        try {
            accepted = start(queue, namespace, work, token);
        } finally {
            if (!accepted) {
                running.remove(token);
                users.refused(work);
            }
        }
        return accepted;
    }

    private boolean start(IoQueue queue, Namespace namespace, Work work, long token)
            throws ConnectionLostException {
        IoOptions options = IoOptions.DEFAULT;
        if (bounces || random.nextBoolean()) {
            switch (work.kind) {
                case READ -> {
                    return queue.tryRead(
                            namespace, work.lba, work.count, pieces(work.data()), token, options);
                }
                case WRITE -> {
                    return queue.tryWrite(
                            namespace, work.lba, work.count, pieces(work.data()), token, options);
                }
                case COMPARE_AND_WRITE -> {
                    return queue.tryCompareAndWrite(
                            namespace,
                            work.lba,
                            work.count,
                            pieces(work.data()),
                            pieces(work.written()),
                            token,
                            options);
                }
                default -> {}
            }
        }
        return switch (work.kind) {
            case READ -> queue.tryRead(namespace, work.lba, work.count, work.data(), token);
            case WRITE -> queue.tryWrite(namespace, work.lba, work.count, work.data(), token);
            case WRITE_ZEROES ->
                    queue.tryWriteZeroes(namespace, work.lba, work.count, token, options);
            case DEALLOCATE ->
                    queue.tryDeallocate(
                            namespace, new BlockRanges().add(work.lba, work.count), token, options);
            case COMPARE ->
                    queue.tryCompare(namespace, work.lba, work.count, work.data(), token, options);
            case COMPARE_AND_WRITE ->
                    queue.tryCompareAndWrite(
                            namespace,
                            work.lba,
                            work.count,
                            work.data(),
                            work.written(),
                            token,
                            options);
            case COPY ->
                    queue.tryCopy(
                            namespace,
                            work.lba,
                            new CopySources().add(work.from, work.count),
                            token,
                            options);
            case FLUSH -> queue.tryFlush(namespace, token);
        };
    }

    /// Two pieces, cut anywhere: in strict mode, and where a command has one descriptor, they
    /// travel by the bounce pool.
    private BufferList pieces(MemorySegment all) {
        long cut = 1L + random.nextInt((int) all.byteSize() - 1);
        return new BufferList().add(all.asSlice(0, cut)).add(all.asSlice(cut));
    }
}

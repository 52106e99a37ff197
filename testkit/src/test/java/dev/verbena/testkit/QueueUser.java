package dev.verbena.testkit;

import dev.verbena.BlockRanges;
import dev.verbena.BufferList;
import dev.verbena.ConnectionLostException;
import dev.verbena.Controller;
import dev.verbena.CopySources;
import dev.verbena.IoOptions;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.internal.time.Time;
import dev.verbena.testkit.SimulatedUsers.Work;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// Somebody with an [IoQueue], which he polls himself; with another when it ends.
final class QueueUser implements Runnable {
    private static final int PAUSE_MILLIS_MAX = 700;

    private final Controller controller;
    private final Volumes volumes;
    private final SimulatedUsers users;
    private final Random random;
    private final Map<Long, Work> running = new HashMap<>();
    private long nextToken;
    private int queueCount;
    private @Nullable Namespace mine;

    QueueUser(Controller controller, Volumes volumes, SimulatedUsers users) {
        this.controller = controller;
        this.volumes = volumes;
        this.users = users;
        this.random = users.random();
    }

    int queueCount() {
        return queueCount;
    }

    @Override
    public void run() {
        try {
            while (!users.isStopped()) {
                try (IoQueue queue = controller.openQueue()) {
                    queueCount++;
                    if (random.nextBoolean()) {
                        queue.recordLatency((opcode, nanos) -> {});
                    }
                    Namespace namespace = mine;
                    if (namespace == null) {
                        namespace = controller.namespace(Volumes.ID);
                        if (!volumes.isMine(namespace)) {
                            return;
                        }
                        mine = namespace;
                    }
                    // Whatever the controller has under this id later.
                    work(queue, namespace);
                    drain(queue);
                } catch (IOException
                        | IllegalArgumentException
                        | IllegalStateException
                        | UnsupportedOperationException e) {
                    // Not connected, no queue left, the namespace is another, or the controller
                    // says that it cannot do this.
                    Time.sleep(Duration.ofMillis(200 + random.nextInt(PAUSE_MILLIS_MAX)));
                }
                // What was under way when the queue was closed is told to nobody; its buffers are
                // the user's again.
                running.values().forEach(work -> users.ended(work, false));
                running.clear();
            }
        } catch (InterruptedException e) {
            users.problem("a user was interrupted");
        }
    }

    private void work(IoQueue queue, Namespace namespace) throws InterruptedException {
        try {
            while (!users.isStopped()) {
                int burst = random.nextInt(5);
                for (int i = 0; i < burst; i++) {
                    if (!submit(queue, namespace)) {
                        break;
                    }
                }
                queue.submit();
                int looks = 1 + random.nextInt(4);
                for (int i = 0; i < looks; i++) {
                    poll(queue, random.nextInt(2) * 50_000_000L);
                }
                Time.sleep(Duration.ofMillis(random.nextInt(PAUSE_MILLIS_MAX)));
            }
        } catch (ConnectionLostException e) {
            // The queue has ended: what is under way completes below.
        }
    }

    private void poll(IoQueue queue, long waitNanos) {
        var _ =
                queue.pollOrWait(
                        (token, status, result) -> {
                            Work work = running.remove(token);
                            if (work == null) {
                                users.problem("token " + token + " completed out of nothing");
                            } else {
                                users.ended(work, status == 0);
                            }
                        },
                        waitNanos);
    }

    private void drain(IoQueue queue) {
        // Some leave it to close() what is under way, which then completes to the last handler.
        int looks = random.nextInt(40);
        for (int i = 0; i < looks && queue.inFlightCount() > 0; i++) {
            poll(queue, 100_000_000);
        }
    }

    /// @return false when there is nothing to do, or no room
    private boolean submit(IoQueue queue, Namespace namespace) throws ConnectionLostException {
        Work work = users.begin();
        if (work == null) {
            return false;
        }
        if (work.kind == SimulatedUsers.Kind.COMPARE_AND_WRITE && queue.depth() < 2) {
            users.refused(work);
            return true;
        }
        long token = nextToken++;
        boolean accepted = false;
        running.put(token, work);
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
        if (random.nextBoolean()) {
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

package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// Waits until a queue pair in error has reported everything that was posted on it, see
/// [QueuePair#drain].
///
/// Completions of one work queue come in the order of posting, so a marker posted last comes last:
/// when it is there, so was everything else. Belongs to the queue pair's owner thread.
final class Drain {
    private static final int SEND = 1;
    private static final int RECEIVE = 2;

    private static final long PAUSE_NANOS = Duration.ofNanos(50_000).toNanos();

    private final NativeQueuePair pair;
    private final CompletionQueue sendCq;
    private final CompletionQueue receiveCq;

    /// Which queues have markers at all: not the receive queue that is shared with others.
    private final int markers;

    /// Markers that have been posted and not come back. They outlast a drain that ran out of time.
    private int outstanding;

    Drain(NativeQueuePair pair, QueuePairOptions options, boolean sharedReceives) {
        this.pair = pair;
        this.sendCq = options.sendCq();
        this.receiveCq = options.receiveCq();
        this.markers = sharedReceives ? SEND : SEND | RECEIVE;
    }

    /// Ids of the markers: addresses inside the provider's own structure, so no address of the
    /// caller's, and no small number.
    private long sendId() {
        return pair.handle();
    }

    private long receiveId() {
        return pair.handle() + 1;
    }

    boolean run(WorkCompletions batch, CompletionConsumer consumer, long timeoutNanos) {
        long deadline = Waiter.deadline(timeoutNanos);
        pair.error();
        try (Arena arena = Arena.ofConfined()) {
            SendSlots send = SendSlots.allocate(arena, 1, 1);
            send.initialize(0, sendId(), SendSlots.SEND, SendSlots.SIGNALED);
            ReceiveSlots receive = ReceiveSlots.allocate(arena, 1, 1);
            receive.initialize(0, receiveId());
            int wanted = markers & ~outstanding;
            while (true) {
                wanted = post(wanted, send, receive);
                int taken = take(sendCq, batch, consumer);
                if (receiveCq != sendCq) {
                    taken += take(receiveCq, batch, consumer);
                }
                if (wanted == 0 && outstanding == 0) {
                    return true;
                }
                if (deadline - System.nanoTime() <= 0) {
                    return false;
                }
                if (taken == 0) {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
        }
    }

    /// Posts the markers that are wanted and find room.
    ///
    /// @return those that did not
    private int post(int wanted, SendSlots send, ReceiveSlots receive) {
        int left = wanted;
        if ((left & SEND) != 0 && posted("ibv_post_send", pair.postSend(send, 0))) {
            left &= ~SEND;
            outstanding |= SEND;
        }
        if ((left & RECEIVE) != 0 && posted("ibv_post_recv", pair.postReceive(receive, 0))) {
            left &= ~RECEIVE;
            outstanding |= RECEIVE;
            // rdma_rxe takes a receive from user space without being told; a queue pair whose
            // receives are flushed already would never look at this one.
            pair.error();
        }
        return left;
    }

    private static boolean posted(String operation, int errno) {
        if (errno != 0 && errno != Errno.ENOMEM) {
            throw Errno.failure(operation, errno);
        }
        return errno == 0; // else the queue is full until completions are taken
    }

    private int take(CompletionQueue queue, WorkCompletions batch, CompletionConsumer consumer) {
        int count = queue.poll(batch);
        for (int i = 0; i < count; i++) {
            int marker = marker(batch, i);
            if (marker == 0) {
                consumer.completed(batch, i);
            }
            outstanding &= ~marker;
        }
        return count;
    }

    private int marker(WorkCompletions batch, int index) {
        if (batch.queuePairNumber(index) != pair.number()) {
            return 0;
        }
        long id = batch.wrId(index);
        return id == sendId() ? SEND : id == receiveId() ? RECEIVE : 0;
    }
}

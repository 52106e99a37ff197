package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/// Waiting for completions and events: deadlines, wake-ups, closing under a waiter.
class WaitingTest extends LeakCheckedTest {
    private static final long LONG_NANOS = Duration.ofSeconds(100).toNanos();

    private static <T> CompletableFuture<T> inThread(Supplier<T> body) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform()
                .daemon()
                .start(() -> {
                    try {
                        result.complete(body.get());
                    } catch (Throwable e) {
                        result.completeExceptionally(e);
                    }
                });
        return result;
    }

    private static <T> T within30Seconds(CompletableFuture<T> future) {
        try {
            return future.get(30, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("the waiting thread did not return as expected", e);
        }
    }

    private static void letItWait() {
        try {
            Thread.sleep(200);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void eventPoll_endsAtItsDeadline() {
        try (EventChannel channel = EventChannel.open()) {
            long start = System.nanoTime();
            assertThat(channel.poll(Duration.ofMillis(300).toNanos())).isNull();
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(Duration.ofMillis(300), Duration.ofSeconds(10));
            assertThat(channel.poll(0)).isNull();
            assertThat(channel.poll(-1)).isNull();
        }
    }

    @Test
    void wakeUp_endsEventPoll() {
        try (EventChannel channel = EventChannel.open()) {
            var waiting = inThread(() -> Optional.ofNullable(channel.poll(LONG_NANOS)));
            letItWait();
            channel.wakeUp();
            assertThat(within30Seconds(waiting)).isEmpty();
        }
    }

    @Test
    void wakeUpBeforeThePoll_endsOnePollOnly() {
        try (EventChannel channel = EventChannel.open()) {
            channel.wakeUp();
            channel.wakeUp();
            long start = System.nanoTime();
            assertThat(channel.poll(LONG_NANOS)).isNull();
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isLessThan(Duration.ofSeconds(30));
            start = System.nanoTime();
            assertThat(channel.poll(Duration.ofMillis(200).toNanos())).isNull();
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isGreaterThanOrEqualTo(Duration.ofMillis(200));
        }
    }

    @Test
    void closeUnderEventPoll_endsIt() {
        EventChannel channel = EventChannel.open();
        var waiting = inThread(() -> Optional.ofNullable(channel.poll(LONG_NANOS)));
        letItWait();
        channel.close();
        assertThat(within30Seconds(waiting)).isEmpty();
        channel.close();
        channel.wakeUp();
    }

    @Test
    void secondPoller_isRefused() {
        try (EventChannel channel = EventChannel.open()) {
            var waiting = inThread(() -> Optional.ofNullable(channel.poll(LONG_NANOS)));
            letItWait();
            assertThatThrownBy(() -> channel.poll(0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("another thread polls");
            channel.wakeUp();
            within30Seconds(waiting);
        }
    }

    @Test
    void completion_wakesTheWaiterOncePerRequest() {
        try (Loopback loopback = Loopback.open();
                CompletionChannel channel = loopback.active.id.context().createCompletionChannel();
                CompletionQueue queue =
                        loopback.active.id.context().createCompletionQueue(8, channel);
                Loopback.Network network = new Loopback.Network();
                CmId id = network.resolved(network.listening())) {
            assertThat(queue.channel()).isSameAs(channel);
            queue.requestNotification(false);
            try (UnconnectedQueuePair pair =
                    id.createQueuePair(
                            loopback.active.domain,
                            new QueuePairOptions(queue, queue, 4, 4, 1, 1, 0, true))) {
                assertThat(pair.postReceive(oneReceive(loopback.active), 0)).isZero();
                assertThat(channel.await(Duration.ofMillis(100).toNanos())).isFalse();
                id.connect(Loopback.parameters(7));
                network.request().id().close();
                // The rejected connection flushes the receive: a completion, and the event that was
                // asked for.
                network.expect(id, CmEvent.Rejected.class);
                assertThat(channel.await(LONG_NANOS)).isTrue();
                assertThat(queue.poll(loopback.active.batch)).isEqualTo(1);
                assertThat(channel.await(Duration.ofMillis(100).toNanos())).isFalse();
            }
        }
    }

    private static ReceiveSlots oneReceive(Side side) {
        ReceiveSlots slots = ReceiveSlots.allocate(side.arena, 1, 1);
        slots.segment(0, 0, side.region.address(), 64, side.region.localKey());
        slots.segmentCount(0, 1);
        return slots;
    }

    @Test
    void completionChannel_wakesUpAndClosesUnderAWaiter() {
        try (Loopback loopback = Loopback.open()) {
            CompletionChannel channel = loopback.active.id.context().createCompletionChannel();
            var first = inThread(() -> channel.await(LONG_NANOS));
            letItWait();
            channel.wakeUp();
            assertThat(within30Seconds(first)).isFalse();
            var second = inThread(() -> channel.await(LONG_NANOS));
            letItWait();
            channel.close();
            assertThat(within30Seconds(second)).isFalse();
            assertThatThrownBy(() -> channel.await(0)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void channelWithQueue_refusesToClose() {
        try (Loopback loopback = Loopback.open();
                CompletionChannel channel = loopback.active.id.context().createCompletionChannel();
                CompletionQueue queue =
                        loopback.active.id.context().createCompletionQueue(8, channel)) {
            assertThatThrownBy(channel::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(queue.toString());
        }
    }

    @Test
    void completionQueueOverrun_isAnAsynchronousEvent() {
        LoopbackOptions options =
                LoopbackOptions.defaults().withReceives(8, Side.RECEIVE_BYTES).withCompletions(2);
        try (Loopback loopback = Loopback.open(options);
                AsyncEventChannel events = loopback.active.id.context().openAsyncEvents()) {
            assertThat(events.poll(0)).isNull();
            int capacity = loopback.active.queue.entryCount();
            assertThat(capacity).isBetween(2, 7);
            for (int i = 0; i < 8; i++) {
                loopback.active.prepare(0, SendSlots.SEND, 0, 8);
                loopback.active.post(0);
            }
            AsyncEvent event = events.poll(LONG_NANOS);
            assertThat(event).isInstanceOf(AsyncEvent.CompletionQueueError.class);
            assertThat(((AsyncEvent.CompletionQueueError) event).queue())
                    .isIn(loopback.active.queue, loopback.passive.queue);
        }
    }

    @Test
    void sharedReceiveQueueLimit_isAnAsynchronousEvent() {
        try (Loopback loopback = Loopback.open(LoopbackOptions.defaults().withSharedReceives());
                AsyncEventChannel events = loopback.passive.id.context().openAsyncEvents()) {
            SharedReceiveQueue queue = loopback.passive.sharedReceives();
            queue.limit(7);
            assertThat(queue.limit()).isEqualTo(7);
            for (int i = 0; i < 3; i++) {
                loopback.active.prepare(0, SendSlots.SEND, 0, 8);
                loopback.active.post(0);
                loopback.active.success();
            }
            assertThat(events.poll(LONG_NANOS))
                    .isEqualTo(new AsyncEvent.SharedReceiveQueueLimit(queue));
        }
    }

    @Test
    void secondReaderOfAsynchronousEvents_isRefused() {
        try (Loopback loopback = Loopback.open()) {
            RdmaContext context = loopback.active.id.context();
            AsyncEventChannel events = context.openAsyncEvents();
            assertThatThrownBy(context::openAsyncEvents).isInstanceOf(IllegalStateException.class);
            var waiting = inThread(() -> Optional.ofNullable(events.poll(LONG_NANOS)));
            letItWait();
            events.close();
            assertThat(within30Seconds(waiting)).isEmpty();
            context.openAsyncEvents().close();
        }
    }
}

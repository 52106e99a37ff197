package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class InboxTest {
    private final DeviceContext context = new DeviceContext(QueueFixture.limits(0));

    /// A request that carries a number.
    private DeviceRequest<Void> numbered(long number) {
        return new DeviceRequest<>(
                context, DeviceRequest.Kind.FLUSH, number, 1, MemorySegment.NULL);
    }

    @Test
    void full_refusesUntilPlacesAreSettled() {
        Inbox inbox = new Inbox(4);
        for (int round = 0; round < 100; round++) {
            for (int i = 0; i < 4; i++) {
                assertThat(inbox.offer(numbered(i))).isTrue();
            }
            assertThat(inbox.offer(numbered(9))).isFalse();
            for (int i = 0; i < 4; i++) {
                assertThat(inbox.isEmpty()).isFalse();
                assertThat(Objects.requireNonNull(inbox.poll()).byteOffset).isEqualTo(i);
            }
            assertThat(inbox.isEmpty()).isTrue();
            assertThat(inbox.poll()).isNull();
            assertThat(inbox.offer(numbered(9))).isFalse();
            inbox.settle();
        }
    }

    @Test
    void capacityThatIsNoPowerOfTwo_isRefused() {
        assertThatThrownBy(() -> new Inbox(1000)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void interruptedWhileWaitingForAPlace_isToldSo() {
        Inbox inbox = new Inbox(1);
        assertThat(inbox.offer(numbered(0))).isTrue();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> inbox.awaitRoom(Long.MAX_VALUE))
                .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
    }

    /// Several producers, a consumer that sleeps as the worker does: nothing is lost, doubled or
    /// out of the order of its producer, and no wake-up is missed.
    @Test
    void manyProducersAndASleepingConsumer_everyRequestArrivesOnceAndInOrder() throws Exception {
        int producers = 6;
        int each = Integer.getInteger("verbena.inbox.requests", 200_000);
        Inbox inbox = new Inbox(64);
        AtomicBoolean sleeping = new AtomicBoolean();
        Thread consumer = Thread.currentThread();
        List<Thread> threads = new ArrayList<>();
        for (int p = 0; p < producers; p++) {
            long base = (long) p << 32;
            Thread.Builder builder = p % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual();
            threads.add(
                    builder.start(() -> {
                        for (int i = 0; i < each; i++) {
                            DeviceRequest<Void> request = numbered(base + i);
                            while (!inbox.offer(request)) {
                                try {
                                    inbox.awaitRoom(TimeUnit.SECONDS.toNanos(10));
                                } catch (InterruptedException e) {
                                    throw new AssertionError(e);
                                }
                            }
                            if (sleeping.get()) {
                                LockSupport.unpark(consumer);
                            }
                        }
                    }));
        }
        long[] next = new long[producers];
        long left = (long) producers * each;
        long oversleeps = 0;
        while (left > 0) {
            DeviceRequest<?> request = inbox.poll();
            if (request != null) {
                int producer = (int) (request.byteOffset >>> 32);
                assertThat(request.byteOffset & 0xFFFF_FFFFL).isEqualTo(next[producer]++);
                left--;
                if ((left & 15) == 0) {
                    inbox.settle();
                }
                continue;
            }
            inbox.settle();
            sleeping.set(true);
            if (inbox.isEmpty()) {
                long start = System.nanoTime();
                LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(5));
                if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(4)) {
                    oversleeps++;
                }
            }
            sleeping.set(false);
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(next).containsOnly(each);
        assertThat(inbox.isEmpty()).isTrue();
        assertThat(oversleeps).as("wake-ups that were missed").isZero();
    }
}

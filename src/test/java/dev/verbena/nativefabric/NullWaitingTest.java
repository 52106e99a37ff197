package dev.verbena.nativefabric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.CompletionHandler;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.WaitMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Event mode of an I/O queue: what completes wakes whoever waits, and nothing is missed.
@NullFabricTest
class NullWaitingTest {
    private static final int WAKE_UPS = 100;
    private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(20);

    private static ConnectOptions waiting(WaitMode mode) {
        return ConnectOptions.defaults().withWaitMode(mode);
    }

    @ParameterizedTest
    @EnumSource
    void awaitAfterEverySubmit_wakesForEachCompletion(WaitMode mode) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "", waiting(mode));
                IoQueue queue = controller.openQueue();
                DmaArena arena = controller.newArena(4096)) {
            Namespace namespace = controller.namespace(1);
            MemorySegment page = arena.allocate(4096, 4096);
            long[] done = new long[1];
            CompletionHandler handler = (token, status, result) -> done[0] += status == 0 ? 1 : 0;
            long start = System.nanoTime();
            for (int i = 1; i <= 2000; i++) {
                assertThat(queue.tryRead(namespace, i, 8, page, i)).isTrue();
                queue.submit();
                while (done[0] < i) {
                    queue.await(LONG_NANOS);
                    queue.poll(handler);
                }
            }
            // A single wake-up that is missed costs a look at the deadlines, a tenth of a second.
            assertThat(System.nanoTime() - start).isLessThan(LONG_NANOS);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "POLL")
    void await_withNothingOutstanding_sleeps(WaitMode mode) throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "", waiting(mode));
                IoQueue queue = controller.openQueue()) {
            // It may return early, for an event of the past for example, but not all the time.
            int rounds = 0;
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(300);
            while (System.nanoTime() - end < 0) {
                queue.await(TimeUnit.MILLISECONDS.toNanos(50));
                rounds++;
            }
            assertThat(rounds).isBetween(2, 20);
        }
    }

    @ParameterizedTest
    @EnumSource
    void wakeUp_fromAnotherThread_endsAwait(WaitMode mode) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "", waiting(mode));
                IoQueue queue = controller.openQueue()) {
            AtomicBoolean over = new AtomicBoolean();
            Thread other =
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int i = 0; i < WAKE_UPS; i++) {
                                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
                                    queue.wakeUp();
                                }
                                over.set(true);
                                queue.wakeUp();
                            });
            int returns = 0;
            while (!over.get()) {
                queue.await(LONG_NANOS);
                returns++;
            }
            // Nobody sleeps longer than a tenth of a second; without the wake-ups there would be
            // some five to ten returns.
            assertThat(returns).isGreaterThan(WAKE_UPS / 3);
            other.join();
        }
    }
}

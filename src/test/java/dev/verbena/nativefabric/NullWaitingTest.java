package dev.verbena.nativefabric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.CompletionHandler;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Event mode of an I/O queue: what completes wakes whoever waits, and nothing is missed.
@NullFabricTest
class NullWaitingTest {
    private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(20);

    @Test
    void awaitAfterEverySubmit_wakesForEachCompletion() throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "");
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

    @Test
    void await_withNothingOutstanding_lastsAsLongAsAskedFor() throws IOException {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "");
                IoQueue queue = controller.openQueue()) {
            queue.await(0);
            long start = System.nanoTime();
            queue.await(TimeUnit.MILLISECONDS.toNanos(50));
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(40));
        }
    }

    @Test
    void wakeUp_fromAnotherThread_endsAwait() throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "");
                IoQueue queue = controller.openQueue()) {
            queue.await(0);
            Thread other =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    Thread.sleep(20);
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                                queue.wakeUp();
                            });
            long start = System.nanoTime();
            queue.await(TimeUnit.MILLISECONDS.toNanos(99));
            long took = System.nanoTime() - start;
            other.join();
            assertThat(took).isLessThan(TimeUnit.MILLISECONDS.toNanos(95));
        }
    }
}

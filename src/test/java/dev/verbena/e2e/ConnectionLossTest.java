package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectionLostException;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.internal.engine.CommandQueue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The target goes away while it is in use.
///
/// SPDK's polls here. When it waits for interrupts, and loses its listener under load, it keeps a
/// queue pair of the lost connection, and answers no Connect any more.
@TargetTest(spdk = "--poll")
// Closing by hand, in the middle, is what is tested.
@SuppressWarnings("try")
class ConnectionLossTest {
    /// From the loss to the last exception.
    private static final Duration NOTICED = Duration.ofSeconds(20);

    private static final int PARALLEL = 64;

    private static CompletableFuture<Void> removed(LiveTarget live) {
        assumeTrue(LiveTarget.external() == null, "the target is not ours to change");
        return CompletableFuture.runAsync(() -> {
            try {
                live.change("remove");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /// A controller that is given up with its first connection.
    private static Controller connectOnce(LiveTarget live, Initiator initiator) throws IOException {
        return initiator.connect(
                live.target(), live.nqn(), LiveTarget.patient().withCtrlLossTimeout(Duration.ZERO));
    }

    @Test
    void targetRemoved_underADevice_endsEveryRequestOnce(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open()) {
            live.connect(initiator).close();
            Leftovers before = Leftovers.now();
            try (Controller controller = connectOnce(live, initiator);
                    BlockDevice device = controller.openDevice(1);
                    DmaArena arena = device.newArena(1 << 20)) {
                MemorySegment buffer = arena.allocate(1 << 20, 4096);
                List<CompletableFuture<Void>> reads = new ArrayList<>();
                Deque<CompletableFuture<Void>> running = new ArrayDeque<>();
                // Taken away from another thread, so that there are always reads under way.
                CompletableFuture<Void> removal = removed(live);
                long end = System.nanoTime() + NOTICED.toNanos();
                while (controller.state() != ControllerState.DEAD && System.nanoTime() < end) {
                    while (running.size() < PARALLEL) {
                        running.add(device.readAsync(0, buffer));
                    }
                    CompletableFuture<Void> oldest = running.remove();
                    oldest.exceptionally(e -> null).get(60, TimeUnit.SECONDS);
                    reads.add(oldest);
                }
                reads.addAll(running);
                removal.get(60, TimeUnit.SECONDS);
                assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
                assertThatThrownBy(() -> device.read(0, buffer))
                        .isInstanceOf(ConnectionLostException.class);
                assertThatThrownBy(() -> controller.rescan())
                        .isInstanceOf(ConnectionLostException.class);
                int lost = 0;
                for (CompletableFuture<Void> read : reads) {
                    try {
                        read.get(10, TimeUnit.SECONDS);
                    } catch (ExecutionException e) {
                        assertThat(e).hasCauseInstanceOf(ConnectionLostException.class);
                        lost++;
                    }
                }
                assertThat(lost).isPositive();
                long start = System.nanoTime();
                device.close();
                controller.close();
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(NOTICED);
            }
            // The target's listener, which was taken away, belongs to what was there before.
            live.change("link", live.nqn());
            before.assertNothingAdded();
        } finally {
            live.change("link", live.nqn());
        }
    }

    @Test
    void targetRemoved_underAQueue_completesEveryCommandOnce(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = connectOnce(live, initiator);
                DmaArena arena = controller.newArena(4096);
                IoQueue queue = controller.openQueue()) {
            Namespace namespace = controller.namespace(1);
            MemorySegment page = arena.allocate(4096, 4096);
            int[] accepted = {0};
            int[] completed = {0};
            CompletableFuture<Void> removal = removed(live);
            long end = System.nanoTime() + NOTICED.toNanos();
            boolean down = false;
            while (!down && System.nanoTime() < end) {
                try {
                    while (queue.tryRead(namespace, 0, 8, page, accepted[0])) {
                        accepted[0]++;
                    }
                } catch (ConnectionLostException e) {
                    down = true;
                }
                if (queue.poll(
                                (token, status, result) -> {
                                    completed[0]++;
                                    assertThat(status).isIn(0, CommandQueue.STATUS_HOST_ABORTED);
                                })
                        == 0) {
                    queue.await(10_000_000);
                }
            }
            assertThat(down).isTrue();
            removal.get(60, TimeUnit.SECONDS);
            while (queue.poll((token, status, result) -> completed[0]++) > 0) {
                // Until nothing is left.
            }
            assertThat(completed[0]).isEqualTo(accepted[0]).isPositive();
            assertThat(queue.inFlightCount()).isZero();
            assertThatThrownBy(() -> controller.awaitLive(NOTICED)).isInstanceOf(IOException.class);
            assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
        } finally {
            live.change("link", live.nqn());
        }
    }

    @Test
    void targetRemoved_whileIdle_isNoticed_andConnectingAgainWorks(LiveTarget live)
            throws IOException, InterruptedException {
        try (Initiator initiator = Initiator.open();
                Controller controller = connectOnce(live, initiator)) {
            live.change("remove");
            long end = System.nanoTime() + NOTICED.toNanos();
            while (controller.state() != ControllerState.DEAD && System.nanoTime() < end) {
                Thread.sleep(50);
            }
            assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
            assertThatThrownBy(() -> controller.openQueue())
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("is lost");

            live.change("link", live.nqn());
            try (Controller again = live.connect(initiator);
                    BlockDevice device = again.openDevice(1)) {
                device.read(0, MemorySegment.ofArray(new byte[512]));
            }
        }
    }
}

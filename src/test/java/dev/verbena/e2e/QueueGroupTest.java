package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.ConnectOptions;
import dev.verbena.ConnectionLostException;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.QueueGroup;
import dev.verbena.WaitMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Queues of two controllers in one completion queue, polled by one thread.
@TargetTest({"--subsystems", "2"})
class QueueGroupTest {
    private static final int BYTES = 4096;
    private static final int BLOCKS = 8;
    private static final int ROUNDS = 100;
    private static final String SECOND = "nqn.2016-06.io.spdk:cnode2";
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private Initiator initiator;
    private QueueGroup group;
    private final List<Lane> lanes = new ArrayList<>();

    /// A queue, a page, and blocks of its own.
    private record Lane(Controller controller, IoQueue queue, DmaArena arena, MemorySegment page) {
        void start(boolean write, int round, int firstBlock) throws IOException {
            int lba = firstBlock + round * BLOCKS;
            boolean accepted =
                    write
                            ? queue.tryWrite(controller.namespace(1), lba, BLOCKS, page, round)
                            : queue.tryRead(controller.namespace(1), lba, BLOCKS, page, round);
            assertThat(accepted).isTrue();
        }
    }

    @BeforeEach
    void connect(LiveTarget live) throws IOException {
        initiator = Initiator.open();
        // A lost controller's reconnects are not what is looked at here.
        ConnectOptions options = LiveTarget.patient().withPollQueues(2);
        Controller first = initiator.connect(live.target(), live.nqn(), options);
        Controller second = initiator.connect(live.target(), SECOND, options);
        group = first.newQueueGroup(3);
        for (Controller controller : List.of(first, first, second)) {
            DmaArena arena = controller.newArena(BYTES);
            lanes.add(
                    new Lane(
                            controller,
                            controller.openQueue(group),
                            arena,
                            arena.allocate(BYTES, BYTES)));
        }
    }

    @AfterEach
    void close() {
        for (Lane lane : lanes) {
            lane.queue().close();
            lane.arena().close();
        }
        lanes.clear();
        group.close();
        initiator.close();
    }

    private int firstBlock(Lane lane) {
        return 10_000 * lanes.indexOf(lane);
    }

    /// Starts one command on every queue, and waits for all.
    private void everywhere(boolean write, int round) throws IOException {
        for (Lane lane : lanes) {
            lane.start(write, round, firstBlock(lane));
        }
        List<IoQueue> done = new ArrayList<>();
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (done.size() < lanes.size() && System.nanoTime() < end) {
            group.pollOrWait(
                    (queue, token, status, result) -> {
                        assertThat(token).isEqualTo(round);
                        assertThat(status).isZero();
                        done.add(queue);
                    },
                    TimeUnit.SECONDS.toNanos(1));
        }
        assertThat(done)
                .containsExactlyInAnyOrderElementsOf(lanes.stream().map(Lane::queue).toList());
    }

    @ParameterizedTest
    @EnumSource(WaitMode.class)
    void everyQueue_getsItsOwnAnswersAndData(WaitMode mode) throws IOException {
        group.waitMode(mode, Duration.ofNanos(20_000));
        for (int round = 0; round < ROUNDS; round++) {
            for (Lane lane : lanes) {
                lane.page().fill((byte) (round + 31 * lanes.indexOf(lane)));
            }
            everywhere(true, round);
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (Lane lane : lanes) {
                lane.page().fill((byte) 0xEE);
            }
            everywhere(false, round);
            for (Lane lane : lanes) {
                byte[] expected = new byte[BYTES];
                Arrays.fill(expected, (byte) (round + 31 * lanes.indexOf(lane)));
                assertThat(lane.page().mismatch(MemorySegment.ofArray(expected))).isEqualTo(-1);
            }
        }
    }

    @Test
    void aLostController_endsItsOwnCommandsOnly(LiveTarget live) throws IOException {
        everywhere(true, 0);
        live.change("unlink", SECOND);
        Lane lost = lanes.getLast();
        long end = System.nanoTime() + PATIENCE_NANOS;
        List<Integer> statuses = new ArrayList<>();
        boolean noticed = false;
        while (!noticed && System.nanoTime() < end) {
            group.pollOrWait((queue, token, status, result) -> statuses.add(status), 50_000_000);
            noticed = refuses(lost);
        }
        assertThat(noticed).isTrue();
        group.poll((queue, token, status, result) -> statuses.add(status));
        // What was accepted has been answered, or Aborted By Host.
        assertThat(statuses).isSubsetOf(0, 0x371);
        assertThat(lost.queue().inFlightCount()).isZero();
        lanes.removeLast();
        lost.queue().close();
        lost.arena().close();
        for (int round = 1; round < 20; round++) {
            everywhere(true, round);
        }
        live.change("link", SECOND);
    }

    private static boolean refuses(Lane lane) throws IOException {
        try {
            // More than fit is no sign: the answers are fetched between the attempts.
            lane.queue().tryRead(lane.controller().namespace(1), 0, BLOCKS, lane.page(), 0);
            return false;
        } catch (ConnectionLostException e) {
            return true;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ADAPTIVE", "EVENT"})
    void anIdleGroup_usesNextToNoProcessorTime(WaitMode mode) {
        group.waitMode(mode, Duration.ofNanos(50_000));
        var threads = ManagementFactory.getThreadMXBean();
        long wall = System.nanoTime();
        long start = threads.getCurrentThreadCpuTime();
        while (System.nanoTime() - wall < TimeUnit.SECONDS.toNanos(2)) {
            group.pollOrWait((queue, token, status, result) -> {}, TimeUnit.SECONDS.toNanos(1));
        }
        assertThat(threads.getCurrentThreadCpuTime() - start)
                .isLessThan(TimeUnit.MILLISECONDS.toNanos(200));
    }
}

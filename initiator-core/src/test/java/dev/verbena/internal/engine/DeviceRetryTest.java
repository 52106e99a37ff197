package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.QueueFixture.BLOCK;
import static dev.verbena.internal.engine.QueueFixture.failureOf;
import static dev.verbena.internal.engine.QueueFixture.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.NvmeException;
import dev.verbena.WaitMode;
import dev.verbena.nvme.NvmeStatus;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands that are sent again because of their status.
@Timeout(60)
class DeviceRetryTest {
    private static final int INTERNAL_ERROR = 0x06;
    private static final int INTERRUPTED = 0x21;
    private static final int NOT_READY = 0x82;

    /// CRD of a status, where [NvmeStatus] has it.
    private static int withDelay(int status, int index) {
        int with = status | index << 11;
        assertThat(new NvmeStatus(with).retryDelayIndex()).isEqualTo(index);
        return with;
    }

    private static AtomicInteger refuseFirst(QueueFixture fixture, int times, int status) {
        AtomicInteger left = new AtomicInteger(times);
        fixture.target.intercept((queue, capsule) -> {
            if (left.getAndDecrement() <= 0) {
                return false;
            }
            queue.respond(capsule, status, 0);
            return true;
        });
        return left;
    }

    @Test
    void statusThatMayPass_isTriedAgainAndSucceeds() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            refuseFirst(fixture, 5, INTERNAL_ERROR);
            get(fixture.readBlock(0));
            assertThat(fixture.fabric(0).sent()).hasSize(6);
            assertThat(fixture.queues.statistics().retriedCount()).isEqualTo(5);
            assertThat(fixture.queues.statistics().failedCount()).isZero();
        }
    }

    @Test
    void statusThatDoesNotPass_isToldAfterTheLastTry() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.refuse(c -> true, INTERNAL_ERROR, 0);
            assertThat(failureOf(fixture.readBlock(0)))
                    .isInstanceOf(NvmeException.class)
                    .hasMessageContaining("Internal Error");
            assertThat(fixture.fabric(0).sent()).hasSize(6);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {INTERNAL_ERROR | 0x4000, INTERRUPTED | 0x4000, 0x281, 0x80, 0x83, 0x02})
    void statusThatIsFinal_isToldAtOnce(int status) throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.refuse(c -> true, status, 0);
            assertThat(failureOf(fixture.readBlock(0)))
                    .isInstanceOfSatisfying(
                            NvmeException.class,
                            e -> assertThat(e.status().value()).isEqualTo(status));
            assertThat(fixture.fabric(0).sent()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void retryDelayOfTheController_isKept(int index) throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            refuseFirst(fixture, 2, withDelay(INTERRUPTED, index));
            long start = System.nanoTime();
            DeviceRequest<Void> slow = fixture.readBlock(0);
            fixture.fabric(0).awaitSent(1);
            get(slow);
            assertThat(System.nanoTime() - start)
                    .isGreaterThan(TimeUnit.MILLISECONDS.toNanos(40L * index));
        }
    }

    @Test
    void waitWithoutADelay_usesOnesOwnWhileOthersGoOn() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            AtomicInteger times = new AtomicInteger();
            fixture.target.intercept((queue, capsule) -> {
                if (capsule.u64(40) != 7 || times.incrementAndGet() > 1) {
                    return false;
                }
                queue.respond(capsule, NOT_READY, 0);
                return true;
            });
            long start = System.nanoTime();
            DeviceRequest<Void> waiting = fixture.readBlock(7);
            get(fixture.readBlock(8));
            assertThat(waiting).isNotDone();
            get(waiting);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(Repeats.DELAY_NANOS);
        }
    }

    @Test
    void delayedCommand_survivesALossInBetween() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            refuseFirst(fixture, 1, NOT_READY);
            DeviceRequest<Void> delayed = fixture.readBlock(7);
            fixture.fabric(0).awaitSent(1);
            fixture.suspend();
            fixture.start(1);
            get(delayed);
        }
    }

    @Test
    void everyCommandRefused_theBudgetEndsTheRetries() throws Exception {
        try (QueueFixture fixture =
                new QueueFixture(Duration.ofMinutes(1), 1000, WaitMode.ADAPTIVE).start(1)) {
            fixture.target.refuse(c -> true, INTERNAL_ERROR, 0);
            assertThat(failureOf(fixture.readBlock(0))).isInstanceOf(NvmeException.class);
            assertThat(fixture.queues.statistics().retriedCount()).isEqualTo(RetryBudget.RESERVE);
            assertThat(fixture.queues.statistics().retryRefusedCount()).isEqualTo(1);
            assertThat(fixture.queues.statistics().retryBudget()).isZero();
            fixture.target.intercept(null);
            for (int i = 0; i < 10 * RetryBudget.SUCCESSES_PER_REPEAT; i++) {
                get(fixture.readBlock(i));
            }
            assertThat(fixture.queues.statistics().retryBudget()).isEqualTo(10);
            refuseFirst(fixture, 10, INTERNAL_ERROR);
            get(fixture.readBlock(0));
        }
    }

    @Test
    void rawCommandsAndPairs_areNeverSentAgain() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.refuse(c -> true, INTERNAL_ERROR, 0);
            assertThat(
                            failureOf(
                                    fixture.submit(
                                            new DeviceRequest<Long>(
                                                            fixture.context,
                                                            DeviceRequest.Kind.RAW,
                                                            0,
                                                            1,
                                                            MemorySegment.NULL)
                                                    .entry(MemorySegment.ofArray(new byte[64])))))
                    .isInstanceOf(NvmeException.class);
            assertThat(
                            failureOf(
                                    fixture.submit(
                                            new DeviceRequest<Void>(
                                                            fixture.context,
                                                            DeviceRequest.Kind.COMPARE_AND_WRITE,
                                                            0,
                                                            1,
                                                            MemorySegment.ofArray(new byte[BLOCK]))
                                                    .second(
                                                            MemorySegment.ofArray(
                                                                    new byte[BLOCK])))))
                    .isInstanceOf(NvmeException.class);
            assertThat(fixture.fabric(0).sent()).hasSize(3);
        }
    }
}

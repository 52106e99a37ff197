package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.QueueFixture.BLOCK;
import static dev.verbena.internal.engine.QueueFixture.LOST;
import static dev.verbena.internal.engine.QueueFixture.failureOf;
import static dev.verbena.internal.engine.QueueFixture.get;
import static dev.verbena.internal.engine.QueueFixture.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmOpcode;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The loss of queues, new ones, and what becomes of requests meanwhile.
@Timeout(60)
class DeviceQueuesTest {
    private static final String GIVEN_UP = "the target disconnected for good";

    private static void await(java.util.function.BooleanSupplier condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).isNegative();
            Thread.sleep(1);
        }
    }

    // Losses.

    @Test
    void requestsUnderWayWhenTheConnectionIsLost_areSentAgainOnTheNext() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            byte[] data = random(40 * BLOCK);
            DeviceRequest<Void> write = fixture.write(5, MemorySegment.ofArray(data));
            fixture.fabric(0).awaitSent(4);
            fixture.fabric(0).fail(LOST);
            await(() -> fixture.losses.equals(List.of(LOST)));
            assertThat(fixture.suspend()).isTrue();
            assertThat(write).isNotDone();
            assertThat(fixture.fabric(0).isClosed()).isTrue();
            DeviceRequest<Void> later = fixture.flush();
            fixture.target.intercept(null);
            fixture.start(1);
            get(write);
            get(later);
            byte[] back = new byte[data.length];
            get(fixture.read(5, MemorySegment.ofArray(back)));
            assertThat(back).isEqualTo(data);
            assertThat(fixture.queues.statistics().repeatedCount()).isEqualTo(4);
        }
    }

    @Test
    void suspendedWithoutALoss_nothingIsReportedAndEverythingGoesOn() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(2)) {
            fixture.target.ignore(capsule -> true);
            DeviceRequest<Void> read = fixture.readBlock(1);
            await(() -> !fixture.target.seen().isEmpty());
            assertThat(fixture.suspend()).isTrue();
            assertThat(fixture.suspend()).isTrue();
            assertThat(fixture.losses).isEmpty();
            assertThat(fixture.queues.statistics().queueCount()).isZero();
            fixture.target.intercept(null);
            fixture.start(1);
            get(read);
        }
    }

    @Test
    void requestsThatMustNotBeRepeated_failWithTheLoss() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            DeviceRequest<Void> fused =
                    fixture.submit(
                            new DeviceRequest<Void>(
                                            fixture.context,
                                            DeviceRequest.Kind.COMPARE_AND_WRITE,
                                            0,
                                            1,
                                            MemorySegment.ofArray(new byte[BLOCK]))
                                    .second(MemorySegment.ofArray(new byte[BLOCK])));
            MemorySegment entry = MemorySegment.ofArray(new byte[64]);
            DeviceRequest<Long> raw =
                    fixture.submit(
                            new DeviceRequest<Long>(
                                            fixture.context,
                                            DeviceRequest.Kind.RAW,
                                            0,
                                            1,
                                            MemorySegment.NULL)
                                    .entry(entry));
            DeviceRequest<Void> copy =
                    fixture.submit(
                            new DeviceRequest<Void>(
                                            fixture.context,
                                            DeviceRequest.Kind.COPY,
                                            0,
                                            2 * BLOCK,
                                            MemorySegment.NULL)
                                    .ranges(new long[] {BLOCK, 2 * BLOCK}, false));
            fixture.fabric(0).awaitSent(4);
            fixture.fabric(0).fail(LOST);
            for (CompletableFuture<?> future : List.of(fused, raw, copy)) {
                assertThat(failureOf(future))
                        .isInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining("the target disconnected");
            }
        }
    }

    @Test
    void lostAgainAndAgain_theRequestFailsInTheEnd() throws Exception {
        try (QueueFixture fixture = new QueueFixture()) {
            fixture.target.ignore(capsule -> true);
            fixture.start(1);
            DeviceRequest<Void> read = fixture.readBlock(0);
            int losses = 0;
            while (!read.isDone() && losses < 100) {
                fixture.lastFabric().awaitSent(1);
                fixture.lastFabric().fail(LOST);
                losses++;
                int count = losses;
                await(() -> fixture.losses.size() == count);
                fixture.suspend();
                fixture.start(1);
            }
            assertThat(failureOf(read)).isInstanceOf(ConnectionLostException.class);
            assertThat(losses).isEqualTo(Repeats.LOSSES_MAX + 1);
        }
    }

    @Test
    void fewerQueuesAfterALoss_theirRequestsMoveToTheOthers() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(4)) {
            fixture.target.ignore(capsule -> true);
            List<DeviceRequest<Void>> all = new ArrayList<>();
            List<Thread> callers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int first = i * 100;
                callers.add(
                        Thread.ofPlatform()
                                .start(() -> {
                                    for (int n = 0; n < 20; n++) {
                                        byte[] data = random(20 * BLOCK);
                                        DeviceRequest<Void> request =
                                                fixture.write(first, MemorySegment.ofArray(data));
                                        synchronized (all) {
                                            all.add(request);
                                        }
                                    }
                                }));
            }
            for (Thread caller : callers) {
                caller.join();
            }
            await(() -> fixture.target.seen().size() >= 12);
            fixture.suspend();
            fixture.target.intercept(null);
            fixture.start(1);
            for (DeviceRequest<Void> request : all) {
                get(request);
            }
            assertThat(all).hasSize(160);
            fixture.suspend();
            fixture.start(6);
            get(fixture.flush());
            assertThat(fixture.queues.statistics().queueCount()).isEqualTo(6);
        }
    }

    @Test
    void tighterLimitsAfterALoss_theCommandsAreCutAgain() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            byte[] data = random(8 * BLOCK);
            DeviceRequest<Void> write = fixture.write(5, MemorySegment.ofArray(data));
            fixture.fabric(0).awaitSent(1);
            fixture.suspend();
            fixture.target.intercept(null);
            fixture.placement = new DataPlacement(0, 0, 64, 1, 3 * BLOCK);
            fixture.depth = 1;
            fixture.start(1);
            get(write);
            assertThat(fixture.lastFabric().sent()).hasSize(3);
            byte[] back = new byte[data.length];
            get(fixture.read(5, MemorySegment.ofArray(back)));
            assertThat(back).isEqualTo(data);
        }
    }

    @Test
    void writeQueues_takeWritesOnly() throws Exception {
        try (QueueFixture fixture = new QueueFixture()) {
            fixture.queues.start(
                    List.of(
                            new DeviceQueues.QueueOf(DeviceQueues.Kind.DEFAULT, fixture.queue()),
                            new DeviceQueues.QueueOf(DeviceQueues.Kind.WRITE, fixture.queue())),
                    QueueFixture.SMALL,
                    fixture.losses::add);
            get(fixture.write(0, MemorySegment.ofArray(new byte[BLOCK])));
            get(fixture.readBlock(0));
            get(fixture.blocks(DeviceRequest.Kind.WRITE_ZEROES, 0, 1));
            get(fixture.flush());
            assertThat(fixture.fabric(0).sent())
                    .extracting(c -> c.opcode())
                    .containsExactly(NvmOpcode.READ, NvmOpcode.FLUSH);
            assertThat(fixture.fabric(1).sent())
                    .extracting(c -> c.opcode())
                    .containsExactly(NvmOpcode.WRITE, NvmOpcode.WRITE_ZEROES);
        }
    }

    @Test
    void pollingBreaks_isALossLikeAnyOther() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            DeviceRequest<Void> read = fixture.readBlock(0);
            fixture.fabric(0).awaitSent(1);
            fixture.fabric(0).failDrain(new IllegalStateException("broken"));
            fixture.fabric(0).failPoll(new IllegalStateException("broken"));
            await(() -> !fixture.losses.isEmpty());
            assertThat(fixture.losses.getFirst().message()).contains("broken");
            fixture.target.intercept(null);
            fixture.suspend();
            fixture.start(1);
            get(read);
        }
    }

    @Test
    void lossListenerThrows_theWorkerGoesOn() throws Exception {
        try (QueueFixture fixture = new QueueFixture()) {
            fixture.queues.start(
                    List.of(new DeviceQueues.QueueOf(DeviceQueues.Kind.DEFAULT, fixture.queue())),
                    QueueFixture.SMALL,
                    failure -> {
                        throw new IllegalStateException("listener");
                    });
            var fabric = fixture.lastFabric();
            fabric.fail(LOST);
            await(fabric::isClosed);
            fixture.start(1);
            get(fixture.readBlock(0));
        }
    }

    // Giving up.

    @Test
    void givenUp_everythingFailsUntilTheNextStart() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(2)) {
            fixture.target.ignore(capsule -> true);
            List<DeviceRequest<Void>> futures = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                futures.add(fixture.read(i, MemorySegment.ofArray(new byte[16 * BLOCK])));
            }
            await(() -> fixture.target.seen().size() == 4);
            assertThat(fixture.fail(GIVEN_UP)).isTrue();
            for (DeviceRequest<Void> future : futures) {
                assertThat(failureOf(future))
                        .isInstanceOf(ConnectionLostException.class)
                        .hasMessageContaining("the target disconnected for good");
            }
            assertThat(failureOf(fixture.readBlock(0)))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("for good");
            fixture.target.intercept(null);
            fixture.start(1);
            get(fixture.readBlock(0));
        }
    }

    @Test
    void givenUpWhileSuspended_whatWaitsFails() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            DeviceRequest<Void> running = fixture.readBlock(0);
            fixture.fabric(0).awaitSent(1);
            fixture.suspend();
            DeviceRequest<Void> waiting = fixture.readBlock(0);
            fixture.fail(GIVEN_UP);
            assertThat(failureOf(running)).hasMessageContaining("for good");
            assertThat(failureOf(waiting)).hasMessageContaining("for good");
        }
    }

    @Test
    void callersWaitingForAPlace_areReleasedWhenGivenUp() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.suspend();
            List<Thread> callers = new ArrayList<>();
            List<DeviceRequest<Void>> requests = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                callers.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    for (int n = 0; n < 500; n++) {
                                        DeviceRequest<Void> request = fixture.flush();
                                        synchronized (requests) {
                                            requests.add(request);
                                        }
                                    }
                                }));
            }
            await(() -> fixture.queues.statistics().inboxWaitCount() > 0);
            fixture.fail(GIVEN_UP);
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(requests).hasSize(1500);
            for (DeviceRequest<Void> request : requests) {
                assertThat(failureOf(request)).isInstanceOf(ConnectionLostException.class);
            }
        }
    }

    // Time-outs.

    @Test
    void noAnswer_itsCallerIsToldAndOthersAreSentAgain() throws Exception {
        // The younger one is far from its time when the first one is over it: also on a busy
        // machine.
        try (QueueFixture fixture = new QueueFixture(Duration.ofSeconds(2)).start(1)) {
            fixture.target.ignore(capsule -> capsule.u64(40) == 7);
            Region region = fixture.registered(Arena.ofAuto(), 1);
            DeviceRequest<Void> lost = fixture.read(7, region.segment());
            fixture.fabric(0).awaitSent(1);
            Thread.sleep(1500);
            fixture.target.ignore(capsule -> true);
            DeviceRequest<Void> younger = fixture.readBlock(8);
            assertThat(failureOf(lost))
                    .isInstanceOf(CommandTimeoutException.class)
                    .hasMessageContaining("1 blocks at LBA 7");
            assertThat(fixture.memory.unregister(region)).isTrue();
            await(() -> !fixture.losses.isEmpty());
            assertThat(fixture.losses.getFirst().kind()).isEqualTo(FabricFailure.Kind.TIMED_OUT);
            assertThat(fixture.fabric(0).drainCalls()).isEqualTo(1);
            fixture.target.intercept(null);
            fixture.suspend();
            fixture.start(1);
            get(younger);
        }
    }

    @Test
    void queueCannotBeStopped_memoryStaysRegisteredForEver() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            fixture.fabric(0).drains(false);
            fixture.fabric(0).destroys(false);
            Region region = fixture.registered(Arena.ofAuto(), 1);
            DeviceRequest<Void> mine = fixture.read(0, region.segment());
            DeviceRequest<Void> bounced = fixture.readBlock(0);
            fixture.fabric(0).awaitSent(2);
            fixture.fail(GIVEN_UP);
            assertThat(failureOf(mine)).isInstanceOf(ConnectionLostException.class);
            assertThat(failureOf(bounced)).isInstanceOf(ConnectionLostException.class);
            assertThat(fixture.memory.unregister(region)).isFalse();
            // The buffers that copied data goes through are not used again either.
            int registered = fixture.memory.registeredCount();
            fixture.target.intercept(null);
            fixture.start(1);
            get(fixture.readBlock(0));
            assertThat(fixture.memory.registeredCount()).isEqualTo(registered + 1);
        }
    }

    // Closing.

    @Test
    void close_waitsForAcceptedRequests() throws Exception {
        QueueFixture fixture = new QueueFixture().start(2);
        List<DeviceRequest<Void>> futures = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            futures.add(fixture.write(i, MemorySegment.ofArray(random(BLOCK))));
        }
        fixture.close();
        for (DeviceRequest<Void> future : futures) {
            assertThat(future).isCompleted();
        }
        assertThat(fixture.losses).isEmpty();
        assertThat(fixture.memory.registeredCount()).isZero();
        assertThat(failureOf(fixture.readBlock(0))).hasMessage("The device is closed");
        assertThatThrownBy(() -> fixture.start(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThat(fixture.lastFabric().isClosed()).isTrue();
    }

    @Test
    void closeWhileSuspended_whatWaitsFails() throws Exception {
        QueueFixture fixture = new QueueFixture().start(1);
        fixture.target.ignore(capsule -> true);
        DeviceRequest<Void> running = fixture.readBlock(0);
        fixture.fabric(0).awaitSent(1);
        fixture.suspend();
        DeviceRequest<Void> waiting = fixture.readBlock(0);
        fixture.close();
        assertThat(failureOf(running)).hasMessage("The device is closed");
        assertThat(failureOf(waiting)).hasMessage("The device is closed");
    }

    @Test
    void closeTwiceAndFromTwoThreads_endsOnce() throws Exception {
        QueueFixture fixture = new QueueFixture().start(1);
        Thread other = Thread.ofPlatform().start(fixture.queues::close);
        fixture.close();
        other.join();
        fixture.close();
        assertThat(fixture.fabric(0).closeCalls()).isEqualTo(1);
    }

    @Test
    void closeOnAWorkersThread_doesNotWaitForItself() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            CompletableFuture<Boolean> own = new CompletableFuture<>();
            CompletableFuture<Void> stage =
                    fixture.readBlock(0)
                            .thenRun(() -> {
                                own.complete(fixture.queues.isWorkerThread());
                                fixture.queues.close();
                            });
            fixture.fabric(0).awaitSent(1);
            fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
            get(stage);
            assertThat(own).isCompletedWithValue(true);
            assertThat(fixture.queues.isWorkerThread()).isFalse();
        }
    }

    @Test
    void stageThatBlocksForEver_closeIsBoundedAllTheSame() throws Exception {
        QueueFixture fixture = new QueueFixture(Duration.ofMillis(200)).start(1);
        CountDownLatch blocked = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        fixture.target.ignore(capsule -> true);
        var _ =
                fixture.readBlock(0)
                        .thenRun(() -> {
                            entered.countDown();
                            try {
                                blocked.await();
                            } catch (InterruptedException e) {
                                throw new AssertionError(e);
                            }
                        });
        fixture.fabric(0).awaitSent(1);
        fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
        assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
        long start = System.nanoTime();
        fixture.queues.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofSeconds(1), Duration.ofSeconds(30));
        assertThat(fixture.queues.describeThreads()).contains("CountDownLatch.await");
        blocked.countDown();
        await(() -> fixture.fabric(0).isClosed());
    }

    @Test
    void stageSubmitsMore_evenWhenManyWait() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(2)) {
            CompletableFuture<Void> chain = new CompletableFuture<>();
            int[] left = {3000};
            again(fixture, left, chain);
            get(chain);
            List<CompletableFuture<Void>> many = new ArrayList<>();
            CompletableFuture<Void> stage =
                    fixture.flush()
                            .thenRun(() -> {
                                for (int i = 0; i < SharedQueue.INBOX_MAX; i++) {
                                    many.add(fixture.readBlock(i));
                                }
                            });
            get(stage);
            for (CompletableFuture<Void> one : many) {
                get(one);
            }
        }
    }

    private static void again(QueueFixture fixture, int[] left, CompletableFuture<Void> end) {
        var _ =
                fixture.readBlock(left[0] % 100)
                        .thenRun(() -> {
                            if (--left[0] == 0) {
                                end.complete(null);
                            } else {
                                again(fixture, left, end);
                            }
                        });
    }

    @Test
    void submittingWhileQueuesComeAndGo_everyRequestEndsOnce() throws Exception {
        for (int round = 0; round < 20; round++) {
            QueueFixture fixture = new QueueFixture().start(2);
            List<DeviceRequest<Void>> futures = new ArrayList<>();
            List<Thread> submitters = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                submitters.add(
                        Thread.ofPlatform()
                                .start(() -> {
                                    for (int i = 0; i < 200; i++) {
                                        DeviceRequest<Void> request = fixture.flush();
                                        synchronized (futures) {
                                            futures.add(request);
                                        }
                                    }
                                }));
            }
            switch (round % 4) {
                case 0 -> fixture.queues.close();
                case 1 -> fixture.fail(GIVEN_UP);
                case 2 -> {
                    fixture.suspend();
                    fixture.start(1);
                }
                default -> {
                    fixture.fabric(0).fail(LOST);
                    fixture.suspend();
                    fixture.start(3);
                }
            }
            for (Thread submitter : submitters) {
                submitter.join();
            }
            fixture.close();
            assertThat(futures).hasSize(600).allMatch(CompletableFuture::isDone);
        }
    }

    @Test
    void manyVirtualThreads_eachGetsItsOwnData() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(4)) {
            List<Thread> threads = new ArrayList<>();
            List<Throwable> failures = new ArrayList<>();
            IntStream.range(0, 32)
                    .forEach(i ->
                            threads.add(
                                    Thread.ofVirtual()
                                            .start(() -> {
                                                try {
                                                    exercise(fixture, i * 100);
                                                } catch (Throwable e) {
                                                    synchronized (failures) {
                                                        failures.add(e);
                                                    }
                                                }
                                            })));
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
        }
    }

    private static void exercise(QueueFixture fixture, int first) throws Exception {
        for (int n = 0; n < 20; n++) {
            byte[] data = random((n % 9 + 1) * BLOCK);
            fixture.write(first, MemorySegment.ofArray(data)).await();
            byte[] back = new byte[data.length];
            DeviceRequest<Void> read = fixture.read(first, MemorySegment.ofArray(back));
            read.await();
            assertThat(read).isCompleted();
            assertThat(back).isEqualTo(data);
        }
    }
}

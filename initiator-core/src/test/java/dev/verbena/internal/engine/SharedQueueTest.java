package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.QueueFixture.BLOCK;
import static dev.verbena.internal.engine.QueueFixture.failureOf;
import static dev.verbena.internal.engine.QueueFixture.get;
import static dev.verbena.internal.engine.QueueFixture.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.WaitMode;
import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.internal.memory.Region;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Callers and the worker share a queue.
@Timeout(60)
class SharedQueueTest {
    private static void until(BooleanSupplier condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).isNegative();
            Thread.sleep(1);
        }
    }

    /// A read of registered memory whose caller waits.
    private static DeviceRequest<Void> blockingRead(QueueFixture fixture, Region region) {
        return fixture.submit(
                new DeviceRequest<Void>(
                                fixture.context,
                                DeviceRequest.Kind.READ,
                                0,
                                region.byteSize(),
                                region.segment())
                        .blocking());
    }

    /// Notes the threads that send commands.
    private static List<Thread> senders(FakeFabricQueue fabric, QueueFixture fixture) {
        List<Thread> threads = new ArrayList<>();
        fabric.target((queue, capsule) -> {
            synchronized (threads) {
                threads.add(Thread.currentThread());
            }
            fixture.target.accept(queue, capsule);
        });
        return threads;
    }

    // Who does the work.

    @Test
    void blockingReadsOfAnIdleQueue_areSentByTheirCaller() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            List<Thread> senders = senders(fixture.fabric(0), fixture);
            Region region = fixture.registered(Arena.ofAuto(), 1);
            for (int i = 0; i < 100; i++) {
                DeviceRequest<Void> read = blockingRead(fixture, region);
                read.await();
                assertThat(read).isCompleted();
            }
            // Not all: the worker may be just taking a look.
            assertThat(senders)
                    .hasSize(100)
                    .filteredOn(Thread.currentThread()::equals)
                    .hasSizeGreaterThan(50);
        }
    }

    @Test
    void futuresThatAreJoined_areWorkedForByTheCaller() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            List<Thread> senders = senders(fixture.fabric(0), fixture);
            for (int i = 0; i < 100; i++) {
                byte[] data = random(BLOCK);
                fixture.write(i, MemorySegment.ofArray(data)).join();
                byte[] back = new byte[BLOCK];
                get(fixture.read(i, MemorySegment.ofArray(back)));
                assertThat(back).isEqualTo(data);
            }
            assertThat(senders).hasSize(200).contains(Thread.currentThread());
        }
    }

    @Test
    void futureNobodyWaitsFor_isCompletedByTheWorker() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            // Callers first: the worker learns that they wait themselves ...
            for (int i = 0; i < 3000; i++) {
                fixture.readBlock(i % 100).join();
            }
            // ... and one does not any more.
            List<CompletableFuture<Void>> all = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                all.add(fixture.readBlock(i).thenRun(() -> {}));
            }
            for (CompletableFuture<Void> one : all) {
                until(one::isDone);
            }
        }
    }

    @Test
    void stages_runOnTheWorkersThread_whoeverFindsTheAnswer() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            AtomicReference<@Nullable Thread> ran = new AtomicReference<>();
            CompletableFuture<Void> stage =
                    fixture.readBlock(0).thenRun(() -> ran.set(Thread.currentThread()));
            fixture.fabric(0).awaitSent(1);
            fixture.target.intercept(null);
            // Finds both answers, and is not asked to run the stage of the first.
            fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
            fixture.readBlock(1).await();
            get(stage);
            assertThat(ran.get()).isNotNull().isNotEqualTo(Thread.currentThread());
        }
    }

    // Two at once.

    @Test
    void manyCallersOfOneQueue_neverTwoOwnersAtOnce() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            AtomicInteger inside = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            fixture.fabric(0)
                    .target((queue, capsule) -> {
                        // Sending is the owner's alone, like everything at level 1.
                        most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                        Thread.onSpinWait();
                        fixture.target.accept(queue, capsule);
                        inside.decrementAndGet();
                    });
            AtomicInteger done = new AtomicInteger();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 16; t++) {
                int first = t * 10;
                Runnable task =
                        () -> {
                            for (int i = 0; i < 300; i++) {
                                var request = fixture.readBlock(first + i % 10);
                                if (i % 3 == 0) {
                                    request.join();
                                }
                                var _ = request.thenRun(done::incrementAndGet);
                            }
                        };
                threads.add(
                        t % 2 == 0
                                ? Thread.ofPlatform().start(task)
                                : Thread.ofVirtual().start(task));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            until(() -> done.get() == 16 * 300);
            assertThat(most.get()).isEqualTo(1);
        }
    }

    @Test
    void ownerThatIsKeptFromItsProcessor_othersLeaveTheirRequestsAndGetTheirAnswers()
            throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            CountDownLatch entered = new CountDownLatch(1);
            CountDownLatch goOn = new CountDownLatch(1);
            AtomicInteger sent = new AtomicInteger();
            fixture.fabric(0)
                    .target((queue, capsule) -> {
                        if (sent.getAndIncrement() == 0) {
                            entered.countDown();
                            // A virtual thread leaves its carrier here, with the queue.
                            awaitQuietly(goOn);
                        }
                        fixture.target.accept(queue, capsule);
                    });
            Thread owner = Thread.ofVirtual().start(() -> fixture.readBlock(0).join());
            entered.await();
            List<DeviceRequest<Void>> others = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                others.add(fixture.readBlock(i));
            }
            assertThat(others).noneMatch(CompletableFuture::isDone);
            owner.interrupt();
            goOn.countDown();
            for (DeviceRequest<Void> other : others) {
                get(other);
            }
            owner.join();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        boolean interrupted = false;
        while (true) {
            try {
                latch.await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // Waiting.

    @Test
    void callerInterruptedWhileItWaits_isToldSo_andTheRequestGoesOn() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            Region region = fixture.registered(Arena.ofAuto(), 1);
            DeviceRequest<Void> read = blockingRead(fixture, region);
            Thread.currentThread().interrupt();
            assertThatThrownBy(read::await).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
            assertThat(read).isNotDone();
            assertThat(fixture.memory.unregister(region)).isFalse();
            // The worker may have been about to send it.
            fixture.fabric(0).awaitSent(1);
            fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
            get(read);
            assertThat(fixture.memory.unregister(region)).isTrue();
        }
    }

    @Test
    void joinThatIsInterrupted_waitsAllTheSame_andKeepsTheInterrupt() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            DeviceRequest<Void> read = fixture.readBlock(0);
            CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
            Thread waiter =
                    Thread.ofPlatform()
                            .start(() -> {
                                var _ = read.join();
                                interrupted.complete(Thread.interrupted());
                            });
            fixture.fabric(0).awaitSent(1);
            waiter.interrupt();
            Thread.sleep(20);
            assertThat(read).isNotDone();
            fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
            assertThat(get(interrupted)).isTrue();
        }
    }

    @Test
    void severalThreadsWaitForOneRequest_allAreWoken() throws Exception {
        for (WaitMode mode : WaitMode.values()) {
            try (QueueFixture fixture = new QueueFixture(Duration.ofMinutes(1), 5, mode).start(1)) {
                fixture.target.ignore(capsule -> true);
                DeviceRequest<Void> read = fixture.readBlock(0);
                List<Thread> waiters = new ArrayList<>();
                for (int i = 0; i < 6; i++) {
                    waiters.add(
                            i % 2 == 0
                                    ? Thread.ofPlatform().start(read::join)
                                    : Thread.ofVirtual().start(read::join));
                }
                fixture.fabric(0).awaitSent(1);
                Thread.sleep(20);
                fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
                for (Thread waiter : waiters) {
                    waiter.join();
                }
            }
        }
    }

    @Test
    void sleepingCaller_isWokenByTheAnswer() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            Region region = fixture.registered(Arena.ofAuto(), 1);
            for (int i = 0; i < 50; i++) {
                Thread caller =
                        (i % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual())
                                .start(() -> {
                                    try {
                                        blockingRead(fixture, region).await();
                                    } catch (InterruptedException e) {
                                        throw new AssertionError(e);
                                    }
                                });
                fixture.fabric(0).awaitSent(i + 1);
                Thread.sleep(2);
                fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
                caller.join();
            }
        }
    }

    // Ends.

    @Test
    void closeWhileCallersSubmitAndWait_everyRequestEndsOnce() throws Exception {
        for (int round = 0; round < 20; round++) {
            QueueFixture fixture = new QueueFixture().start(2);
            AtomicInteger ended = new AtomicInteger();
            List<Thread> callers = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                Runnable task =
                        () -> {
                            for (int i = 0; i < 200; i++) {
                                var request = fixture.readBlock(i % 100);
                                assertThat(failureOrNull(request))
                                        .satisfiesAnyOf(
                                                e -> assertThat(e).isNull(),
                                                e ->
                                                        assertThat(e)
                                                                .hasMessage(
                                                                        "The device is closed"));
                                ended.incrementAndGet();
                            }
                        };
                callers.add(
                        t % 2 == 0
                                ? Thread.ofPlatform().start(task)
                                : Thread.ofVirtual().start(task));
            }
            int most = 40 * round;
            until(() -> ended.get() >= most || ended.get() == 800);
            fixture.queues.close();
            for (Thread caller : callers) {
                caller.join();
            }
            fixture.close();
            assertThat(ended.get()).isEqualTo(800);
            assertThat(fixture.context.outstandingCount()).isZero();
        }
    }

    private static @Nullable Throwable failureOrNull(DeviceRequest<Void> request) {
        try {
            request.join();
            return null;
        } catch (java.util.concurrent.CompletionException e) {
            return e.getCause();
        }
    }

    @Test
    void refusedWhileCallersSubmit_nothingIsAcceptedAfterwards() throws Exception {
        for (int round = 0; round < 50; round++) {
            try (QueueFixture fixture = new QueueFixture().start(1)) {
                Thread caller =
                        Thread.ofPlatform()
                                .start(() -> {
                                    while (failureOrNull(fixture.readBlock(0)) == null) {
                                        Thread.onSpinWait();
                                    }
                                });
                Thread.sleep(1);
                fixture.context.refuse("gone");
                assertThat(fixture.context.awaitEnded(TimeUnit.SECONDS.toNanos(10))).isTrue();
                int sent = fixture.fabric(0).sent().size();
                caller.join();
                assertThat(fixture.fabric(0).sent()).hasSize(sent);
                assertThat(failureOf(fixture.readBlock(0))).hasMessage("gone");
            }
        }
    }

    // Stages that block.

    @Test
    void stageThatBlocks_keepsNobodyWhoWaitsFromHisAnswer() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            CountDownLatch blocked = new CountDownLatch(1);
            CountDownLatch entered = new CountDownLatch(1);
            fixture.target.ignore(capsule -> true);
            CompletableFuture<Void> stage =
                    fixture.readBlock(0)
                            .thenRun(() -> {
                                entered.countDown();
                                awaitQuietly(blocked);
                            });
            fixture.fabric(0).awaitSent(1);
            fixture.target.intercept(null);
            fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
            entered.await();
            for (int i = 0; i < 100; i++) {
                fixture.readBlock(i).join();
            }
            assertThat(stage).isNotDone();
            blocked.countDown();
            get(stage);
        }
    }

    @Test
    void stageThatReadsAndWaits_getsItsAnswer() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            byte[] data = random(BLOCK);
            CompletableFuture<Void> stage =
                    fixture.readBlock(0)
                            .thenRun(() -> {
                                fixture.write(3, MemorySegment.ofArray(data)).join();
                                byte[] back = new byte[BLOCK];
                                fixture.read(3, MemorySegment.ofArray(back)).join();
                                assertThat(back).isEqualTo(data);
                            });
            fixture.fabric(0).awaitSent(1);
            fixture.target.intercept(null);
            fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
            get(stage);
        }
    }

    /// A stage runs until the returned latch is counted down; when this returns it has begun.
    private static CountDownLatch blockWorker(QueueFixture fixture) throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        CountDownLatch entered = new CountDownLatch(1);
        fixture.target.ignore(capsule -> true);
        int before = fixture.fabric(0).sent().size();
        var _ =
                fixture.readBlock(0)
                        .thenRun(() -> {
                            entered.countDown();
                            awaitQuietly(goOn);
                        });
        fixture.fabric(0).awaitSent(before + 1);
        fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
        entered.await();
        return goOn;
    }

    @Test
    void callersAsleepWhenAStageBegins_getTheirAnswersWhileItRuns() throws Exception {
        for (WaitMode mode : WaitMode.values()) {
            try (QueueFixture fixture = new QueueFixture(Duration.ofMinutes(1), 5, mode).start(1)) {
                fixture.target.ignore(capsule -> true);
                Region region = fixture.registered(Arena.ofAuto(), 1);
                List<Thread> sleepers = new ArrayList<>();
                for (int i = 0; i < 3; i++) {
                    Runnable reader = () -> blockingRead(fixture, region).join();
                    sleepers.add(
                            i == 0
                                    ? Thread.ofVirtual().start(reader)
                                    : Thread.ofPlatform().start(reader));
                }
                fixture.fabric(0).awaitSent(3);
                until(() -> sleepers.stream().allMatch(SharedQueueTest::sleeps));
                List<SentCapsule> reads = fixture.fabric(0).sent();
                CountDownLatch goOn = blockWorker(fixture);
                // Nobody but the sleepers is left to find these.
                reads.forEach(c -> fixture.fabric(0).respond(c, 0, 0));
                for (Thread sleeper : sleepers) {
                    assertThat(sleeper.join(Duration.ofSeconds(20))).isTrue();
                }
                goOn.countDown();
            }
        }
    }

    private static boolean sleeps(Thread thread) {
        return thread.getState() == Thread.State.WAITING
                || thread.getState() == Thread.State.TIMED_WAITING;
    }

    @Test
    void stageThatWaitsForALockASleepingReaderHolds_isNoDeadlock() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            ReentrantLock lock = new ReentrantLock();
            Region region = fixture.registered(Arena.ofAuto(), 1);
            Thread reader =
                    Thread.ofPlatform()
                            .start(() -> {
                                lock.lock();
                                try {
                                    blockingRead(fixture, region).join();
                                } finally {
                                    lock.unlock();
                                }
                            });
            fixture.fabric(0).awaitSent(1);
            until(() -> sleeps(reader));
            SentCapsule read = fixture.fabric(0).lastSent();
            CompletableFuture<Void> stage =
                    fixture.readBlock(1)
                            .thenRun(() -> {
                                lock.lock();
                                try {
                                    assertThat(fixture.losses).isEmpty();
                                } finally {
                                    lock.unlock();
                                }
                            });
            fixture.fabric(0).awaitSent(2);
            fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
            until(lock::hasQueuedThreads);
            fixture.fabric(0).respond(read, 0, 0);
            get(stage);
            reader.join();
        }
    }

    @Test
    void commandsOfOthersWhileAStageRuns_areSentAtOnce() throws Exception {
        for (int round = 0; round < 10; round++) {
            try (QueueFixture fixture = new QueueFixture().start(1)) {
                Region region = fixture.registered(Arena.ofAuto(), 1);
                fixture.target.ignore(capsule -> true);
                CountDownLatch goOn = new CountDownLatch(1);
                CountDownLatch entered = new CountDownLatch(1);
                var _ =
                        fixture.readBlock(0)
                                .thenRun(() -> {
                                    entered.countDown();
                                    awaitQuietly(goOn);
                                });
                var _ = fixture.readBlock(1);
                fixture.fabric(0).awaitSent(2);
                List<SentCapsule> sent = fixture.fabric(0).sent();
                // Found by this thread, mostly, and the stage handed over.
                fixture.fabric(0).respond(sent.get(0), 0, 0);
                blockingLook(fixture);
                entered.await();
                DeviceRequest<Void> other =
                        fixture.submit(DeviceRequest.Kind.READ, 3, region.segment());
                fixture.fabric(0).awaitSent(4);
                goOn.countDown();
                fixture.fabric(0)
                        .sent()
                        .subList(1, 4)
                        .forEach(c -> fixture.fabric(0).respond(c, 0, 0));
                get(other);
            }
        }
    }

    /// Looks for answers, as a caller that waits does.
    private static void blockingLook(QueueFixture fixture) throws Exception {
        DeviceRequest<Void> read = blockingRead(fixture, fixture.registered(Arena.ofAuto(), 1));
        fixture.fabric(0).awaitSent(3);
        try {
            var _ = read.get(1, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            // Not answered.
        }
    }

    @Test
    void queueThatFailsUnderACaller_isTornDownByTheWorker() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            AtomicReference<@Nullable Thread> drained = new AtomicReference<>();
            fixture.target.ignore(capsule -> true);
            fixture.fabric(0).onDrain(() -> drained.set(Thread.currentThread()));
            Region region = fixture.registered(Arena.ofAuto(), 1);
            fixture.fabric(0)
                    .target((queue, capsule) -> queue.failPoll(new IllegalStateException("bad")));
            // Sends, and looks for the answer: that fails.
            DeviceRequest<Void> read = blockingRead(fixture, region);
            until(() -> !fixture.losses.isEmpty());
            assertThat(drained.get()).isNotNull().isNotEqualTo(Thread.currentThread());
            assertThat(fixture.suspend()).isTrue();
            fixture.target.intercept(null);
            fixture.start(1);
            get(read);
        }
    }

    @Test
    void stageThatLeavesItsThreadInterrupted_workerSleepsAllTheSame() throws Exception {
        try (QueueFixture fixture = new QueueFixture().start(1)) {
            fixture.target.ignore(capsule -> true);
            AtomicReference<@Nullable Thread> worker = new AtomicReference<>();
            CompletableFuture<Void> stage =
                    fixture.readBlock(0)
                            .thenRun(() -> {
                                worker.set(Thread.currentThread());
                                Thread.currentThread().interrupt();
                            });
            fixture.fabric(0).awaitSent(1);
            fixture.fabric(0).respond(fixture.fabric(0).lastSent(), 0, 0);
            until(stage::isDone);
            Thread thread = worker.get();
            assertThat(thread).isNotNull();
            until(() -> !thread.isInterrupted());
            // Without a queue too.
            assertThat(fixture.suspend()).isTrue();
            thread.interrupt();
            until(() -> !thread.isInterrupted());
        }
    }
}

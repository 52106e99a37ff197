package dev.verbena.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.NvmeException;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.Region;
import dev.verbena.testkit.FakeFabricQueue;
import dev.verbena.testkit.FakeMemoryDomain;
import dev.verbena.testkit.FakeTarget;
import dev.verbena.testkit.SentCapsule;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeviceWorkerTest {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);
    private static final int BLOCK = FakeTarget.BLOCK_SIZE;
    private static final FabricFailure LOST =
            new FabricFailure(FabricFailure.Kind.DISCONNECTED, "the target disconnected");

    private final FakeFabricQueue fabric = new FakeFabricQueue(1, 4);
    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final FakeTarget target = new FakeTarget(memory, 4096);
    private final AtomicReference<FabricFailure> loss = new AtomicReference<>();
    private final AtomicInteger ends = new AtomicInteger();
    private DeviceWorker worker = start(fabric, new DataPlacement(0, 4, 64, 1, 8 * BLOCK), MINUTE);

    DeviceWorkerTest() {
        fabric.target(target);
    }

    private DeviceWorker start(FakeFabricQueue queue, DataPlacement placement, long timeoutNanos) {
        return new DeviceWorker(
                "test",
                new CommandQueue(queue),
                memory,
                placement,
                1,
                BLOCK,
                timeoutNanos,
                loss::set,
                ends::incrementAndGet);
    }

    @AfterEach
    void everythingIsReleased() {
        fabric.fail(LOST);
        worker.close();
        assertThat(ends).hasValue(1);
        assertThat(fabric.isClosed()).isTrue();
    }

    private CompletableFuture<Void> submit(
            DeviceRequest.Kind kind, long block, MemorySegment segment) {
        DeviceRequest request = new DeviceRequest(kind, block * BLOCK, segment);
        worker.submit(request);
        return request.future();
    }

    private CompletableFuture<Void> read(long block, MemorySegment segment) {
        return submit(DeviceRequest.Kind.READ, block, segment);
    }

    private CompletableFuture<Void> write(long block, MemorySegment segment) {
        return submit(DeviceRequest.Kind.WRITE, block, segment);
    }

    private static void get(CompletableFuture<Void> future) throws Exception {
        future.get(30, TimeUnit.SECONDS);
    }

    private static Throwable failureOf(CompletableFuture<Void> future) throws Exception {
        try {
            get(future);
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
        throw new AssertionError("The request succeeded");
    }

    private static byte[] random(int bytes) {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        return data;
    }

    private Region registered(Arena arena, int blocks) {
        return memory.register(arena.allocate((long) blocks * BLOCK, 64));
    }

    // Splitting, bouncing.

    @Test
    void heapArray_isBouncedAndReadBack() throws Exception {
        byte[] data = random(8 * BLOCK);
        get(write(16, MemorySegment.ofArray(data)));
        byte[] back = new byte[data.length];
        get(read(16, MemorySegment.ofArray(back)));
        assertThat(back).isEqualTo(data);
        assertThat(worker.bouncedCount()).isEqualTo(2);
    }

    @Test
    void registeredMemory_isUsedInPlaceAndGivenBack() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            Region region = registered(arena, 8);
            byte[] data = random(8 * BLOCK);
            region.segment().copyFrom(MemorySegment.ofArray(data));
            get(write(0, region.segment()));
            assertThat(fabric.lastSent().sglAddress()).isEqualTo(region.address());
            assertThat(worker.bouncedCount()).isZero();
            assertThat(region.userCount()).isZero();
            assertThat(memory.unregister(region)).isTrue();
        }
        assertThat(target.disk()).startsWith(random(8 * BLOCK));
    }

    @Test
    void requestLongerThanTransferLimit_isCutIntoCommandsInOrder() throws Exception {
        byte[] data = random(21 * BLOCK);
        get(write(3, MemorySegment.ofArray(data)));
        assertThat(target.seen())
                .extracting(c -> c.u64(40), c -> c.u32(48) & 0xFFFF)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(3L, 7),
                        org.assertj.core.groups.Tuple.tuple(11L, 7),
                        org.assertj.core.groups.Tuple.tuple(19L, 4));
        byte[] back = new byte[data.length];
        get(read(3, MemorySegment.ofArray(back)));
        assertThat(back).isEqualTo(data);
    }

    @Test
    void requestOfMoreCommandsThanSlots_completes() throws Exception {
        byte[] data = random(1000 * BLOCK);
        get(write(0, MemorySegment.ofArray(data)));
        byte[] back = new byte[data.length];
        get(read(0, MemorySegment.ofArray(back)));
        assertThat(back).isEqualTo(data);
    }

    @Test
    void transferLimitNotAMultipleOfBlocks_isRoundedDown() throws Exception {
        FakeFabricQueue other = new FakeFabricQueue(2, 4);
        other.target(target);
        DeviceWorker odd = start(other, new DataPlacement(0, 4, 64, 1, 3 * BLOCK + 100), MINUTE);
        DeviceRequest request =
                new DeviceRequest(
                        DeviceRequest.Kind.READ, 0, MemorySegment.ofArray(new byte[7 * BLOCK]));
        odd.submit(request);
        get(request.future());
        assertThat(target.seen())
                .extracting(c -> (c.u32(48) & 0xFFFF) + 1)
                .containsExactly(3, 3, 1);
        odd.close();
        ends.set(0);
    }

    @Test
    void blockLargerThanTransferLimit_isRefusedAtOnce() {
        FakeFabricQueue other = new FakeFabricQueue(2, 4);
        assertThatThrownBy(() -> start(other, new DataPlacement(0, 4, 64, 1, BLOCK - 1), MINUTE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("512");
    }

    @Test
    void flush_isOneCommandWithoutData() throws Exception {
        get(submit(DeviceRequest.Kind.FLUSH, 0, MemorySegment.NULL));
        assertThat(fabric.lastSent().opcode()).isZero();
    }

    @Test
    void manyThreads_eachGetsItsOwnData() throws Exception {
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int first = i * 100;
            threads.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    for (int n = 0; n < 20; n++) {
                                        byte[] data = random((n % 9 + 1) * BLOCK);
                                        get(write(first, MemorySegment.ofArray(data)));
                                        byte[] back = new byte[data.length];
                                        get(read(first, MemorySegment.ofArray(back)));
                                        assertThat(back).isEqualTo(data);
                                    }
                                } catch (Throwable e) {
                                    synchronized (failures) {
                                        failures.add(e);
                                    }
                                }
                            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
    }

    // Failures of requests.

    @Test
    void errorOfOnePart_failsRequestAfterAllStartedPartsEnded() throws Exception {
        List<SentCapsule> held = new ArrayList<>();
        target.intercept((queue, capsule) -> {
            synchronized (held) {
                held.add(capsule);
            }
            return true;
        });
        CompletableFuture<Void> future = read(0, MemorySegment.ofArray(new byte[32 * BLOCK]));
        fabric.awaitSent(4);
        fabric.respond(held.get(2), 0x0281, 0);
        fabric.respond(held.get(0), 0, 0);
        fabric.respond(held.get(1), 0, 0);
        Thread.sleep(20);
        assertThat(future).isNotDone();
        fabric.respond(held.get(3), 0, 0);
        assertThat(failureOf(future))
                .isInstanceOf(NvmeException.class)
                .hasMessageContaining("8 blocks at LBA 16 of namespace 1");
        assertThat(loss).hasNullValue();
        assertThat(fabric.sent()).hasSize(4);
    }

    @Test
    void errorOfEarlyPart_restIsNotStarted() throws Exception {
        target.refuse(capsule -> capsule.u64(40) == 0, 0x4280, 0);
        CompletableFuture<Void> future = read(0, MemorySegment.ofArray(new byte[1000 * BLOCK]));
        assertThat(failureOf(future)).isInstanceOf(NvmeException.class);
        assertThat(fabric.sent()).hasSizeLessThan(20);
    }

    @Test
    void requestFails_othersGoOn() throws Exception {
        target.refuse(capsule -> capsule.u64(40) == 5, 0x4280, 0);
        CompletableFuture<Void> bad = read(5, MemorySegment.ofArray(new byte[BLOCK]));
        CompletableFuture<Void> good = read(6, MemorySegment.ofArray(new byte[BLOCK]));
        assertThat(failureOf(bad)).isInstanceOf(NvmeException.class);
        get(good);
    }

    @Test
    void memoryCannotBeRegistered_failsOnlyThatRequest() throws Exception {
        memory.failRegister(new IllegalStateException("the limit on locked memory"));
        assertThat(failureOf(read(0, MemorySegment.ofArray(new byte[BLOCK]))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the limit on locked memory");
        memory.failRegister(null);
        get(read(0, MemorySegment.ofArray(new byte[BLOCK])));
    }

    @Test
    void bouncedSegmentClosedBeforeItsTurn_failsOnlyThatRequest() throws Exception {
        Arena arena = Arena.ofShared();
        MemorySegment segment = arena.allocate(BLOCK);
        arena.close();
        assertThat(failureOf(write(0, segment)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("memory of the request");
        get(read(0, MemorySegment.ofArray(new byte[BLOCK])));
    }

    @Test
    void bouncedSegmentClosedDuringRead_failsOnlyThatRequest() throws Exception {
        Arena arena = Arena.ofShared();
        target.ignore(capsule -> true);
        CompletableFuture<Void> future = read(0, arena.allocate(BLOCK));
        fabric.awaitSent(1);
        arena.close();
        fabric.respond(fabric.lastSent(), 0, 0);
        assertThat(failureOf(future)).hasMessageContaining("memory of the request");
        target.intercept(null);
        get(read(0, MemorySegment.ofArray(new byte[BLOCK])));
    }

    @Test
    void freedSegmentWhoseAddressIsRegisteredAgain_isNotUsed() throws Exception {
        Arena freed = Arena.ofShared();
        MemorySegment stale = freed.allocate(BLOCK, 64);
        freed.close();
        // What an allocator does at once: the same address, somebody else's memory.
        memory.register(stale);
        assertThat(failureOf(read(0, stale))).isInstanceOf(IOException.class);
        assertThat(fabric.sent()).noneMatch(c -> c.sglAddress() == stale.address());
    }

    @Test
    void queuedRequest_holdsItsRegionUntilItEnds() throws Exception {
        target.ignore(capsule -> true);
        List<CompletableFuture<Void>> busy = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            busy.add(read(i, MemorySegment.ofArray(new byte[BLOCK])));
        }
        fabric.awaitSent(4);
        Region region = registered(Arena.ofAuto(), 1);
        CompletableFuture<Void> waiting = read(9, region.segment());
        assertThat(memory.unregister(region)).isFalse();
        target.intercept(null);
        for (SentCapsule capsule : fabric.sent()) {
            fabric.respond(capsule, 0, 0);
        }
        get(waiting);
        assertThat(memory.unregister(region)).isTrue();
        for (CompletableFuture<Void> future : busy) {
            get(future);
        }
    }

    @Test
    void cancelledFuture_doesNotFreeTheBuffer() throws Exception {
        target.ignore(capsule -> true);
        Region region = registered(Arena.ofAuto(), 1);
        CompletableFuture<Void> future = read(0, region.segment());
        fabric.awaitSent(1);
        assertThat(future.cancel(true)).isTrue();
        assertThat(memory.unregister(region)).isFalse();
        target.intercept(null);
        fabric.respond(fabric.lastSent(), 0, 0);
        get(submit(DeviceRequest.Kind.FLUSH, 0, MemorySegment.NULL));
        assertThat(memory.unregister(region)).isTrue();
    }

    @Test
    void stageThrows_workerGoesOn() throws Exception {
        CompletableFuture<Void> stage =
                read(0, MemorySegment.ofArray(new byte[BLOCK]))
                        .thenRun(() -> {
                            throw new StackOverflowError();
                        });
        assertThat(failureOf(stage)).isInstanceOf(StackOverflowError.class);
        get(read(0, MemorySegment.ofArray(new byte[BLOCK])));
    }

    // The end of the queue.

    @Test
    void connectionLost_everyRequestFailsOnceAndLossIsReported() throws Exception {
        target.ignore(capsule -> true);
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            futures.add(read(i, MemorySegment.ofArray(new byte[16 * BLOCK])));
        }
        fabric.awaitSent(4);
        worker.fail(LOST);
        for (CompletableFuture<Void> future : futures) {
            assertThat(failureOf(future))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("the target disconnected");
        }
        worker.close();
        assertThat(loss).hasValue(LOST);
        assertThat(memory.registeredCount()).isZero();
    }

    @Test
    void requestAfterLoss_isRefusedWithReason() throws Exception {
        worker.fail(LOST);
        worker.close();
        assertThat(failureOf(read(0, MemorySegment.ofArray(new byte[BLOCK]))))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("the target disconnected");
    }

    @Test
    void noAnswer_timesOutAndQueueEnds() throws Exception {
        worker.close();
        ends.set(0);
        FakeFabricQueue silent = new FakeFabricQueue(1, 4);
        worker =
                start(
                        silent,
                        new DataPlacement(0, 4, 64, 1, 8 * BLOCK),
                        TimeUnit.MILLISECONDS.toNanos(20));
        Region region = registered(Arena.ofAuto(), 1);
        CompletableFuture<Void> future = read(0, region.segment());
        assertThat(failureOf(future)).isInstanceOf(CommandTimeoutException.class);
        assertThat(silent.drainCalls()).isEqualTo(1);
        worker.close();
        assertThat(memory.unregister(region)).isTrue();
        assertThat(loss.get().kind()).isEqualTo(FabricFailure.Kind.TIMED_OUT);
    }

    @Test
    void noAnswerWithFullInbox_stillTimesOut() throws Exception {
        worker.close();
        ends.set(0);
        FakeFabricQueue silent = new FakeFabricQueue(1, 4);
        worker =
                start(
                        silent,
                        new DataPlacement(0, 4, 64, 1, 8 * BLOCK),
                        TimeUnit.MILLISECONDS.toNanos(50));
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            futures.add(read(0, MemorySegment.ofArray(new byte[BLOCK])));
        }
        for (CompletableFuture<Void> future : futures) {
            assertThat(failureOf(future)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void fullSlotsAndWaitingRequests_workerSleeps() throws Exception {
        target.ignore(capsule -> true);
        for (int i = 0; i < 20; i++) {
            var _ = read(i, MemorySegment.ofArray(new byte[BLOCK]));
        }
        fabric.awaitSent(4);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (fabric.blockCalls() == 0 && System.nanoTime() - deadline < 0) {
            Thread.sleep(5);
        }
        int before = fabric.armCalls();
        Thread.sleep(30);
        assertThat(before).isPositive();
        // A worker that spins would come by thousands of times.
        assertThat(fabric.armCalls() - before).isLessThan(20);
    }

    @Test
    void pollingBreaks_requestsFailAndThreadEndsInOrder() throws Exception {
        target.ignore(capsule -> true);
        CompletableFuture<Void> future = read(0, MemorySegment.ofArray(new byte[BLOCK]));
        fabric.awaitSent(1);
        fabric.failDrain(new IllegalStateException("broken"));
        fabric.failPoll(new IllegalStateException("broken"));
        assertThat(failureOf(future))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("broken");
    }

    @Test
    void queueCannotBeStopped_requestsFailAndMemoryStaysRegistered() throws Exception {
        target.ignore(capsule -> true);
        fabric.drains(false);
        fabric.destroys(false);
        Region region = registered(Arena.ofAuto(), 1);
        CompletableFuture<Void> mine = read(0, region.segment());
        CompletableFuture<Void> bounced = read(0, MemorySegment.ofArray(new byte[BLOCK]));
        fabric.awaitSent(2);
        worker.fail(LOST);
        assertThat(failureOf(mine)).isInstanceOf(ConnectionLostException.class);
        assertThat(failureOf(bounced)).isInstanceOf(ConnectionLostException.class);
        worker.close();
        assertThat(memory.unregister(region)).isFalse();
        assertThat(memory.registeredCount()).isEqualTo(2);
    }

    @Test
    void lossHandlerThrows_threadStillEndsInOrder() throws Exception {
        FakeFabricQueue other = new FakeFabricQueue(2, 4);
        CountDownLatch ended = new CountDownLatch(1);
        DeviceWorker broken =
                new DeviceWorker(
                        "test",
                        new CommandQueue(other),
                        memory,
                        new DataPlacement(0, 4, 64, 1, 8 * BLOCK),
                        1,
                        BLOCK,
                        MINUTE,
                        failure -> {
                            throw new IllegalStateException("listener");
                        },
                        ended::countDown);
        broken.fail(LOST);
        assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        broken.close();
    }

    // Closing.

    @Test
    void close_waitsForAcceptedRequests() throws Exception {
        List<CompletableFuture<Void>> futures = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            futures.add(write(i, MemorySegment.ofArray(random(BLOCK))));
        }
        worker.close();
        for (CompletableFuture<Void> future : futures) {
            assertThat(future).isCompleted();
        }
        assertThat(loss).hasNullValue();
        assertThat(memory.registeredCount()).isZero();
    }

    @Test
    void requestAfterClose_isRefused() throws Exception {
        worker.close();
        Region region = registered(Arena.ofAuto(), 1);
        assertThat(failureOf(read(0, region.segment()))).hasMessage("The device is closed");
        assertThat(region.userCount()).isZero();
    }

    @Test
    void closeTwiceAndFromTwoThreads_endsOnce() throws Exception {
        Thread other = Thread.ofPlatform().start(() -> worker.close());
        worker.close();
        other.join();
        worker.close();
        assertThat(ends).hasValue(1);
    }

    @Test
    void closeOnOwnThread_doesNotWaitForItself() throws Exception {
        CompletableFuture<Boolean> own = new CompletableFuture<>();
        target.ignore(capsule -> true);
        CompletableFuture<Void> stage =
                read(0, MemorySegment.ofArray(new byte[BLOCK]))
                        .thenRun(() -> {
                            own.complete(worker.isCurrentThread());
                            worker.close();
                        });
        fabric.awaitSent(1);
        fabric.respond(fabric.lastSent(), 0, 0);
        get(stage);
        assertThat(own).isCompletedWithValue(true);
        worker.close();
        assertThat(worker.isCurrentThread()).isFalse();
    }

    @Test
    void submittingWhileClosing_everyRequestEnds() throws Exception {
        for (int round = 0; round < 30; round++) {
            FakeFabricQueue queue = new FakeFabricQueue(2, 4);
            queue.target(target);
            DeviceWorker closing = start(queue, new DataPlacement(0, 4, 64, 1, 8 * BLOCK), MINUTE);
            List<CompletableFuture<Void>> futures = new ArrayList<>();
            Thread submitter =
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int i = 0; i < 200; i++) {
                                    DeviceRequest request =
                                            new DeviceRequest(
                                                    DeviceRequest.Kind.FLUSH,
                                                    0,
                                                    MemorySegment.NULL);
                                    closing.submit(request);
                                    futures.add(request.future());
                                }
                            });
            if (round % 2 == 0) {
                closing.close();
            } else {
                closing.fail(LOST);
            }
            submitter.join();
            closing.close();
            assertThat(futures).hasSize(200).allMatch(CompletableFuture::isDone);
        }
        ends.set(0);
    }

    @Test
    void interruptedCaller_isToldAndStaysInterrupted() throws Exception {
        worker.close();
        ends.set(0);
        FakeFabricQueue silent = new FakeFabricQueue(1, 1);
        worker = start(silent, new DataPlacement(0, 4, 64, 1, 8 * BLOCK), MINUTE);
        // One runs, one waits for the slot, the rest fills the inbox.
        for (int i = 0; i < DeviceWorker.INBOX_MAX + 2; i++) {
            var _ = submit(DeviceRequest.Kind.FLUSH, 0, MemorySegment.NULL);
        }
        Thread.currentThread().interrupt();
        CompletableFuture<Void> refused = submit(DeviceRequest.Kind.FLUSH, 0, MemorySegment.NULL);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(failureOf(refused)).isInstanceOf(InterruptedIOException.class);
        silent.fail(LOST);
    }

    @Test
    void inboxStaysFull_requestIsRefusedInTime() throws Exception {
        worker.close();
        ends.set(0);
        CountDownLatch blocked = new CountDownLatch(1);
        FakeFabricQueue stuck = new FakeFabricQueue(1, 1);
        stuck.target((queue, capsule) -> {
            try {
                // Keeps the worker from looking at deadlines.
                blocked.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        worker =
                start(
                        stuck,
                        new DataPlacement(0, 4, 64, 1, 8 * BLOCK),
                        TimeUnit.MILLISECONDS.toNanos(10));
        CompletableFuture<Void> last = CompletableFuture.completedFuture(null);
        for (int i = 0; i < DeviceWorker.INBOX_MAX + 2; i++) {
            last = submit(DeviceRequest.Kind.FLUSH, 0, MemorySegment.NULL);
        }
        assertThat(failureOf(last)).hasMessageContaining("1024 others are waiting");
        blocked.countDown();
    }
}

package dev.verbena.internal.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.NvmeException;
import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.FakeTarget;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.internal.control.AdminCommand.Answer;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.AdminCommands;
import dev.verbena.nvme.AsynchronousEvent;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class AdminQueueTest {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);
    private static final FabricFailure LOST =
            new FabricFailure(FabricFailure.Kind.DISCONNECTED, "the target disconnected");

    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final FakeTarget target = new FakeTarget(memory, 8);
    private final BlockingQueue<FabricFailure> failures = new LinkedBlockingQueue<>();
    private final BlockingQueue<AsynchronousEvent> events = new LinkedBlockingQueue<>();
    private FakeFabricQueue fabric = new FakeFabricQueue(0, 4);
    private AdminQueue admin = open(fabric);

    private AdminQueue open(FakeFabricQueue queue) {
        queue.target(target);
        return new AdminQueue(queue, memory, "test", failures::add, events::add);
    }

    private void reopen(int depth) {
        admin.close();
        fabric = new FakeFabricQueue(0, depth);
        admin = open(fabric);
    }

    @AfterEach
    void everythingIsReleased() {
        admin.close();
        assertThat(fabric.isClosed()).isTrue();
    }

    private static AdminCommand command(long timeoutNanos) {
        return AdminCommand.withoutData(
                "Property Get",
                System.nanoTime() + timeoutNanos,
                (capsule, offset, id) ->
                        dev.verbena.nvme.FabricsCommands.propertyGet(capsule, offset, id, 0, true));
    }

    private static AdminCommand identify(long timeoutNanos) {
        return AdminCommand.reading(
                "Identify Controller",
                System.nanoTime() + timeoutNanos,
                4096,
                (capsule, offset, id) -> AdminCommands.identify(capsule, offset, id, 1, 0, 0, 0));
    }

    private static Throwable failureOf(CompletableFuture<Answer> future) throws Exception {
        try {
            future.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
        throw new AssertionError("The command succeeded");
    }

    private FabricFailure reportedFailure() throws InterruptedException {
        return Objects.requireNonNull(failures.poll(30, TimeUnit.SECONDS));
    }

    // Answers.

    @Test
    void success_bringsResultAndData() throws IOException {
        target.identify(24, 0x4241, 2);
        Answer answer = admin.execute(identify(MINUTE));
        assertThat(answer.segment().get(ValueLayout.JAVA_SHORT_UNALIGNED, 24))
                .isEqualTo((short) 0x4241);
        assertThat(admin.execute(command(MINUTE)).result()).isNotZero();
    }

    @Test
    void errorStatus_isAnNvmeExceptionAndQueueGoesOn() throws IOException {
        target.refuse(capsule -> capsule.opcode() == FakeTarget.IDENTIFY, 0x4002, 0);
        assertThatThrownBy(() -> admin.execute(identify(MINUTE)))
                .isInstanceOf(NvmeException.class)
                .hasMessageContaining("Identify Controller failed");
        assertThat(admin.answer(identify(MINUTE)).status()).isEqualTo(0x4002);
        assertThat(admin.answer(identify(MINUTE)).segment().byteSize()).isZero();
        assertThat(admin.execute(command(MINUTE)).status()).isZero();
    }

    @Test
    void controllerWritesNothing_dataIsZeroNotThatOfAnEarlierCommand() throws IOException {
        reopen(1);
        target.identify(100, -1, 4);
        admin.execute(identify(MINUTE));
        target.refuse(capsule -> true, 0, 0);
        byte[] data = admin.execute(identify(MINUTE)).segment().toArray(ValueLayout.JAVA_BYTE);
        assertThat(data).containsOnly(0);
    }

    @Test
    void dataToController_isReadableByItsKeyAndComplete() throws IOException {
        byte[] data = new byte[1024];
        Arrays.fill(data, (byte) 0x5A);
        target.intercept((queue, capsule) -> {
            byte[] seen = memory.rdmaRead(capsule.sglKey(), capsule.sglAddress(), 1024);
            queue.respond(capsule, Arrays.equals(seen, data) ? 0 : 1, 0);
            return true;
        });
        AdminCommand writing =
                AdminCommand.writing(
                        "Connect",
                        System.nanoTime() + MINUTE,
                        data,
                        (capsule, offset, id) ->
                                dev.verbena.nvme.FabricsCommands.connect(
                                        capsule, offset, id, 0, 31, 0, 0));
        assertThat(admin.execute(writing).status()).isZero();
    }

    @Test
    void depthOne_stillCarriesCommandsAndKeepAlive() throws Exception {
        reopen(1);
        assertThat(admin.execute(command(MINUTE)).status()).isZero();
        admin.startKeepAlive(Duration.ofSeconds(1), false, () -> false);
        int sent = fabric.sent().size();
        fabric.awaitSent(sent + 1);
        assertThat(fabric.lastSent().opcode()).isEqualTo(FakeTarget.KEEP_ALIVE);
        assertThat(admin.execute(command(MINUTE)).status()).isZero();
    }

    @Test
    void depthOneAndCommandOutstanding_keepAliveWaitsWithoutSpinning() throws Exception {
        reopen(1);
        target.ignore(capsule -> true);
        CompletableFuture<Answer> stuck = admin.submit(command(MINUTE));
        fabric.awaitSent(1);
        admin.startKeepAlive(Duration.ofMillis(100), false, () -> false);
        Thread.sleep(80);
        assertThat(fabric.armCalls()).isLessThan(20);
        assertThat(stuck).isNotDone();
    }

    // Bounds and bad commands.

    @ParameterizedTest
    @ValueSource(ints = {-1, AdminCommand.DATA_BYTES_MAX + 1, Integer.MAX_VALUE})
    void readingMoreThanABuffer_isRefused(int bytes) {
        assertThatThrownBy(() -> AdminCommand.reading("Get Log Page", 0, bytes, (c, o, i) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Get Log Page with " + bytes);
    }

    @Test
    void writingMoreThanABuffer_isRefused() {
        byte[] data = new byte[AdminCommand.DATA_BYTES_MAX + 1];
        assertThatThrownBy(() -> AdminCommand.writing("Send", 0, data, (c, o, i) -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("16777216");
    }

    @Test
    void encoderThrows_onlyThatCommandFails() throws Exception {
        for (int i = 0; i < 10; i++) {
            // More often than there are slots: each one must be given back.
            AdminCommand bad =
                    AdminCommand.withoutData(
                            "Bad",
                            System.nanoTime() + MINUTE,
                            (capsule, offset, id) -> {
                                throw new IllegalArgumentException("out of range");
                            });
            assertThatThrownBy(() -> admin.execute(bad))
                    .isInstanceOf(IOException.class)
                    .hasMessage("Bad failed")
                    .hasRootCauseMessage("out of range");
        }
        assertThat(admin.execute(command(MINUTE)).status()).isZero();
        assertThat(failures).isEmpty();
    }

    @Test
    void inboxFull_commandIsRefusedAtOnce() throws Exception {
        target.ignore(capsule -> true);
        List<CompletableFuture<Answer>> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            all.add(admin.submit(command(MINUTE)));
        }
        fabric.awaitSent(3);
        for (int i = 0; i < 256; i++) {
            all.add(admin.submit(command(MINUTE)));
        }
        assertThat(failureOf(admin.submit(command(MINUTE))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("256 admin commands are waiting");
        admin.close();
        for (CompletableFuture<Answer> future : all) {
            assertThat(failureOf(future)).isInstanceOf(ConnectionLostException.class);
        }
    }

    @Test
    void burstOfCommands_leavesASlotForKeepAlive() throws Exception {
        target.ignore(capsule -> capsule.opcode() != FakeTarget.KEEP_ALIVE);
        for (int i = 0; i < 20; i++) {
            var _ = admin.submit(command(MINUTE));
        }
        fabric.awaitSent(3);
        admin.startKeepAlive(Duration.ofSeconds(10), false, () -> false);
        fabric.awaitSent(4);
        assertThat(fabric.lastSent().opcode()).isEqualTo(FakeTarget.KEEP_ALIVE);
    }

    // Time.

    @Test
    void noAnswer_timesOutAndQueueIsLost() throws Exception {
        target.ignore(capsule -> true);
        assertThatThrownBy(() -> admin.execute(command(TimeUnit.MILLISECONDS.toNanos(20))))
                .isInstanceOf(CommandTimeoutException.class)
                .hasMessageContaining("Property Get");
        assertThat(reportedFailure().kind()).isEqualTo(FabricFailure.Kind.TIMED_OUT);
        assertThat(fabric.drainCalls()).isEqualTo(1);
    }

    @Test
    void noAnswerWithCommandsWaiting_stillTimesOut() throws Exception {
        target.ignore(capsule -> true);
        long soon = TimeUnit.MILLISECONDS.toNanos(200);
        List<CompletableFuture<Answer>> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.add(admin.submit(command(soon)));
        }
        for (CompletableFuture<Answer> future : all) {
            assertThat(failureOf(future)).isInstanceOf(CommandTimeoutException.class);
        }
    }

    @Test
    void slotsFullAndCommandsWaiting_threadSleeps() throws Exception {
        target.ignore(capsule -> true);
        for (int i = 0; i < 20; i++) {
            var _ = admin.submit(command(MINUTE));
        }
        fabric.awaitSent(3);
        Thread.sleep(20);
        int before = fabric.armCalls();
        Thread.sleep(40);
        assertThat(fabric.armCalls() - before).isLessThan(10);
    }

    @Test
    void deadlinePassedBeforeSending_onlyThatCommandFails() throws Exception {
        assertThatThrownBy(() -> admin.execute(command(-1)))
                .isInstanceOf(CommandTimeoutException.class)
                .hasMessageContaining("was not sent");
        assertThat(admin.execute(command(MINUTE)).status()).isZero();
    }

    @Test
    void interruptedCaller_isToldAndQueueGoesOn() throws Exception {
        target.ignore(capsule -> true);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> admin.execute(command(MINUTE)))
                .isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        target.intercept(null);
        assertThat(admin.execute(command(MINUTE)).status()).isZero();
    }

    // Keep alive.

    @Test
    void keepAlive_isSentAgainAndAgain() {
        admin.startKeepAlive(Duration.ofMillis(100), false, () -> false);
        fabric.awaitSent(4);
        assertThat(fabric.sent()).allMatch(c -> c.opcode() == FakeTarget.KEEP_ALIVE);
        assertThat(admin.failure()).isNull();
    }

    @Test
    void keepAliveRefused_endsAssociation() throws Exception {
        target.refuse(capsule -> capsule.opcode() == FakeTarget.KEEP_ALIVE, 0x4002, 0);
        admin.startKeepAlive(Duration.ofMillis(100), false, () -> false);
        assertThat(reportedFailure().message()).contains("Keep Alive");
    }

    @Test
    void keepAliveNotAnswered_endsAssociationWithItsCommands() throws Exception {
        target.ignore(capsule -> true);
        CompletableFuture<Answer> future = admin.submit(command(MINUTE));
        admin.startKeepAlive(Duration.ofMillis(100), false, () -> false);
        assertThat(reportedFailure().kind()).isEqualTo(FabricFailure.Kind.TIMED_OUT);
        assertThat(failureOf(future)).isInstanceOf(CommandTimeoutException.class);
        assertThat(fabric.sent())
                .filteredOn(c -> c.opcode() == FakeTarget.KEEP_ALIVE)
                .as("not a second one while the first is unanswered")
                .hasSize(1);
    }

    // The end.

    @Test
    void connectionLost_everyCommandFailsWithReason() throws Exception {
        target.ignore(capsule -> true);
        List<CompletableFuture<Answer>> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(admin.submit(identify(MINUTE)));
        }
        fabric.awaitSent(3);
        fabric.fail(LOST);
        for (CompletableFuture<Answer> future : all) {
            assertThat(failureOf(future))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("the target disconnected");
        }
        assertThat(reportedFailure()).isEqualTo(LOST);
        admin.close();
        assertThat(memory.registeredCount()).isZero();
        assertThat(failures).isEmpty();
    }

    @Test
    void commandAfterLoss_isRefusedWithReason() throws Exception {
        fabric.fail(LOST);
        assertThat(reportedFailure()).isEqualTo(LOST);
        assertThatThrownBy(() -> admin.execute(command(MINUTE)))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("the target disconnected");
    }

    @Test
    void hostileResponse_endsQueueWithReason() throws Exception {
        target.intercept((queue, capsule) -> {
            queue.respond(capsule.commandId() ^ 0x8000, 0, 0);
            return true;
        });
        assertThatThrownBy(() -> admin.execute(command(MINUTE)))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("no outstanding command");
        assertThat(reportedFailure().kind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
    }

    @Test
    void close_isNotReportedAsLossAndReleasesMemory() {
        admin.close();
        admin.close();
        assertThat(failures).isEmpty();
        assertThat(memory.registeredCount()).isZero();
    }

    @Test
    void commandAfterClose_isRefused() {
        admin.close();
        assertThatThrownBy(() -> admin.execute(command(MINUTE)))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void queueCannotBeStopped_dataAreaStaysRegistered() throws Exception {
        fabric.drains(false);
        fabric.destroys(false);
        target.ignore(capsule -> true);
        CompletableFuture<Answer> future = admin.submit(identify(MINUTE));
        fabric.awaitSent(1);
        fabric.fail(LOST);
        assertThat(failureOf(future)).isInstanceOf(ConnectionLostException.class);
        admin.close();
        assertThat(memory.registeredCount()).isEqualTo(1);
    }

    @Test
    void memoryCannotBeRegistered_queueIsClosedAndReasonThrown() {
        memory.failRegister(new IllegalStateException("memlock"));
        FakeFabricQueue other = new FakeFabricQueue(0, 4);
        assertThatThrownBy(() -> open(other)).hasMessage("memlock");
        assertThat(other.isClosed()).isTrue();
    }

    @Test
    void errorInTransport_endsQueueAndFailsCommands() throws Exception {
        fabric.target((queue, capsule) -> {
            throw new AssertionError("stage");
        });
        assertThatThrownBy(() -> admin.execute(command(MINUTE)))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("internal error");
        assertThat(reportedFailure().message()).contains("stage");
    }

    @Test
    void listenerThrows_threadEndsInOrder() throws Exception {
        FakeFabricQueue other = new FakeFabricQueue(0, 4);
        CountDownLatch told = new CountDownLatch(1);
        AdminQueue queue =
                new AdminQueue(
                        other,
                        memory,
                        "test",
                        failure -> {
                            told.countDown();
                            throw new IllegalStateException("listener");
                        },
                        event -> {});
        other.fail(LOST);
        assertThat(told.await(20, TimeUnit.SECONDS)).isTrue();
        queue.close();
        assertThat(other.isClosed()).isTrue();
    }

    @Test
    void submittingWhileClosing_everyCommandEnds() throws Exception {
        for (int round = 0; round < 30; round++) {
            reopen(4);
            List<CompletableFuture<Answer>> all = new ArrayList<>();
            AdminQueue queue = admin;
            Thread submitter =
                    Thread.ofPlatform()
                            .start(() -> {
                                for (int i = 0; i < 100; i++) {
                                    all.add(queue.submit(command(MINUTE)));
                                }
                            });
            if (round % 2 == 0) {
                queue.close();
            } else {
                queue.fail(LOST);
            }
            submitter.join();
            queue.close();
            assertThat(all).hasSize(100).allMatch(CompletableFuture::isDone);
        }
    }

    @Test
    void capsuleOfCommandWithoutData_hasKeyedSglOfLengthZero() throws IOException {
        admin.execute(command(MINUTE));
        SentCapsule capsule = fabric.lastSent();
        assertThat(capsule.sglType()).isEqualTo(0x40);
        assertThat(capsule.sglLength()).isZero();
        assertThat(capsule.dataBytes()).isZero();
    }
}

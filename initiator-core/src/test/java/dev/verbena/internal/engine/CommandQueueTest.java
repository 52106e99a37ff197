package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.CommandQueue.STATUS_HOST_ABORTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandQueueTest {
    private static final FabricFailure LOST =
            new FabricFailure(FabricFailure.Kind.DISCONNECTED, "the target disconnected");

    private record Done(long token, int slot, int status, long result, boolean quiet) {}

    private final FakeFabricQueue fabric = new FakeFabricQueue(1, 4);
    private final CommandQueue queue = new CommandQueue(fabric);
    private final List<Done> done = new ArrayList<>();
    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final Region region = memory.register(Arena.ofAuto().allocate(4096));

    private void handle(long token, int slot, int status, long result) {
        done.add(new Done(token, slot, status, result, fabric.isQuiet()));
    }

    private int submit(long token) {
        return submit(token, System.nanoTime() + 60_000_000_000L);
    }

    private int submit(long token, long deadlineNanos) {
        int slot = queue.acquire();
        assertThat(slot).isNotNegative();
        NvmCommands.flush(queue.capsules(), queue.capsuleOffset(slot), queue.commandId(slot), 1);
        assertThat(region.tryAcquire()).isTrue();
        queue.submit(slot, token, region, deadlineNanos);
        return slot;
    }

    private SentCapsule send(long token) {
        submit(token);
        queue.ring();
        return fabric.lastSent();
    }

    private void poll() {
        queue.poll(this::handle);
    }

    private FabricFailure.Kind failureKind() {
        return Objects.requireNonNull(queue.failure()).kind();
    }

    private String failureMessage() {
        return Objects.requireNonNull(queue.failure()).message();
    }

    /// Tokens in order of completion.
    private List<Long> tokens() {
        return done.stream().map(Done::token).toList();
    }

    // Successes, and orders of events.

    @Test
    void responseAfterSendCompletion_completesWithResult() {
        SentCapsule capsule = send(7);
        poll();
        assertThat(done).isEmpty();
        fabric.respond(capsule, 0x4002, 0x1234_5678_9ABCL);
        poll();
        assertThat(done)
                .containsExactly(new Done(7, capsule.slot(), 0x4002, 0x1234_5678_9ABCL, false));
        assertThat(region.userCount()).isZero();
        assertThat(queue.inFlightCount()).isZero();
    }

    @Test
    void responseBeforeSendCompletion_completesOnlyAfterIt() {
        fabric.autoSent(false);
        SentCapsule capsule = send(7);
        fabric.respond(capsule, 0, 5);
        poll();
        assertThat(done).isEmpty();
        assertThat(queue.inFlightCount()).isEqualTo(1);
        assertThat(region.userCount()).isEqualTo(1);
        fabric.completeSend(capsule);
        poll();
        assertThat(done).containsExactly(new Done(7, capsule.slot(), 0, 5, false));
    }

    @Test
    void allSlotsTaken_acquireRefusesUntilOneCompletes() {
        List<SentCapsule> capsules = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            capsules.add(send(i));
        }
        assertThat(queue.freeCount()).isZero();
        assertThat(queue.acquire()).isEqualTo(-1);
        fabric.respond(capsules.get(2), 0, 0);
        poll();
        assertThat(queue.acquire()).isEqualTo(capsules.get(2).slot());
    }

    @Test
    void severalSubmitted_areSentWithOneRing() {
        submit(1);
        submit(2);
        submit(3);
        assertThat(fabric.sent()).isEmpty();
        queue.ring();
        assertThat(fabric.ringCalls()).isEqualTo(1);
        assertThat(fabric.sent()).hasSize(3);
    }

    @Test
    void abandonedSlot_isFreeWithAnotherId() {
        int slot = queue.acquire();
        int id = queue.commandId(slot);
        queue.abandon(slot);
        assertThat(queue.freeCount()).isEqualTo(4);
        assertThat(queue.acquire()).isEqualTo(slot);
        assertThat(queue.commandId(slot)).isNotEqualTo(id);
    }

    // Hostile responses.

    @Test
    void responseWithUnknownId_endsQueueAndAbortsOutstanding() {
        SentCapsule capsule = send(7);
        fabric.respond(0xBEEF, 0, 0);
        poll();
        assertThat(done).containsExactly(new Done(7, capsule.slot(), STATUS_HOST_ABORTED, 0, true));
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
        assertThat(failureMessage()).contains("beefh");
    }

    @Test
    void responseOfEarlierGeneration_endsQueue() {
        SentCapsule first = send(1);
        fabric.respond(first, 0, 0);
        poll();
        SentCapsule second = send(2);
        assertThat(second.slot()).isEqualTo(first.slot());
        fabric.respond(first, 0, 0);
        poll();
        assertThat(tokens()).containsExactly(1L, 2L);
        assertThat(done.getLast().status()).isEqualTo(STATUS_HOST_ABORTED);
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
    }

    @Test
    void responseBeforeAnyCommand_endsQueue() {
        fabric.respond(0, 0, 0);
        poll();
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
    }

    @ParameterizedTest
    @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 1, 15})
    void shortResponse_endsQueueAndIsNotLookedAt(int byteLength) {
        SentCapsule capsule = send(7);
        byte[] bytes = new byte[16];
        bytes[12] = (byte) capsule.commandId();
        bytes[13] = (byte) (capsule.commandId() >>> 8);
        fabric.receive(bytes, byteLength);
        poll();
        assertThat(done).extracting(Done::status).containsExactly(STATUS_HOST_ABORTED);
        assertThat(failureMessage()).contains(byteLength + " bytes");
    }

    @Test
    void duplicateResponse_completesOnceAndEndsQueue() {
        SentCapsule capsule = send(7);
        fabric.respond(capsule, 0, 0);
        fabric.respond(capsule, 0, 0);
        poll();
        poll();
        assertThat(done).extracting(Done::status).containsExactly(0);
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
    }

    @Test
    void duplicateResponseBeforeSendCompletion_keepsFirstAnswer() {
        fabric.autoSent(false);
        SentCapsule capsule = send(7);
        fabric.respond(capsule, 0x0002, 1);
        fabric.respond(capsule, 0x0000, 2);
        poll();
        assertThat(done).containsExactly(new Done(7, capsule.slot(), 2, 1, true));
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
    }

    @Test
    void violationInMiddleOfBatch_othersOfBatchStillComplete() {
        SentCapsule first = send(1);
        SentCapsule second = send(2);
        SentCapsule third = send(3);
        fabric.respond(first, 0, 0);
        fabric.respond(0xFFFF, 0, 0);
        fabric.respond(second, 0, 0);
        poll();
        assertThat(done)
                .extracting(Done::token, Done::status)
                .containsExactlyInAnyOrder(
                        org.assertj.core.groups.Tuple.tuple(1L, 0),
                        org.assertj.core.groups.Tuple.tuple(2L, 0),
                        org.assertj.core.groups.Tuple.tuple(3L, STATUS_HOST_ABORTED));
        assertThat(third.slot()).isNotEqualTo(second.slot());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 4, 65_535})
    void sendCompletionOfNoSlot_endsQueue(int slot) {
        send(7);
        fabric.completeSend(slot, 0);
        poll();
        assertThat(done).extracting(Done::status).containsExactly(STATUS_HOST_ABORTED);
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.TRANSPORT_ERROR);
    }

    @Test
    void repeatedSendCompletion_endsQueueAndCompletesOnce() {
        SentCapsule capsule = send(7);
        fabric.completeSend(capsule);
        fabric.respond(capsule, 0, 0);
        poll();
        assertThat(tokens()).containsExactly(7L);
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.TRANSPORT_ERROR);
    }

    // Handlers.

    @Test
    void handlerThrows_restOfBatchIsDeliveredFirst() {
        SentCapsule first = send(1);
        SentCapsule second = send(2);
        fabric.respond(first, 0, 0);
        fabric.respond(second, 0, 0);
        CommandHandler thrower =
                (token, slot, status, result) -> {
                    handle(token, slot, status, result);
                    throw new IllegalStateException("handler " + token);
                };
        assertThatThrownBy(() -> queue.poll(thrower))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("handler 1")
                .satisfies(e ->
                        assertThat(e.getSuppressed())
                                .extracting(Throwable::getMessage)
                                .containsExactly("handler 2"));
        assertThat(tokens()).containsExactly(1L, 2L);
        assertThat(queue.inFlightCount()).isZero();
        assertThat(queue.failure()).isNull();
        assertThatCode(this::poll).doesNotThrowAnyException();
    }

    @Test
    void handlerThrowsError_restOfBatchIsDeliveredFirst() {
        SentCapsule first = send(1);
        SentCapsule second = send(2);
        fabric.respond(first, 0, 0);
        fabric.respond(second, 0, 0);
        StackOverflowError error = new StackOverflowError();
        CommandHandler thrower =
                (token, slot, status, result) -> {
                    handle(token, slot, status, result);
                    throw error;
                };
        assertThatThrownBy(() -> queue.poll(thrower)).isSameAs(error);
        assertThat(tokens()).containsExactly(1L, 2L);
        assertThat(queue.inFlightCount()).isZero();
    }

    @Test
    void handlerThrowsDuringTearDown_allOutstandingStillComplete() {
        send(1);
        send(2);
        send(3);
        queue.fail(LOST);
        CommandHandler thrower =
                (token, slot, status, result) -> {
                    handle(token, slot, status, result);
                    throw new IllegalStateException("no");
                };
        assertThatThrownBy(() -> queue.poll(thrower)).hasMessage("no");
        assertThat(tokens()).containsExactlyInAnyOrder(1L, 2L, 3L);
        assertThat(region.userCount()).isZero();
    }

    @Test
    void handlerSubmits_newCommandUsesFreedSlot() {
        for (int i = 0; i < 4; i++) {
            submit(i);
        }
        queue.ring();
        fabric.respond(fabric.sent().get(0), 0, 0);
        queue.poll((token, slot, status, result) -> {
            handle(token, slot, status, result);
            submit(token + 100);
        });
        queue.ring();
        fabric.respond(fabric.lastSent(), 0, 9);
        poll();
        assertThat(tokens()).containsExactly(0L, 100L);
        assertThat(done.getLast().result()).isEqualTo(9);
    }

    @Test
    void handlerSubmitsDuringTearDown_isRefused() {
        send(1);
        send(2);
        queue.fail(LOST);
        List<Integer> acquired = new ArrayList<>();
        queue.poll((token, slot, status, result) -> {
            handle(token, slot, status, result);
            acquired.add(queue.acquire());
            acquired.add(queue.freeCount());
        });
        assertThat(tokens()).containsExactlyInAnyOrder(1L, 2L);
        assertThat(acquired).containsExactly(-1, 0, -1, 0);
        assertThat(queue.inFlightCount()).isZero();
    }

    @Test
    void handlerPollsItsQueue_isRefusedAndNothingIsLost() {
        SentCapsule first = send(1);
        SentCapsule second = send(2);
        fabric.respond(first, 0, 0);
        fabric.respond(second, 0, 0);
        assertThatThrownBy(() ->
                        queue.poll((token, slot, status, result) -> {
                            handle(token, slot, status, result);
                            poll();
                        }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("must not poll");
        assertThat(tokens()).containsExactly(1L, 2L);
    }

    @Test
    void handlerClosesItsQueue_isRefusedAndQueueStaysUsable() {
        SentCapsule first = send(1);
        fabric.respond(first, 0, 0);
        assertThatThrownBy(() ->
                        queue.poll((token, slot, status, result) -> queue.close(this::handle)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("must not close");
        assertThat(fabric.isClosed()).isFalse();
        fabric.respond(send(2), 0, 0);
        poll();
        assertThat(tokens()).containsExactly(2L);
    }

    @Test
    void answerToACommandThatIsNotPosted_isAViolation() {
        fabric.inlineSends(true);
        SentCapsule first = send(1);
        fabric.respond(first, 0, 0);
        poll();
        assertThat(tokens()).containsExactly(1L);
        int slot = submit(2);
        fabric.respond(queue.commandId(slot), 0, 0);
        poll();
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
        assertThat(done.getLast().status()).isEqualTo(CommandQueue.STATUS_HOST_ABORTED);
        assertThat(tokens()).containsExactly(1L, 2L);
    }

    @Test
    void commandStagedInABatch_isPostedByTheNextRing_andItsAnswerCounts() {
        fabric.inlineSends(true);
        fabric.respond(send(1), 0, 0);
        queue.poll((token, slot, status, result) -> {
            handle(token, slot, status, result);
            submit(2);
        });
        queue.ring();
        fabric.respond(fabric.lastSent(), 0, 0);
        poll();
        assertThat(tokens()).containsExactly(1L, 2L);
        assertThat(queue.failure()).isNull();
    }

    // The end of a queue.

    @Test
    void failureWithOutstanding_eachCompletesOnceAfterDrain() {
        send(1);
        send(2);
        submit(3); // staged, never sent
        queue.fail(LOST);
        poll();
        assertThat(tokens()).containsExactlyInAnyOrder(1L, 2L, 3L);
        assertThat(done).allMatch(d -> d.status() == STATUS_HOST_ABORTED && d.quiet());
        assertThat(fabric.drainCalls()).isEqualTo(1);
        assertThat(region.userCount()).isZero();
        poll();
        queue.close(this::handle);
        assertThat(done).hasSize(3);
        assertThat(fabric.drainCalls()).isEqualTo(1);
    }

    @Test
    void answerThatArrivesWithTheEnd_keepsItsStatus() {
        SentCapsule capsule = send(1);
        queue.fail(LOST);
        fabric.respond(capsule, 0x0281, 3);
        poll();
        assertThat(done).extracting(Done::status).containsExactly(0x0281);
    }

    @Test
    void answeredButSendNotComplete_keepsItsStatusAtTheEnd() {
        fabric.autoSent(false);
        SentCapsule capsule = send(1);
        fabric.respond(capsule, 0x0281, 3);
        queue.fail(LOST);
        poll();
        assertThat(done).containsExactly(new Done(1, capsule.slot(), 0x0281, 3, true));
    }

    @Test
    void responseDuringDrain_completesNormally() {
        SentCapsule capsule = send(1);
        for (int i = 0; i < FakeFabricQueue.BATCH; i++) {
            // Fill the batch, so that the answer is left for the drain.
            fabric.completeSend(99, 0);
        }
        fabric.respond(capsule, 0, 8);
        poll();
        assertThat(tokens()).containsExactly(1L);
        assertThat(done.getFirst().result()).isEqualTo(8);
    }

    @Test
    void drainTimesOut_queueIsDestroyedBeforeCompletions() {
        fabric.drains(false);
        send(1);
        queue.fail(LOST);
        poll();
        assertThat(fabric.closeCalls()).isEqualTo(1);
        assertThat(done).containsExactly(new Done(1, 0, STATUS_HOST_ABORTED, 0, true));
        assertThat(region.userCount()).isZero();
    }

    @Test
    void drainThrows_queueIsDestroyedBeforeCompletions() {
        fabric.failDrain(new IllegalStateException("ibv_poll_cq failed"));
        send(1);
        queue.fail(LOST);
        poll();
        assertThat(fabric.closeCalls()).isEqualTo(1);
        assertThat(done).containsExactly(new Done(1, 0, STATUS_HOST_ABORTED, 0, true));
    }

    @Test
    void neitherDrainNorDestroy_commandsCompleteAndMemoryStaysInUse() {
        fabric.drains(false);
        fabric.destroys(false);
        send(1);
        send(2);
        queue.fail(LOST);
        poll();
        queue.close(this::handle);
        assertThat(done).hasSize(2).allMatch(d -> d.status() == STATUS_HOST_ABORTED);
        assertThat(region.userCount()).isEqualTo(2);
        assertThat(memory.unregister(region)).isFalse();
        assertThat(memory.registeredCount()).isEqualTo(1);
    }

    @Test
    void closeWithOutstanding_eachCompletesOnceAndQueueIsDestroyed() {
        send(1);
        send(2);
        queue.close(this::handle);
        queue.close(this::handle);
        assertThat(tokens()).containsExactlyInAnyOrder(1L, 2L);
        assertThat(done).allMatch(Done::quiet);
        assertThat(fabric.closeCalls()).isEqualTo(1);
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.CLOSED);
    }

    @Test
    void closeWhenDestroyFailsAfterDrain_doesNotThrow() {
        fabric.destroys(false);
        send(1);
        queue.close(this::handle);
        assertThat(tokens()).containsExactly(1L);
    }

    @Test
    void failedTwice_firstReasonStays() {
        queue.fail(LOST);
        queue.fail(new FabricFailure(FabricFailure.Kind.TIMED_OUT, "later"));
        assertThat(queue.failure()).isEqualTo(LOST);
    }

    @Test
    void everythingAfterTheEnd_doesNothing() {
        fabric.drains(false);
        send(1);
        queue.fail(LOST);
        poll();
        queue.arm();
        queue.block(Long.MAX_VALUE);
        queue.wakeUp();
        assertThat(queue.hasCompletions()).isFalse();
        assertThat(queue.acquire()).isEqualTo(-1);
        assertThat(queue.poll(this::handle)).isZero();
        assertThat(done).hasSize(1);
    }

    @Test
    void blockOnFailedQueue_returnsAtOnce() {
        queue.fail(LOST);
        queue.block(Long.MAX_VALUE);
        assertThat(fabric.blockCalls()).isZero();
    }

    @Test
    void pollingBreaks_outstandingCompleteAndReasonIsKept() {
        send(1);
        fabric.failPoll(new IllegalStateException("the completion queue is broken"));
        fabric.failDrain(new IllegalStateException("the completion queue is broken"));
        assertThat(queue.hasCompletions()).isTrue();
        poll();
        assertThat(tokens()).containsExactly(1L);
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.TRANSPORT_ERROR);
        assertThat(failureMessage()).contains("the completion queue is broken");
        assertThat(region.userCount()).isZero();
    }

    // Deadlines.

    @Test
    void deadlinePassed_queueFailsAndCommandsAreAborted() {
        long now = System.nanoTime();
        submit(1, now + 1000);
        submit(2, now + 5000);
        queue.ring();
        queue.checkDeadlines(now + 999);
        assertThat(queue.failure()).isNull();
        queue.checkDeadlines(now + 1000);
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.TIMED_OUT);
        poll();
        assertThat(tokens()).containsExactlyInAnyOrder(1L, 2L);
    }

    @Test
    void answeredCommandPastDeadlineWithoutSendCompletion_failsQueue() {
        fabric.autoSent(false);
        long now = System.nanoTime();
        submit(1, now + 1000);
        queue.ring();
        fabric.respond(fabric.lastSent(), 0, 0);
        poll();
        long last = now + 1000 + CommandDeadlines.ANSWERED_GRACE_NANOS;
        queue.checkDeadlines(last - 1);
        assertThat(queue.failure()).isNull();
        assertThat(queue.earliestDeadlineNanos(now)).isEqualTo(last);
        queue.checkDeadlines(last);
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.TIMED_OUT);
    }

    @Test
    void deadlineAcrossClockOverflow_isComparedByDifference() {
        submit(1, Long.MIN_VALUE + 10);
        queue.checkDeadlines(Long.MAX_VALUE - 10);
        assertThat(queue.failure()).isNull();
        assertThat(queue.earliestDeadlineNanos(Long.MAX_VALUE - 10)).isEqualTo(Long.MIN_VALUE + 10);
        queue.checkDeadlines(Long.MIN_VALUE + 11);
        assertThat(failureKind()).isEqualTo(FabricFailure.Kind.TIMED_OUT);
    }

    @Test
    void completedCommandPastDeadline_doesNotFailQueue() {
        long now = System.nanoTime();
        submit(1, now + 1000);
        queue.ring();
        fabric.respond(fabric.lastSent(), 0, 0);
        poll();
        queue.checkDeadlines(now + 2000);
        assertThat(queue.failure()).isNull();
        assertThat(queue.earliestDeadlineNanos(now)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void earliestDeadline_isTheSmallest() {
        submit(1, 500);
        submit(2, 300);
        submit(3, 400);
        assertThat(queue.earliestDeadlineNanos(100)).isEqualTo(300);
    }
}

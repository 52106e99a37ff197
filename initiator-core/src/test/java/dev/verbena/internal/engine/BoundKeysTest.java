package dev.verbena.internal.engine;

import static dev.verbena.internal.engine.CommandQueue.STATUS_HOST_ABORTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.MemoryMode;
import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.SentCapsule;
import dev.verbena.internal.engine.CommandData.Direction;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.internal.memory.Region;
import dev.verbena.nvme.NvmCommands;
import dev.verbena.nvme.Sgl;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Strict isolation: every command binds a key of its own, which is invalid when it completes.
class BoundKeysTest {
    private static final int BYTES = 4096;
    private static final long MINUTE = 60_000_000_000L;

    private final FakeMemoryDomain memory = new FakeMemoryDomain(MemoryMode.STRICT);
    private final FakeFabricQueue fabric = new FakeFabricQueue(1, 4);
    private final Region region = memory.register(Arena.ofAuto().allocate(2 * BYTES));
    private final List<Integer> statuses = new ArrayList<>();

    /// Keys that were valid when a completion was delivered.
    private final List<Integer> validAtCompletion = new ArrayList<>();

    private final List<Integer> keys = new ArrayList<>();
    private CommandQueue queue = new CommandQueue(fabric);

    @BeforeEach
    void bind() {
        fabric.bindKeys(memory);
        queue = new CommandQueue(fabric);
    }

    private SentCapsule read(long token) {
        return send(token, Direction.CONTROLLER_WRITES);
    }

    private SentCapsule send(long token, Direction direction) {
        assertThat(region.tryAcquire()).isTrue();
        CommandData data = new CommandData().direction(direction);
        data.add(region, region.address() + 512, BYTES).keyed();
        int slot = queue.acquire();
        NvmCommands.read(
                queue.capsules(), queue.capsuleOffset(slot), queue.commandId(slot), 1, 0, 8, 0);
        queue.submit(slot, token, data, MINUTE);
        queue.ring();
        keys.add(fabric.lastSent().sglKey());
        return fabric.lastSent();
    }

    private void poll() {
        queue.poll((token, slot, status, result) -> {
            statuses.add(status);
            keys.stream().filter(memory::isValid).forEach(validAtCompletion::add);
        });
    }

    private FabricFailure failure() {
        return Objects.requireNonNull(queue.failure());
    }

    // What is asked for.

    @ParameterizedTest
    @EnumSource(
            value = Direction.class,
            names = {"CONTROLLER_READS", "CONTROLLER_WRITES"})
    void command_asksForInvalidationOfAKeyOfItsDirection(Direction direction) {
        SentCapsule capsule = send(1, direction);
        assertThat(capsule.sglType()).isEqualTo(Sgl.TYPE_KEYED_INVALIDATE);
        assertThat(capsule.sglAddress()).isEqualTo(region.address() + 512);
        int key = capsule.sglKey();
        byte[] page = new byte[BYTES];
        if (direction == Direction.CONTROLLER_READS) {
            assertThat(memory.rdmaRead(key, capsule.sglAddress(), BYTES)).isEqualTo(page);
            assertThatThrownBy(() -> memory.rdmaWrite(key, capsule.sglAddress(), page))
                    .isInstanceOf(AssertionError.class);
        } else {
            memory.rdmaWrite(key, capsule.sglAddress(), page);
            assertThatThrownBy(() -> memory.rdmaRead(key, capsule.sglAddress(), BYTES))
                    .isInstanceOf(AssertionError.class);
        }
        // Nor anything beside the command's own bytes.
        assertThatThrownBy(() -> memory.rdmaWrite(key, region.address(), new byte[512]))
                .isInstanceOfAny(AssertionError.class, IndexOutOfBoundsException.class);
    }

    @Test
    void regionItself_hasNoRemoteKey() {
        assertThat(region.controllerReadsKey()).isZero();
        assertThat(region.controllerWritesKey()).isZero();
    }

    @Test
    void list_isRefusedBeforeAnythingHappens() {
        CommandData data = new CommandData().direction(Direction.CONTROLLER_WRITES);
        assertThat(region.tryAcquire()).isTrue();
        data.add(region, region.address(), 512).keyedList();
        int slot = queue.acquire();
        assertThatThrownBy(() -> queue.submit(slot, 1, data, MINUTE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a list");
        queue.abandon(slot);
        data.release();
        assertThat(region.userCount()).isZero();
        assertThat(queue.freeCount()).isEqualTo(4);
    }

    // Invalidation by the target.

    @Test
    void targetInvalidatesKey_completesWithoutLocalInvalidation() {
        fabric.respondAsAsked(read(1), 0x4002, 0);
        poll();
        assertThat(statuses).containsExactly(0x4002);
        assertThat(validAtCompletion).isEmpty();
        assertThat(fabric.invalidationCount()).isZero();
        assertThat(region.userCount()).isZero();
    }

    @Test
    void targetInvalidatesBeforeSendCompletion_completesAfterIt() {
        fabric.autoSent(false);
        SentCapsule capsule = read(1);
        fabric.respondAsAsked(capsule, 0, 0);
        poll();
        assertThat(statuses).isEmpty();
        assertThat(region.userCount()).isEqualTo(1);
        fabric.completeSend(capsule);
        poll();
        assertThat(statuses).containsExactly(0);
    }

    @Test
    void keyOfAnotherCommand_isAViolation() {
        SentCapsule one = read(1);
        SentCapsule two = read(2);
        fabric.respondInvalidating(one, 0, 0, two.sglKey());
        poll();
        assertThat(failure().kind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
        assertThat(failure().message())
                .contains("invalidated key " + Integer.toHexString(two.sglKey()));
        assertThat(statuses).containsExactly(STATUS_HOST_ABORTED, STATUS_HOST_ABORTED);
        assertThat(region.userCount()).isZero();
    }

    @Test
    void keyNobodyMade_isAViolation() {
        fabric.respondInvalidating(read(1), 0, 0, 0xBAD);
        poll();
        assertThat(failure().kind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
        assertThat(statuses).containsExactly(STATUS_HOST_ABORTED);
    }

    @Test
    void invalidationForCommandWithoutKey_isAViolation() {
        int slot = queue.acquire();
        NvmCommands.flush(queue.capsules(), queue.capsuleOffset(slot), queue.commandId(slot), 1);
        queue.submit(slot, 1, new CommandData(), MINUTE);
        queue.ring();
        fabric.respondInvalidating(fabric.lastSent(), 0, 0, 0x1234);
        poll();
        assertThat(failure().kind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
    }

    @Test
    void invalidationOfEarlierCommandsKey_isAViolation() {
        SentCapsule old = read(1);
        fabric.respondAsAsked(old, 0, 0);
        poll();
        SentCapsule next = read(2);
        assertThat(next.slot()).isEqualTo(old.slot());
        assertThat(next.sglKey()).isNotEqualTo(old.sglKey());
        fabric.respondInvalidating(next, 0, 0, old.sglKey());
        poll();
        assertThat(failure().kind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
    }

    // Invalidation by this side.

    @Test
    void targetDoesNotInvalidate_completesAfterOwnInvalidation() {
        fabric.autoInvalidated(false);
        SentCapsule capsule = read(1);
        fabric.respond(capsule, 0x2, 7);
        poll();
        assertThat(statuses).isEmpty();
        assertThat(fabric.invalidationCount()).isEqualTo(1);
        assertThat(region.userCount()).isEqualTo(1);
        fabric.completeInvalidation(capsule.slot(), capsule.tag());
        poll();
        assertThat(statuses).containsExactly(0x2);
        assertThat(validAtCompletion).isEmpty();
        assertThat(region.userCount()).isZero();
    }

    @Test
    void ownInvalidationBeforeSendCompletion_completesAfterBoth() {
        fabric.autoSent(false);
        SentCapsule capsule = read(1);
        fabric.respond(capsule, 0, 0);
        poll();
        poll();
        assertThat(fabric.invalidationCount()).isEqualTo(1);
        assertThat(statuses).isEmpty();
        fabric.completeSend(capsule);
        poll();
        assertThat(statuses).containsExactly(0);
    }

    @Test
    void secondAnswerDuringInvalidation_isAViolation() {
        fabric.autoInvalidated(false);
        SentCapsule capsule = read(1);
        fabric.respond(capsule, 0, 0);
        poll();
        fabric.respond(capsule, 0, 0);
        poll();
        assertThat(failure().kind()).isEqualTo(FabricFailure.Kind.PROTOCOL_VIOLATION);
        // Its answer had come; the flush made its memory safe.
        assertThat(statuses).containsExactly(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void invalidationNobodyAskedFor_endsQueue(int tagOffset) {
        SentCapsule capsule = read(1);
        fabric.completeInvalidation(capsule.slot(), capsule.tag() + tagOffset);
        poll();
        assertThat(failure().kind()).isEqualTo(FabricFailure.Kind.TRANSPORT_ERROR);
        assertThat(failure().message()).contains("an invalidation");
        assertThat(statuses).containsExactly(STATUS_HOST_ABORTED);
    }

    @Test
    void invalidationThatFails_endsQueueAndKeepsTheAnswer() {
        fabric.autoInvalidated(false);
        fabric.respond(read(1), 0x2, 0);
        poll();
        queue.fail(new FabricFailure(FabricFailure.Kind.TRANSPORT_ERROR, "invalidating failed"));
        poll();
        assertThat(statuses).containsExactly(0x2);
        assertThat(region.userCount()).isZero();
    }

    @Test
    void invalidationThatNeverEnds_expires() {
        fabric.autoInvalidated(false);
        fabric.respond(read(1), 0, 0);
        poll();
        long now = System.nanoTime();
        queue.checkDeadlines(now);
        queue.checkDeadlines(now + MINUTE);
        assertThat(queue.failure()).isNull();
        queue.checkDeadlines(now + MINUTE + CommandDeadlines.ANSWERED_GRACE_NANOS);
        assertThat(failure().kind()).isEqualTo(FabricFailure.Kind.TIMED_OUT);
    }

    // The end of the queue in each state.

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void lossBeforeAnswer_abortsAndReleases(boolean sent) {
        fabric.autoSent(sent);
        read(1);
        poll();
        queue.fail(new FabricFailure(FabricFailure.Kind.DISCONNECTED, "gone"));
        poll();
        assertThat(statuses).containsExactly(STATUS_HOST_ABORTED);
        assertThat(region.userCount()).isZero();
    }

    @Test
    void flushThatFailsWhileKeyIsValid_keepsMemoryForEver() {
        fabric.autoInvalidated(false);
        fabric.respond(read(1), 0, 0);
        poll();
        fabric.drains(false);
        fabric.destroys(false);
        queue.fail(new FabricFailure(FabricFailure.Kind.DISCONNECTED, "gone"));
        poll();
        assertThat(statuses).containsExactly(0);
        assertThat(region.userCount()).isEqualTo(1);
    }

    @Test
    void inlineSends_completeWithAnswerAndInvalidation() {
        fabric.inlineSends(true);
        fabric.respondAsAsked(read(1), 0, 0);
        poll();
        fabric.respond(read(2), 0, 0);
        poll();
        poll();
        assertThat(statuses).containsExactly(0, 0);
        assertThat(fabric.invalidationCount()).isEqualTo(1);
        assertThat(validAtCompletion).isEmpty();
    }
}

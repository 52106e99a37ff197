package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.Level1Fixture.Done;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every completion of a batch reaches the handler of the poll, once, whatever others do.
@Timeout(60)
class Level1DeliveryTest {
    private static final FabricFailure GONE =
            new FabricFailure(FabricFailure.Kind.DISCONNECTED, "gone");

    enum Watching {
        RECORDER,
        FLIGHT_RECORDER
    }

    private static void flushes(Level1Fixture f, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            assertThat(f.queue.tryFlush(f.namespace, i)).isTrue();
        }
    }

    private static void watched(Watching watching, Consumer<Level1Fixture> test)
            throws IOException {
        if (watching == Watching.RECORDER) {
            Level1Fixture f = Level1Fixture.open();
            f.queue.recordLatency((opcode, nanos) -> {});
            test.accept(f);
            return;
        }
        try (Recording recording = new Recording()) {
            recording.enable("dev.verbena.SlowCommand").withoutThreshold();
            recording.start();
            test.accept(Level1Fixture.open());
        }
    }

    @ParameterizedTest
    @EnumSource
    void queueDestroyedWithoutFlush_whileSomebodyTakesTimes_endsEveryCommand(Watching watching)
            throws IOException {
        watched(
                watching,
                f -> {
                    try {
                        f.target.ignore(c -> c.opcode() == NvmOpcode.FLUSH);
                        flushes(f, 4);
                        f.queue.submit();
                        f.fabric.drains(false);
                        f.fabric.fail(GONE);
                        f.poll();
                        assertThat(f.done)
                                .containsExactlyInAnyOrder(
                                        new Done(0, 0x371),
                                        new Done(1, 0x371),
                                        new Done(2, 0x371),
                                        new Done(3, 0x371));
                        assertThat(f.queue.inFlightCount()).isZero();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    } finally {
                        f.close();
                    }
                });
    }

    @Test
    void recorderThatThrows_losesNoCompletion_andThePollThrowsIt() throws IOException {
        try (Level1Fixture f = Level1Fixture.open()) {
            f.queue.recordLatency((opcode, nanos) -> {
                throw new UnsupportedOperationException("no clock here");
            });
            flushes(f, 3);
            assertThatThrownBy(f::poll)
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessage("no clock here");
            assertThat(f.done).containsExactly(new Done(0, 0), new Done(1, 0), new Done(2, 0));
            f.queue.recordLatency(null);
            f.poll();
        }
    }

    @Test
    void recorderThatThrows_stillEndsAFusedPair() throws IOException {
        try (Level1Fixture f = Level1Fixture.open()) {
            f.queue.recordLatency((opcode, nanos) -> {
                throw new AssertionError("no clock here");
            });
            assertThat(
                            f.queue.tryCompareAndWrite(
                                    f.namespace,
                                    0,
                                    1,
                                    f.filled(512, 0).fill((byte) 0),
                                    f.filled(512, 1),
                                    7,
                                    IoOptions.DEFAULT))
                    .isTrue();
            assertThatThrownBy(f::poll).isInstanceOf(AssertionError.class);
            assertThat(f.done).containsExactly(new Done(7, 0));
        }
    }

    @Test
    void handlerThatThrows_losesNoCompletion() throws IOException {
        try (Level1Fixture f = Level1Fixture.open()) {
            flushes(f, 3);
            List<Long> seen = new ArrayList<>();
            assertThatThrownBy(() ->
                            f.queue.poll((token, status, result) -> {
                                seen.add(token);
                                throw new StackOverflowError("" + token);
                            }))
                    .isInstanceOf(StackOverflowError.class)
                    .hasMessage("0");
            assertThat(seen).containsExactly(0L, 1L, 2L);
        }
    }

    @Test
    void nestedPoll_isRefused_andTheRestGoesToTheFirstHandler() throws IOException {
        try (Level1Fixture f = Level1Fixture.open()) {
            flushes(f, 3);
            List<Long> outer = new ArrayList<>();
            List<Long> inner = new ArrayList<>();
            f.queue.poll((token, status, result) -> {
                outer.add(token);
                assertThatThrownBy(() -> f.queue.poll((t, s, r) -> inner.add(t)))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("after polling");
                assertThatThrownBy(f.queue::close).isInstanceOf(IllegalStateException.class);
            });
            assertThat(inner).isEmpty();
            assertThat(outer).containsExactly(0L, 1L, 2L);
        }
    }

    @Test
    void nestedGroupPoll_isRefused_andTheRestGoesToTheFirstHandler() throws IOException {
        try (Level1Fixture f = Level1Fixture.open(x -> {}, o -> o.withIoQueues(4));
                QueueGroup group = f.controller.newQueueGroup(2);
                IoQueue a = f.controller.openQueue(group);
                IoQueue b = f.controller.openQueue(group)) {
            for (int i = 0; i < 3; i++) {
                assertThat(a.tryFlush(f.namespace, i)).isTrue();
                assertThat(b.tryFlush(f.namespace, 10 + i)).isTrue();
            }
            List<Long> outer = new ArrayList<>();
            List<Long> inner = new ArrayList<>();
            group.poll((queue, token, status, result) -> {
                outer.add(token);
                assertThatThrownBy(() -> group.poll((q, t, s, r) -> inner.add(t)))
                        .isInstanceOf(IllegalStateException.class);
            });
            assertThat(inner).isEmpty();
            assertThat(outer).containsExactlyInAnyOrder(0L, 1L, 2L, 10L, 11L, 12L);
        }
    }

    private static Level1Fixture openForGroups() throws IOException {
        return Level1Fixture.open(x -> {}, o -> o.withIoQueues(6));
    }

    @Test
    void completionsDuringOpenQueue_beforeAndAfterTheFirstPoll_comeWithTheNextPoll()
            throws IOException {
        try (Level1Fixture f = openForGroups();
                QueueGroup group = f.controller.newQueueGroup(4);
                IoQueue first = f.controller.openQueue(group)) {
            List<Long> seen = new ArrayList<>();
            QueueGroup.Handler handler = (queue, token, status, result) -> seen.add(token);
            for (int round = 0; round < 2; round++) {
                assertThat(first.tryFlush(f.namespace, 10 + round)).isTrue();
                first.submit();
                try (IoQueue other = f.controller.openQueue(group)) {
                    assertThat(seen).hasSize(round);
                    assertThat(first.inFlightCount()).isEqualTo(1);
                    assertThat(other.inFlightCount()).isZero();
                    group.await(Duration.ofSeconds(50).toNanos()); // there is something to poll
                    assertThat(group.poll(handler)).isPositive();
                    assertThat(first.inFlightCount()).isZero();
                }
            }
            assertThat(seen).containsExactly(10L, 11L);
            assertThat(group.poll(handler)).isZero();
        }
    }

    @Test
    void completionsDuringCloseOfAnotherQueue_comeWithTheNextPoll() throws IOException {
        try (Level1Fixture f = openForGroups();
                QueueGroup group = f.controller.newQueueGroup(4);
                IoQueue first = f.controller.openQueue(group)) {
            IoQueue other = f.controller.openQueue(group);
            List<Long> seen = new ArrayList<>();
            assertThat(first.tryFlush(f.namespace, 1)).isTrue();
            first.submit();
            other.close();
            assertThat(seen).isEmpty();
            assertThat(first.inFlightCount()).isEqualTo(1);
            group.poll((queue, token, status, result) -> seen.add(token));
            assertThat(seen).containsExactly(1L);
        }
    }

    @Test
    void queueClosedWithKeptCompletions_isEmpty() throws IOException {
        try (Level1Fixture f = openForGroups();
                QueueGroup group = f.controller.newQueueGroup(4);
                IoQueue staying = f.controller.openQueue(group)) {
            IoQueue first = f.controller.openQueue(group);
            var block = f.filled(512, 1);
            assertThat(first.tryRead(f.namespace, 0, 1, block, 1)).isTrue();
            first.submit();
            IoQueue other = f.controller.openQueue(group);
            assertThat(first.inFlightCount()).isEqualTo(1);
            first.close();
            assertThat(first.inFlightCount()).isZero();
            group.poll((queue, token, status, result) -> {
                throw new AssertionError("token " + token + " of a closed queue");
            });
            other.close();
            assertThat(staying.inFlightCount()).isZero();
        }
    }

    @Test
    void openQueueFromAHandler_isRefused() throws IOException {
        try (Level1Fixture f = openForGroups();
                QueueGroup group = f.controller.newQueueGroup(4);
                IoQueue queue = f.controller.openQueue(group)) {
            assertThat(queue.tryFlush(f.namespace, 1)).isTrue();
            assertThat(queue.tryFlush(f.namespace, 2)).isTrue();
            List<Long> seen = new ArrayList<>();
            group.poll((q, token, status, result) -> {
                seen.add(token);
                assertThatThrownBy(() -> f.controller.openQueue(group))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("after polling");
            });
            assertThat(seen).containsExactly(1L, 2L);
            assertThat(group.queues()).containsExactly(queue);
        }
    }

    @Test
    void errorFromTheFabric_endsEveryCommand_andTheGroupGoesOn() throws IOException {
        Level1Fixture f = openForGroups();
        try (QueueGroup group = f.controller.newQueueGroup(4);
                IoQueue a = f.controller.openQueue(group);
                IoQueue b = f.controller.openQueue(group)) {
            f.target.ignore(c -> c.opcode() == NvmOpcode.FLUSH);
            assertThat(a.tryFlush(f.namespace, 1)).isTrue();
            assertThat(b.tryFlush(f.namespace, 2)).isTrue();
            group.submit();
            List<Done> seen = new ArrayList<>();
            QueueGroup.Handler handler =
                    (queue, token, status, result) -> seen.add(new Done(token, status));
            Level1Fixture.fabricOf(group).failPoll(new StackOverflowError("deep"));
            assertThatThrownBy(() -> group.poll(handler)).isInstanceOf(StackOverflowError.class);
            assertThat(seen).containsExactlyInAnyOrder(new Done(1, 0x371), new Done(2, 0x371));
            Level1Fixture.fabricOf(group).failPoll(null);
            group.poll(handler);
            assertThat(seen).hasSize(2);
        }
        f.queue.close();
        f.arena.close();
        f.controller.close();
    }

    @Test
    void brokenCompletionQueueOfAGroup_endsItsCommands_alsoWhereTheOwnerOnlyWaits()
            throws IOException {
        Level1Fixture f = openForGroups();
        try (QueueGroup group = f.controller.newQueueGroup(4);
                IoQueue a = f.controller.openQueue(group)) {
            f.target.ignore(c -> c.opcode() == NvmOpcode.FLUSH);
            assertThat(a.tryFlush(f.namespace, 1)).isTrue();
            group.submit();
            Level1Fixture.fabricOf(group).failPoll(new IllegalStateException("the CQ is broken"));
            group.await(Duration.ofSeconds(50).toNanos());
            List<Done> seen = new ArrayList<>();
            group.poll((queue, token, status, result) -> seen.add(new Done(token, status)));
            assertThat(seen).containsExactly(new Done(1, 0x371));
            Level1Fixture.fabricOf(group).failPoll(null);
        }
        f.queue.close();
        f.arena.close();
        f.controller.close();
    }

    @Test
    void handlerThatThrows_doesNotKeepTheOwnerFromDeadlines() throws IOException {
        Level1Fixture f = Level1Fixture.open();
        IoOptions soon = IoOptions.DEFAULT.timeout(Duration.ofMillis(1));
        f.target.ignore(c -> c.opcode() == NvmOpcode.READ);
        assertThat(f.queue.tryRead(f.namespace, 0, 1, f.filled(512, 1), 1, soon)).isTrue();
        CompletionHandler angry =
                (token, status, result) -> {
                    f.done.add(new Done(token, status));
                    throw new IllegalStateException("no");
                };
        long start = System.nanoTime();
        while (f.fabric.failure() == null
                && System.nanoTime() - start < Duration.ofSeconds(40).toNanos()) {
            assertThat(f.queue.tryFlush(f.namespace, 2)).isTrue();
            assertThatThrownBy(() -> f.queue.poll(angry)).hasMessage("no");
        }
        assertThatThrownBy(() -> f.queue.poll(angry)).hasMessage("no");
        assertThat(f.done).contains(new Done(1, 0x371));
        f.close();
    }

    @Test
    void closeWhoseDeregistrationFails_leavesTheController_andCanBeRepeated() throws IOException {
        Level1Fixture f = Level1Fixture.open(x -> x.target.identify(1803, 1, 1));
        var list = new BufferList().add(f.filled(100, 1)).add(f.filled(412, 2));
        assertThat(f.queue.tryRead(f.namespace, 0, 1, list, 1, IoOptions.DEFAULT)).isTrue();
        f.poll();
        assertThat(f.done).containsExactly(new Done(1, 0));
        int before = f.memory.registeredCount();
        f.memory.failDeregister(new IllegalStateException("EIO"));
        assertThatThrownBy(f.queue::close).hasMessage("EIO");
        assertThat(f.memory.registeredCount()).isEqualTo(before);
        assertThatThrownBy(() -> f.queue.tryFlush(f.namespace, 2))
                .isInstanceOf(IllegalStateException.class);
        f.memory.failDeregister(null);
        f.queue.close();
        assertThat(f.memory.registeredCount()).isEqualTo(before - 1);
        f.close();
    }
}

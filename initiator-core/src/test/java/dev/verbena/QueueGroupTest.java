package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class QueueGroupTest {
    private record Done(IoQueue queue, long token, int status) {}

    private final List<Done> done = new ArrayList<>();
    private final List<Long> expired = new ArrayList<>();
    private final QueueGroup.Handler handler =
            new QueueGroup.Handler() {
                @Override
                public void completed(IoQueue queue, long token, int status, long result) {
                    done.add(new Done(queue, token, status));
                }

                @Override
                public void expired(IoQueue queue, long token) {
                    expired.add(token);
                }
            };

    private static Level1Fixture open() throws IOException {
        return Level1Fixture.open(x -> {}, o -> o.withIoQueues(4));
    }

    @Test
    void completionsOfAllQueues_comeFromOnePoll() throws IOException {
        try (Level1Fixture f = open();
                QueueGroup group = f.controller.newQueueGroup(2);
                IoQueue a = f.controller.openQueue(group);
                IoQueue b = f.controller.openQueue(group)) {
            MemorySegment block = f.filled(512, 1);
            assertThat(a.tryWrite(f.namespace, 1, 1, block, 1)).isTrue();
            assertThat(b.tryWrite(f.namespace, 2, 1, block, 2)).isTrue();
            assertThat(b.tryFlush(f.namespace, 3)).isTrue();
            assertThat(group.poll(handler)).isPositive();
            assertThat(done)
                    .containsExactlyInAnyOrder(
                            new Done(a, 1, 0), new Done(b, 2, 0), new Done(b, 3, 0));
            assertThat(group.queues()).containsExactly(a, b);
            assertThat(a.statistics().completed()).isEqualTo(1);
            assertThat(b.statistics().completed()).isEqualTo(2);
        }
    }

    @Test
    void queueOfGroup_isNotPolledByItself() throws IOException {
        try (Level1Fixture f = open();
                QueueGroup group = f.controller.newQueueGroup(1);
                IoQueue queue = f.controller.openQueue(group)) {
            assertThatThrownBy(() -> queue.poll((token, status, result) -> {}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("belongs to a group");
            assertThatThrownBy(() -> queue.await(1)).hasMessageContaining("belongs to a group");
        }
    }

    @Test
    void oneQueueFails_itsCommandsEnd_theOthersGoOn() throws IOException {
        Level1Fixture f = open();
        try (QueueGroup group = f.controller.newQueueGroup(2);
                IoQueue a = f.controller.openQueue(group)) {
            f.target.ignore(c -> c.opcode() == NvmOpcode.FLUSH);
            assertThat(a.tryFlush(f.namespace, 1)).isTrue();
            a.submit();
            f.transport
                    .queues()
                    .getLast()
                    .fail(new FabricFailure(FabricFailure.Kind.DISCONNECTED, "gone"));
            group.poll(handler);
            assertThat(done).containsExactly(new Done(a, 1, 0x371));
            group.poll(handler);
            assertThat(done).hasSize(1);
        }
        f.queue.close();
        f.arena.close();
        f.controller.close();
    }

    @Test
    void expiredCommandOfAQueue_isReported_alsoToAnOwnerAsleep() throws IOException {
        try (Level1Fixture f =
                        Level1Fixture.open(
                                x -> {},
                                o ->
                                        o.withIoQueues(4)
                                                .withTimeoutPolicy(TimeoutPolicy.REPORT_ONLY));
                QueueGroup group = f.controller.newQueueGroup(2);
                IoQueue queue = f.controller.openQueue(group)) {
            group.waitMode(WaitMode.EVENT, Duration.ZERO);
            f.target.ignore(c -> c.opcode() == NvmOpcode.FLUSH);
            IoOptions soon = IoOptions.DEFAULT.timeout(Duration.ofMillis(20));
            assertThat(queue.tryFlush(f.namespace, 9, soon)).isTrue();
            int waits = 0;
            while (expired.isEmpty() && waits < 1000) {
                group.pollOrWait(handler, Duration.ofSeconds(30).toNanos());
                waits++;
            }
            assertThat(expired).containsExactly(9L);
            assertThat(waits).isLessThan(50);
            assertThat(queue.statistics().waits()).isPositive();
            f.target.intercept(f.disk);
        }
    }

    @Test
    void wakeUp_endsTheWait() throws Exception {
        try (Level1Fixture f = open();
                QueueGroup group = f.controller.newQueueGroup(2);
                IoQueue queue = f.controller.openQueue(group)) {
            group.waitMode(WaitMode.EVENT, Duration.ZERO);
            group.wakeUp();
            long start = System.nanoTime();
            group.await(Duration.ofSeconds(50).toNanos());
            assertThat(System.nanoTime() - start).isLessThan(Duration.ofSeconds(40).toNanos());
            assertThat(queue.inFlightCount()).isZero();
        }
    }

    @Test
    void handlerThatClosesOrPolls_isRefused() throws IOException {
        try (Level1Fixture f = open();
                QueueGroup group = f.controller.newQueueGroup(2);
                IoQueue queue = f.controller.openQueue(group)) {
            assertThat(queue.tryFlush(f.namespace, 1)).isTrue();
            assertThatThrownBy(() -> group.poll((q, token, status, result) -> q.close()))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(queue.tryFlush(f.namespace, 2)).isTrue();
            assertThatThrownBy(() -> group.poll((q, token, status, result) -> group.poll(handler)))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(queue.inFlightCount()).isZero();
        }
    }

    @Test
    void groupWithOpenQueues_doesNotClose() throws IOException {
        try (Level1Fixture f = open()) {
            QueueGroup group = f.controller.newQueueGroup(1);
            IoQueue queue = f.controller.openQueue(group);
            assertThatThrownBy(group::close).isInstanceOf(IllegalStateException.class);
            queue.close();
            group.close();
            group.close();
            assertThatThrownBy(() -> group.poll(handler))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            assertThatThrownBy(() -> f.controller.openQueue(group))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> f.controller.newQueueGroup(0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> f.controller.newQueueGroup(257))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}

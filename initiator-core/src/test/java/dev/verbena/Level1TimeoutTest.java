package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.Level1Fixture.Done;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Commands that are not answered in their time.
@Timeout(60)
class Level1TimeoutTest {
    private static final IoOptions SHORT = IoOptions.DEFAULT.timeout(Duration.ofMillis(30));

    /// Far more than any of these tests should take, on any machine.
    private static final long PATIENCE = Duration.ofSeconds(40).toNanos();

    private static Level1Fixture open(TimeoutPolicy policy) throws IOException {
        Level1Fixture f = Level1Fixture.open(x -> {}, o -> o.withTimeoutPolicy(policy));
        f.target.ignore(c -> c.opcode() == NvmOpcode.READ);
        return f;
    }

    private static void pollUntil(Level1Fixture f, java.util.function.BooleanSupplier done) {
        long start = System.nanoTime();
        while (!done.getAsBoolean() && System.nanoTime() - start < PATIENCE) {
            f.queue.pollOrWait(f.handler, 1_000_000);
        }
        assertThat(done.getAsBoolean()).isTrue();
    }

    @Test
    void recover_tellsThenEndsEveryCommandOnce() throws IOException {
        try (Level1Fixture f = open(TimeoutPolicy.RECOVER)) {
            MemorySegment block = f.filled(512, 1);
            long start = System.nanoTime();
            assertThat(f.queue.tryRead(f.namespace, 0, 1, block, 1, SHORT)).isTrue();
            assertThat(f.queue.tryRead(f.namespace, 0, 1, block, 2)).isTrue();
            pollUntil(f, () -> f.done.size() == 2);
            assertThat(System.nanoTime() - start).isGreaterThan(SHORT.timeoutNanos());
            assertThat(f.expired).containsExactly(1L);
            assertThat(f.done).containsExactlyInAnyOrder(new Done(1, 0x371), new Done(2, 0x371));
            assertThat(f.queue.statistics().expired()).isEqualTo(1);
            assertThat(f.queue.statistics().pathErrors()).isEqualTo(2);
            assertThatThrownBy(() -> f.queue.tryFlush(f.namespace, 0))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("not answered in time");
        }
    }

    @Test
    void expiredCommand_stillOwnsItsBuffer_untilTheQueueIsDrained() throws IOException {
        try (Level1Fixture f = open(TimeoutPolicy.RECOVER)) {
            DmaArena own = f.controller.newArena(4096);
            MemorySegment block = own.allocate(512, 512);
            List<String> seen = new ArrayList<>();
            CompletionHandler handler =
                    new CompletionHandler() {
                        @Override
                        public void completed(long token, int status, long result) {
                            assertThat(f.fabric.isQuiet()).isTrue();
                            own.close();
                            seen.add("completed");
                        }

                        @Override
                        public void expired(long token) {
                            assertThat(f.fabric.isQuiet()).isFalse();
                            assertThatThrownBy(own::close)
                                    .isInstanceOf(IllegalStateException.class);
                            seen.add("expired");
                        }
                    };
            assertThat(f.queue.tryRead(f.namespace, 0, 1, block, 1, SHORT)).isTrue();
            long start = System.nanoTime();
            while (seen.size() < 2 && System.nanoTime() - start < PATIENCE) {
                f.queue.pollOrWait(handler, 1_000_000);
            }
            assertThat(seen).containsExactly("expired", "completed");
            assertThat(own.scope().isAlive()).isFalse();
        }
    }

    @Test
    void reportOnly_tellsOnceAndTheAnswerStillCounts() throws IOException {
        try (Level1Fixture f = open(TimeoutPolicy.REPORT_ONLY)) {
            assertThat(f.queue.tryRead(f.namespace, 0, 1, f.filled(512, 1), 1, SHORT)).isTrue();
            pollUntil(f, () -> !f.expired.isEmpty());
            long start = System.nanoTime();
            while (System.nanoTime() - start < Duration.ofMillis(100).toNanos()) {
                f.queue.pollOrWait(f.handler, 1_000_000);
            }
            assertThat(f.expired).containsExactly(1L);
            assertThat(f.done).isEmpty();
            assertThat(f.queue.inFlightCount()).isEqualTo(1);
            f.fabric.respond(f.lastSent(), 0, 0);
            f.poll();
            assertThat(f.done).containsExactly(new Done(1, 0));
            assertThat(f.queue.tryFlush(f.namespace, 2)).isTrue();
        }
    }

    /// The halves of a pair are aborted each, and complete once.
    @Test
    void halfOfAPairThatWasAborted_leavesNoMarkInItsSlot() throws IOException {
        try (Level1Fixture f =
                Level1Fixture.open(
                        x -> {}, o -> o.withTimeoutPolicy(TimeoutPolicy.ABORT_THEN_RECOVER))) {
            f.target.ignore(c -> c.opcode() == NvmOpcode.COMPARE || c.opcode() == NvmOpcode.WRITE);
            MemorySegment block = f.filled(512, 1);
            for (int round = 1; round <= 2; round++) {
                // In the second round the commands in these slots are new ones: aborted first, not
                // a reason to end the queue at once.
                int expired = f.expired.size();
                assertThat(
                                f.queue.tryCompareAndWrite(
                                        f.namespace, 0, 1, block, block, round, SHORT))
                        .isTrue();
                pollUntil(f, () -> f.expired.size() >= expired + 2);
                assertThat(f.fabric.failure()).isNull();
                int sent = f.fabric.sent().size();
                f.fabric.respond(f.fabric.sent().get(sent - 2), 0x007, 0);
                f.fabric.respond(f.fabric.sent().get(sent - 1), 0x007, 0);
                f.done.clear();
                f.poll();
                assertThat(f.done).containsExactly(new Done(round, 0x007));
            }
            f.target.intercept(f.disk);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"RECOVER", "REPORT_ONLY"})
    void handlerThatThrows_doesNotChangeThePolicy(TimeoutPolicy policy) throws IOException {
        try (Level1Fixture f = open(policy)) {
            assertThat(f.queue.tryRead(f.namespace, 0, 1, f.filled(512, 1), 1, SHORT)).isTrue();
            CompletionHandler angry =
                    new CompletionHandler() {
                        @Override
                        public void completed(long token, int status, long result) {
                            f.done.add(new Done(token, status));
                        }

                        @Override
                        public void expired(long token) {
                            throw new IllegalStateException("no");
                        }
                    };
            long start = System.nanoTime();
            RuntimeException thrown = null;
            while (thrown == null && System.nanoTime() - start < PATIENCE) {
                try {
                    f.queue.pollOrWait(angry, 1_000_000);
                } catch (IllegalStateException e) {
                    thrown = e;
                }
            }
            assertThat(thrown).hasMessage("no");
            f.poll();
            if (policy == TimeoutPolicy.RECOVER) {
                assertThat(f.done).containsExactly(new Done(1, 0x371));
            } else {
                assertThat(f.done).isEmpty();
                f.fabric.respond(f.lastSent(), 0, 0);
                f.poll();
                assertThat(f.done).containsExactly(new Done(1, 0));
            }
        }
    }

    @Test
    void queueUsedFromExpiredCallback_isRefused() throws IOException {
        try (Level1Fixture f = open(TimeoutPolicy.REPORT_ONLY)) {
            assertThat(f.queue.tryRead(f.namespace, 0, 1, f.filled(512, 1), 1, SHORT)).isTrue();
            List<Throwable> refusals = new ArrayList<>();
            CompletionHandler nosy =
                    new CompletionHandler() {
                        @Override
                        public void completed(long token, int status, long result) {}

                        @Override
                        public void expired(long token) {
                            refusals.add(
                                    org.assertj.core.api.Assertions.catchThrowable(
                                            () -> f.queue.poll(this)));
                            refusals.add(
                                    org.assertj.core.api.Assertions.catchThrowable(f.queue::close));
                        }
                    };
            long start = System.nanoTime();
            while (refusals.isEmpty() && System.nanoTime() - start < PATIENCE) {
                f.queue.pollOrWait(nosy, 1_000_000);
            }
            assertThat(refusals).hasSize(2).allMatch(IllegalStateException.class::isInstance);
            f.fabric.respond(f.lastSent(), 0, 0);
            f.poll();
            assertThat(f.done).containsExactly(new Done(1, 0));
        }
    }

    @Test
    void longTimeOfOneCommand_outlivesTheDefault() throws IOException {
        try (Level1Fixture f =
                Level1Fixture.open(x -> {}, o -> o.withIoTimeout(Duration.ofMillis(20)))) {
            f.target.ignore(c -> c.opcode() == NvmOpcode.READ);
            IoOptions patient = IoOptions.DEFAULT.timeout(Duration.ofHours(1));
            assertThat(f.queue.tryRead(f.namespace, 0, 1, f.filled(512, 1), 1, patient)).isTrue();
            long start = System.nanoTime();
            while (System.nanoTime() - start < Duration.ofMillis(150).toNanos()) {
                f.queue.pollOrWait(f.handler, 1_000_000);
            }
            assertThat(f.expired).isEmpty();
            f.fabric.respond(f.lastSent(), 0, 0);
            f.poll();
            assertThat(f.done).containsExactly(new Done(1, 0));
        }
    }

    @Test
    void ownerAsleep_isWokenForTheDeadline() throws IOException {
        try (Level1Fixture f = open(TimeoutPolicy.RECOVER)) {
            f.queue.waitMode(WaitMode.EVENT, Duration.ZERO);
            assertThat(f.queue.tryRead(f.namespace, 0, 1, f.filled(512, 1), 1, SHORT)).isTrue();
            int waits = 0;
            long start = System.nanoTime();
            while (f.done.isEmpty() && System.nanoTime() - start < PATIENCE) {
                f.queue.pollOrWait(f.handler, PATIENCE);
                waits++;
            }
            assertThat(f.done).containsExactly(new Done(1, 0x371));
            assertThat(waits).isLessThan(50);
            assertThat(f.queue.statistics().waits()).isPositive();
        }
    }
}

package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.verbs.ffi.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// What goes wrong on the data path must show as the right status, on the right side, and end the
/// queue pair.
class OperationFailuresTest extends LeakCheckedTest {
    private static void requireRefusedRemotely(Loopback loopback) {
        assertThat(loopback.active.completionOf(0).status())
                .isEqualTo(WorkCompletionStatus.REM_ACCESS_ERR);
        assertThat(loopback.active.pair().state()).isEqualTo(QueuePairState.ERR);
        requireError(loopback.passive);
    }

    private static void requireError(Side side) {
        side.awaitError();
        assertThat(side.completion().status()).isEqualTo(WorkCompletionStatus.WR_FLUSH_ERR);
    }

    @Test
    void rdmaReadWithWrongKey_isRefusedRemotely() {
        try (Loopback loopback = Loopback.open()) {
            MemoryRegion region = loopback.passive.region;
            loopback.active.prepare(0, SendSlots.RDMA_READ, 0, 100);
            loopback.active.sends.remote(0, region.address(), region.remoteKey() ^ 0x00ff_ff00);
            loopback.active.post(0);
            requireRefusedRemotely(loopback);
        }
    }

    @Test
    void rdmaWriteBehindTheEnd_isRefusedRemotelyAndChangesNothing() {
        try (Loopback loopback = Loopback.open()) {
            MemoryRegion region = loopback.passive.region;
            loopback.active.fill(0, 100, 3);
            loopback.active.prepare(0, SendSlots.RDMA_WRITE, 0, 100);
            loopback.active.sends.remote(
                    0, region.address() + region.byteSize() - 99, region.remoteKey());
            loopback.active.post(0);
            requireRefusedRemotely(loopback);
            assertThat(
                            loopback.passive
                                    .memory
                                    .asSlice(region.byteSize() - 99)
                                    .toArray(ValueLayout.JAVA_BYTE))
                    .containsOnly(0);
        }
    }

    @Test
    void rdmaReadBeforeTheStart_isRefusedRemotely() {
        try (Loopback loopback = Loopback.open()) {
            MemoryRegion region = loopback.passive.region;
            loopback.active.prepare(0, SendSlots.RDMA_READ, 0, 100);
            loopback.active.sends.remote(0, region.address() - 1, region.remoteKey());
            loopback.active.post(0);
            requireRefusedRemotely(loopback);
        }
    }

    @Test
    void rdmaWriteWithoutPermission_isRefusedRemotely() {
        try (Loopback loopback = Loopback.open();
                MemoryRegion readOnly =
                        loopback.passive.domain.register(
                                loopback.passive.memory, Access.REMOTE_READ)) {
            loopback.active.prepare(0, SendSlots.RDMA_WRITE, 0, 100);
            loopback.active.sends.remote(0, readOnly.address(), readOnly.remoteKey());
            loopback.active.post(0);
            requireRefusedRemotely(loopback);
        }
    }

    @Test
    void rdmaReadWithoutPermission_isRefusedRemotely() {
        try (Loopback loopback = Loopback.open();
                MemoryRegion writeOnly =
                        loopback.passive.domain.register(
                                loopback.passive.memory,
                                Access.LOCAL_WRITE | Access.REMOTE_WRITE)) {
            loopback.active.prepare(0, SendSlots.RDMA_READ, 0, 100);
            loopback.active.sends.remote(0, writeOnly.address(), writeOnly.remoteKey());
            loopback.active.post(0);
            requireRefusedRemotely(loopback);
        }
    }

    @Test
    void keyOfClosedRegion_isRefusedRemotely() {
        try (Loopback loopback = Loopback.open()) {
            MemoryRegion gone =
                    loopback.passive.domain.register(loopback.passive.memory, Access.REMOTE_READ);
            gone.close();
            loopback.active.prepare(0, SendSlots.RDMA_READ, 0, 100);
            loopback.active.sends.remote(0, gone.address(), gone.remoteKey());
            loopback.active.post(0);
            requireRefusedRemotely(loopback);
        }
    }

    @Test
    void sendWithWrongLocalKey_failsLocally() {
        try (Loopback loopback = Loopback.open()) {
            Side side = loopback.active;
            side.prepare(0, SendSlots.SEND, 0, 100);
            side.sends.segment(0, 0, side.region.address(), 100, side.region.localKey() ^ 0xff00);
            side.post(0);
            WorkCompletionStatus status = side.completionOf(0).status();
            if (loopback.softRoce()) {
                // rdma_rxe of Linux 6.1 calls it a queue pair error, of 6.12 flushes it with the
                // rest.
                assertThat(status)
                        .isIn(
                                WorkCompletionStatus.LOC_QP_OP_ERR,
                                WorkCompletionStatus.WR_FLUSH_ERR);
            } else {
                assertThat(status).isEqualTo(WorkCompletionStatus.LOC_PROT_ERR);
            }
            assertThat(side.pair().state()).isEqualTo(QueuePairState.ERR);
        }
    }

    @Test
    void receiveTooSmall_failsOnBothSides() {
        try (Loopback loopback = Loopback.open(LoopbackOptions.defaults().withReceives(1, 64))) {
            loopback.active.prepare(0, SendSlots.SEND, 0, 65);
            loopback.active.post(0);
            // rdma_rxe takes the receive for malformed.
            boolean softRoce = loopback.softRoce();
            assertThat(loopback.passive.completionOf(Side.receiveId(0)).status())
                    .isEqualTo(
                            softRoce
                                    ? WorkCompletionStatus.LOC_QP_OP_ERR
                                    : WorkCompletionStatus.LOC_LEN_ERR);
            assertThat(loopback.active.completionOf(0).status())
                    .isEqualTo(
                            softRoce
                                    ? WorkCompletionStatus.REM_OP_ERR
                                    : WorkCompletionStatus.REM_INV_REQ_ERR);
            assertThat(loopback.active.pair().state()).isEqualTo(QueuePairState.ERR);
        }
    }

    @Test
    void noReceiveAndNoRetries_failsAsReceiverNotReady() {
        LoopbackOptions options =
                LoopbackOptions.defaults().withReceives(0, 0).withRnrRetryCount(0);
        try (Loopback loopback = Loopback.open(options)) {
            loopback.active.prepare(0, SendSlots.SEND, 0, 10);
            loopback.active.post(0);
            assertThat(loopback.active.completionOf(0).status())
                    .isEqualTo(WorkCompletionStatus.RNR_RETRY_EXC_ERR);
            assertThat(loopback.active.pair().state()).isEqualTo(QueuePairState.ERR);
        }
    }

    @Test
    void noReceiveButEndlessRetries_arrivesOnceThereIsOne() throws InterruptedException {
        LoopbackOptions options =
                LoopbackOptions.defaults().withReceives(0, 0).withRnrRetryCount(7);
        try (Loopback loopback = Loopback.open(options)) {
            loopback.active.fill(0, 10, 2);
            loopback.active.prepare(0, SendSlots.SEND, 0, 10);
            loopback.active.post(0);
            Thread.sleep(300);
            loopback.active.requireIdle();
            loopback.passive.postReceive(3, Side.RECEIVE_BYTES);
            assertThat(loopback.passive.success().wrId()).isEqualTo(Side.receiveId(3));
            loopback.active.success();
        }
    }

    @Test
    void error_flushesEveryReceiveInOrder() {
        try (Loopback loopback = Loopback.open()) {
            loopback.active.pair().error();
            List<Side.Completion> flushed = loopback.active.completions(8);
            assertThat(flushed)
                    .extracting(Side.Completion::wrId)
                    .containsExactlyElementsOf(
                            IntStream.range(0, 8).mapToObj(Side::receiveId).toList());
            assertThat(flushed)
                    .extracting(Side.Completion::status)
                    .containsOnly(WorkCompletionStatus.WR_FLUSH_ERR);
        }
    }

    @Test
    void error_flushesOutstandingSendsAndReceivesInOrder() {
        try (Loopback loopback = Loopback.open(LoopbackOptions.defaults().withReceives(0, 0))) {
            Side side = loopback.active;
            for (int i = 0; i < 5; i++) {
                side.postReceive(i, 64);
            }
            // Nobody receives: these are under way when the error comes, the first of them
            // transmitted already.
            for (int i = 0; i < 10; i++) {
                side.prepare(i, i % 3 == 1 ? SendSlots.RDMA_WRITE : SendSlots.SEND, 0, 16);
                MemoryRegion target = loopback.passive.region;
                side.sends.remote(i, target.address(), target.remoteKey());
                side.sends.flags(i, i % 2 == 0 ? SendSlots.SIGNALED : 0);
                side.sends.next(i, i < 9 ? i + 1 : -1);
            }
            side.post(0);
            side.pair().error();
            List<Side.Completion> flushed = side.completions(15);
            assertThat(flushed)
                    .extracting(Side.Completion::status)
                    .containsOnly(WorkCompletionStatus.WR_FLUSH_ERR);
            assertThat(flushed.stream().map(Side.Completion::wrId).filter(id -> id < 1000))
                    .containsExactlyElementsOf(LongStream.range(0, 10).boxed().toList());
            assertThat(flushed.stream().map(Side.Completion::wrId).filter(id -> id >= 1000))
                    .containsExactlyElementsOf(
                            IntStream.range(0, 5).mapToObj(Side::receiveId).toList());
            side.requireIdle();
        }
    }

    @Test
    void sendsPostedInError_areFlushedInOrder() {
        try (Loopback loopback = Loopback.open(LoopbackOptions.defaults().withReceives(0, 0))) {
            Side side = loopback.active;
            side.pair().error();
            for (int i = 0; i < 10; i++) {
                side.prepare(i, SendSlots.SEND, 0, 16);
                side.sends.flags(i, 0);
                side.sends.next(i, i < 9 ? i + 1 : -1);
            }
            side.post(0);
            List<Side.Completion> flushed = side.completions(10);
            assertThat(flushed)
                    .as("also those not signalled")
                    .extracting(Side.Completion::wrId)
                    .containsExactlyElementsOf(LongStream.range(0, 10).boxed().toList());
            assertThat(flushed)
                    .extracting(Side.Completion::status)
                    .containsOnly(WorkCompletionStatus.WR_FLUSH_ERR);
            side.requireIdle();
        }
    }

    @Test
    void postBeyondTheSendQueue_returnsErrnoAndTheSlotItStoppedAt() {
        LoopbackOptions options =
                LoopbackOptions.defaults().withReceives(0, 0).withRnrRetryCount(7);
        try (Loopback loopback = Loopback.open(options)) {
            Side side = loopback.active;
            side.prepare(5, SendSlots.SEND, 0, 16);
            // Nobody receives, so nothing completes and the queue fills. It may hold more than was
            // granted.
            int posted = 0;
            int errno = side.pair().postSend(side.sends, 5);
            while (errno == 0 && posted < 1_000) {
                posted++;
                errno = side.pair().postSend(side.sends, 5);
            }
            assertThat(errno).isEqualTo(Errno.ENOMEM);
            assertThat(posted).isGreaterThanOrEqualTo(options.depth());
            assertThat(side.sends.failedSlot()).isEqualTo(5);
        }
    }

    @Test
    void tooManySegments_areRefusedAtThePost() {
        try (Loopback loopback = Loopback.open();
                Arena arena = Arena.ofConfined()) {
            SendSlots wide = SendSlots.allocate(arena, 1, 200);
            wide.initialize(0, 1, SendSlots.SEND, SendSlots.SIGNALED);
            for (int i = 0; i < 200; i++) {
                wide.segment(
                        0,
                        i,
                        loopback.active.region.address(),
                        1,
                        loopback.active.region.localKey());
            }
            wide.segmentCount(0, 200);
            assertThat(loopback.active.pair().postSend(wide, 0)).isEqualTo(Errno.EINVAL);
            assertThat(wide.failedSlot()).isZero();
        }
    }

    @Test
    void peerGone_exhaustsRetries() {
        // Four times 67 ms, give or take what the device adds.
        try (Loopback loopback = Loopback.open(LoopbackOptions.defaults().withAckTimeout(14))) {
            loopback.passive.pair().error();
            loopback.active.prepare(0, SendSlots.SEND, 0, 10);
            loopback.active.post(0);
            assertThat(loopback.active.completionOf(0).status())
                    .isEqualTo(WorkCompletionStatus.RETRY_EXC_ERR);
        }
    }

    @Test
    void useAfterClose_isRefusedWithoutTouchingTheDevice() {
        Loopback loopback = Loopback.open();
        loopback.close();
        assertThatThrownBy(() -> loopback.active.pair().postSend(loopback.active.sends, 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageMatching("queue pair \\d+ is closed");
        assertThatThrownBy(() -> loopback.active.pair().postReceive(loopback.active.receives, 0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loopback.active.queue.poll(loopback.active.batch))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loopback.active.queue.requestNotification(false))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loopback.active.pair().state())
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loopback.active.id.context())
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loopback.network.channel.poll(0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> loopback.active.domain.register(loopback.active.memory, 0))
                .isInstanceOf(IllegalStateException.class);
        loopback.network.channel.wakeUp();
        loopback.active.id.disconnect();
    }
}

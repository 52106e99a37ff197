package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Every opcode between two connected queue pairs, with the data checked.
class OperationsTest extends LeakCheckedTest {
    @Test
    void send_arrivesInReceive() {
        try (Loopback loopback = Loopback.open()) {
            loopback.active.fill(0, 300, 1);
            loopback.active.prepare(0, SendSlots.SEND, 0, 300);
            loopback.active.post(0);
            Side.Completion received = loopback.passive.success();
            assertThat(received.wrId()).isEqualTo(Side.receiveId(0));
            assertThat(received.opcode()).isEqualTo(WorkCompletions.RECV);
            assertThat(received.byteLength()).isEqualTo(300);
            assertThat(received.queuePairNumber()).isEqualTo(loopback.passive.pair().number());
            loopback.passive.requirePattern(Side.RECEIVES_AT, 300, 1);
            Side.Completion sent = loopback.active.success();
            assertThat(sent.wrId()).isZero();
            assertThat(sent.opcode()).isEqualTo(WorkCompletions.SEND);
        }
    }

    @Test
    void send_gathersSegmentsInOrder() {
        try (Loopback loopback = Loopback.open()) {
            Side from = loopback.active;
            from.fill(0, 100, 1);
            from.fill(4096, 50, 2);
            from.fill(8192, 25, 3);
            from.prepare(0, SendSlots.SEND, 0, 100);
            from.sends.segment(0, 1, from.region.address() + 4096, 50, from.region.localKey());
            from.sends.segment(0, 2, from.region.address() + 8192, 25, from.region.localKey());
            from.sends.segmentCount(0, 3);
            from.post(0);
            assertThat(loopback.passive.success().byteLength()).isEqualTo(175);
            loopback.passive.requirePattern(Side.RECEIVES_AT, 100, 1);
            loopback.passive.requirePattern(Side.RECEIVES_AT + 100, 50, 2);
            loopback.passive.requirePattern(Side.RECEIVES_AT + 150, 25, 3);
            from.success();
        }
    }

    @Test
    void send_ofNothing_completesWithLengthZero() {
        try (Loopback loopback = Loopback.open()) {
            loopback.active.sends.initialize(0, 5, SendSlots.SEND, SendSlots.SIGNALED);
            loopback.active.post(0);
            assertThat(loopback.passive.success().byteLength()).isZero();
            assertThat(loopback.active.success().wrId()).isEqualTo(5);
        }
    }

    @Test
    void inlineSend_takesDataDuringThePost() {
        try (Loopback loopback = Loopback.open()) {
            assertThat(loopback.active.pair().inlineBytesMax()).isGreaterThanOrEqualTo(64);
            loopback.active.fill(0, 64, 9);
            loopback.active.prepare(0, SendSlots.SEND, 0, 64);
            loopback.active.sends.flags(0, SendSlots.SIGNALED | SendSlots.INLINE);
            // Inline data needs no key: the memory is only read during the post.
            loopback.active.sends.segment(0, 0, loopback.active.region.address(), 64, 0);
            loopback.active.post(0);
            loopback.active.fill(0, 64, 10);
            loopback.passive.success();
            loopback.passive.requirePattern(Side.RECEIVES_AT, 64, 9);
            loopback.active.success();
        }
    }

    @Test
    void sendWithImmediate_deliversTheNumber() {
        try (Loopback loopback = Loopback.open()) {
            loopback.active.prepare(0, SendSlots.SEND_WITH_IMM, 0, 8);
            loopback.active.sends.immediate(0, 0x12345678);
            loopback.active.post(0);
            Side.Completion received = loopback.passive.success();
            assertThat(received.flags() & WorkCompletions.WITH_IMM).isNotZero();
            assertThat(loopback.passive.batch.immediate(0)).isEqualTo(0x12345678);
            loopback.active.success();
        }
    }

    @Test
    void chain_isPostedByOneCallAndCompletesInOrder() {
        try (Loopback loopback = Loopback.open()) {
            for (int i = 0; i < 8; i++) {
                loopback.active.fill(i * 512, 200 + i, i);
                loopback.active.prepare(i, SendSlots.SEND, i * 512, 200 + i);
                loopback.active.sends.next(i, i < 7 ? i + 1 : -1);
            }
            loopback.active.post(0);
            List<Side.Completion> received = loopback.passive.completions(8);
            for (int i = 0; i < 8; i++) {
                assertThat(received.get(i).wrId()).isEqualTo(Side.receiveId(i));
                assertThat(received.get(i).byteLength()).isEqualTo(200 + i);
                loopback.passive.requirePattern(
                        Side.RECEIVES_AT + i * Side.RECEIVE_BYTES, 200 + i, i);
            }
            assertThat(loopback.active.completions(8))
                    .extracting(Side.Completion::wrId)
                    .containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L);
        }
    }

    @Test
    void unsignalledSends_leaveOnlyTheSignalledCompletion() {
        try (Loopback loopback = Loopback.open()) {
            for (int i = 0; i < 4; i++) {
                loopback.active.prepare(i, SendSlots.SEND, 0, 16);
                loopback.active.sends.flags(i, i == 3 ? SendSlots.SIGNALED : 0);
                loopback.active.sends.next(i, i < 3 ? i + 1 : -1);
            }
            loopback.active.post(0);
            loopback.passive.completions(4);
            assertThat(loopback.active.success().wrId()).isEqualTo(3);
            loopback.active.requireIdle();
        }
    }

    @Test
    void rdmaWrite_changesTheOtherSidesMemory() {
        try (Loopback loopback = Loopback.open()) {
            Side to = loopback.passive;
            loopback.active.fill(0, 20_000, 4);
            loopback.active.prepare(0, SendSlots.RDMA_WRITE, 0, 20_000);
            loopback.active.sends.remote(0, to.region.address() + 1000, to.region.remoteKey());
            loopback.active.post(0);
            assertThat(loopback.active.success().opcode()).isEqualTo(WorkCompletions.RDMA_WRITE);
            to.requirePattern(1000, 20_000, 4);
            assertThat(to.memory.get(ValueLayout.JAVA_BYTE, 999)).isZero();
            assertThat(to.memory.get(ValueLayout.JAVA_BYTE, 21_000)).isZero();
            to.requireIdle();
        }
    }

    @Test
    void rdmaWriteWithImmediate_alsoTakesAReceive() {
        try (Loopback loopback = Loopback.open()) {
            Side to = loopback.passive;
            loopback.active.fill(0, 500, 5);
            loopback.active.prepare(0, SendSlots.RDMA_WRITE_WITH_IMM, 0, 500);
            loopback.active.sends.immediate(0, -2);
            loopback.active.sends.remote(0, to.region.address(), to.region.remoteKey());
            loopback.active.post(0);
            Side.Completion received = to.success();
            assertThat(received.opcode()).isEqualTo(WorkCompletions.RECV_RDMA_WITH_IMM);
            assertThat(to.batch.immediate(0)).isEqualTo(-2);
            to.requirePattern(0, 500, 5);
            loopback.active.success();
        }
    }

    @Test
    void rdmaRead_fetchesTheOtherSidesMemory() {
        try (Loopback loopback = Loopback.open()) {
            Side from = loopback.passive;
            from.fill(2000, 20_000, 6);
            loopback.active.prepare(0, SendSlots.RDMA_READ, 0, 20_000);
            loopback.active.sends.remote(0, from.region.address() + 2000, from.region.remoteKey());
            loopback.active.post(0);
            Side.Completion read = loopback.active.success();
            assertThat(read.opcode()).isEqualTo(WorkCompletions.RDMA_READ);
            loopback.active.requirePattern(0, 20_000, 6);
        }
    }

    @Test
    void fencedSend_followsTheReadItDependsOn() {
        try (Loopback loopback = Loopback.open()) {
            Side other = loopback.passive;
            other.fill(0, 512, 7);
            loopback.active.prepare(0, SendSlots.RDMA_READ, 0, 512);
            loopback.active.sends.remote(0, other.region.address(), other.region.remoteKey());
            loopback.active.prepare(1, SendSlots.SEND, 0, 512);
            loopback.active.sends.flags(1, SendSlots.SIGNALED | SendSlots.FENCE);
            loopback.active.sends.next(0, 1);
            loopback.active.post(0);
            other.success();
            other.requirePattern(Side.RECEIVES_AT, 512, 7);
            assertThat(loopback.active.completions(2))
                    .extracting(Side.Completion::wrId)
                    .containsExactly(0L, 1L);
        }
    }

    @Test
    void sharedReceiveQueue_suppliesTheReceives() {
        try (Loopback loopback = Loopback.open(LoopbackOptions.defaults().withSharedReceives())) {
            loopback.active.fill(0, 100, 8);
            loopback.active.prepare(0, SendSlots.SEND, 0, 100);
            loopback.active.post(0);
            assertThat(loopback.passive.success().wrId()).isEqualTo(Side.receiveId(0));
            loopback.passive.requirePattern(Side.RECEIVES_AT, 100, 8);
            loopback.active.success();
        }
    }

    @Test
    void compareAndSwap_storesOnlyWhatItExpected() {
        try (Loopback loopback = Loopback.open()) {
            Side to = loopback.passive;
            to.memory.set(ValueLayout.JAVA_LONG, 64, 1_000);
            // The second finds what the first stored, and leaves it.
            for (int i = 0; i < 2; i++) {
                loopback.active.prepare(i, SendSlots.ATOMIC_CMP_AND_SWP, 128 * i, 8);
                loopback.active.sends.atomic(
                        i, to.region.address() + 64, to.region.remoteKey(), 1_000, -5 - i);
                loopback.active.post(i);
                assertThat(loopback.active.success().opcode()).isEqualTo(WorkCompletions.COMP_SWAP);
            }
            assertThat(loopback.active.memory.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(1_000);
            assertThat(loopback.active.memory.get(ValueLayout.JAVA_LONG, 128)).isEqualTo(-5);
            assertThat(to.memory.get(ValueLayout.JAVA_LONG, 64)).isEqualTo(-5);
        }
    }

    @Test
    void fetchAndAdd_addsAndBringsWhatWasThere() {
        try (Loopback loopback = Loopback.open()) {
            Side to = loopback.passive;
            to.memory.set(ValueLayout.JAVA_LONG, 64, 1L << 40);
            loopback.active.prepare(0, SendSlots.ATOMIC_FETCH_AND_ADD, 0, 8);
            loopback.active.sends.atomic(0, to.region.address() + 64, to.region.remoteKey(), -3, 0);
            loopback.active.post(0);
            assertThat(loopback.active.success().opcode()).isEqualTo(WorkCompletions.FETCH_ADD);
            assertThat(loopback.active.memory.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(1L << 40);
            assertThat(to.memory.get(ValueLayout.JAVA_LONG, 64)).isEqualTo((1L << 40) - 3);
        }
    }

    @Test
    void criticalPosts_doTheSame() {
        try (Loopback loopback = Loopback.open(LoopbackOptions.defaults().withCriticalPosts())) {
            loopback.active.fill(0, 200, 12);
            loopback.active.prepare(0, SendSlots.SEND, 0, 200);
            loopback.active.post(0);
            assertThat(loopback.passive.success().byteLength()).isEqualTo(200);
            loopback.passive.requirePattern(Side.RECEIVES_AT, 200, 12);
            loopback.active.success();
            loopback.passive.postReceive(0, Side.RECEIVE_BYTES);
            // What goes wrong is reported as ever.
            loopback.active.sends.segmentCount(0, 4);
            loopback.active.sends.flags(0, SendSlots.INLINE);
            for (int i = 0; i < 4; i++) {
                loopback.active.sends.segment(0, i, loopback.active.region.address(), 1 << 20, 0);
            }
            assertThat(loopback.active.pair().postSend(loopback.active.sends, 0)).isPositive();
            assertThat(loopback.active.sends.failedSlot()).isZero();
        }
    }

    @Test
    void queuePair_isSetToWhatWasNegotiated() {
        try (Loopback loopback = Loopback.open()) {
            QueuePair pair = loopback.active.pair();
            QueuePairAttributes attributes = pair.attributes();
            assertThat(attributes.state()).isEqualTo(QueuePairState.RTS);
            assertThat(attributes.peerNumber()).isEqualTo(loopback.passive.pair().number());
            assertThat(attributes.port()).isEqualTo(1);
            assertThat(attributes.pathMtuBytes()).isBetween(256, 4096);
            assertThat(attributes.initiatorDepth()).isEqualTo(4);
            assertThat(attributes.responderResources()).isEqualTo(4);
            assertThat(attributes.retryCount()).isEqualTo(3);
            assertThat(attributes.rnrRetryCount()).isEqualTo(7);
            pair.minRnrTimer(12);
            assertThat(pair.attributes().minRnrTimer()).isEqualTo(12);
            assertThatThrownBy(() -> pair.minRnrTimer(32))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void remoteAccessTakenBack_isRefusedWhateverTheKey() {
        try (Loopback loopback = Loopback.open()) {
            Side to = loopback.passive;
            to.pair().remoteAccess(Access.REMOTE_READ);
            assertThat(to.pair().attributes().remoteAccess()).isEqualTo(Access.REMOTE_READ);
            loopback.active.prepare(0, SendSlots.RDMA_WRITE, 0, 100);
            loopback.active.sends.remote(0, to.region.address(), to.region.remoteKey());
            loopback.active.post(0);
            assertThat(loopback.active.completionOf(0).status())
                    .isIn(
                            WorkCompletionStatus.REM_ACCESS_ERR,
                            WorkCompletionStatus.REM_INV_REQ_ERR);
            assertThatThrownBy(() -> to.pair().remoteAccess(Access.LOCAL_WRITE))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void queuePair_reportsItsState() {
        try (Loopback loopback = Loopback.open()) {
            assertThat(loopback.active.pair().state()).isEqualTo(QueuePairState.RTS);
            loopback.active.pair().error();
            assertThat(loopback.active.pair().state()).isEqualTo(QueuePairState.ERR);
        }
    }
}

package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Every opcode between two processes, with the data checked at both ends, and one of them dying.
class TwoProcessesTest extends LeakCheckedTest {
    private static final int OFFSET = 4096;
    private static final int WINDOW_BYTES = 2048;

    /// For the tests after which it lives on.
    private static @Nullable PeerProcess shared;

    @BeforeAll
    static void startThePeer() throws IOException {
        shared = new PeerProcess();
    }

    @AfterAll
    static void endThePeer() {
        shared().close();
    }

    private static PeerProcess shared() {
        return Objects.requireNonNull(shared);
    }

    private static String received(int slot, int opcode, int bytes) {
        return "%d SUCCESS %d %d ".formatted(Side.receiveId(slot), opcode, bytes);
    }

    @Test
    void messages_arriveInTheOtherProcess() {
        try (PeerConnection peer = new PeerConnection(shared())) {
            Side side = peer.side;
            side.fill(0, 500, 1);
            side.prepare(0, SendSlots.SEND, 0, 500);
            side.post(0);
            assertThat(peer.ask("completion")).startsWith(received(0, WorkCompletions.RECV, 500));
            peer.tell("check %d 500 1".formatted(Side.RECEIVES_AT));
            assertThat(side.success().opcode()).isEqualTo(WorkCompletions.SEND);

            side.fill(0, 64, 2);
            side.prepare(1, SendSlots.SEND, 0, 64);
            side.sends.flags(1, SendSlots.SIGNALED | SendSlots.INLINE);
            side.post(1);
            side.fill(0, 64, 3);
            assertThat(peer.ask("completion")).startsWith(received(1, WorkCompletions.RECV, 64));
            peer.tell("check %d 64 2".formatted(Side.RECEIVES_AT + Side.RECEIVE_BYTES));
            side.success();

            side.prepare(2, SendSlots.SEND_WITH_IMM, 0, 64);
            side.sends.immediate(2, 0x01020304);
            side.post(2);
            assertThat(peer.ask("completion"))
                    .isEqualTo(
                            received(2, WorkCompletions.RECV, 64)
                                    + Integer.reverseBytes(0x01020304));
            peer.tell("check %d 64 3".formatted(Side.RECEIVES_AT + 2 * Side.RECEIVE_BYTES));
            side.success();

            peer.tell("fill 0 700 4");
            peer.tell("send 700");
            assertThat(side.success().byteLength()).isEqualTo(700);
            side.requirePattern(Side.RECEIVES_AT, 700, 4);
        }
    }

    @Test
    void oneSidedOperations_workOnTheOtherProcessesMemory() {
        try (PeerConnection peer = new PeerConnection(shared())) {
            Side side = peer.side;
            side.fill(0, 20_000, 5);
            side.prepare(0, SendSlots.RDMA_WRITE, 0, 20_000);
            peer.postRemote(0, 1000);
            assertThat(side.success().opcode()).isEqualTo(WorkCompletions.RDMA_WRITE);
            peer.tell("check 1000 20000 5");

            side.fill(0, 300, 6);
            side.prepare(1, SendSlots.RDMA_WRITE_WITH_IMM, 0, 300);
            side.sends.immediate(1, 77);
            peer.postRemote(1, 0);
            assertThat(peer.ask("completion"))
                    .startsWith(
                            "%d SUCCESS %d "
                                    .formatted(
                                            Side.receiveId(0), WorkCompletions.RECV_RDMA_WITH_IMM))
                    .endsWith(" " + Integer.reverseBytes(77));
            peer.tell("check 0 300 6");
            side.success();

            peer.tell("fill 2000 20000 7");
            side.prepare(2, SendSlots.RDMA_READ, 0, 20_000);
            // Sends back what was read: only if the fence holds it until the read is done.
            side.prepare(3, SendSlots.SEND, 0, 512);
            side.sends.flags(3, SendSlots.SIGNALED | SendSlots.FENCE);
            side.sends.next(2, 3);
            peer.postRemote(2, 2000);
            assertThat(side.success().opcode()).isEqualTo(WorkCompletions.RDMA_READ);
            side.requirePattern(0, 20_000, 7);
            assertThat(peer.ask("completion")).startsWith(received(1, WorkCompletions.RECV, 512));
            peer.tell("check %d 512 7".formatted(Side.RECEIVES_AT + Side.RECEIVE_BYTES));
            side.success();
        }
    }

    @Test
    void atomics_workOnTheOtherProcessesMemory() {
        try (PeerConnection peer = new PeerConnection(shared())) {
            Side side = peer.side;
            side.prepare(0, SendSlots.ATOMIC_FETCH_AND_ADD, 0, 8);
            side.sends.atomic(0, peer.address, peer.key, 41, 0);
            side.post(0);
            assertThat(side.success().opcode()).isEqualTo(WorkCompletions.FETCH_ADD);
            side.prepare(1, SendSlots.ATOMIC_CMP_AND_SWP, 8, 8);
            side.sends.atomic(1, peer.address, peer.key, 41, 43);
            side.post(1);
            assertThat(side.success().opcode()).isEqualTo(WorkCompletions.COMP_SWAP);
            side.prepare(2, SendSlots.RDMA_READ, 16, 8);
            peer.postRemote(2, 0);
            side.success();
            assertThat(side.memory.asSlice(0, 24).toArray(ValueLayout.JAVA_LONG))
                    .containsExactly(0, 41, 43);
        }
    }

    private static int bind(PeerConnection peer) {
        return Integer.parseInt(
                peer.ask("bind %d %d %d".formatted(OFFSET, WINDOW_BYTES, Access.REMOTE_READ)));
    }

    private static Side.Completion readThrough(PeerConnection peer, int key) {
        peer.side.prepare(0, SendSlots.RDMA_READ, 0, WINDOW_BYTES);
        peer.side.sends.remote(0, peer.address + OFFSET, key);
        peer.side.post(0);
        return peer.side.completionOf(0);
    }

    /// Refused here, in error there, with its receives flushed.
    private static void requireRefused(PeerConnection peer, int key) {
        assertThat(readThrough(peer, key).status()).isEqualTo(WorkCompletionStatus.REM_ACCESS_ERR);
        assertThat(peer.side.pair().state()).isEqualTo(QueuePairState.ERR);
        peer.tell("await-error");
        assertThat(peer.ask("completion")).contains(" WR_FLUSH_ERR ");
    }

    @Test
    void windowOfTheOtherProcess_endsByItsLocalInvalidation() {
        try (PeerConnection peer = new PeerConnection(shared())) {
            peer.tell("fill %d %d 8".formatted(OFFSET, WINDOW_BYTES));
            int key = bind(peer);
            assertThat(readThrough(peer, key).status()).isEqualTo(WorkCompletionStatus.SUCCESS);
            peer.side.requirePattern(0, WINDOW_BYTES, 8);
            peer.tell("invalidate " + key);
            requireRefused(peer, key);
        }
    }

    @Test
    void windowOfTheOtherProcess_endsByRemoteInvalidation() {
        try (PeerConnection peer = new PeerConnection(shared())) {
            int key = bind(peer);
            assertThat(readThrough(peer, key).status()).isEqualTo(WorkCompletionStatus.SUCCESS);
            peer.side.fill(0, 32, 9);
            peer.side.prepare(1, SendSlots.SEND_WITH_INV, 0, 32);
            peer.side.sends.invalidateKey(1, key);
            peer.side.post(1);
            assertThat(peer.ask("completion"))
                    .isEqualTo(received(0, WorkCompletions.RECV, 32) + key);
            peer.tell("check %d 32 9".formatted(Side.RECEIVES_AT));
            peer.side.success();
            requireRefused(peer, key);
        }
    }

    @Test
    void wrongKey_isRefusedByTheOtherProcess() {
        try (PeerConnection peer = new PeerConnection(shared())) {
            requireRefused(peer, peer.key ^ 0x00ff_ff00);
        }
    }

    /// Keeps writes going until one fails; the peer is killed after a while.
    private static Side.Completion killUnderLoad(PeerProcess process, PeerConnection peer) {
        Side side = peer.side;
        for (int i = 0; i < 8; i++) {
            side.prepare(i, SendSlots.RDMA_WRITE, 1024 * i, 1024);
            peer.postRemote(i, 1024 * i);
        }
        Side.Completion done = side.completion();
        for (int count = 0; done.status() == WorkCompletionStatus.SUCCESS; count++) {
            if (count == 100) {
                process.kill();
            }
            side.post((int) done.wrId());
            done = side.completion();
        }
        return done;
    }

    /// The peer's process is gone: an event says so, and everything posted here comes back.
    private static void requireGone(PeerProcess process, PeerConnection peer)
            throws InterruptedException {
        process.awaitEnd();
        peer.expect(CmEvent.Disconnected.class);
        peer.side.id.disconnect();
        List<Long> flushed = new ArrayList<>();
        assertThat(
                        peer.side
                                .pair()
                                .drain(
                                        peer.side.batch,
                                        (batch, i) -> flushed.add(batch.wrId(i)),
                                        Duration.ofSeconds(30).toNanos()))
                .isTrue();
        // Its eight receives, and whatever sends were under way.
        assertThat(flushed).contains(Side.receiveId(0), Side.receiveId(7));
        assertThat(peer.side.pair().state()).isEqualTo(QueuePairState.ERR);
    }

    /// Once a process has connected, librdmacm keeps the device open.
    private static String resourcesAtRest() throws IOException, InterruptedException {
        Loopback.open().close();
        return KernelResources.show();
    }

    @Test
    void peerKilledUnderLoad_isNoticedAndEverythingReleased() throws Exception {
        String before = resourcesAtRest();
        try (PeerProcess process = new PeerProcess();
                PeerConnection peer = new PeerConnection(process)) {
            assertThat(killUnderLoad(process, peer).status())
                    .isIn(
                            WorkCompletionStatus.RETRY_EXC_ERR,
                            WorkCompletionStatus.REM_ACCESS_ERR,
                            WorkCompletionStatus.REM_OP_ERR,
                            WorkCompletionStatus.WR_FLUSH_ERR);
            requireGone(process, peer);
        }
        KernelResources.awaitReturnTo(before);
    }

    @Test
    void peerKilledWhileItWrites_isNoticedAndEverythingReleased() throws Exception {
        String before = resourcesAtRest();
        try (PeerProcess process = new PeerProcess();
                PeerConnection peer = new PeerConnection(process)) {
            Side side = peer.side;
            peer.tell("fill 0 8192 10");
            peer.tell("load %d %d".formatted(side.region.address(), side.region.remoteKey()));
            long deadline = System.nanoTime() + 30_000_000_000L;
            while (side.memory.get(ValueLayout.JAVA_BYTE, 8191) == 0) {
                assertThat(System.nanoTime()).as("time until it writes").isLessThan(deadline);
                Thread.onSpinWait();
            }
            process.kill();
            requireGone(process, peer);
        }
        KernelResources.awaitReturnTo(before);
    }
}

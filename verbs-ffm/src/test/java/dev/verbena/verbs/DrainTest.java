package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/// [QueuePair#drain]: every posted work request is reported, in order, and nothing else is.
class DrainTest extends LeakCheckedTest {
    private static final long LONG_NANOS = Duration.ofSeconds(60).toNanos();
    private static final LoopbackOptions NO_RECEIVER =
            LoopbackOptions.defaults().withReceives(0, 0).withRnrRetryCount(7);

    /// What a drain hands over.
    private record Seen(int queuePair, long wrId, WorkCompletionStatus status) {
        static CompletionConsumer into(List<Seen> list) {
            return (batch, i) ->
                    list.add(
                            new Seen(
                                    batch.queuePairNumber(i),
                                    batch.wrId(i),
                                    WorkCompletionStatus.of(batch.status(i))));
        }
    }

    private static List<Seen> drain(Side side) {
        List<Seen> seen = new ArrayList<>();
        assertThat(side.pair().drain(side.batch, Seen.into(seen), LONG_NANOS)).isTrue();
        return seen;
    }

    /// Sends that nobody receives, so that they stay outstanding.
    private static void postSends(Side side, int count) {
        for (int i = 0; i < count; i++) {
            side.prepare(i, SendSlots.SEND, 0, 16);
            side.sends.next(i, i < count - 1 ? i + 1 : -1);
        }
        side.post(0);
    }

    @Test
    void outstandingSendsAndReceives_areReportedInOrderAndTheMarkersAreNot() {
        try (Loopback loopback = Loopback.open(NO_RECEIVER)) {
            Side side = loopback.active;
            for (int i = 0; i < 6; i++) {
                side.postReceive(i, 64);
            }
            postSends(side, 10);
            List<Seen> seen = drain(side);
            assertThat(seen)
                    .extracting(Seen::status)
                    .containsOnly(WorkCompletionStatus.WR_FLUSH_ERR);
            assertThat(seen.stream().map(Seen::wrId).filter(id -> id < 1000))
                    .containsExactlyElementsOf(LongStream.range(0, 10).boxed().toList());
            assertThat(seen.stream().map(Seen::wrId).filter(id -> id >= 1000))
                    .containsExactlyElementsOf(
                            IntStream.range(0, 6).mapToObj(Side::receiveId).toList());
            assertThat(seen).hasSize(16);
            assertThat(side.pair().state()).isEqualTo(QueuePairState.ERR);
            side.requireIdle();
        }
    }

    @Test
    void fullQueues_areDrainedAsWell() {
        try (Loopback loopback = Loopback.open(NO_RECEIVER)) {
            Side side = loopback.active;
            int sends = 0;
            side.prepare(0, SendSlots.SEND, 0, 16);
            while (side.pair().postSend(side.sends, 0) == 0) {
                sends++;
            }
            int receives = 0;
            while (side.pair().postReceive(side.receives, 0) == 0) {
                receives++;
            }
            assertThat(sends).isBetween(NO_RECEIVER.depth(), 40);
            assertThat(receives).isBetween(1, 40);
            side.queue.resize(sends + receives + 2);
            assertThat(drain(side)).hasSize(sends + receives);
            side.requireIdle();
        }
    }

    @Test
    void nothingOutstanding_endsAtOnceAndMayBeRepeated() {
        try (Loopback loopback = Loopback.open(NO_RECEIVER)) {
            assertThat(drain(loopback.active)).isEmpty();
            assertThat(drain(loopback.active)).isEmpty();
            // Posted behind the drain: flushed, and found by the next.
            loopback.active.prepare(7, SendSlots.SEND, 0, 16);
            loopback.active.post(7);
            assertThat(drain(loopback.active)).extracting(Seen::wrId).containsExactly(7L);
        }
    }

    @Test
    void drainOutOfTime_isFinishedByTheNext() {
        try (Loopback loopback = Loopback.open(NO_RECEIVER)) {
            Side side = loopback.active;
            postSends(side, 10);
            List<Seen> seen = new ArrayList<>();
            // One look each: how many it takes is the device's business.
            long deadline = System.nanoTime() + LONG_NANOS;
            while (!side.pair().drain(side.batch, Seen.into(seen), 0)) {
                assertThat(System.nanoTime()).isLessThan(deadline);
            }
            assertThat(seen)
                    .extracting(Seen::wrId)
                    .containsExactlyElementsOf(LongStream.range(0, 10).boxed().toList());
            side.requireIdle();
        }
    }

    @Test
    void afterThePeerDisconnected_everythingIsReported() {
        try (Loopback loopback = Loopback.open()) {
            loopback.passive.id.disconnect();
            loopback.network.expect(loopback.active.id, CmEvent.Disconnected.class);
            loopback.active.id.disconnect();
            assertThat(drain(loopback.active)).hasSize(8);
        }
    }

    @Test
    void completionsOfOthersOnTheSameQueue_reachTheConsumer() {
        try (Loopback loopback = Loopback.open();
                Loopback.Network network = new Loopback.Network();
                CmId id = network.resolved(network.listening())) {
            Side side = loopback.active;
            try (UnconnectedQueuePair other =
                    id.createQueuePair(
                            side.domain,
                            new QueuePairOptions(side.queue, side.queue, 4, 4, 1, 1, 0, true))) {
                ReceiveSlots slots = ReceiveSlots.allocate(side.arena, 1, 1);
                slots.wrId(0, 4711);
                assertThat(other.postReceive(slots, 0)).isZero();
                id.connect(Loopback.parameters(7));
                network.request().id().close();
                // The rejected connection flushes its receive into the queue that both share.
                network.expect(id, CmEvent.Rejected.class);
                List<Seen> seen = drain(side);
                assertThat(seen)
                        .contains(
                                new Seen(other.number(), 4711, WorkCompletionStatus.WR_FLUSH_ERR));
                assertThat(seen).hasSize(9);
            }
        }
    }

    @Test
    void sharedReceives_areLeftToTheirQueue() {
        try (Loopback loopback = Loopback.open(LoopbackOptions.defaults().withSharedReceives())) {
            Side side = loopback.active;
            side.prepare(0, SendSlots.SEND, 0, 16);
            side.post(0);
            List<Seen> seen = drain(side);
            assertThat(seen).extracting(Seen::wrId).contains(0L);
        }
    }

    @Test
    void separateCompletionQueues_arePolledBoth() {
        try (Loopback loopback = Loopback.open();
                CompletionQueue sendCq =
                        loopback.active.id.context().createCompletionQueue(16, null);
                Loopback.Network network = new Loopback.Network();
                Arena arena = Arena.ofConfined();
                CmId id = network.resolved(network.listening())) {
            Side side = loopback.active;
            QueuePairOptions options =
                    new QueuePairOptions(sendCq, side.queue, 4, 4, 1, 1, 0, true);
            try (UnconnectedQueuePair raw = id.createQueuePair(side.domain, options)) {
                ReceiveSlots receives = ReceiveSlots.allocate(arena, 1, 1);
                receives.wrId(0, 21);
                assertThat(raw.postReceive(receives, 0)).isZero();
                id.connect(Loopback.parameters(7));
                CmEvent.ConnectRequest request = network.request();
                try (Side peer = new Side(request.id(), NO_RECEIVER)) {
                    request.id().accept(Loopback.parameters(7));
                    peer.established(network.expect(peer.id, CmEvent.Established.class));
                    try (QueuePair pair =
                            raw.connected(network.expect(id, CmEvent.Established.class))) {
                        SendSlots sends = SendSlots.allocate(arena, 1, 1);
                        sends.wrId(0, 20);
                        assertThat(pair.postSend(sends, 0)).isZero();
                        List<Seen> seen = new ArrayList<>();
                        assertThat(pair.drain(side.batch, Seen.into(seen), LONG_NANOS)).isTrue();
                        assertThat(seen).extracting(Seen::wrId).containsExactlyInAnyOrder(20L, 21L);
                    }
                }
            }
        }
    }

    @Test
    void consumerThatThrows_endsTheDrain() {
        try (Loopback loopback = Loopback.open()) {
            Side side = loopback.active;
            assertThatThrownBy(() ->
                            side.pair()
                                    .drain(
                                            side.batch,
                                            (batch, i) -> {
                                                throw new IllegalStateException("enough");
                                            },
                                            LONG_NANOS))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("enough");
        }
    }

    @Test
    void closedQueuePair_isRefused() {
        Loopback loopback = Loopback.open();
        loopback.close();
        Side side = loopback.active;
        assertThatThrownBy(() -> side.pair().drain(side.batch, (batch, i) -> {}, 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageEndingWith("is closed");
    }
}

package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.FakeTarget;
import dev.verbena.fakes.FakeTransport;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class IoQueueTest {
    private static final FabricFailure LOST =
            new FabricFailure(FabricFailure.Kind.DISCONNECTED, "the target disconnected");

    private record Done(long token, int status) {}

    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final FakeTarget target = new FakeTarget(memory, 1024);
    private final FakeTransport transport = new FakeTransport(memory, target);
    private final List<Done> done = new ArrayList<>();
    private Controller controller;
    private Namespace namespace;
    private IoQueue queue;
    private DmaArena arena;
    private FakeFabricQueue fabric;

    @BeforeEach
    void open() throws IOException {
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withCtrlLossTimeout(Duration.ZERO)
                        .withIoQueues(1)
                        .withQueueSize(5)
                        .withKeepAliveTimeout(Duration.ZERO)
                        .withIoTimeout(Duration.ofSeconds(5));
        controller =
                Controller.connect(
                        transport,
                        new AssociationParameters(
                                Nqn.of("nqn.2024-01.org.example:disk"),
                                HostIdentity.generate(),
                                options,
                                options.keepAliveTimeout()),
                        c -> {});
        namespace = controller.namespace(1);
        queue = controller.openQueue();
        arena = controller.newArena(1 << 16);
        fabric = transport.queues().get(1);
    }

    @AfterEach
    void close() {
        queue.close();
        arena.close();
        controller.close();
        assertThat(transport.openAtClose()).isZero();
        assertThat(memory.registeredCount()).isZero();
    }

    private void handle(long token, int status, long result) {
        done.add(new Done(token, status));
    }

    private void poll() {
        queue.poll(this::handle);
    }

    private static void isGivenUp(Controller controller) {
        assertThatThrownBy(() -> controller.awaitLive(Duration.ofSeconds(20)))
                .isInstanceOf(IOException.class);
        assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
    }

    @Test
    void writeThenRead_bringsTheSameBlocksBack() throws IOException {
        MemorySegment out = arena.allocate(1024, 512);
        MemorySegment in = arena.allocate(1024, 512);
        out.fill((byte) 0x5A);
        assertThat(queue.tryWrite(namespace, 10, 2, out, 1)).isTrue();
        poll();
        assertThat(queue.tryRead(namespace, 10, 2, in, 2)).isTrue();
        assertThat(queue.tryFlush(namespace, 3)).isTrue();
        poll();
        assertThat(done).containsExactly(new Done(1, 0), new Done(2, 0), new Done(3, 0));
        assertThat(in.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0x5A);
        assertThat(queue.statistics().inCapsule()).isEqualTo(1);
        assertThat(queue.statistics().keyed()).isEqualTo(1);
        assertThat(queue.statistics().submitted()).isEqualTo(3);
    }

    @Test
    void fullQueue_refusesWithoutEffect() throws IOException {
        MemorySegment buffer = arena.allocate(512, 512);
        target.ignore(c -> true);
        for (int i = 0; i < 4; i++) {
            assertThat(queue.tryRead(namespace, i, 1, buffer, i)).isTrue();
        }
        assertThat(queue.tryRead(namespace, 9, 1, buffer, 9)).isFalse();
        assertThat(queue.tryWrite(namespace, 9, 1, buffer, 9)).isFalse();
        assertThat(queue.tryFlush(namespace, 9)).isFalse();
        assertThat(queue.inFlightCount()).isEqualTo(4);
        queue.submit();
        assertThat(fabric.sent()).hasSize(5);
        for (int i = 1; i < 5; i++) {
            fabric.respond(fabric.sent().get(i), 0, 0);
        }
        poll();
        assertThat(done).hasSize(4);
        target.intercept(null);
        arena.close();
        assertThat(arena.scope().isAlive()).isFalse();
    }

    @Test
    void argumentsThatDoNotFit_areRefusedWithoutEffect() {
        MemorySegment buffer = arena.allocate(1024, 512);
        record Bad(long lba, int count, MemorySegment buffer) {}
        for (Bad bad :
                List.of(
                        new Bad(0, 0, buffer),
                        new Bad(0, -1, buffer),
                        new Bad(0, 3, buffer),
                        new Bad(0, 65_537, buffer),
                        new Bad(0, Integer.MAX_VALUE, buffer),
                        new Bad(-1, 1, buffer),
                        new Bad(1024, 1, buffer),
                        new Bad(1023, 2, buffer),
                        new Bad(Long.MAX_VALUE, 1, buffer),
                        new Bad(0, 1, MemorySegment.ofArray(new byte[512])),
                        new Bad(0, 1, java.lang.foreign.Arena.ofAuto().allocate(512)))) {
            assertThatThrownBy(
                            () -> queue.tryRead(namespace, bad.lba(), bad.count(), bad.buffer(), 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() ->
                            queue.tryWrite(namespace, bad.lba(), bad.count(), bad.buffer(), 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> queue.tryRead(namespace, 0, 1, buffer.asReadOnly(), 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(queue.inFlightCount()).isZero();
    }

    @Test
    void arenaClosedWhileCommandRuns_isRefused() throws IOException {
        target.ignore(c -> true);
        assertThat(queue.tryRead(namespace, 0, 1, arena.allocate(512, 512), 0)).isTrue();
        queue.submit();
        assertThatThrownBy(arena::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("1 commands");
        fabric.respond(fabric.lastSent(), 0, 0);
        poll();
        target.intercept(null);
    }

    @Test
    void segmentOfClosedArena_isRefused() throws IOException {
        DmaArena gone = controller.newArena(4096);
        MemorySegment stale = gone.allocate(512, 512);
        assertThat(queue.tryRead(namespace, 0, 1, stale, 0)).isTrue();
        poll();
        gone.close();
        assertThatThrownBy(() -> queue.tryRead(namespace, 0, 1, stale, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("open DmaArena");
        assertThat(queue.inFlightCount()).isZero();
    }

    @Test
    void newArenaAtTheAddressOfAClosedOne_isUsable() throws IOException {
        DmaArena first = controller.newArena(4096);
        MemorySegment segment = first.allocate(512, 512);
        // The last region the queue remembers is closed; somebody else registers the same memory.
        var before = memory.find(segment.address(), 512);
        assertThat(queue.tryRead(namespace, 0, 1, segment, 0)).isTrue();
        poll();
        assertThat(memory.unregister(java.util.Objects.requireNonNull(before))).isTrue();
        var again = memory.register(segment);
        assertThat(queue.tryRead(namespace, 0, 1, segment, 1)).isTrue();
        poll();
        assertThat(done).hasSize(2);
        assertThat(again.userCount()).isZero();
        assertThat(memory.unregister(again)).isTrue();
        first.close();
    }

    @Test
    void connectionLost_commandsAreAbortedOnceAndControllerIsDead() throws IOException {
        target.ignore(c -> true);
        MemorySegment buffer = arena.allocate(512, 512);
        for (int i = 0; i < 3; i++) {
            assertThat(queue.tryRead(namespace, i, 1, buffer, i)).isTrue();
        }
        queue.submit();
        fabric.fail(LOST);
        poll();
        poll();
        assertThat(done)
                .containsExactlyInAnyOrder(
                        new Done(0, 0x371), new Done(1, 0x371), new Done(2, 0x371));
        isGivenUp(controller);
        assertThatThrownBy(() -> queue.tryRead(namespace, 0, 1, buffer, 0))
                .isInstanceOf(ConnectionLostException.class)
                .hasMessageContaining("the target disconnected");
    }

    @Test
    void handlerThrowsWhenConnectionIsLost_controllerStillLearnsOfIt() throws IOException {
        target.ignore(c -> true);
        assertThat(queue.tryFlush(namespace, 0)).isTrue();
        queue.submit();
        fabric.fail(LOST);
        assertThatThrownBy(() ->
                        queue.poll((token, status, result) -> {
                            throw new IllegalStateException("no");
                        }))
                .hasMessage("no");
        isGivenUp(controller);
    }

    @Test
    void oneCommandIsNeverAnsweredAmongOthers_queueTimesOut() throws IOException {
        queue.close();
        arena.close();
        controller.close();
        // A fresh one with a short time-out.
        FakeMemoryDomain ownMemory = new FakeMemoryDomain();
        FakeTarget ownTarget = new FakeTarget(ownMemory, 1024);
        FakeTransport own = new FakeTransport(ownMemory, ownTarget);
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withCtrlLossTimeout(Duration.ZERO)
                        .withKeepAliveTimeout(Duration.ZERO)
                        .withIoTimeout(Duration.ofMillis(50));
        try (Controller other =
                Controller.connect(
                        own,
                        new AssociationParameters(
                                Nqn.of("nqn.2024-01.org.example:disk"),
                                HostIdentity.generate(),
                                options,
                                Duration.ZERO),
                        c -> {})) {
            Namespace ns = other.namespace(1);
            try (IoQueue busy = other.openQueue()) {
                ownTarget.ignore(c -> c.opcode() == 2);
                try (DmaArena dma = other.newArena(4096)) {
                    assertThat(busy.tryRead(ns, 0, 1, dma.allocate(512, 512), 99)).isTrue();
                    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
                    // Never an empty poll.
                    while (other.state() == ControllerState.LIVE
                            && System.nanoTime() - deadline < 0) {
                        try {
                            assertThat(busy.tryFlush(ns, 1)).isTrue();
                        } catch (ConnectionLostException e) {
                            // The poll below delivers what that means.
                        }
                        busy.poll(this::handle);
                    }
                    assertThat(done).contains(new Done(99, 0x371));
                    isGivenUp(other);
                }
            }
        }
    }

    @Test
    void await_returnsForCompletionWakeUpAndLoss() throws IOException {
        assertThat(queue.tryFlush(namespace, 0)).isTrue();
        queue.await(Long.MAX_VALUE);
        poll();
        assertThat(done).hasSize(1);
        queue.wakeUp();
        queue.await(Long.MAX_VALUE);
        fabric.fail(LOST);
        queue.await(Long.MAX_VALUE);
        poll();
        queue.await(Long.MAX_VALUE);
    }

    @Test
    void closeFromHandler_isRefusedAndQueueStaysOpen() throws IOException {
        assertThat(queue.tryFlush(namespace, 0)).isTrue();
        assertThatThrownBy(() -> queue.poll((token, status, result) -> queue.close()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("must not close");
        assertThat(fabric.isClosed()).isFalse();
        assertThat(queue.tryFlush(namespace, 1)).isTrue();
        poll();
        assertThat(done).containsExactly(new Done(1, 0));
    }

    @Test
    void closeFromHandler_losesNoCompletionOfTheBatch() throws IOException {
        assertThat(queue.tryFlush(namespace, 1)).isTrue();
        assertThat(queue.tryFlush(namespace, 2)).isTrue();
        assertThat(queue.tryFlush(namespace, 3)).isTrue();
        assertThatThrownBy(() ->
                        queue.poll((token, status, result) -> {
                            done.add(new Done(token, status));
                            if (token == 1) {
                                queue.close();
                            }
                        }))
                .isInstanceOf(IllegalStateException.class);
        assertThat(done).containsExactly(new Done(1, 0), new Done(2, 0), new Done(3, 0));
    }

    @Test
    void closedQueue_refusesEverything() {
        queue.close();
        queue.close();
        assertThatThrownBy(() -> queue.tryFlush(namespace, 0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(this::poll).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> queue.await(0)).isInstanceOf(IllegalStateException.class);
        queue.wakeUp();
    }

    @Test
    void closeWithOutstanding_givesBuffersBackWithoutCompletions() throws IOException {
        target.ignore(c -> true);
        assertThat(queue.tryRead(namespace, 0, 1, arena.allocate(512, 512), 0)).isTrue();
        queue.submit();
        queue.close();
        assertThat(done).isEmpty();
        target.intercept(null);
        arena.close();
    }
}

package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeFabricQueue;
import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.FakeTarget;
import dev.verbena.fakes.FakeTransport;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.control.ControlThreads;
import dev.verbena.internal.engine.CommandQueue;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Controllers that lose their target in memory and get it back, and what they tell meanwhile.
@Timeout(60)
class ControllerRecoveryTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final int ABORT = 0x08;
    private static final int NAMESPACES_CHANGED = 0x04_00_02;

    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final FakeTarget target = new FakeTarget(memory, 1024);
    private final FakeTransport transport = new FakeTransport(memory, target);
    private final BlockingQueue<ControllerEvent> events = new LinkedBlockingQueue<>();
    private ConnectOptions options =
            ConnectOptions.defaults()
                    .withIoQueues(3)
                    .withKeepAliveTimeout(Duration.ZERO)
                    .withReconnectDelay(Duration.ofMillis(20));

    private AssociationParameters parameters() {
        return new AssociationParameters(
                Nqn.of("nqn.2024-01.org.example:disk"),
                HostIdentity.generate(),
                options,
                options.keepAliveTimeout());
    }

    private Controller connect() throws IOException {
        Controller controller = Controller.connect(transport, parameters(), closed -> {});
        controller.addListener((c, event) -> events.add(event));
        return controller;
    }

    private static FabricFailure lost(FabricFailure.Kind kind) {
        return new FabricFailure(kind, "cut for " + kind);
    }

    private void cut() {
        transport.queues().forEach(queue -> queue.fail(lost(FabricFailure.Kind.DISCONNECTED)));
    }

    private void unreachable() {
        transport.failConnect(
                new ConnectionRefusedException("192.0.2.1:4420", 0, "nobody listens", null));
    }

    private static void awaitState(Controller controller, ControllerState state)
            throws InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        while (controller.state() != state && System.nanoTime() < end) {
            Thread.sleep(1);
        }
        assertThat(controller.state()).isEqualTo(state);
    }

    private static void awaitLive(Controller controller) throws Exception {
        assertThat(controller.awaitLive(SOON)).isTrue();
    }

    private <T extends ControllerEvent> T next(Class<T> type) throws InterruptedException {
        while (true) {
            ControllerEvent event = events.poll(20, TimeUnit.SECONDS);
            assertThat(event).as(type.getSimpleName()).isNotNull();
            if (type.isInstance(event)) {
                return type.cast(event);
            }
        }
    }

    /// The connection's own beginning may be told after it has been handed out: that is no loss.
    private ControllerEvent.StateChanged awaitLoss() throws InterruptedException {
        while (true) {
            ControllerEvent.StateChanged changed = next(ControllerEvent.StateChanged.class);
            if (changed.status().state() == ControllerState.RESETTING) {
                return changed;
            }
        }
    }

    @AfterEach
    void nothingIsLeft() {
        assertThat(transport.isClosed()).isTrue();
        assertThat(transport.openAtClose()).isZero();
        assertThat(memory.registeredCount()).isZero();
    }

    // Losses.

    @ParameterizedTest
    @EnumSource(value = FabricFailure.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "CLOSED")
    void anyLossOfTheAdminQueue_connectsAgain(FabricFailure.Kind kind) throws Exception {
        try (Controller controller = connect()) {
            transport.queues().getFirst().fail(lost(kind));
            awaitLoss();
            awaitLive(controller);
            assertThat(controller.status().reason()).contains("cut for " + kind);
            assertThat(transport.queues().getFirst().isClosed()).isTrue();
            controller.openQueue().close();
        }
    }

    @Test
    void lossOfAnIoQueue_connectsEverythingAgain() throws Exception {
        try (Controller controller = connect();
                IoQueue queue = controller.openQueue()) {
            int[] status = {0};
            target.ignore(c -> c.opcode() == 2);
            try (DmaArena arena = controller.newArena(4096)) {
                assertThat(
                                queue.tryRead(
                                        controller.namespace(1), 0, 1, arena.allocate(512, 512), 1))
                        .isTrue();
                queue.submit();
                transport.queues().get(1).fail(lost(FabricFailure.Kind.TRANSPORT_ERROR));
                while (status[0] == 0) {
                    queue.poll((token, s, result) -> status[0] = s);
                }
                assertThat(status[0]).isEqualTo(CommandQueue.STATUS_HOST_ABORTED);
                target.intercept(null);
                awaitLoss();
                awaitLive(controller);
                controller.openQueue().close();
            }
        }
    }

    @Test
    void targetAway_statusTellsAttemptsReasonAndPlan() throws Exception {
        options = options.withReconnectDelay(Duration.ofSeconds(10));
        try (Controller controller = connect()) {
            unreachable();
            cut();
            awaitState(controller, ControllerState.CONNECTING);
            long end = System.nanoTime() + SOON.toNanos();
            while (controller.status().attempts() < 2 && System.nanoTime() < end) {
                Thread.sleep(1);
            }
            ControllerStatus status = controller.status();
            assertThat(status.attempts()).isGreaterThanOrEqualTo(2);
            assertThat(status.reason()).contains("nobody listens");
            assertThat(status.givesUpAt()).isPresent();
            assertThat(status.requestsFail()).isFalse();
            assertThat(status.toString()).contains("CONNECTING", "nobody listens");
            assertThatThrownBy(controller::openQueue)
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("nobody listens");
            transport.failConnect(null);
            awaitLive(controller);
            assertThat(controller.status().attempts()).isZero();
        }
    }

    @Test
    void targetStaysAway_isGivenUpAndStaysDead() throws Exception {
        options = options.withCtrlLossTimeout(Duration.ofMillis(100));
        try (Controller controller = connect()) {
            unreachable();
            cut();
            awaitState(controller, ControllerState.DEAD);
            assertThatThrownBy(() -> controller.awaitLive(SOON)).isInstanceOf(IOException.class);
            assertThatThrownBy(controller::reset).isInstanceOf(IOException.class);
            assertThatThrownBy(controller::rescan).isInstanceOf(ConnectionLostException.class);
        }
    }

    @Test
    void targetRefusesForGood_isGivenUpWithItsReason() throws Exception {
        options = options.withCtrlLossTimeout(Duration.ofSeconds(1));
        try (Controller controller = connect()) {
            target.refuse(FakeTarget::isConnect, 0x4184, 0);
            cut();
            awaitState(controller, ControllerState.DEAD);
            assertThatThrownBy(() -> controller.awaitLive(SOON))
                    .isInstanceOf(HostNotAllowedException.class);
        }
    }

    @Test
    void targetIsBusyForAWhile_isTriedUntilItIsNot() throws Exception {
        try (Controller controller = connect()) {
            int[] refusals = {3};
            target.intercept((queue, capsule) -> {
                if (!FakeTarget.isConnect(capsule) || refusals[0]-- <= 0) {
                    return false;
                }
                queue.respond(capsule, 0x0181, 0);
                return true;
            });
            cut();
            awaitLoss();
            awaitLive(controller);
            assertThat(refusals[0]).isNotPositive();
        }
    }

    @Test
    void lostAgainDuringSetUp_isTriedAgain() throws Exception {
        try (Controller controller = connect()) {
            int[] cuts = {2};
            target.intercept((queue, capsule) -> {
                if (capsule.opcode() != FakeTarget.SET_FEATURES || cuts[0]-- <= 0) {
                    return false;
                }
                queue.fail(lost(FabricFailure.Kind.DISCONNECTED));
                return true;
            });
            cut();
            awaitLoss();
            awaitLive(controller);
        }
    }

    @Test
    void fiftyLosses_leaveNoRegistrationAndNoQueue() throws Exception {
        try (Controller controller = connect()) {
            int registered = memory.registeredCount();
            for (int i = 0; i < 50; i++) {
                events.clear();
                cut();
                awaitLoss();
                awaitLive(controller);
            }
            assertThat(memory.registeredCount()).isEqualTo(registered);
            assertThat(transport.queues().stream().filter(q -> !q.isClosed())).hasSize(1);
        }
    }

    // Time-outs.

    private int statusOfAStuckRead(boolean abortWorks) throws Exception {
        options =
                options.withTimeoutPolicy(TimeoutPolicy.ABORT_THEN_RECOVER)
                        .withIoTimeout(Duration.ofMillis(200));
        int[] status = {0};
        try (Controller controller = connect();
                IoQueue queue = controller.openQueue();
                DmaArena arena = controller.newArena(4096)) {
            target.intercept((from, capsule) -> {
                if (from.queueId() != 0 && capsule.opcode() == 2) {
                    return true;
                }
                if (from.queueId() == 0 && capsule.opcode() == ABORT) {
                    from.respond(capsule, 0, 0);
                    if (abortWorks) {
                        FakeFabricQueue io = transport.queues().get(1);
                        io.respond(io.lastSent(), 0x0007, 0);
                    }
                    return true;
                }
                return false;
            });
            assertThat(queue.tryRead(controller.namespace(1), 0, 1, arena.allocate(512, 512), 1))
                    .isTrue();
            queue.submit();
            long end = System.nanoTime() + SOON.toNanos();
            while (status[0] == 0 && System.nanoTime() < end) {
                if (queue.poll((token, s, result) -> status[0] = s) == 0) {
                    queue.await(1_000_000);
                }
            }
            assertThat(target.seen()).filteredOn(c -> c.opcode() == ABORT).hasSize(1);
            if (abortWorks) {
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
            target.intercept(null);
        }
        return status[0];
    }

    @Test
    void stuckCommandThatCanBeAborted_endsWithoutARecovery() throws Exception {
        assertThat(statusOfAStuckRead(true)).isEqualTo(0x0007);
    }

    @Test
    void stuckCommandThatCannotBeAborted_takesTheQueueDown() throws Exception {
        assertThat(statusOfAStuckRead(false)).isEqualTo(CommandQueue.STATUS_HOST_ABORTED);
    }

    // Queues.

    @Test
    void queuesOfADevice_areConnectedAndGivenBackWhenOneFails() throws Exception {
        options = options.withConnectParallelism(3);
        try (Controller controller = connect()) {
            target.refuse(c -> FakeTarget.isConnect(c) && c.u8(42) == 2, 0x4182, 42);
            assertThatThrownBy(() -> controller.openDevice(1))
                    .isInstanceOf(ConnectStatusException.class);
            assertThat(transport.queues().stream().filter(q -> !q.isClosed())).hasSize(1);
            target.intercept(null);
            try (BlockDevice device = controller.openDevice(1)) {
                device.flush();
            }
        }
    }

    @Test
    void deviceAcrossALoss_waitsAndGoesOn() throws Exception {
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1)) {
            byte[] data = new byte[4096];
            new Random(3).nextBytes(data);
            for (int i = 0; i < 10; i++) {
                device.write(4096L * i, MemorySegment.ofArray(data));
                cut();
                byte[] back = new byte[4096];
                device.read(4096L * i, MemorySegment.ofArray(back));
                assertThat(back).isEqualTo(data);
            }
        }
    }

    // Resets.

    @Test
    void reset_disablesAndConnectsAgain() throws Exception {
        try (Controller controller = connect()) {
            controller.reset();
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            assertThat(target.seen())
                    .as("CC.EN was cleared")
                    .anyMatch(c -> FakeTarget.isPropertySet(c) && (c.u64(48) & 1) == 0);
            assertThat(transport.queues().getFirst().isClosed()).isTrue();
        }
    }

    @Test
    void resetWhileWaiting_connectsAtOnce() throws Exception {
        options = options.withReconnectDelay(Duration.ofHours(1));
        try (Controller controller = connect()) {
            unreachable();
            cut();
            long end = System.nanoTime() + SOON.toNanos();
            while (controller.status().attempts() < 3 && System.nanoTime() < end) {
                Thread.sleep(1);
            }
            transport.failConnect(null);
            controller.reset();
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 64})
    void otherQueueCountOnReconnect_isUsed(int granted) throws Exception {
        try (Controller controller = connect()) {
            assertThat(controller.ioQueueCount()).isEqualTo(4);
            target.queuesGranted(granted);
            controller.reset();
            assertThat(controller.ioQueueCount()).isEqualTo(Math.min(4, granted));
            controller.openQueue().close();
        }
    }

    // Connecting in other ways.

    @Test
    void connectInterrupted_leavesNothing() {
        target.ignore(FakeTarget::isConnect);
        Thread.currentThread().interrupt();
        assertThatThrownBy(this::connect).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        long end = System.nanoTime() + SOON.toNanos();
        while (!transport.isClosed() && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }

    @Test
    void asyncConnectCancelled_leavesNothing() throws Exception {
        target.ignore(FakeTarget::isConnect);
        try (ControlThreads threads = new ControlThreads()) {
            CompletableFuture<Controller> future =
                    Controller.connect(
                            transport, parameters(), threads, opened -> {}, closed -> {});
            future.cancel(true);
            assertThatThrownBy(future::join).isInstanceOf(CancellationException.class);
            long end = System.nanoTime() + SOON.toNanos();
            while (!transport.isClosed() && System.nanoTime() < end) {
                Thread.sleep(1);
            }
        }
    }

    @Test
    void closeWhileReconnecting_isQuick() throws Exception {
        Controller controller = connect();
        target.ignore(c -> true);
        cut();
        awaitState(controller, ControllerState.CONNECTING);
        long start = System.nanoTime();
        controller.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
    }

    @Test
    void sqFlowControlRefused_isConnectedWithIt() throws Exception {
        options = options.withDisableSqFlow(true);
        target.intercept((queue, capsule) -> {
            if (!FakeTarget.isConnect(capsule) || (capsule.u8(46) & 4) == 0) {
                return false;
            }
            queue.respond(capsule, 0x4182, 46);
            return true;
        });
        try (Controller controller = connect()) {
            controller.openQueue().close();
        }
    }

    @Test
    void sqFlowControlOff_isAskedFor() throws Exception {
        options = options.withDisableSqFlow(true);
        try (Controller controller = connect()) {
            controller.openQueue().close();
        }
        assertThat(target.seen())
                .filteredOn(FakeTarget::isConnect)
                .hasSize(2)
                .allMatch(c -> (c.u8(46) & 4) != 0);
    }

    @Test
    void authenticationRequiredOnAnIoQueueOnly_withoutSecretIsRefusedWithReason() throws Exception {
        try (Controller controller = connect()) {
            target.connectAttributes(1 << 17);
            assertThatThrownBy(controller::openQueue)
                    .isInstanceOf(AuthenticationFailedException.class)
                    .hasMessageContaining("dhchapSecret");
        }
    }

    // Events.

    @Test
    void listenerThrows_othersAndTheControllerGoOn() throws Exception {
        try (Controller controller = connect()) {
            List<ControllerEvent> second = new CopyOnWriteArrayList<>();
            controller.addListener((c, event) -> {
                throw new IllegalStateException("listener");
            });
            controller.addListener((c, event) -> second.add(event));
            controller.reset();
            awaitLoss();
            awaitLive(controller);
            long end = System.nanoTime() + SOON.toNanos();
            while (second.isEmpty() && System.nanoTime() < end) {
                Thread.sleep(1);
            }
            assertThat(second).isNotEmpty();
        }
    }

    @Test
    void listenerClosesTheController_worksFromItsThread() throws Exception {
        Controller controller = connect();
        CompletableFuture<Void> closed = new CompletableFuture<>();
        controller.addListener((c, event) -> {
            c.close();
            closed.complete(null);
        });
        cut();
        closed.get(20, TimeUnit.SECONDS);
        assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
    }

    private void report(int event) throws InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        while (!target.report(event)) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(1);
        }
    }

    @Test
    void namespaceAddedAndRemoved_areToldAgainAndAgain() throws Exception {
        target.discoveryLog(new byte[4096]); // any log page
        try (Controller controller = connect()) {
            for (int i = 0; i < 5; i++) {
                target.namespaces(FakeTarget.list(1, 9));
                report(NAMESPACES_CHANGED);
                ControllerEvent.NamespacesChanged added =
                        next(ControllerEvent.NamespacesChanged.class);
                assertThat(added.added()).extracting(Namespace::id).containsExactly(9);
                assertThat(added.removed()).isEmpty();
                assertThat(controller.namespaces()).hasSize(2);
                target.namespaces(FakeTarget.list(1));
                report(NAMESPACES_CHANGED);
                assertThat(next(ControllerEvent.NamespacesChanged.class).removed())
                        .extracting(Namespace::id)
                        .containsExactly(9);
            }
            assertThat(target.seen())
                    .as("read without retaining, so that the event comes again")
                    .anyMatch(c ->
                            c.opcode() == FakeTarget.GET_LOG_PAGE
                                    && (c.u32(40) & 0xFF) == 4
                                    && (c.u32(40) & 1 << 15) == 0);
        }
    }

    @Test
    void namespacesChangedWhileAway_areToldAtReconnect() throws Exception {
        try (Controller controller = connect()) {
            target.namespaces(FakeTarget.list(1, 4));
            cut();
            assertThat(next(ControllerEvent.NamespacesChanged.class).added())
                    .extracting(Namespace::id)
                    .containsExactly(4);
            awaitLive(controller);
            assertThat(controller.namespaces()).hasSize(2);
        }
    }

    @Test
    void persistentInternalError_connectsAgain() throws Exception {
        try (Controller controller = connect()) {
            report(0x01_03_00);
            ControllerEvent.StateChanged changed = awaitLoss();
            assertThat(changed.status().reason().orElseThrow()).contains("persistent internal");
            awaitLive(controller);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0x02_01_01, 0x03_01_02, 0x00_00_03, 0x81_01_06, 0xC0_05_07, 0x00_FF_05})
    void anyOtherEvent_isToldAndRequestsGoOn(int event) throws Exception {
        target.discoveryLog(new byte[4096]);
        try (Controller controller = connect()) {
            for (int i = 0; i < 6; i++) {
                report(event);
                assertThat(next(ControllerEvent.Notice.class).event().value()).isEqualTo(event);
            }
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }

    @Test
    void logPageOfAnEventCannotBeRead_isToldNevertheless() throws Exception {
        try (Controller controller = connect()) {
            target.refuse(c -> c.opcode() == FakeTarget.GET_LOG_PAGE, 0x4109, 0);
            report(0x02_01_01);
            next(ControllerEvent.Notice.class);
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }

    // Keep alive.

    @Test
    void keepAliveNotAnswered_connectsAgain() throws Exception {
        options = options.withKeepAliveTimeout(Duration.ofMillis(100));
        try (Controller controller = connect()) {
            target.ignore(c -> c.opcode() == FakeTarget.KEEP_ALIVE);
            ControllerEvent.StateChanged changed = awaitLoss();
            assertThat(changed.status().state()).isEqualTo(ControllerState.RESETTING);
            target.intercept(null);
            awaitLive(controller);
        }
    }
}

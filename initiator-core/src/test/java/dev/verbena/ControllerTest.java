package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.fakes.FakeMemoryDomain;
import dev.verbena.fakes.FakeTarget;
import dev.verbena.fakes.FakeTransport;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Controllers, queues and devices as a user has them, over a target in memory.
@Timeout(60)
class ControllerTest {
    private static final Nqn SUBSYSTEM = Nqn.of("nqn.2024-01.org.example:disk");
    private static final FabricFailure LOST =
            new FabricFailure(FabricFailure.Kind.DISCONNECTED, "the target disconnected");

    private final FakeMemoryDomain memory = new FakeMemoryDomain();
    private final FakeTarget target = new FakeTarget(memory, 1024);
    private final FakeTransport transport = new FakeTransport(memory, target);
    private final List<Controller> closed = new ArrayList<>();
    private ConnectOptions options =
            ConnectOptions.defaults()
                    .withIoQueues(3)
                    // One after the other: the tests name queues by the order of their making.
                    .withConnectParallelism(1)
                    .withCtrlLossTimeout(Duration.ZERO)
                    .withKeepAliveTimeout(Duration.ofSeconds(30))
                    .withConnectTimeout(Duration.ofSeconds(20));

    private Controller connect() throws IOException {
        return Controller.connect(
                transport,
                new AssociationParameters(
                        SUBSYSTEM, HostIdentity.generate(), options, options.keepAliveTimeout()),
                closed::add);
    }

    /// Whatever a test does: no queue, no registration, no transport is left.
    @AfterEach
    void nothingIsLeft() {
        assertThat(transport.isClosed()).isTrue();
        assertThat(transport.openAtClose()).isZero();
        assertThat(memory.registeredCount()).isZero();
    }

    private void refusedToConnect(Class<? extends IOException> type, String... parts) {
        assertThatThrownBy(this::connect)
                .isInstanceOf(type)
                .satisfies(e -> assertThat(e.getMessage()).contains(parts));
        assertThat(closed).hasSize(1);
    }

    @Test
    void memoryOfTheAdminQueueIsRefused_isToldAsItIs() {
        memory.failRegister(new IllegalStateException("the limit on locked memory"));
        refusedToConnect(
                ConnectFailedException.class, "failed on this side", "the limit on locked memory");
    }

    private static void awaitDead(Controller controller) throws InterruptedException {
        assertThatThrownBy(() -> controller.awaitLive(Duration.ofSeconds(20)))
                .isInstanceOf(IOException.class);
        assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
    }

    private static byte[] random(int bytes) {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        return data;
    }

    // Connecting.

    @Test
    void goodTarget_isConnectedAndClosedInOrder() throws IOException {
        Controller controller = connect();
        assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        assertThat(controller.controllerId()).isEqualTo(5);
        assertThat(controller.ioQueueCount()).isEqualTo(4);
        assertThat(controller.inCapsuleBytesMax()).isEqualTo(4096);
        assertThat(controller.transferBytesMax()).isEqualTo(128 * 1024);
        assertThat(controller.namespaces()).extracting(Namespace::id).containsExactly(1);
        controller.close();
        controller.close();
        assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
        assertThat(closed).contains(controller);
        assertThat(target.seen())
                .as("a shutdown was asked for")
                .anyMatch(c -> FakeTarget.isPropertySet(c) && ((c.u64(48) >>> 14) & 3) == 1);
    }

    @Test
    void transportRefuses_itsExceptionArrives() {
        transport.failConnect(
                new ConnectionRefusedException("192.0.2.1:4420", 0, "Connection refused", null));
        refusedToConnect(ConnectionRefusedException.class, "refused");
    }

    @Test
    void hostNotAllowed_isItsOwnException() {
        target.refuse(FakeTarget::isConnect, 0x4184, 0);
        refusedToConnect(HostNotAllowedException.class, SUBSYSTEM.value(), "as host");
    }

    @Test
    void unknownSubsystem_isItsOwnException() {
        target.refuse(FakeTarget::isConnect, 0x4182, (1 << 16) | 256);
        refusedToConnect(SubsystemNotFoundException.class, SUBSYSTEM.value());
    }

    @ParameterizedTest
    @ValueSource(ints = {0x4180, 0x4181, 0x4183, 0x4191, 0x4002, 0x0006, 0x7FFF})
    void otherConnectStatus_isToldWithItsStatus(int status) {
        target.refuse(FakeTarget::isConnect, status, -1);
        assertThatThrownBy(this::connect)
                .isInstanceOfSatisfying(
                        ConnectStatusException.class,
                        e -> {
                            assertThat(e.status().value()).isEqualTo(status);
                            assertThat(e.retryable()).isEqualTo((status & 0x4000) == 0);
                        });
    }

    @Test
    void connectNotAnswered_isAConnectTimeout() {
        options = options.withConnectTimeout(Duration.ofMillis(30));
        target.ignore(FakeTarget::isConnect);
        refusedToConnect(ConnectTimeoutException.class, "the admin queue", "192.0.2.1:4420");
    }

    @Test
    void targetDisconnectsInsteadOfAnswering_isAConnectFailure() {
        target.intercept((queue, capsule) -> {
            queue.fail(LOST);
            return true;
        });
        refusedToConnect(ConnectFailedException.class, "the target disconnected");
    }

    @Test
    void authenticationRequired_isRefusedWithReason() {
        target.connectAttributes(1 << 17);
        refusedToConnect(ConnectFailedException.class, "authentication");
    }

    @Test
    void secureChannelRequired_isRefusedWithReason() {
        target.connectAttributes((1 << 17) | (1 << 18));
        refusedToConnect(ConnectFailedException.class, "secure channel");
    }

    @Test
    void neverReady_isGivenUp() {
        target.becomesReady(false);
        target.capabilities(127); // CAP.TO 0: half a second is the least
        refusedToConnect(IOException.class, "did not become ready");
    }

    @Test
    void noKeyedSgls_isRefusedWithReason() {
        target.identify(536, 0, 4);
        refusedToConnect(IOException.class, "keyed SGLs");
    }

    @Test
    void identifyFails_isToldByName() {
        target.refuse(c -> c.opcode() == FakeTarget.IDENTIFY, 0x4006, 0);
        refusedToConnect(NvmeException.class, "Identify Controller");
    }

    @Test
    void depthOfOne_isEnoughToConnect() throws IOException {
        transport.depthMax(1);
        connect().close();
    }

    @Test
    void lostDuringSetUp_isToldAndCleanedUp() {
        target.intercept((queue, capsule) -> {
            if (capsule.opcode() != FakeTarget.SET_FEATURES) {
                return false;
            }
            queue.fail(LOST);
            return true;
        });
        refusedToConnect(ConnectionLostException.class, "the target disconnected");
    }

    // What the target claims.

    @Test
    void namespaceListThatDoesNotAscend_isAnIoException() {
        target.namespaces(FakeTarget.list(2, 1));
        refusedToConnect(IOException.class, "something impossible", "Namespace List");
    }

    @Test
    void namespaceListThatRepeats_isAnIoException() {
        int[] ids = new int[1024];
        Arrays.setAll(ids, i -> i + 1);
        target.namespaces(FakeTarget.list(ids));
        // The second page starts at 1 again.
        refusedToConnect(IOException.class, "lists namespace 1 when asked for those after 1024");
    }

    @Test
    void namespaceGoneBetweenListAndIdentify_isLeftOut() throws IOException {
        target.namespaces(FakeTarget.list(1, 7));
        target.refuse(
                c -> c.opcode() == FakeTarget.IDENTIFY && c.u8(40) == 0 && c.namespaceId() == 7,
                0x400B,
                0);
        try (Controller controller = connect()) {
            assertThat(controller.namespaces()).extracting(Namespace::id).containsExactly(1);
        }
    }

    @Test
    void formatThatIsNotListed_namespaceIsLeftOut() throws IOException {
        target.namespace(26, 1, 1);
        try (Controller controller = connect()) {
            assertThat(controller.namespaces()).isEmpty();
            assertThatThrownBy(() -> controller.openDevice(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no active namespace 1");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 8, 31, 255})
    void formatWithoutUsableBlocks_deviceIsRefusedWithReason(int exponent) throws IOException {
        target.namespace(130, exponent, 1);
        try (Controller controller = connect()) {
            assertThatThrownBy(() -> controller.openDevice(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no LBA format");
            try (IoQueue queue = controller.openQueue();
                    DmaArena dma = controller.newArena(4096)) {
                Namespace namespace = controller.namespace(1);
                MemorySegment buffer = dma.allocate(512, 512);
                assertThatThrownBy(() -> queue.tryRead(namespace, 0, 1, buffer, 0))
                        .isInstanceOf(IllegalArgumentException.class);
            }
        }
    }

    @Test
    void metadataAtTheEndOfBlocks_deviceIsRefusedWithReason() throws IOException {
        target.namespace(26, 1 << 4, 1);
        target.namespace(128, 8, 2);
        try (Controller controller = connect()) {
            assertThatThrownBy(() -> controller.openDevice(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("8 bytes of metadata");
        }
    }

    @Test
    void blockLargerThanACommand_deviceIsRefusedWithReason() throws IOException {
        target.namespace(130, 30, 1);
        try (Controller controller = connect()) {
            assertThatThrownBy(() -> controller.openDevice(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("1073741824 bytes is more than one command");
        }
        assertThat(transport.queues()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, Long.MIN_VALUE, -1, Long.MAX_VALUE / 512 + 1})
    void sizeBeyond63Bits_deviceIsRefusedWithReason(long blocks) throws IOException {
        target.namespace(0, blocks, 8);
        try (Controller controller = connect()) {
            assertThatThrownBy(() -> controller.openDevice(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(Long.toUnsignedString(blocks) + " blocks");
            Namespace namespace = controller.namespace(1);
            assertThatThrownBy(namespace::byteSize).isInstanceOf(ArithmeticException.class);
        }
    }

    @Test
    void hostileIcdoff_onlyTurnsInCapsuleDataOff() throws IOException {
        target.identify(1792, 0xFFFF_FFFFL, 4);
        target.identify(1800, 0xFFFF, 2);
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1)) {
            assertThat(controller.inCapsuleBytesMax()).isZero();
            device.write(0, MemorySegment.ofArray(random(512)));
        }
    }

    @Test
    void queueDepth_isTheSmallestOfAllLimits() throws IOException {
        target.identify(514, 7, 2);
        try (Controller controller = connect();
                IoQueue queue = controller.openQueue()) {
            assertThat(queue.depth()).isEqualTo(7);
        }
    }

    @Test
    void maxcmdOfOne_givesADepthOfOne() throws IOException {
        target.identify(514, 1, 2);
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1)) {
            byte[] data = random(512 * 1000);
            device.write(0, MemorySegment.ofArray(data));
            byte[] back = new byte[data.length];
            device.read(0, MemorySegment.ofArray(back));
            assertThat(back).isEqualTo(data);
        }
    }

    // Queues.

    @Test
    void moreQueuesThanGranted_areRefusedWithAdvice() throws IOException {
        target.queuesGranted(1);
        try (Controller controller = connect()) {
            assertThat(controller.ioQueueCount()).isEqualTo(1);
            try (IoQueue queue = controller.openQueue()) {
                assertThat(queue.inFlightCount()).isZero();
                assertThatThrownBy(controller::openQueue)
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("ioQueues");
            }
            controller.openQueue().close();
        }
    }

    @Test
    void ioQueueRefused_isToldAndItsIdCanBeUsedAgain() throws IOException {
        try (Controller controller = connect()) {
            target.refuse(FakeTarget::isConnect, 0x4182, 42);
            for (int i = 0; i < 10; i++) {
                assertThatThrownBy(controller::openQueue)
                        .isInstanceOf(ConnectStatusException.class)
                        .hasMessageContaining("I/O queue 1");
            }
            target.intercept(null);
            controller.openQueue().close();
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }

    @Test
    void ioQueueConnectNotAnswered_isAConnectTimeoutAndNothingIsLeft() throws IOException {
        options = options.withConnectTimeout(Duration.ofMillis(100));
        try (Controller controller = connect()) {
            int registered = memory.registeredCount();
            target.ignore(FakeTarget::isConnect);
            assertThatThrownBy(controller::openQueue).isInstanceOf(ConnectTimeoutException.class);
            assertThat(memory.registeredCount()).isEqualTo(registered);
            assertThat(transport.queues().getLast().isClosed()).isTrue();
            target.intercept(null);
        }
    }

    @Test
    void closeWithOpenQueue_isRefusedAndChangesNothing() throws IOException {
        Controller controller = connect();
        IoQueue queue = controller.openQueue();
        assertThatThrownBy(controller::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("I/O queue 1");
        assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        controller.openQueue().close();
        queue.close();
        controller.close();
    }

    // The end.

    @Test
    void adminQueueLost_controllerIsDeadAndDevicesFail() throws Exception {
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1)) {
            target.ignore(c -> true);
            CompletableFuture<Void> future =
                    device.readAsync(0, MemorySegment.ofArray(new byte[512]));
            transport.queues().getFirst().fail(LOST);
            assertThatThrownBy(() -> future.get(20, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(ConnectionLostException.class);
            awaitDead(controller);
            assertThatThrownBy(() -> controller.openDevice(1))
                    .isInstanceOf(ConnectionLostException.class)
                    .hasMessageContaining("the target disconnected");
            assertThatThrownBy(device::flush).isInstanceOf(ConnectionLostException.class);
        }
    }

    @Test
    void oneDeviceLost_controllerIsDead() throws Exception {
        try (Controller controller = connect();
                BlockDevice first = controller.openDevice(1);
                BlockDevice second = controller.openDevice(1)) {
            transport.queues().get(1).fail(LOST);
            assertThatThrownBy(
                            () -> {
                                while (true) {
                                    second.flush();
                                }
                            })
                    .isInstanceOf(ConnectionLostException.class);
            awaitDead(controller);
            assertThatThrownBy(first::flush).isInstanceOf(ConnectionLostException.class);
        }
    }

    @Test
    void shutdownNeverCompletes_closeIsBounded() throws IOException {
        Controller controller = connect();
        target.shutsDown(false);
        controller.close();
        assertThat(controller.state()).isEqualTo(ControllerState.DEAD);
    }

    @Test
    void shutdownRefused_closeStillReleasesEverything() throws IOException {
        Controller controller = connect();
        target.refuse(FakeTarget::isPropertySet, 0x4006, 0);
        controller.close();
    }

    @Test
    void closeFromTheDevicesOwnThread_isRefused() throws Exception {
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1)) {
            target.ignore(c -> c.opcode() == 0);
            CompletableFuture<Void> stage = device.flushAsync().thenRun(controller::close);
            transport.queues().get(1).awaitSent(2);
            transport.queues().get(1).respond(transport.queues().get(1).lastSent(), 0, 0);
            assertThatThrownBy(() -> stage.get(20, TimeUnit.SECONDS))
                    .hasRootCauseInstanceOf(IllegalStateException.class)
                    .hasRootCauseMessage(
                            "A device's own thread cannot close its controller; attach the stage"
                                    + " with an executor");
            assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
        }
    }

    @Test
    void closeWhileOthersOpenDevices_leavesNothing() throws Exception {
        Controller controller = connect();
        CountDownLatch started = new CountDownLatch(2);
        List<Thread> openers = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            openers.add(
                    Thread.ofPlatform()
                            .start(() -> {
                                started.countDown();
                                try {
                                    while (true) {
                                        controller.openDevice(1).close();
                                    }
                                } catch (IOException e) {
                                    // The controller is closed.
                                }
                            }));
        }
        started.await();
        controller.close();
        for (Thread opener : openers) {
            opener.join();
        }
        assertThat(transport.queues()).allMatch(q -> q.isClosed());
    }

    // Devices.

    @Test
    void everyKindOfMemory_readsBackWhatWasWritten() throws IOException {
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1);
                DmaArena dma = device.newArena(1 << 16);
                Arena confined = Arena.ofConfined()) {
            byte[] data = random(8192);
            for (MemorySegment buffer :
                    List.of(
                            MemorySegment.ofArray(new byte[8192]),
                            dma.allocate(8192, 4096),
                            confined.allocate(8192))) {
                buffer.copyFrom(MemorySegment.ofArray(data));
                device.write(1024, buffer);
                buffer.fill((byte) 0);
                device.read(1024, buffer);
                assertThat(buffer.mismatch(MemorySegment.ofArray(data))).isEqualTo(-1);
            }
            device.flush();
        }
    }

    @Test
    void confinedSegment_asyncReadIsRefused() throws IOException {
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1);
                Arena confined = Arena.ofConfined()) {
            MemorySegment buffer = confined.allocate(512);
            assertThatThrownBy(() -> device.readAsync(0, buffer))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("confined");
        }
    }

    @Test
    void rangesThatDoNotFit_areRefused() throws IOException {
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1)) {
            long size = device.byteSize();
            assertThat(size).isEqualTo(1024 * 512);
            record Range(long offset, int bytes) {}
            for (Range range :
                    List.of(
                            new Range(-512, 512),
                            new Range(1, 512),
                            new Range(0, 0),
                            new Range(0, 511),
                            new Range(size, 512),
                            new Range(size - 512, 1024),
                            new Range(Long.MAX_VALUE - 511, 512),
                            new Range(Long.MIN_VALUE, 512))) {
                MemorySegment buffer = MemorySegment.ofArray(new byte[range.bytes()]);
                assertThatThrownBy(() -> device.read(range.offset(), buffer))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> device.write(range.offset(), buffer))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(
                            () -> device.read(0, MemorySegment.ofArray(new byte[512]).asReadOnly()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("read-only");
            device.read(size - 512, MemorySegment.ofArray(new byte[512]));
        }
    }

    @Test
    void nvmeError_isThrownWithTheCallersTrace() throws IOException {
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1)) {
            target.refuse(c -> c.opcode() == 2, 0x4281, 0);
            assertThatThrownBy(() -> device.read(0, MemorySegment.ofArray(new byte[512])))
                    .isInstanceOf(NvmeException.class)
                    .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
            target.intercept(null);
        }
    }

    @Test
    void interruptedRead_isToldAndDeviceGoesOn() throws Exception {
        try (Controller controller = connect();
                BlockDevice device = controller.openDevice(1)) {
            target.ignore(c -> c.opcode() == 2);
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> device.read(0, MemorySegment.ofArray(new byte[512])))
                    .isInstanceOf(java.io.InterruptedIOException.class);
            assertThat(Thread.interrupted()).isTrue();
            transport.queues().get(1).awaitSent(2);
            transport.queues().get(1).respond(transport.queues().get(1).lastSent(), 0, 0);
            device.flush();
        }
    }

    @Test
    void closedDevice_refusesRequests() throws IOException {
        try (Controller controller = connect()) {
            BlockDevice device = controller.openDevice(1);
            device.close();
            device.close();
            assertThatThrownBy(device::flush).hasMessage("The device is closed");
            controller.openDevice(1).close();
        }
    }

    @Test
    void arenaOutlivesItsController_isStillFreed() throws IOException {
        Controller controller = connect();
        DmaArena arena = controller.newArena(4096);
        controller.close();
        assertThatThrownBy(() -> controller.newArena(4096))
                .isInstanceOf(IllegalStateException.class);
        arena.close();
        assertThat(arena.scope().isAlive()).isFalse();
    }
}

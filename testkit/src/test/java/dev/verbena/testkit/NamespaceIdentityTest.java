package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ByteRange;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerState;
import dev.verbena.DmaArena;
import dev.verbena.Durability;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.NvmOpcode;
import dev.verbena.nvme.SubmissionEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A device stays with the content it was opened on: its requests never follow the namespace id to
/// another one, however they came to wait. In virtual time.
@Isolated
@Timeout(60)
class NamespaceIdentityTest {
    private static final UUID OTHER = new UUID(0xAAAA, 0xBBBB);
    private static final int BLOCKS = 4096;
    private static final byte FILL = 0x5A;

    /// Of the commands of the fabric, which queues begin with.
    private static final int CONNECT_OPCODE = 0x7F;

    /// Every kind of request a device has.
    enum Request {
        READ,
        WRITE,
        WRITE_IN_PIECES,
        WRITE_GATHERED,
        COMPARE,
        COMPARE_AND_WRITE,
        WRITE_ZEROES,
        DEALLOCATE,
        COPY,
        VERIFY,
        UNCORRECTABLE,
        FLUSH,
        RAW;

        CompletableFuture<Void> on(BlockDevice device) {
            return switch (this) {
                case READ -> device.readAsync(0, bytes(512));
                case WRITE -> device.writeAsync(0, bytes(512));
                case WRITE_IN_PIECES -> device.writeAsync(0, bytes(1 << 20));
                case WRITE_GATHERED ->
                        device.writeAsync(0, List.of(bytes(100), bytes(924)), Durability.DURABLE);
                case COMPARE -> device.compareAsync(0, bytes(512));
                case COMPARE_AND_WRITE ->
                        device.compareAndWriteAsync(
                                0, MemorySegment.ofArray(new byte[512]), bytes(512));
                case WRITE_ZEROES -> device.writeZeroesAsync(0, 1 << 20, true);
                case DEALLOCATE -> device.deallocateAsync(List.of(new ByteRange(0, 1 << 20)));
                case COPY -> device.copyAsync(List.of(new ByteRange(0, 4096)), 8192);
                case VERIFY -> device.verifyAsync(0, 4096);
                case UNCORRECTABLE -> device.writeUncorrectableAsync(0, 512);
                case FLUSH -> device.flushAsync();
                case RAW -> device.commandAsync(rawWrite(), bytes(512)).thenAccept(result -> {});
            };
        }
    }

    private static MemorySegment bytes(int count) {
        byte[] data = new byte[count];
        Arrays.fill(data, FILL);
        return MemorySegment.ofArray(data);
    }

    private static MemorySegment rawWrite() {
        MemorySegment entry = MemorySegment.ofArray(new byte[SubmissionEntry.SIZE]);
        entry.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 0, (byte) NvmOpcode.WRITE);
        return entry;
    }

    private static TestNamespace other() {
        TestNamespace other = new TestNamespace(1, BLOCKS, 512, OTHER);
        other.write(0, marked());
        return other;
    }

    private static byte[] marked() {
        byte[] content = new byte[BLOCKS * 512];
        Arrays.fill(content, (byte) 0x11);
        return content;
    }

    private static void untouched(TestNamespace other) {
        assertThat(other.read(0, BLOCKS)).as("the other content").isEqualTo(marked());
    }

    private static Throwable failureOf(CompletableFuture<?> future) throws Exception {
        try {
            future.get();
        } catch (ExecutionException e) {
            return Objects.requireNonNull(e.getCause());
        }
        throw new AssertionError("The request succeeded");
    }

    private static void isRemoved(Throwable e) {
        assertThat(e)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Namespace 1 was removed, or its id belongs to another now");
    }

    private static long ioCommands(VirtualScene scene) {
        long count = 0;
        for (int opcode = 0; opcode < CONNECT_OPCODE; opcode++) {
            count += scene.target.ioCommandCount(opcode);
        }
        return count;
    }

    /// Breaks the connection, and lets nobody come back.
    private static void away(VirtualScene scene, Controller controller) throws Exception {
        scene.target.stop();
        scene.target.disconnectAll();
        scene.await(controller, ControllerState.CONNECTING, Duration.ofSeconds(60));
    }

    private static void back(VirtualScene scene, Controller controller) throws Exception {
        scene.target.start();
        scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(60));
    }

    // Another content has the id.

    @ParameterizedTest
    @EnumSource
    void requestThatWaits_idBelongsToOtherContentMeanwhile_failsUnsent(Request request) {
        VirtualScene.play(scene -> {
            TestNamespace other = other();
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                away(scene, controller);
                List<CompletableFuture<Void>> waiting = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    waiting.add(request.on(disk));
                }
                scene.subsystem.putNamespace(other);
                long before = ioCommands(scene);
                back(scene, controller);
                for (CompletableFuture<Void> future : waiting) {
                    isRemoved(failureOf(future));
                }
                assertThat(ioCommands(scene)).isEqualTo(before);
                untouched(other);
                isRemoved(failureOf(disk.readAsync(0, bytes(512))));
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void requestThatWasUnderWay_idBelongsToOtherContentMeanwhile_isNotRepeated(Request request) {
        VirtualScene.play(scene -> {
            TestNamespace other = other();
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(Occasion.io().always(), new Fault.DropAnswer());
                CompletableFuture<Void> lost = request.on(disk);
                scene.pass(Duration.ofMillis(100));
                scene.target.heal();
                away(scene, controller);
                scene.subsystem.putNamespace(other);
                long before = ioCommands(scene);
                back(scene, controller);
                assertThat(failureOf(lost)).isInstanceOf(IOException.class);
                assertThat(ioCommands(scene)).isEqualTo(before);
                untouched(other);
            }
        });
    }

    @Test
    void blockingWriteThatWaits_failsToo() {
        VirtualScene.play(scene -> {
            TestNamespace other = other();
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                away(scene, controller);
                Throwable[] end = new Throwable[1];
                Thread writer =
                        scene.start(
                                "writer",
                                () -> {
                                    try {
                                        disk.write(0, bytes(512));
                                    } catch (IOException e) {
                                        end[0] = e;
                                    }
                                });
                scene.subsystem.putNamespace(other);
                scene.pass(Duration.ofMillis(10));
                back(scene, controller);
                writer.join();
                isRemoved(end[0]);
                untouched(other);
            }
        });
    }

    @Test
    void requestsOfOtherNamespaces_goOn() {
        VirtualScene.play(scene -> {
            TestNamespace second = scene.subsystem.addNamespace(2, BLOCKS, 512);
            try (Controller controller = scene.connect();
                    BlockDevice one = controller.openDevice(1);
                    BlockDevice two = controller.openDevice(2)) {
                away(scene, controller);
                CompletableFuture<Void> lost = one.writeAsync(0, bytes(512));
                CompletableFuture<Void> kept = two.writeAsync(0, bytes(512));
                scene.subsystem.putNamespace(other());
                back(scene, controller);
                isRemoved(failureOf(lost));
                kept.get();
                assertThat(second.read(0, 1)).containsOnly(FILL);
            }
        });
    }

    /// Without any loss: a small queue, slow answers, and many writes behind them.
    @Test
    void namespaceChangedWhileConnected_nothingIsSentAfterItWasTold() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withIoQueues(1).withQueueSize(4);
            TestNamespace other = other();
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                long[] told = {-1};
                controller.addListener((of, event) -> {
                    if (event instanceof ControllerEvent.NamespacesChanged) {
                        told[0] = scene.target.ioCommandCount(NvmOpcode.WRITE);
                    }
                });
                scene.target.inject(
                        Occasion.io(NvmOpcode.WRITE).always(),
                        new Fault.DelayAnswer(Duration.ofMillis(50)));
                List<CompletableFuture<Void>> writes = new ArrayList<>();
                for (int i = 0; i < 200; i++) {
                    writes.add(disk.writeAsync(512L * i, bytes(512)));
                }
                scene.pass(Duration.ofMillis(120));
                long before = scene.target.ioCommandCount(NvmOpcode.WRITE);
                scene.subsystem.putNamespace(other);
                int succeeded = 0;
                for (CompletableFuture<Void> write : writes) {
                    try {
                        write.get();
                        succeeded++;
                    } catch (ExecutionException e) {
                        isRemoved(Objects.requireNonNull(e.getCause()));
                    }
                }
                assertThat(told[0]).isGreaterThanOrEqualTo(before).isLessThan(30);
                assertThat(scene.target.ioCommandCount(NvmOpcode.WRITE)).isEqualTo(told[0]);
                assertThat(succeeded).isPositive().isLessThan(30);
            }
        });
    }

    /// A command that is answered after the host has learned of the change is not said to have
    /// succeeded: nobody knows which content it was about.
    @Test
    void commandUnderWay_whenNamespaceChanges_isNotSaidToHaveSucceeded() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1);
                    DmaArena arena = disk.newArena(4096)) {
                scene.target.inject(
                        Occasion.io(NvmOpcode.READ).always(),
                        new Fault.DelayAnswer(Duration.ofSeconds(2)));
                CompletableFuture<Void> direct = disk.readAsync(0, arena.allocate(512, 512));
                CompletableFuture<Void> copied = disk.readAsync(0, bytes(512));
                scene.pass(Duration.ofMillis(100));
                scene.subsystem.putNamespace(other());
                isRemoved(failureOf(direct));
                isRemoved(failureOf(copied));
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    /// Between the first inventory of a connection and its first I/O command queues are connected.
    @Test
    void namespaceChangedWhileReconnecting_nothingFollows() {
        VirtualScene.play(scene -> {
            TestNamespace other = other();
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                away(scene, controller);
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                scene.target.inject(
                        Occasion.connection(1), new Fault.SlowAccept(Duration.ofSeconds(2)));
                scene.target.start();
                long identified = scene.target.adminCommandCount(6);
                scene.await(
                        () -> scene.target.adminCommandCount(6) >= identified + 4,
                        Duration.ofSeconds(30),
                        "the inventory");
                scene.pass(Duration.ofSeconds(1));
                assertThat(controller.state()).isEqualTo(ControllerState.CONNECTING);
                scene.subsystem.putNamespace(other);
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(60));
                isRemoved(failureOf(waiting));
                untouched(other);
            }
        });
    }

    /// The queues stand by then: what is not used has to be taken down with the rest.
    @Test
    void inventoryThatFailsAfterTheQueuesAreConnected_leavesNoQueueBehind() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                int queues = scene.fabric.queueCount();
                away(scene, controller);
                scene.target.inject(
                        Occasion.connection(1), new Fault.SlowAccept(Duration.ofSeconds(2)));
                // The first reading succeeds; the second follows from the event.
                scene.target.inject(
                        Occasion.identify(IdentifyCns.ACTIVE_NAMESPACES).after(1),
                        new Fault.Answer(0x0006, 0));
                scene.target.start();
                long identified = scene.target.adminCommandCount(6);
                scene.await(
                        () -> scene.target.adminCommandCount(6) >= identified + 4,
                        Duration.ofSeconds(30),
                        "the inventory");
                scene.pass(Duration.ofSeconds(1));
                assertThat(controller.state()).isEqualTo(ControllerState.CONNECTING);
                scene.subsystem.addNamespace(2, 64, 512);
                scene.await(
                        () -> controller.status().reason().orElse("").contains("Active Namespaces"),
                        Duration.ofSeconds(30),
                        "the reading that fails");
                assertThat(scene.fabric.queueCount()).isZero();
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(60));
                assertThat(scene.fabric.queueCount()).isEqualTo(queues);
                disk.read(0, MemorySegment.ofArray(new byte[512]));
            }
        });
    }

    // Level 1.

    private static boolean write(IoQueue queue, Namespace namespace, DmaArena arena)
            throws IOException {
        boolean accepted = queue.tryWrite(namespace, 0, 1, arena.allocate(512, 512), 0);
        queue.submit();
        long end = 100;
        int[] done = {0};
        while (done[0] == 0 && end-- > 0) {
            var _ = queue.pollOrWait((token, status, result) -> done[0]++, 10_000_000);
        }
        return accepted && done[0] == 1;
    }

    private static void isStale(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("its id belongs to another now");
    }

    @Test
    void ioQueue_namespaceKeptFromBeforeTheReconnect_isRefused() {
        VirtualScene.play(scene -> {
            TestNamespace other = other();
            try (Controller controller = scene.connect();
                    DmaArena arena = controller.newArena(1 << 16)) {
                Namespace kept = controller.namespace(1);
                try (IoQueue queue = controller.openQueue()) {
                    assertThat(write(queue, kept, arena)).isTrue();
                    away(scene, controller);
                }
                scene.subsystem.putNamespace(other);
                back(scene, controller);
                try (IoQueue queue = controller.openQueue()) {
                    isStale(() -> write(queue, kept, arena));
                    isStale(() -> queue.tryFlush(kept, 0));
                    untouched(other);
                    assertThat(write(queue, controller.namespace(1), arena)).isTrue();
                }
            }
        });
    }

    @Test
    void ioQueue_namespaceThatChangesWhileItIsOpen_isRefused() {
        VirtualScene.play(scene -> {
            TestNamespace other = other();
            try (Controller controller = scene.connect();
                    DmaArena arena = controller.newArena(1 << 16);
                    IoQueue queue = controller.openQueue()) {
                Namespace kept = controller.namespace(1);
                assertThat(write(queue, kept, arena)).isTrue();
                scene.subsystem.resizeNamespace(1, 2 * BLOCKS);
                scene.pass(Duration.ofSeconds(1));
                assertThat(write(queue, kept, arena)).isTrue();
                scene.subsystem.putNamespace(other);
                scene.pass(Duration.ofSeconds(1));
                isStale(() -> write(queue, kept, arena));
                scene.subsystem.removeNamespace(1);
                scene.pass(Duration.ofSeconds(1));
                isStale(() -> write(queue, kept, arena));
                untouched(other);
            }
        });
    }

    // Opening.

    @Test
    void deviceOpenedWhileNamespaceChanges_isRefused() {
        VirtualScene.play(scene -> {
            TestNamespace other = other();
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.connection(1), new Fault.SlowAccept(Duration.ofSeconds(2)));
                Throwable[] end = new Throwable[1];
                Thread opener =
                        scene.start(
                                "opener",
                                () -> {
                                    try (BlockDevice disk = controller.openDevice(1)) {
                                        disk.write(0, bytes(512));
                                    } catch (IOException e) {
                                        end[0] = e;
                                    }
                                });
                scene.pass(Duration.ofSeconds(1));
                scene.subsystem.putNamespace(other);
                opener.join();
                isRemoved(end[0]);
                untouched(other);
                // Who asks again means what is there now.
                try (BlockDevice disk = controller.openDevice(1)) {
                    assertThat(disk.namespace().descriptors().uuid()).contains(OTHER);
                    disk.write(0, bytes(512));
                }
            }
        });
    }

    @Test
    void deviceOpenedWhileNamespaceIsResized_knowsTheSize() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                scene.target.inject(
                        Occasion.connection(1), new Fault.SlowAccept(Duration.ofSeconds(2)));
                BlockDevice[] opened = new BlockDevice[1];
                Thread opener =
                        scene.start(
                                "opener",
                                () -> {
                                    try {
                                        opened[0] = controller.openDevice(1);
                                    } catch (IOException e) {
                                        throw new AssertionError(e);
                                    }
                                });
                scene.pass(Duration.ofSeconds(1));
                scene.subsystem.resizeNamespace(1, 100);
                opener.join();
                assertThat(opened[0].byteSize()).isEqualTo(51_200);
                opened[0].close();
            }
        });
    }

    // Formatted in another way.

    @Test
    void formattedWithLargerBlocksWhileAway_waitingWriteOfZeroesFails() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                away(scene, controller);
                CompletableFuture<Void> waiting = disk.writeZeroesAsync(0, 1 << 20, false);
                scene.subsystem.formatNamespace(1, BLOCKS, 4096, 0);
                back(scene, controller);
                assertThat(failureOf(waiting))
                        .hasMessageContaining("formatted with blocks of 4096 bytes instead of")
                        .hasMessageContaining("open it again");
                assertThat(scene.target.ioCommandCount(NvmOpcode.WRITE_ZEROES)).isZero();
            }
        });
    }

    @Test
    void formattedWithMetadataBesideTheSameData_deviceFailsAsOpeningDoes() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                disk.write(0, bytes(512));
                scene.subsystem.formatNamespace(1, BLOCKS, 512, 8);
                scene.await(
                        () -> !scene.told(ControllerEvent.NamespacesChanged.class).isEmpty(),
                        Duration.ofSeconds(10),
                        "the change");
                assertThatThrownBy(() -> disk.write(0, bytes(512)))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("8 bytes of metadata at the end of each");
                assertThatThrownBy(() -> controller.openDevice(1))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("8 bytes of metadata");
                assertThat(scene.target.ioCommandCount(NvmOpcode.WRITE)).isEqualTo(1);
            }
        });
    }

    @Test
    void resizedWhileAway_deviceGoesOn() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                away(scene, controller);
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                scene.subsystem.resizeNamespace(1, 2 * BLOCKS);
                back(scene, controller);
                waiting.get();
                assertThat(disk.byteSize()).isEqualTo(2L * BLOCKS * 512);
            }
        });
    }

    // Absent at the reconnect.

    private static TestNamespace present(VirtualScene scene) {
        return scene.subsystem.namespaces().getFirst();
    }

    @ParameterizedTest
    @EnumSource(
            names = {"RAW", "COMPARE_AND_WRITE", "UNCORRECTABLE"},
            mode = EnumSource.Mode.EXCLUDE)
    void namespaceThatComesBackAfterTheReconnect_deviceWaitsAndGoesOn(Request request) {
        VirtualScene.play(scene -> {
            TestNamespace mine = present(scene);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                if (request == Request.COMPARE) {
                    disk.write(0, bytes(512));
                }
                scene.target.inject(Occasion.io().always(), new Fault.DropAnswer());
                CompletableFuture<Void> repeated = request.on(disk);
                scene.pass(Duration.ofMillis(50));
                scene.target.heal();
                away(scene, controller);
                CompletableFuture<Void> waiting = request.on(disk);
                scene.subsystem.removeNamespace(1);
                long before = ioCommands(scene);
                back(scene, controller);
                CompletableFuture<Void> fresh = request.on(disk);
                scene.pass(Duration.ofMillis(50));
                assertThat(ioCommands(scene)).isEqualTo(before);
                scene.subsystem.putNamespace(mine);
                repeated.get();
                waiting.get();
                fresh.get();
                disk.read(0, bytes(512));
            }
        });
    }

    /// The controller need not say so.
    @Test
    void namespaceThatComesBackUnannounced_isFound() {
        VirtualScene.play(scene -> {
            TestNamespace mine = present(scene);
            Misbehavior.identifyController(scene.target, 92, 0, 4);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                away(scene, controller);
                scene.subsystem.removeNamespace(1);
                back(scene, controller);
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                scene.pass(Duration.ofSeconds(10));
                assertThat(waiting).isNotDone();
                scene.subsystem.putNamespace(mine);
                assertThat(scene.taken(s -> waiting.get())).isLessThan(Duration.ofSeconds(2));
            }
        });
    }

    @Test
    void otherContentUnderTheIdOfAnAbsentNamespace_isNotWrittenTo() {
        VirtualScene.play(scene -> {
            TestNamespace other = other();
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                away(scene, controller);
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                TestNamespace mine = present(scene);
                scene.subsystem.removeNamespace(1);
                back(scene, controller);
                scene.pass(Duration.ofSeconds(2));
                scene.subsystem.putNamespace(other);
                isRemoved(failureOf(waiting));
                untouched(other);
                // Gone is gone.
                scene.subsystem.putNamespace(mine);
                scene.pass(Duration.ofSeconds(2));
                assertThatThrownBy(() -> disk.write(0, bytes(512)))
                        .hasMessageContaining("was removed");
            }
        });
    }

    @Test
    void namespaceThatStaysAway_failsWhenTheGraceIsOver() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, BLOCKS, 512);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1);
                    BlockDevice second = controller.openDevice(2)) {
                away(scene, controller);
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                scene.subsystem.removeNamespace(1);
                back(scene, controller);
                // More than the queue has slots: nobody else is held up.
                for (int i = 0; i < 300; i++) {
                    var _ = disk.readAsync(0, bytes(512));
                }
                second.read(0, bytes(512));
                assertThat(scene.taken(s -> isRemoved(failureOf(waiting))))
                        .isBetween(Duration.ofSeconds(29), Duration.ofSeconds(32));
                isRemoved(failureOf(disk.readAsync(0, bytes(512))));
            }
        });
    }

    @Test
    void lossTimeoutThatIsShort_isTheGrace() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withCtrlLossTimeout(Duration.ofSeconds(3));
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.disconnectAll();
                scene.subsystem.removeNamespace(1);
                scene.pass(Duration.ofMillis(500));
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(10));
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                assertThat(scene.taken(s -> isRemoved(failureOf(waiting))))
                        .isLessThan(Duration.ofSeconds(5));
            }
        });
    }

    @Test
    void fastIoFail_requestsFailEarlyAndTheDeviceGoesOnWhenItIsBack() {
        VirtualScene.play(scene -> {
            scene.options = scene.options.withFastIoFailTimeout(Duration.ofSeconds(2));
            TestNamespace mine = present(scene);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.disconnectAll();
                scene.subsystem.removeNamespace(1);
                scene.pass(Duration.ofMillis(1));
                scene.await(controller, ControllerState.LIVE, Duration.ofSeconds(60));
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                assertThat(
                                scene.taken(s ->
                                        assertThat(failureOf(waiting))
                                                .hasMessageContaining(
                                                        "did not come back with the connection")))
                        .isLessThan(Duration.ofSeconds(4));
                assertThatThrownBy(() -> disk.read(0, bytes(512)))
                        .hasMessageContaining("did not come back with the connection");
                scene.subsystem.putNamespace(mine);
                scene.pass(Duration.ofSeconds(2));
                disk.read(0, bytes(512));
            }
        });
    }

    @Test
    void closedWhileItsNamespaceIsAway_endsAtOnce() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect()) {
                BlockDevice disk = controller.openDevice(1);
                away(scene, controller);
                scene.subsystem.removeNamespace(1);
                back(scene, controller);
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                assertThat(scene.taken(s -> disk.close())).isLessThan(Duration.ofMillis(100));
                assertThat(failureOf(waiting)).hasMessageContaining("closed");
            }
        });
    }

    @Test
    void anotherLossWhileItsNamespaceIsAway_isLivedThrough() {
        VirtualScene.play(scene -> {
            TestNamespace mine = present(scene);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.subsystem.namespaces();
                away(scene, controller);
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                scene.subsystem.removeNamespace(1);
                back(scene, controller);
                scene.pass(Duration.ofSeconds(20));
                away(scene, controller);
                back(scene, controller);
                scene.pass(Duration.ofSeconds(20));
                scene.subsystem.putNamespace(mine);
                waiting.get();
                assertThat(mine.read(0, 1)).containsOnly(FILL);
            }
        });
    }

    // No identity at all.

    private static void anonymous(VirtualScene scene) {
        scene.subsystem.putNamespace(new TestNamespace(1, BLOCKS, 512, (@Nullable UUID) null));
    }

    @Test
    void namespaceWithoutIdentity_thatIsThereAtTheReconnect_isTheSame() {
        VirtualScene.play(scene -> {
            anonymous(scene);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                away(scene, controller);
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                back(scene, controller);
                waiting.get();
            }
        });
    }

    @Test
    void namespaceWithoutIdentity_thatWasAbsent_isNeverTheSame() {
        VirtualScene.play(scene -> {
            anonymous(scene);
            TestNamespace mine = present(scene);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                away(scene, controller);
                CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                scene.subsystem.removeNamespace(1);
                back(scene, controller);
                scene.subsystem.putNamespace(mine);
                isRemoved(failureOf(waiting));
            }
        });
    }

    @Test
    void namespaceWithoutIdentity_thatHasAnotherSizeOrAnIdentityNow_isAnother() {
        VirtualScene.play(scene -> {
            anonymous(scene);
            try (Controller controller = scene.connect()) {
                for (TestNamespace next :
                        List.of(
                                new TestNamespace(1, BLOCKS + 1, 512, (@Nullable UUID) null),
                                new TestNamespace(1, BLOCKS + 1, 512, OTHER))) {
                    try (BlockDevice disk = controller.openDevice(1)) {
                        away(scene, controller);
                        CompletableFuture<Void> waiting = disk.writeAsync(0, bytes(512));
                        scene.subsystem.putNamespace(next);
                        back(scene, controller);
                        isRemoved(failureOf(waiting));
                    }
                }
            }
        });
    }
}

package dev.verbena.nativefabric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.DmaArena;
import dev.verbena.Initiator;
import dev.verbena.MemoryMode;
import dev.verbena.verbs.Access;
import dev.verbena.verbs.CompletionChannel;
import dev.verbena.verbs.CompletionQueue;
import dev.verbena.verbs.MemoryRegion;
import dev.verbena.verbs.MemoryWindow;
import dev.verbena.verbs.ProtectionDomain;
import dev.verbena.verbs.Rdma;
import dev.verbena.verbs.RdmaContext;
import dev.verbena.verbs.RdmaException;
import dev.verbena.verbs.SharedReceiveQueue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The device is taken away under its users, as drivers of cards do it: from then on every verb
/// answers EIO, also those that destroy what the kernel has destroyed already.
@NullFabricTest
class NullRemovalTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int ENTRIES = 16;

    @AfterEach
    void restore() {
        NullDevice.refuseDestroys(0);
        NullDevice.add();
    }

    private static void awaitEndOf(String thread) throws InterruptedException {
        for (Thread each : Thread.getAllStackTraces().keySet()) {
            if (each.getName().equals(thread)) {
                each.join(PATIENCE.toMillis());
                assertThat(each.isAlive()).as("thread " + thread).isFalse();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = MemoryMode.class,
            names = {"STRICT", "SLAB"})
    void deviceTakenAway_isLetGo_andTheNextOneIsUsed(MemoryMode mode) throws Exception {
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withMemoryMode(mode)
                        .withReconnectDelay(Duration.ofSeconds(1));
        try (Initiator initiator = Initiator.open();
                Controller controller = NullTarget.connect(initiator, "", options);
                BlockDevice device = controller.openDevice(1)) {
            DmaArena unused = device.newArena(4096);
            DmaArena used = device.newArena(4096);
            MemorySegment page = used.allocate(4096, 4096);
            device.read(0, page);
            NullDevice.remove();
            List<CompletableFuture<?>> reads = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                reads.add(device.readAsync(0, page));
            }
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (controller.state() == ControllerState.LIVE) {
                assertThat(System.nanoTime()).as("not noticed").isLessThan(deadline);
                Thread.onSpinWait();
            }
            unused.close();
            NullDevice.add();
            assertThat(controller.awaitLive(PATIENCE)).as("%s", controller.status()).isTrue();
            for (CompletableFuture<?> read : reads) {
                read.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            used.close();
        }
        awaitEndOf("verbena-cm");
    }

    /// Everything that verbs make of a device, destroyed in order.
    private static void closeAll(List<? extends AutoCloseable> objects) throws Exception {
        for (int i = objects.size() - 1; i >= 0; i--) {
            objects.get(i).close();
        }
    }

    private static List<AutoCloseable> objects(RdmaContext context, MemorySegment memory) {
        ProtectionDomain domain = context.allocateProtectionDomain();
        MemoryRegion region = domain.register(memory, Access.LOCAL_WRITE);
        MemoryWindow window = domain.allocateMemoryWindow();
        SharedReceiveQueue receives = domain.createSharedReceiveQueue(ENTRIES, 1);
        CompletionChannel channel = context.createCompletionChannel();
        CompletionQueue queue = context.createCompletionQueue(ENTRIES, channel);
        return List.of(domain, region, window, receives, channel, queue);
    }

    /// @param comesBack a device of the same name is listed again before anything is closed
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void objectsOfADeviceThatWasTakenAway_areClosed(boolean comesBack) throws Exception {
        try (RdmaContext context = Rdma.devices().getFirst().open();
                Arena arena = Arena.ofConfined()) {
            List<AutoCloseable> objects = objects(context, arena.allocate(4096));
            NullDevice.remove();
            if (comesBack) {
                NullDevice.add();
            }
            assertThat(context.isListed()).isFalse();
            closeAll(objects);
        }
    }

    /// The same answer of a device that is there means that it still uses the memory.
    @Test
    void destroyThatFailsWhileTheDeviceIsThere_isAnError_andMayBeTriedAgain() throws Exception {
        try (RdmaContext context = Rdma.devices().getFirst().open();
                Arena arena = Arena.ofConfined()) {
            List<AutoCloseable> objects = objects(context, arena.allocate(4096));
            NullDevice.refuseDestroys(NullDevice.EIO);
            for (AutoCloseable object : objects.subList(1, 4)) {
                assertThatThrownBy(object::close)
                        .isInstanceOfSatisfying(
                                RdmaException.class,
                                e -> assertThat(e.errno()).isEqualTo(NullDevice.EIO));
            }
            assertThatThrownBy(objects.getLast()::close).isInstanceOf(RdmaException.class);
            NullDevice.refuseDestroys(0);
            closeAll(objects);
        }
    }

    /// Its identifier cannot be closed either; the thread of events must not wait for it.
    @Test
    void queuePairThatCannotBeDestroyed_keepsNoThread() throws Exception {
        try (Initiator initiator = Initiator.open()) {
            Controller controller = NullTarget.connect(initiator, "");
            NullDevice.refuseDestroys(NullDevice.EIO);
            controller.close();
        }
        awaitEndOf("verbena-cm");
    }
}

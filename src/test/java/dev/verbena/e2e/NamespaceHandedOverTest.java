package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent.NamespacesChanged;
import dev.verbena.ControllerState;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The target gives the id of a namespace in use to another disk, and the bytes of both disks tell
/// where requests went.
@TargetTest({"--size", "16M", "--namespaces", "2", "--freezable"})
@OnlyWith(value = TargetControl.NVMET, because = "its namespaces exchange their disks by configfs")
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NamespaceHandedOverTest {
    private static final int BYTES = 1 << 20;
    private static final byte MINE = 0x31;
    private static final byte OTHERS = 0x32;
    private static final byte WRITTEN = 0x5A;

    private final ConnectOptions options =
            ConnectOptions.defaults()
                    .withKeepAliveTimeout(Duration.ofSeconds(60))
                    .withReconnectDelay(Duration.ofSeconds(1));

    /// The disks, whatever ids they have at the moment.
    private LiveTarget mine;

    private LiveTarget others;

    private static MemorySegment filled(byte value) {
        byte[] content = new byte[BYTES];
        Arrays.fill(content, value);
        return MemorySegment.ofArray(content);
    }

    @BeforeEach
    void fillBothDisks(LiveTarget live) throws IOException {
        mine = live.namespace(1);
        others = live.namespace(2);
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options);
                BlockDevice one = controller.openDevice(1);
                BlockDevice two = controller.openDevice(2)) {
            one.write(0, filled(MINE));
            two.write(0, filled(OTHERS));
        }
        assertThat(mine.stored(0, BYTES)).containsOnly(MINE);
        assertThat(others.stored(0, BYTES)).containsOnly(OTHERS);
    }

    @AfterEach
    void linkAgain(LiveTarget live) throws IOException {
        live.change("link", live.nqn());
    }

    private static UUID identity(Controller controller, int id) throws IOException {
        return controller.namespace(id).descriptors().uuid().orElseThrow();
    }

    private static void await(Controller controller, ControllerState state)
            throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (controller.state() != state) {
            assertThat(System.nanoTime()).as("not " + state).isLessThan(end);
            Thread.sleep(20);
        }
    }

    private static void isRefused(CompletableFuture<?> request) {
        assertThatThrownBy(() -> request.get(60, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .cause()
                .isInstanceOf(IOException.class)
                .hasMessageContaining("its id belongs to another now");
    }

    @Test
    void writesThatWaitForTheConnection_doNotFollowTheId(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options);
                BlockDevice disk = controller.openDevice(1)) {
            UUID before = identity(controller, 1);
            live.change("unlink", live.nqn());
            await(controller, ControllerState.CONNECTING);
            List<CompletableFuture<?>> waiting = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                waiting.add(disk.writeAsync(0, filled(WRITTEN)));
            }
            waiting.add(disk.writeZeroesAsync(0, BYTES, false));
            live.change("ns-swap", live.nqn(), "1", "2");
            live.change("link", live.nqn());
            await(controller, ControllerState.LIVE);
            assertThat(identity(controller, 1)).isNotEqualTo(before);
            waiting.forEach(NamespaceHandedOverTest::isRefused);
            assertThat(others.stored(0, BYTES)).as("the other disk").containsOnly(OTHERS);
            assertThat(mine.stored(0, BYTES)).containsOnly(MINE);
            isRefused(disk.writeAsync(0, filled(WRITTEN)));
            // The disk itself has another id now, and can be opened by it.
            try (BlockDevice again = controller.openDevice(2)) {
                again.write(0, filled(WRITTEN));
            }
            assertThat(mine.stored(0, BYTES)).containsOnly(WRITTEN);
            assertThat(others.stored(0, BYTES)).containsOnly(OTHERS);
        }
    }

    @Test
    void writeThatWasUnderWayAtTheLoss_isNotRepeatedOnAnotherDisk(LiveTarget live)
            throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options);
                BlockDevice disk = controller.openDevice(1)) {
            live.change("freeze", live.nqn(), "1", "1");
            CompletableFuture<Void> lost = disk.writeAsync(0, filled(WRITTEN));
            Thread.sleep(500);
            assertThat(lost).isNotDone();
            Thread unlink =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    live.change("unlink", live.nqn());
                                } catch (IOException e) {
                                    throw new AssertionError(e);
                                }
                            });
            try {
                await(controller, ControllerState.CONNECTING);
            } finally {
                live.change("freeze", live.nqn(), "1", "0");
            }
            unlink.join();
            live.change("ns-swap", live.nqn(), "1", "2");
            live.change("link", live.nqn());
            await(controller, ControllerState.LIVE);
            isRefused(lost);
            assertThat(others.stored(0, BYTES)).as("the other disk").containsOnly(OTHERS);
        }
    }

    /// Without a loss: of many writes some are under way when the ids are exchanged.
    @Test
    void writesWhileConnected_endWithTheChange(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options);
                StateWatch watch = new StateWatch(controller);
                BlockDevice disk = controller.openDevice(1)) {
            List<CompletableFuture<Void>> writes = new ArrayList<>();
            live.change("ns-swap", live.nqn(), "1", "2");
            NamespacesChanged told = null;
            while (told == null || told.now().size() < 2) {
                if (watch.others().poll(60, TimeUnit.SECONDS) instanceof NamespacesChanged next) {
                    told = next;
                }
            }
            for (int i = 0; i < 20; i++) {
                writes.add(disk.writeAsync(0, filled(WRITTEN)));
            }
            writes.forEach(NamespaceHandedOverTest::isRefused);
            assertThat(others.stored(0, BYTES)).as("the other disk").containsOnly(OTHERS);
            assertThat(mine.stored(0, BYTES)).containsOnly(MINE);
        }
    }

    /// Opening connects queues, which takes its time.
    @Test
    void deviceOpenedDuringTheExchange_neverWritesToTheOtherDisk(LiveTarget live) throws Exception {
        for (int round = 0; round < 5; round++) {
            try (Initiator initiator = Initiator.open();
                    Controller controller = initiator.connect(live.target(), live.nqn(), options)) {
                UUID wanted = identity(controller, 1);
                Thread swap =
                        Thread.ofPlatform()
                                .start(() -> {
                                    try {
                                        live.change("ns-swap", live.nqn(), "1", "2");
                                    } catch (IOException e) {
                                        throw new AssertionError(e);
                                    }
                                });
                try (BlockDevice disk = controller.openDevice(1)) {
                    swap.join();
                    // The change was told, or is found by asking. The device is bound to what is
                    // there, and says so, or to what was there, and is of no use any more.
                    Namespace now = controller.rescan().getFirst();
                    assertThat(now.descriptors().uuid().orElseThrow()).isNotEqualTo(wanted);
                    if (!now.isSameAs(disk.namespace())) {
                        isRefused(disk.writeAsync(0, filled(WRITTEN)));
                    }
                } catch (IOException e) {
                    assertThat(e).hasMessageContaining("amespace 1");
                    swap.join();
                }
            }
            assertThat(others.stored(0, BYTES)).containsOnly(OTHERS);
            assertThat(mine.stored(0, BYTES)).containsOnly(MINE);
        }
    }

    /// Many targets are linked before their namespaces are enabled.
    @Test
    void namespaceThatIsEnabledAfterTheReconnect_isWaitedFor(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(live.target(), live.nqn(), options);
                BlockDevice disk = controller.openDevice(1)) {
            live.change("unlink", live.nqn());
            await(controller, ControllerState.CONNECTING);
            CompletableFuture<Void> waiting = disk.writeAsync(0, filled(WRITTEN));
            live.change("ns-enable", live.nqn(), "1", "0");
            live.change("link", live.nqn());
            await(controller, ControllerState.LIVE);
            Thread.sleep(500);
            assertThat(waiting).isNotDone();
            live.change("ns-enable", live.nqn(), "1", "1");
            waiting.get(60, TimeUnit.SECONDS);
            assertThat(mine.stored(0, BYTES)).containsOnly(WRITTEN);
            assertThat(others.stored(0, BYTES)).containsOnly(OTHERS);
        }
    }
}

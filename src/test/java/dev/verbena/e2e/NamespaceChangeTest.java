package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerEvent;
import dev.verbena.ControllerEvent.NamespacesChanged;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Namespaces come, go, change their size and their identity while all levels use namespace 1 and
/// somebody writes to the other one.
@TargetTest({"--size", "16M", "--namespaces", "2", "--max-size", "32M"})
@Timeout(value = 15, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NamespaceChangeTest {
    private static final int WRITTEN = 64 << 10;

    /// SPDK only lets a disk grow.
    private static final boolean CAN_SHRINK = TargetControl.current() == TargetControl.NVMET;

    private static NamespacesChanged next(StateWatch watch, Predicate<NamespacesChanged> wanted)
            throws InterruptedException {
        while (true) {
            ControllerEvent event = watch.others().poll(60, TimeUnit.SECONDS);
            assertThat(event).as("an event").isNotNull();
            if (event instanceof NamespacesChanged changed && wanted.test(changed)) {
                return changed;
            }
        }
    }

    private static UUID identity(Namespace namespace) {
        return namespace.descriptors().uuid().orElseThrow();
    }

    /// Uses a device that is about to be taken away.
    private static final class Doomed implements AutoCloseable {
        private final BlockDevice device;
        private final Thread thread;
        private volatile @Nullable Throwable end;

        Doomed(BlockDevice device) {
            this.device = device;
            this.thread = Thread.ofPlatform().daemon().start(this::run);
        }

        private void run() {
            try {
                MemorySegment page = MemorySegment.ofArray(new byte[4096]);
                for (int i = 0; ; i++) {
                    page.fill((byte) i);
                    device.write(WRITTEN + i % 64 * 4096L, page);
                    device.read(WRITTEN + i % 64 * 4096L, page);
                    if (page.mismatch(MemorySegment.ofArray(filled(4096, i))) >= 0) {
                        throw new AssertionError("read " + i + " is not what was written");
                    }
                }
            } catch (IOException | RuntimeException | AssertionError e) {
                end = e;
            }
        }

        /// How it ended.
        @Nullable Throwable await() throws InterruptedException {
            thread.join(60_000);
            assertThat(thread.isAlive()).as("requests of a namespace that is gone hang").isFalse();
            return end;
        }

        @Override
        public void close() {
            device.close();
        }
    }

    private static byte[] filled(int bytes, int value) {
        byte[] content = new byte[bytes];
        Arrays.fill(content, (byte) value);
        return content;
    }

    @Test
    void namespacesComeGoAndChange_underLoad(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator);
                StateWatch watch = new StateWatch(controller);
                Load load = Load.start(live, controller)) {
            for (int round = 0; round < Machine.count("namespaces", 2); round++) {
                removedAndAdded(live, controller, watch, round);
                remapped(live, controller, watch);
                resized(live, controller, watch, (20L + round) << 20);
                load.awaitProgress();
            }
            Load.Totals totals = load.stop();
            System.out.println("namespaces changed: " + totals);
            assertThat(watch.losses()).isZero();
            watch.assertExplained();
        } finally {
            if (CAN_SHRINK) {
                live.change("ns-resize", live.nqn(), "1", "16M");
            }
        }
    }

    private static void removedAndAdded(
            LiveTarget live, Controller controller, StateWatch watch, int round) throws Exception {
        MemorySegment content = MemorySegment.ofArray(filled(WRITTEN, 0x40 + round));
        try (Doomed doomed = new Doomed(controller.openDevice(2))) {
            doomed.device.write(0, content);
            live.change("ns-enable", live.nqn(), "2", "0");
            NamespacesChanged gone = next(watch, e -> !e.removed().isEmpty());
            assertThat(gone.removed()).extracting(Namespace::id).containsExactly(2);
            assertThat(gone.now()).extracting(Namespace::id).containsExactly(1);
            assertThat(doomed.await()).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> doomed.device.read(0, content))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("Namespace 2 was removed");
            assertThatThrownBy(() -> controller.openDevice(2))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no active namespace 2");
            live.change("ns-enable", live.nqn(), "2", "1");
            NamespacesChanged back = next(watch, e -> !e.added().isEmpty());
            assertThat(back.added()).extracting(Namespace::id).containsExactly(2);
        }
        try (BlockDevice again = controller.openDevice(2)) {
            MemorySegment back = MemorySegment.ofArray(new byte[WRITTEN]);
            again.read(0, back);
            assertThat(back.mismatch(content)).isEqualTo(-1);
        }
    }

    private static void remapped(LiveTarget live, Controller controller, StateWatch watch)
            throws Exception {
        UUID before = identity(controller.namespace(2));
        try (Doomed doomed = new Doomed(controller.openDevice(2))) {
            live.change("ns-remap", live.nqn(), "2");
            NamespacesChanged added = next(watch, e -> !e.added().isEmpty());
            assertThat(added.added()).extracting(Namespace::id).containsExactly(2);
            assertThat(identity(added.added().getFirst())).isNotEqualTo(before);
            assertThat(doomed.await())
                    .as("a device must not follow its id to other content")
                    .isInstanceOf(IOException.class);
        }
        assertThat(identity(controller.namespace(2))).isNotEqualTo(before);
        try (BlockDevice now = controller.openDevice(2)) {
            now.write(0, MemorySegment.ofArray(filled(4096, 1)));
        }
    }

    private static void resized(
            LiveTarget live, Controller controller, StateWatch watch, long large) throws Exception {
        try (BlockDevice device = controller.openDevice(1)) {
            long small = device.byteSize();
            long beyond = large - (1 << 20);
            MemorySegment page = MemorySegment.ofArray(filled(4096, 9));
            assertThatThrownBy(() -> device.write(beyond, page))
                    .isInstanceOf(IllegalArgumentException.class);
            live.change("ns-resize", live.nqn(), "1", Long.toString(large));
            assertThat(next(watch, e -> !e.changed().isEmpty()).changed().getFirst().byteSize())
                    .isEqualTo(large);
            assertThat(device.byteSize()).isEqualTo(large);
            device.write(beyond, page);
            assertThat(live.stored(beyond, 4096)).isEqualTo(filled(4096, 9));
            if (!CAN_SHRINK) {
                return;
            }
            live.change("ns-resize", live.nqn(), "1", Long.toString(small));
            assertThat(next(watch, e -> !e.changed().isEmpty()).changed().getFirst().byteSize())
                    .isEqualTo(small);
            assertThat(device.byteSize()).isEqualTo(small);
            assertThatThrownBy(() -> device.read(beyond, page))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}

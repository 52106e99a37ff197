package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.ControllerState;
import dev.verbena.nvme.IdentifyCns;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A change was announced, and the controller does not tell at the moment what it was: nobody knows
/// what a namespace id stands for, so requests wait. In virtual time.
@Isolated
@Timeout(60)
class UnknownIdentityTest {
    private static final UUID OTHER = new UUID(0xAAAA, 0xBBBB);
    private static final Duration SOON = Duration.ofSeconds(5);

    /// Refused, and not for good.
    private static final Fault NOT_NOW = new Fault.Answer(0x0006, 0);

    private static MemorySegment bytes() {
        MemorySegment data = MemorySegment.ofArray(new byte[512]);
        data.fill((byte) 0x5A);
        return data;
    }

    private static TestNamespace present(VirtualScene scene) {
        return scene.subsystem.namespaces().getFirst();
    }

    private static long writes(VirtualScene scene) {
        return scene.target.ioCommandCount(NvmOpcode.WRITE);
    }

    /// One namespace is not described, or all are not listed.
    @ParameterizedTest
    @ValueSource(
            ints = {
                IdentifyCns.NAMESPACE,
                IdentifyCns.NAMESPACE_DESCRIPTORS,
                IdentifyCns.ACTIVE_NAMESPACES
            })
    void otherContentThatIsNotDescribedYet_getsNothing(int cns) {
        VirtualScene.play(scene -> {
            TestNamespace other = new TestNamespace(1, 4096, 512, OTHER);
            byte[] before = other.read(0, 4096);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                disk.write(0, bytes());
                scene.target.inject(Occasion.identify(cns).always(), NOT_NOW);
                scene.subsystem.putNamespace(other);
                // Longer than an event takes; the reading goes on.
                scene.pass(Duration.ofMillis(100));
                CompletableFuture<Void> early = disk.writeAsync(0, bytes());
                scene.pass(Duration.ofSeconds(3));
                CompletableFuture<Void> late = disk.writeAsync(0, bytes());
                scene.pass(Duration.ofSeconds(3));
                assertThat(early).isNotDone();
                assertThat(late).isNotDone();
                assertThat(writes(scene)).isEqualTo(1);
                scene.target.heal();
                assertThatThrownBy(early::get).hasMessageContaining("was removed");
                assertThatThrownBy(late::get).hasMessageContaining("was removed");
                assertThat(other.read(0, 4096)).isEqualTo(before);
                assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {IdentifyCns.NAMESPACE, IdentifyCns.ACTIVE_NAMESPACES})
    void sameContentThatIsNotDescribedForAWhile_requestsWaitAndGoOn(int cns) {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(Occasion.identify(cns).always(), NOT_NOW);
                scene.subsystem.removeNamespace(2);
                scene.pass(Duration.ofSeconds(2));
                CompletableFuture<Void> write = disk.writeAsync(0, bytes());
                scene.pass(SOON);
                assertThat(write).isNotDone();
                scene.target.heal();
                assertThat(scene.taken(s -> write.get())).isLessThan(Duration.ofSeconds(2));
                disk.write(0, bytes());
            }
        });
    }

    /// Waiting has an end, but the device has none: it is found as soon as it is described.
    @Test
    void contentThatIsNotDescribedForLong_requestsFailUntilItIs() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(Occasion.identify(IdentifyCns.NAMESPACE).always(), NOT_NOW);
                scene.subsystem.removeNamespace(2);
                scene.pass(Duration.ofSeconds(2));
                CompletableFuture<Void> write = disk.writeAsync(0, bytes());
                assertThat(
                                scene.taken(s ->
                                        assertThatThrownBy(write::get)
                                                .hasCauseInstanceOf(IOException.class)
                                                .hasMessageContaining("does not tell")))
                        .isLessThan(Duration.ofSeconds(40));
                assertThatThrownBy(() -> disk.write(0, bytes()))
                        .isInstanceOf(IOException.class)
                        .hasMessageContaining("does not tell");
                scene.target.heal();
                scene.pass(Duration.ofMinutes(6));
                disk.write(0, bytes());
            }
        });
    }

    @Test
    void deviceOpenedOnWhatIsNotDescribed_waitsToo() {
        VirtualScene.play(scene -> {
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(Occasion.identify(IdentifyCns.NAMESPACE).always(), NOT_NOW);
                scene.subsystem.putNamespace(new TestNamespace(1, 4096, 512, OTHER));
                scene.pass(Duration.ofSeconds(2));
                try (BlockDevice late = controller.openDevice(1)) {
                    CompletableFuture<Void> write = late.writeAsync(0, bytes());
                    scene.pass(Duration.ofSeconds(1));
                    assertThat(writes(scene)).isZero();
                    scene.target.heal();
                    assertThatThrownBy(write::get).hasMessageContaining("was removed");
                }
                assertThatThrownBy(() -> disk.write(0, bytes()))
                        .hasMessageContaining("was removed");
            }
        });
    }

    @Test
    void connectionLostWhileNothingIsDescribed_deviceGoesOnAfterwards() {
        VirtualScene.play(scene -> {
            scene.subsystem.addNamespace(2, 4096, 512);
            try (Controller controller = scene.connect();
                    BlockDevice disk = controller.openDevice(1)) {
                scene.target.inject(Occasion.identify(IdentifyCns.NAMESPACE).always(), NOT_NOW);
                scene.subsystem.removeNamespace(2);
                scene.pass(Duration.ofSeconds(2));
                CompletableFuture<Void> write = disk.writeAsync(0, bytes());
                scene.target.heal();
                scene.target.disconnectAll();
                write.get();
                assertThat(present(scene).read(0, 1)).containsOnly(0x5A);
            }
        });
    }
}

package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.BlockDevice;
import dev.verbena.CompletionHandler;
import dev.verbena.ConnectOptions;
import dev.verbena.ConnectionRefusedException;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.HostNotAllowedException;
import dev.verbena.Initiator;
import dev.verbena.IoQueue;
import dev.verbena.Namespace;
import dev.verbena.NvmeException;
import dev.verbena.Target;
import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.NvmOpcode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What an application's tests do with the testkit.
@Timeout(60)
class UsersViewTest {
    private static final String NQN = "nqn.2024-01.org.example:disk";

    private final TestFabric fabric = TestFabric.open();
    private final TestTarget target = fabric.addTarget("192.0.2.1", 4420);
    private final TestSubsystem subsystem = target.addSubsystem(NQN);
    private final TestNamespace namespace = subsystem.addNamespace(1, 4096, 512);

    @AfterEach
    void nothingIsLeftAndNoPromiseBroken() {
        assertThat(fabric.violations()).isEmpty();
        assertThat(fabric.queueCount()).isZero();
        assertThat(fabric.registrationCount()).isZero();
        fabric.close();
    }

    private static byte[] random(int bytes) {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        return data;
    }

    @Test
    void blockDevice_readsWhatItWrote() throws IOException {
        byte[] data = random(64 * 1024);
        try (Initiator initiator = fabric.openInitiator();
                Controller controller = initiator.connect(target.address(), NQN);
                BlockDevice disk = controller.openDevice(1)) {
            disk.write(512, MemorySegment.ofArray(data));
            byte[] back = new byte[data.length];
            disk.read(512, MemorySegment.ofArray(back));
            assertThat(back).isEqualTo(data);
        }
        assertThat(namespace.read(1, 128)).isEqualTo(data);
    }

    @Test
    void registeredMemory_isUsedWithoutACopy() throws IOException {
        byte[] data = random(8192);
        try (Initiator initiator = fabric.openInitiator();
                Controller controller = initiator.connect(target.address(), NQN);
                IoQueue queue = controller.openQueue();
                DmaArena arena = controller.newArena(1 << 16)) {
            Namespace disk = controller.namespace(1);
            MemorySegment buffer = arena.allocate(8192, 4096);
            MemorySegment.copy(data, 0, buffer, ValueLayout.JAVA_BYTE, 0, data.length);
            long[] statuses = {-1, -1};
            CompletionHandler done = (token, status, result) -> statuses[(int) token] = status;
            assertThat(queue.tryWrite(disk, 8, 16, buffer, 0)).isTrue();
            while (statuses[0] < 0) {
                if (queue.poll(done) == 0) {
                    queue.await(1_000_000);
                }
            }
            assertThat(statuses[0]).isZero();
            buffer.fill((byte) 0);
            assertThat(queue.tryRead(disk, 8, 16, buffer, 1)).isTrue();
            while (statuses[1] < 0) {
                if (queue.poll(done) == 0) {
                    queue.await(1_000_000);
                }
            }
            assertThat(buffer.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
        }
    }

    @Test
    void readFault_reachesTheApplicationWithItsName() throws IOException {
        namespace.makeUnreadable(5, 1);
        try (Initiator initiator = fabric.openInitiator();
                Controller controller = initiator.connect(target.address(), NQN);
                BlockDevice disk = controller.openDevice(1)) {
            assertThatThrownBy(() -> disk.read(5 * 512, MemorySegment.ofArray(new byte[512])))
                    .isInstanceOf(NvmeException.class)
                    .hasMessageContaining("Unrecovered Read Error");
        }
        assertThat(target.ioCommandCount(NvmOpcode.READ)).isEqualTo(1);
    }

    @Test
    void nobodyListens_isRefused() {
        target.stop();
        try (Initiator initiator = fabric.openInitiator()) {
            assertThatThrownBy(() -> initiator.connect(target.address(), NQN))
                    .isInstanceOf(ConnectionRefusedException.class);
        }
    }

    @Test
    void foreignHost_isNotAllowed() {
        subsystem.allowHost("nqn.2024-01.org.example:somebody-else");
        try (Initiator initiator = fabric.openInitiator()) {
            assertThatThrownBy(() -> initiator.connect(target.address(), NQN))
                    .isInstanceOf(HostNotAllowedException.class);
        }
    }

    @Test
    void discovery_listsSubsystemsAndReferrals() throws IOException {
        target.addReferral(Target.rdma("192.0.2.9", 4420), "nqn.2014-08.org.nvmexpress.discovery");
        try (Initiator initiator = fabric.openInitiator()) {
            assertThat(initiator.discover(target.address()).entries())
                    .extracting(DiscoveryEntry::subsystemNqn, DiscoveryEntry::subsystemType)
                    .containsExactly(
                            org.assertj.core.groups.Tuple.tuple(NQN, DiscoveryEntry.SUBSYSTEM_NVM),
                            org.assertj.core.groups.Tuple.tuple(
                                    "nqn.2014-08.org.nvmexpress.discovery",
                                    DiscoveryEntry.SUBSYSTEM_REFERRAL));
        }
    }

    @Test
    void keepAlive_holdsTheAssociation() throws Exception {
        ConnectOptions options =
                ConnectOptions.defaults().withKeepAliveTimeout(Duration.ofSeconds(1));
        subsystem.keepAliveUnits(1);
        try (Initiator initiator = fabric.openInitiator();
                Controller controller = initiator.connect(target.address(), NQN, options)) {
            Thread.sleep(2500);
            assertThat(controller.rescan()).hasSize(1);
        }
    }
}

package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;

/// What is opened, in which order it closes, and that nothing stays behind: in this process or in
/// the kernel.
class ResourcesTest extends LeakCheckedTest {
    private static final int CYCLES = 10_000;
    private static final int WARM_UP_CYCLES = 500;
    private static final int CONNECTIONS = 200;
    private static final long ALLOCATED_GROWTH_MAX = 400L * CYCLES;
    private static final long GROWTH_KIB_MAX = 64 * 1024;

    private static RdmaContext openContext() {
        return Rdma.devices().getFirst().open();
    }

    @Test
    void device_describesItself() {
        RdmaDevice device = Rdma.devices().getFirst();
        assertThat(device.characterDevice()).startsWith("uverbs");
        try (RdmaContext context = device.open()) {
            assertThat(context.deviceName()).isEqualTo(device.name());
            DeviceAttributes attributes = context.attributes();
            assertThat(attributes.nodeGuid()).isEqualTo(device.guid());
            assertThat(attributes.portCount()).isPositive();
            assertThat(attributes.maxSegments()).isGreaterThanOrEqualTo(2);
            assertThat(attributes.maxQueuePairWorkRequests()).isGreaterThanOrEqualTo(128);
            assertThat(attributes.maxCompletionQueueEntries()).isGreaterThanOrEqualTo(128);
            assertThat(attributes.maxReadAtomicPerQueuePair()).isPositive();
            PortAttributes port = context.port(1);
            assertThat(port.state()).isEqualTo(PortAttributes.State.ACTIVE);
            assertThat(port.activeMtuBytes()).isBetween(256, 4096);
            assertThat(
                            Stream.iterate(0, i -> i + 1)
                                    .limit(port.gidTableLength())
                                    .map(i -> context.gid(1, i))
                                    .filter(gid -> !gid.isZero()))
                    .anyMatch(gid -> gid.address().getHostAddress().equals(Loopback.address()));
            assertThatThrownBy(() -> context.port(attributes.portCount() + 1))
                    .isInstanceOf(RdmaException.class)
                    .hasMessageStartingWith("ibv_query_port: ");
        }
    }

    @Test
    void extendedAttributes_agreeWithTheBasicOnes() {
        try (RdmaContext context = openContext()) {
            ExtendedDeviceAttributes extended = context.extendedAttributes();
            assertThat(extended.basic()).isEqualTo(context.attributes());
            assertThat(extended.portCount()).isEqualTo(extended.basic().portCount());
            assertThat(extended.atomicity())
                    .isNotEqualTo(ExtendedDeviceAttributes.Atomicity.UNKNOWN);
        }
    }

    @Test
    void moderation_isTakenWhereThereIsAnyAndElseRefusedClearly() {
        try (RdmaContext context = openContext();
                CompletionQueue queue = context.createCompletionQueue(10, null)) {
            ExtendedDeviceAttributes attributes = context.extendedAttributes();
            if (attributes.moderationCountMax() > 0) {
                queue.moderate(1, 1);
                queue.moderate(0, 0);
            } else {
                assertThatThrownBy(() -> queue.moderate(1, 1))
                        .isInstanceOf(RdmaException.class)
                        .hasMessageMatching(
                                "ibv_modify_cq: (EOPNOTSUPP|ENOSYS) \\(\\d+\\): "
                                        + context.deviceName()
                                        + " cannot moderate completions");
            }
            assertThatThrownBy(() -> queue.moderate(65_536, 1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> queue.moderate(1, -1))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void parents_refuseToCloseBeforeTheirChildren() {
        try (Loopback loopback = Loopback.open()) {
            Side side = loopback.active;
            assertThatThrownBy(side.id::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("queue pair " + side.pair().number());
            assertThatThrownBy(side.queue::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("queue pair " + side.pair().number());
            assertThatThrownBy(side.domain::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("queue pair " + side.pair().number())
                    .hasMessageContaining("memory region at 0x");
            assertThatThrownBy(loopback.network.channel::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("connection identifier");
            // Refused means nothing happened.
            side.prepare(0, SendSlots.SEND, 0, 8);
            side.post(0);
            side.success();
        }
        try (RdmaContext context = openContext();
                ProtectionDomain domain = context.allocateProtectionDomain()) {
            assertThatThrownBy(context::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(domain.toString());
        }
    }

    @Test
    void completionQueue_resizes() {
        try (RdmaContext context = openContext();
                CompletionQueue queue = context.createCompletionQueue(10, null)) {
            assertThat(queue.entryCount()).isGreaterThanOrEqualTo(10);
            queue.resize(500);
            assertThat(queue.entryCount()).isGreaterThanOrEqualTo(500);
            assertThatThrownBy(() -> queue.resize(0)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void requestsBeyondTheDevice_failPrecisely() {
        try (RdmaContext context = openContext();
                ProtectionDomain domain = context.allocateProtectionDomain()) {
            int tooMany = context.attributes().maxCompletionQueueEntries() + 1;
            assertThatThrownBy(() -> context.createCompletionQueue(tooMany, null))
                    .isInstanceOf(RdmaException.class)
                    .hasMessageStartingWith("ibv_create_cq: EINVAL");
            assertThatThrownBy(() ->
                            domain.createSharedReceiveQueue(
                                    context.attributes().maxSharedReceiveQueueWorkRequests() + 1,
                                    1))
                    .isInstanceOf(RdmaException.class)
                    .hasMessageStartingWith("ibv_create_srq: EINVAL");
        }
    }

    @Test
    void unsuitableMemory_isRefusedBeforeTheDeviceSeesIt() {
        try (RdmaContext context = openContext();
                ProtectionDomain domain = context.allocateProtectionDomain();
                Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> domain.register(MemorySegment.ofArray(new byte[64]), 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("heap memory");
            assertThatThrownBy(() -> domain.register(arena.allocate(0), 0))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> domain.register(arena.allocate(64), Access.REMOTE_WRITE))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("LOCAL_WRITE");
            MemorySegment nowhere = MemorySegment.ofAddress(4096).reinterpret(4096);
            assertThatThrownBy(() -> domain.register(nowhere, Access.LOCAL_WRITE))
                    .isInstanceOf(RdmaException.class)
                    .hasMessageStartingWith("ibv_reg_mr: EFAULT");
        }
    }

    @Test
    void relaxedOrdering_isTakenOrIgnored() {
        try (RdmaContext context = openContext();
                ProtectionDomain domain = context.allocateProtectionDomain();
                Arena arena = Arena.ofConfined();
                MemoryRegion region =
                        domain.register(
                                arena.allocate(4096, 4096),
                                Access.LOCAL_WRITE | Access.RELAXED_ORDERING)) {
            assertThat(region.byteSize()).isEqualTo(4096);
        }
    }

    @Test
    void twoThreadsClosing_closeOnce() throws Exception {
        for (int i = 0; i < 20; i++) {
            Loopback loopback = Loopback.open();
            CyclicBarrier barrier = new CyclicBarrier(2);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Runnable close =
                    () -> {
                        try {
                            barrier.await();
                            loopback.active.pair().close();
                            loopback.passive.pair().close();
                        } catch (Throwable e) {
                            failure.set(e);
                        }
                    };
            Thread other = Thread.ofPlatform().start(close);
            close.run();
            other.join();
            assertThat(failure.get()).isNull();
            loopback.close();
        }
    }

    @Test
    @Timeout(600)
    void tenThousandCycles_leaveNothingBehind(TestReporter reporter)
            throws IOException, InterruptedException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(64 * 1024, 4096);
            // Until the heap has its size and the code is compiled.
            cycles(WARM_UP_CYCLES, memory);
            System.gc();
            String resourcesBefore = KernelResources.show();
            long descriptorsBefore = descriptors();
            long residentBefore = residentKib();
            long allocatedBefore = Malloc.bytesInUse();
            cycles(CYCLES, memory);
            System.gc();
            assertThat(KernelResources.show()).isEqualTo(resourcesBefore);
            assertThat(descriptors()).isLessThanOrEqualTo(descriptorsBefore);
            long growth = residentKib() - residentBefore;
            // The first includes pages of the Java heap; the second is what C code has allocated,
            // the virtual machine's own among it.
            long allocated = Malloc.bytesInUse() - allocatedBefore;
            reporter.publishEntry("growth of resident memory in KiB", Long.toString(growth));
            reporter.publishEntry("growth of malloc in bytes", Long.toString(allocated));
            assertThat(growth).isLessThan(GROWTH_KIB_MAX);
            assertThat(allocated).isLessThan(ALLOCATED_GROWTH_MAX);
        }
    }

    /// One context per ten cycles: listing the devices is most of the time.
    private static void cycles(int count, MemorySegment memory) {
        for (int i = 0; i < count / 10; i++) {
            try (RdmaContext context = openContext()) {
                for (int j = 0; j < 10; j++) {
                    cycle(context, memory);
                }
            }
        }
    }

    private static void cycle(RdmaContext context, MemorySegment memory) {
        try (ProtectionDomain domain = context.allocateProtectionDomain();
                MemoryRegion region = domain.register(memory, Access.LOCAL_WRITE);
                CompletionChannel channel = context.createCompletionChannel();
                CompletionQueue queue = context.createCompletionQueue(16, channel);
                EventChannel events = EventChannel.open();
                CmId id = events.createId()) {
            assertThat(region.localKey()).isNotZero();
            assertThat(queue.channel()).isSameAs(channel);
            assertThat(id.remoteAddress()).isNull();
        }
    }

    @Test
    @Timeout(300)
    void manyConnections_leaveNothingBehind() throws IOException, InterruptedException {
        for (int i = 0; i < 10; i++) {
            Loopback.open().close();
        }
        String resourcesBefore = KernelResources.show();
        long descriptorsBefore = descriptors();
        for (int i = 0; i < CONNECTIONS; i++) {
            Loopback.open().close();
        }
        assertThat(KernelResources.show()).isEqualTo(resourcesBefore);
        assertThat(descriptors()).isLessThanOrEqualTo(descriptorsBefore);
    }

    @Test
    void memoryLimit_isNamedWithItsValueAndRemedy() throws IOException, InterruptedException {
        // Root may lock any amount, so the capability has to go as well.
        List<String> limited =
                List.of(
                        "prlimit",
                        "--memlock=65536:65536",
                        "setpriv",
                        "--bounding-set=-ipc_lock",
                        "--inh-caps=-ipc_lock");
        List<String> probe =
                List.of(
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        Jvm.mainClasses() + ":" + Jvm.testClasses(),
                        "dev.verbena.verbs.probe.RegisterProbe");
        assertThat(Jvm.java(limited, Map.of(), with(probe, "1048576")))
                .startsWith("MemoryLimitException: ibv_reg_mr: ENOMEM (12): ")
                .contains("RLIMIT_MEMLOCK (now 65536 bytes)")
                .contains("ulimit -l unlimited");
        assertThat(Jvm.java(limited, Map.of(), with(probe, "4096"))).startsWith("registered 4096");
    }

    private static List<String> with(List<String> list, String last) {
        return Stream.concat(list.stream(), Stream.of(last)).toList();
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private static long residentKib() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .map(line -> line.replaceAll("\\D", ""))
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElseThrow();
    }
}

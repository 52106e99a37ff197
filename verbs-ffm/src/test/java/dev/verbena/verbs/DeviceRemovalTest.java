package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The soft-RoCE link is deleted under a busy connection. Only on a soft-RoCE device called rxe0,
/// which the rig has.
class DeviceRemovalTest extends LeakCheckedTest {
    private static final String DEVICE = "rxe0";
    private static final String OTHER_DEVICE = "rxe9";

    private final String netdev = netdev();

    private static String netdev() {
        try {
            String links = Jvm.run(Map.of(), List.of("rdma", "link", "show", DEVICE + "/1"));
            return links.replaceAll("(?s).*netdev (\\S+).*", "$1");
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @AfterEach
    void bringTheDeviceBack() throws Exception {
        if (!isThere(DEVICE)) {
            addLink(DEVICE, netdev);
        }
        if (isThere(OTHER_DEVICE)) {
            CompletableFuture<String> deleted = deleteLink(OTHER_DEVICE);
            awaitGone(OTHER_DEVICE);
            // librdmacm opened it along with the others, and closes it when it looks again.
            assertThat(LibrdmacmDevices.retire(0)).isTrue();
            assertThat(deleted.get(60, TimeUnit.SECONDS)).isEmpty();
        }
    }

    private static void awaitGone(String device) throws InterruptedException {
        while (isThere(device)) {
            Thread.sleep(10);
        }
    }

    private static boolean isThere(String device) {
        return Rdma.devices().stream().anyMatch(each -> each.name().equals(device));
    }

    private static void addLink(String device, String netdev)
            throws IOException, InterruptedException {
        List<String> command =
                List.of("rdma", "link", "add", device, "type", "rxe", "netdev", netdev);
        assertThat(Jvm.run(Map.of(), command)).isEmpty();
    }

    private static CompletableFuture<String> deleteLink(String device) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return Jvm.run(Map.of(), List.of("rdma", "link", "delete", device));
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                },
                Jvm.THREADS);
    }

    /// The kernel may end one side's connection before it tells the other side of the removal.
    private static void awaitRemoval(Loopback loopback, CmId id) {
        CmEvent event = loopback.network.next(id);
        while (event instanceof CmEvent.Disconnected) {
            event = loopback.network.next(id);
        }
        assertThat(event).isInstanceOf(CmEvent.DeviceRemoval.class);
    }

    /// Writes into the other side's memory until told to stop.
    ///
    /// @return completions taken
    private static long keepWriting(Loopback loopback, AtomicLong progress, AtomicBoolean stop) {
        Side side = loopback.active;
        MemoryRegion target = loopback.passive.region;
        for (int i = 0; i < 8; i++) {
            side.prepare(i, SendSlots.RDMA_WRITE, 1024 * i, 1024);
            side.sends.remote(i, target.address(), target.remoteKey());
            side.post(i);
        }
        while (!stop.get()) {
            int count = side.queue.poll(side.batch);
            for (int i = 0; i < count; i++) {
                if (side.batch.status(i) == WorkCompletionStatus.SUCCESS.value()) {
                    progress.incrementAndGet();
                    // Once the device is gone, posting may fail: that is not what is looked at.
                    side.pair().postSend(side.sends, (int) side.batch.wrId(i));
                }
            }
        }
        return progress.get();
    }

    /// Deletes the link under a connection that transfers data, and releases everything.
    private static void deleteWhileBusy() throws Exception {
        CompletableFuture<String> deleted;
        try (Loopback loopback = Loopback.open();
                AsyncEventChannel events = loopback.active.id.context().openAsyncEvents()) {
            assertThat(events.poll(0)).isNull();
            AtomicLong progress = new AtomicLong();
            AtomicBoolean stop = new AtomicBoolean();
            CompletableFuture<Long> writing =
                    CompletableFuture.supplyAsync(
                            () -> keepWriting(loopback, progress, stop), Jvm.THREADS);
            try {
                while (progress.get() < 50 && !writing.isDone()) {
                    Thread.onSpinWait();
                }
                deleted = deleteLink(DEVICE);
                awaitRemoval(loopback, loopback.active.id);
                awaitRemoval(loopback, loopback.passive.id);
            } finally {
                stop.set(true);
            }
            assertThat(writing.get(30, TimeUnit.SECONDS)).isGreaterThanOrEqualTo(50);
        }
        assertThat(deleted.get(60, TimeUnit.SECONDS)).isEmpty();
        assertThat(isThere(DEVICE)).isFalse();
    }

    private void requireUsableAgain() throws Exception {
        bringTheDeviceBack();
        try (Loopback again = Loopback.open()) {
            again.active.prepare(0, SendSlots.SEND, 0, 8);
            again.active.post(0);
            again.active.success();
        }
    }

    @Test
    void linkDeleteWhileBusy_isReportedReleasedAndTheDeviceComesBack() throws Exception {
        deleteWhileBusy();
        assertThat(Rdma.devices()).isEmpty();
        requireUsableAgain();
    }

    @Test
    void linkDeleteWithAnotherDeviceLeft_closesTheContextForGood() throws Exception {
        addLink(OTHER_DEVICE, otherNetdev());
        deleteWhileBusy();
        // librdmacm noticed by comparing its list, and closed what it had open.
        assertThat(openDeviceFiles()).noneMatch(file -> file.contains("(deleted)"));
        requireUsableAgain();
    }

    /// Another network device that soft-RoCE takes.
    private String otherNetdev() throws IOException {
        try (Stream<Path> netdevs = Files.list(Path.of("/sys/class/net"))) {
            return netdevs.map(path -> path.getFileName().toString())
                    .filter(name -> !name.equals(netdev) && !name.equals("lo"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("there is no second network device"));
        }
    }

    private static List<String> openDeviceFiles() throws IOException {
        List<String> files = new ArrayList<>();
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : open.toList()) {
                if (Files.isSymbolicLink(descriptor)) {
                    files.add(Files.readSymbolicLink(descriptor).toString());
                }
            }
        }
        return files.stream().filter(file -> file.contains("uverbs")).toList();
    }

    @Test
    void objectsThatOutliveTheirIdentifiers_areReleasedAfterTheDeviceCameBack() throws Exception {
        ProtectionDomain domain;
        try (Loopback loopback = Loopback.open()) {
            domain = loopback.active.id.context().allocateProtectionDomain();
        }
        // No identifier is left; librdmacm alone would close the context of a removed device under
        // the domain.
        CompletableFuture<String> deleted = deleteLink(DEVICE);
        awaitGone(DEVICE);
        domain.close();
        assertThat(deleted.get(60, TimeUnit.SECONDS)).isEmpty();
        bringTheDeviceBack();
        Loopback.open().close();
    }
}

package dev.verbena.verbs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The soft-RoCE link is deleted under a busy connection. Only on a soft-RoCE device called rxe0,
/// which the rig has.
class DeviceRemovalTest extends LeakCheckedTest {
    private static final String DEVICE = "rxe0";

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
    void bringTheDeviceBack() throws IOException, InterruptedException {
        if (Rdma.devices().isEmpty()) {
            String output =
                    Jvm.run(
                            Map.of(),
                            List.of(
                                    "rdma", "link", "add", DEVICE, "type", "rxe", "netdev",
                                    netdev));
            assertThat(output).isEmpty();
        }
    }

    private static CompletableFuture<String> deleteLink() {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return Jvm.run(Map.of(), List.of("rdma", "link", "delete", DEVICE));
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /// The kernel may end one side's connection before it tells the other side of the removal.
    private static void awaitRemoval(Loopback loopback, CmId id) {
        CmEvent event = loopback.network.next(id);
        while (event instanceof CmEvent.Disconnected) {
            event = loopback.network.next(id);
        }
        assertThat(event).isInstanceOf(CmEvent.DeviceRemoval.class);
    }

    @Test
    void linkDeleteWhileBusy_isReportedReleasedAndTheDeviceComesBack() throws Exception {
        CompletableFuture<String> deleted;
        try (Loopback loopback = Loopback.open();
                AsyncEventChannel events = loopback.active.id.context().openAsyncEvents()) {
            assertThat(events.poll(0)).isNull();
            loopback.active.prepare(0, SendSlots.SEND, 0, 8);
            loopback.active.post(0);
            deleted = deleteLink();
            awaitRemoval(loopback, loopback.active.id);
            awaitRemoval(loopback, loopback.passive.id);
        }
        assertThat(deleted.get(60, TimeUnit.SECONDS)).isEmpty();
        assertThat(Rdma.devices()).isEmpty();

        bringTheDeviceBack();
        try (Loopback again = Loopback.open()) {
            again.active.prepare(0, SendSlots.SEND, 0, 8);
            again.active.post(0);
            again.active.success();
        }
    }

    @Test
    void objectsThatOutliveTheirIdentifiers_areReleasedAfterTheDeviceCameBack() throws Exception {
        ProtectionDomain domain;
        try (Loopback loopback = Loopback.open()) {
            domain = loopback.active.id.context().allocateProtectionDomain();
        }
        // No identifier is left; librdmacm alone would close the context of a removed device under
        // the domain.
        CompletableFuture<String> deleted = deleteLink();
        while (!Rdma.devices().isEmpty()) {
            Thread.sleep(10);
        }
        domain.close();
        assertThat(deleted.get(60, TimeUnit.SECONDS)).isEmpty();
        bringTheDeviceBack();
        Loopback.open().close();
    }
}

package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.verbena.Controller;
import dev.verbena.ControllerAdmin;
import dev.verbena.ControllerState;
import dev.verbena.Initiator;
import dev.verbena.NvmeException;
import dev.verbena.Passthrough;
import dev.verbena.PassthroughCommand;
import dev.verbena.PassthroughResult;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.ManagementCommands;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Admin commands and raw commands.
@TargetTest
class AdminTest {
    @Test
    void typedCommands_agreeWithWhatConnectLearnt(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator)) {
            ControllerAdmin admin = controller.admin();
            assertThat(admin.identifyController()).isEqualTo(controller.identify());
            assertThat(admin.identifyNamespace(1).sizeBlocks())
                    .isEqualTo(controller.namespace(1).blockCount());
            assertThat(admin.smartLog(0xFFFF_FFFF).toText()).isNotEmpty();
            assertThat(admin.firmwareSlots().toText()).isNotEmpty();
            assertThat(admin.effectsLog().toText()).isNotEmpty();
            assertThat(admin.errorLog(4)).hasSize(4);
            assertThat(admin.feature(Feature.KEEP_ALIVE_TIMER, 0)).isPositive();
            assertThatThrownBy(() -> admin.setFeature(Feature.NUMBER_OF_QUEUES, 0, 1, false))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> admin.selfTest(0, 1)).isInstanceOf(NvmeException.class);
        }
    }

    @Test
    void rawAdminCommand_isTheTypedOne(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator)) {
            Passthrough raw = controller.passthrough();
            PassthroughResult identify =
                    raw.admin(PassthroughCommand.of(0x06).withDword(10, 1).withDataLength(4096));
            assertThat(identify.status().isSuccess()).isTrue();
            assertThat(identify.data()).isEqualTo(controller.identify().toByteArray());
            PassthroughResult unknown = raw.admin(PassthroughCommand.of(0xC0));
            assertThat(unknown.status().isSuccess()).isFalse();
            assertThatThrownBy(() -> raw.admin(PassthroughCommand.of(0x0C)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void rawWriteAndRead_moveLargeData(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator)) {
            byte[] data = new byte[128 * 1024];
            new Random(1).nextBytes(data);
            int blocks = data.length / controller.namespace(1).blockSize();
            Passthrough raw = controller.passthrough();
            PassthroughCommand write =
                    PassthroughCommand.of(0x01)
                            .withNamespaceId(1)
                            .withDword(10, 16)
                            .withDword(12, blocks - 1)
                            .withData(data);
            assertThat(raw.io(write).status().isSuccess()).isTrue();
            PassthroughCommand read =
                    PassthroughCommand.of(0x02)
                            .withNamespaceId(1)
                            .withDword(10, 16)
                            .withDword(12, blocks - 1)
                            .withDataLength(data.length);
            assertThat(raw.io(read).data()).isEqualTo(data);
            assertThat(live.stored(16L * controller.namespace(1).blockSize(), 4096))
                    .isEqualTo(java.util.Arrays.copyOf(data, 4096));
        }
    }

    private interface Management {
        void by(ControllerAdmin admin) throws IOException;
    }

    private record Named(String name, Management what) {}

    /// What would change a controller behind Linux's target: it hands none of it through, and has
    /// none of it itself. Each is refused as an unknown opcode, by its name, and changes nothing.
    static void assertManagementIsRefused(Controller controller) {
        List<Named> all =
                List.of(
                        new Named("Format NVM", a -> a.formatNvm(1, 0, 0, Duration.ofSeconds(30))),
                        new Named(
                                "Sanitize",
                                a -> a.sanitize(ManagementCommands.SANITIZE_BLOCK_ERASE, 0, 0)),
                        new Named("Create Namespace", a -> a.createNamespace(new byte[4096], 0)),
                        new Named("Delete Namespace", a -> a.deleteNamespace(1)),
                        new Named("Attach Namespace", a -> a.attachNamespace(1, List.of(1))),
                        new Named("Detach Namespace", a -> a.detachNamespace(1, List.of(1))),
                        new Named("Firmware Image Download", a -> a.downloadFirmware(new byte[64])),
                        new Named("Firmware Commit", a -> a.commitFirmware(1, 1)),
                        new Named("Device Self-test", a -> a.selfTest(0, 1)));
        for (Named one : all) {
            assertThatThrownBy(() -> one.what().by(controller.admin()))
                    .isInstanceOfSatisfying(
                            NvmeException.class,
                            e -> {
                                System.out.println(e.getMessage());
                                assertThat(e.status().typeAndCode()).as("%s", e).isEqualTo(0x001);
                                assertThat(e.status().doNotRetry()).isTrue();
                            })
                    .hasMessageContaining(one.name())
                    .hasMessageContaining("Invalid");
        }
        assertThat(controller.state()).isEqualTo(ControllerState.LIVE);
    }

    @Test
    @OnlyWith(value = TargetControl.NVMET, because = "SPDK answers some of these")
    void managementCommands_areRefusedByName(LiveTarget live) throws Exception {
        try (Initiator initiator = Initiator.open();
                Controller controller = live.connect(initiator)) {
            assertManagementIsRefused(controller);
        }
    }
}

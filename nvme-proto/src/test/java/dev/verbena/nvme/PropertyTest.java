package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PropertyTest {
    /** CAP of a QEMU controller behind the Linux target. */
    private static final Capabilities NVMET = new Capabilities(0x0000_0020_1E01_03FFL);

    @Test
    void capabilities_areInNaturalUnits() {
        assertThat(NVMET.maximumQueueEntries()).isEqualTo(1024);
        assertThat(NVMET.contiguousQueuesRequired()).isTrue();
        assertThat(NVMET.timeoutMillis()).isEqualTo(15_000);
        assertThat(NVMET.memoryPageSizeMinimum()).isEqualTo(4096);
        assertThat(NVMET.memoryPageSizeMaximum()).isEqualTo(4096);
        assertThat(NVMET.nvmCommandSet()).isTrue();
        assertThat(NVMET.multipleCommandSets()).isFalse();
    }

    @Test
    void capabilitiesAllOnes_areTheLargest() {
        Capabilities all = new Capabilities(-1);
        assertThat(all.maximumQueueEntries()).isEqualTo(65536);
        assertThat(all.arbitrationMechanisms()).isEqualTo(3);
        assertThat(all.timeoutMillis()).isEqualTo(127_500);
        assertThat(all.doorbellStrideBytes()).isEqualTo(4 << 15);
        assertThat(all.subsystemResetSupported()).isTrue();
        assertThat(all.commandSets()).isEqualTo(255);
        assertThat(all.memoryPageSizeMaximum()).isEqualTo(1L << 27);
        assertThat(all.readyModes()).isEqualTo(3);
    }

    @Test
    void enable_choosesCommandSetByCapabilities() {
        assertThat(ControllerConfiguration.enable(NVMET).value()).isEqualTo(0x460001);
        assertThat(ControllerConfiguration.enable(new Capabilities(1L << 43)).commandSet())
                .isEqualTo(ControllerConfiguration.COMMAND_SET_ALL);
        assertThat(ControllerConfiguration.enable(new Capabilities(1L << 44)).commandSet())
                .isEqualTo(ControllerConfiguration.COMMAND_SET_ADMIN_ONLY);
        assertThat(ControllerConfiguration.enable(new Capabilities(3L << 48)).memoryPageSize())
                .isEqualTo(32768);
    }

    @Test
    void configuration_isReadBack() {
        ControllerConfiguration configuration =
                ControllerConfiguration.enable(0, 6)
                        .withShutdown(ControllerConfiguration.SHUTDOWN_NORMAL);
        assertThat(configuration.value()).isEqualTo(0x464061);
        assertThat(configuration.enabled()).isTrue();
        assertThat(configuration.shutdown()).isEqualTo(1);
        assertThat(configuration.ioSubmissionEntrySize()).isEqualTo(SubmissionEntry.SIZE);
        assertThat(configuration.ioCompletionEntrySize()).isEqualTo(CompletionEntry.SIZE);
        assertThat(configuration.arbitrationMechanism()).isZero();
        assertThat(configuration.readyIndependentOfMedia()).isFalse();
        assertThat(configuration.withoutEnable().enabled()).isFalse();
        assertThatIllegalArgumentException().isThrownBy(() -> configuration.withShutdown(3));
    }

    @Test
    void status_namesShutdownProgress() {
        assertThat(new ControllerStatus(0x1).ready()).isTrue();
        assertThat(new ControllerStatus(0x2).fatal()).isTrue();
        assertThat(new ControllerStatus(0x8).shutdownStatus())
                .isEqualTo(ControllerStatus.ShutdownStatus.COMPLETE);
        assertThat(new ControllerStatus(0x30).subsystemResetOccurred()).isTrue();
        assertThat(new ControllerStatus(0x30).processingPaused()).isTrue();
        assertThat(new ControllerStatus(0).ready()).isFalse();
    }

    @Test
    void version_printsAndOrders() {
        assertThat(new Version(0x0001_0300)).hasToString("1.3");
        assertThat(new Version(0x0001_0201)).hasToString("1.2.1");
        assertThat(new Version(0x0002_0000)).isGreaterThan(new Version(0x0001_0400));
    }

    @Test
    void readyTimeouts_areMilliseconds() {
        ReadyTimeouts timeouts = new ReadyTimeouts(0xFFFF_0002);
        assertThat(timeouts.readyWithMediaMillis()).isEqualTo(1000);
        assertThat(timeouts.readyIndependentOfMediaMillis()).isEqualTo(65535 * 500L);
    }

    /** A register as the Linux target had it: see {@code src/test/fixtures/capture}. */
    private static long captured(String name) {
        Matcher matcher =
                Pattern.compile("(?m)^" + name + " : ([0-9a-f]+)$")
                        .matcher(Captured.text("nvmet-registers"));
        assertThat(matcher.find()).as(name).isTrue();
        return Long.parseLong(matcher.group(1), 16);
    }

    @Test
    void registersOfTheLinuxTarget_areReadAsNvmeCliReadsThem() {
        Capabilities capabilities = new Capabilities(captured("cap"));
        assertThat(capabilities.maximumQueueEntries()).isEqualTo(128);
        assertThat(capabilities.timeoutMillis()).isEqualTo(7500);
        assertThat(capabilities.contiguousQueuesRequired()).isFalse();
        assertThat(capabilities.memoryPageSizeMinimum()).isEqualTo(4096);
        assertThat(capabilities.memoryPageSizeMaximum()).isEqualTo(4096);
        assertThat(capabilities.nvmCommandSet()).isTrue();
        assertThat(capabilities.multipleCommandSets()).isTrue();
        assertThat(capabilities.subsystemResetSupported()).isFalse();
        assertThat(capabilities.doorbellStrideBytes()).isEqualTo(4);
        assertThat(new Version((int) captured("version"))).hasToString("1.3");
        assertThat(new ControllerStatus((int) captured("csts")).ready()).isTrue();
        // What Linux wrote to enable this controller is what we would write.
        assertThat(ControllerConfiguration.enable(capabilities).value())
                .isEqualTo((int) captured("cc"));
    }
}

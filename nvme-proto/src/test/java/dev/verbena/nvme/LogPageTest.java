package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.verbena.nvme.log.AnaLog;
import dev.verbena.nvme.log.AnaState;
import dev.verbena.nvme.log.ChangedNamespaces;
import dev.verbena.nvme.log.CommandEffects;
import dev.verbena.nvme.log.EffectsLog;
import dev.verbena.nvme.log.EnduranceGroupLog;
import dev.verbena.nvme.log.FirmwareSlots;
import dev.verbena.nvme.log.PersistentEventHeader;
import dev.verbena.nvme.log.ReservationNotificationLog;
import dev.verbena.nvme.log.SanitizeStatusLog;
import dev.verbena.nvme.log.SelfTestLog;
import dev.verbena.nvme.log.SmartLog;
import dev.verbena.nvme.log.SupportedLogPages;
import dev.verbena.nvme.log.TelemetryHeader;
import dev.verbena.nvme.zns.ChangedZones;
import dev.verbena.nvme.zns.ZoneReport;
import dev.verbena.nvme.zns.ZoneState;
import dev.verbena.nvme.zns.ZonedIdentifyNamespace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Log pages and zoned structures with values that the controllers at hand do not show. */
class LogPageTest {
    private static MemorySegment memory(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }

    private static void set(MemorySegment segment, long offset, int... bytes) {
        for (int i = 0; i < bytes.length; i++) {
            segment.set(ValueLayout.JAVA_BYTE, offset + i, (byte) bytes[i]);
        }
    }

    /** One group of two namespaces, one group of none. */
    private static MemorySegment ana() {
        MemorySegment log = memory(16 + 40 + 32);
        set(log, 0, 9, 0, 0, 0, 0, 0, 0, 0x80, 2);
        set(log, 16, 1, 0, 0, 0, 2, 0, 0, 0, 7);
        set(log, 32, 5);
        set(log, 48, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF);
        set(log, 56, 3);
        set(log, 72, 15);
        return log;
    }

    @Test
    void anaLog_isReadCompletely() {
        AnaLog log = AnaLog.decode(ana(), 3);
        assertThat(log.groups())
                .containsExactly(
                        new AnaLog.Group(1, 7, 5, List.of(1, -1)),
                        new AnaLog.Group(3, 0, 15, List.of()));
        assertThat(log.groups().getFirst().state()).isEqualTo(AnaState.UNKNOWN);
        assertThat(log.groups().getLast().state()).isEqualTo(AnaState.CHANGE);
        assertThat(log.toText()).contains("invalid state (5)").contains("nsid\t:\t4294967295");
        assertThat(log.toJson()).contains("9223372036854775817");
        assertThat(AnaLog.byteSizeMax(2, 10)).isEqualTo(16 + 64 + 40);
    }

    @ParameterizedTest
    @CsvSource({
        "8, 3, 'group 2 at offset 88 needs 32 bytes, 0 are left'",
        "16, 0, 'group identifier at offset 16 is 0, expected 1 to 3'",
        "16, 4, 'group identifier at offset 16 is 4, expected 1 to 3'",
        "56, 1, 'group 1 at offset 56 is there twice'",
        "32, 0, 'state at offset 32 is 0'",
        "32, 16, 'state at offset 32 is 16'",
        "48, 0, 'namespace at offset 48 is 0'",
        "60, 1, '1 namespaces of group 1 at offset 88 needs 4 bytes, 0 are left'",
        "63, 255, 'needs 17112760320 bytes'"
    })
    void anaLogThatContradictsItself_isRefused(int offset, int value, String message) {
        MemorySegment log = ana();
        set(log, offset, value);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> AnaLog.decode(log, 3))
                .withMessageContaining(message);
    }

    @Test
    void anaLogCutOff_isRefused() {
        for (int size : new int[] {0, 15, 16, 47, 48, 55, 87}) {
            assertThatExceptionOfType(WireFormatException.class)
                    .as("%s", size)
                    .isThrownBy(() -> AnaLog.decode(ana().asSlice(0, size), 3));
        }
    }

    @Test
    void anaStates_areTotal() {
        for (int code = 0; code < 256; code++) {
            AnaState state = AnaState.of(code);
            assertThat(state.usable()).isEqualTo(code == 1 || code == 2);
            assertThat(state == AnaState.UNKNOWN || state.code() == code).isTrue();
        }
        assertThat(AnaState.PERSISTENT_LOSS).hasToString("persistent-loss");
    }

    @Test
    void changedNamespaces_mayBeTooMany() {
        MemorySegment page = memory(4096);
        set(page, 0, 0xFF, 0xFF, 0xFF, 0xFF);
        ChangedNamespaces all = ChangedNamespaces.decode(page);
        assertThat(all.all()).isTrue();
        assertThat(all.namespaceIds()).isEmpty();
        assertThat(all.toText()).contains("more than 1024 ns changed");
        page.fill((byte) 1);
        assertThat(ChangedNamespaces.decode(page).namespaceIds()).hasSize(1024);
    }

    @Test
    void smartLog_showsSensorsAndLargeNumbers() {
        MemorySegment page = memory(512);
        set(page, 0, 4);
        set(page, 32, 0, 0, 0, 0, 0, 0, 0, 0, 1);
        set(page, 200, 0x2C, 1);
        SmartLog log = SmartLog.decode(page);
        assertThat(log.dataUnitsRead()).isEqualTo(BigInteger.ONE.shiftLeft(64));
        assertThat(log.temperatureSensorKelvin(1)).isEqualTo(300);
        assertThat(log.toText())
                .contains("critical_warning                        : 0x4\n")
                .contains("18446744073709551616 (9444732.97 EB)")
                .contains("Temperature Sensor 1                    : 27°C (300 Kelvin)");
        assertThat(log.values()).containsEntry("temperature_sensor_1", 300L);
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> log.temperatureSensorKelvin(9));
    }

    @Test
    void firmwareSlots_areNumberedFromOne() {
        MemorySegment page = memory(512);
        set(page, 0, 0x21);
        set(page, 8, 'v', '1', ' ', 0x7F);
        FirmwareSlots slots = FirmwareSlots.decode(page);
        assertThat(slots.activeSlot()).isEqualTo(1);
        assertThat(slots.nextSlot()).isEqualTo(2);
        assertThat(slots.revision(1)).isEqualTo("v1 \\x7F");
        assertThat(slots.revision(2)).isEmpty();
        assertThat(slots.toText()).contains("frs1 : 0x7f203176 (v1......)");
    }

    @Test
    void effects_ofTheLinuxTarget_areNamed() {
        EffectsLog log = EffectsLog.decode(Captured.bytes("nvmet-effects"));
        assertThat(log.io(NvmOpcode.WRITE).changesContent()).isTrue();
        assertThat(log.io(NvmOpcode.READ)).isEqualTo(new CommandEffects(1));
        assertThat(log.admin(AdminOpcode.FORMAT_NVM).supported()).isFalse();
        assertThat(log.toText())
                .contains("ACS6     [Identify")
                .contains("IOCS1    [Write ")
                .contains("00000003  CSUPP+ LBCC+ NCC- NIC- CCC- USS- CSE 0 CSP 0x0");
        assertThat(log.toJson()).contains("\"IOCS_1 (Write)\": 3");
    }

    @Test
    void effectsBits_areAllRead() {
        CommandEffects all = new CommandEffects(-1);
        assertThat(
                        List.of(
                                all.supported(),
                                all.changesContent(),
                                all.changesNamespace(),
                                all.changesInventory(),
                                all.changesController(),
                                all.uuidSelection()))
                .containsOnly(true);
        assertThat(all.exclusiveness()).isEqualTo(7);
        assertThat(all.scope()).isEqualTo(0xFFF);
        MemorySegment page = memory(4096);
        set(page, 0, 0xFE, 0xFF, 0xFF, 0xFF);
        set(page, 1024 + 4 * 0xC0, 1);
        assertThat(EffectsLog.decode(page).toText())
                .contains("CSUPP- LBCC+ NCC+ NIC+ CCC+ USS+ CSE 7 CSP 0xfff")
                .contains("IOCS192  [Vendor Specific C0h");
    }

    @Test
    void supportedLogPages_areNamed() {
        MemorySegment page = memory(1024);
        set(page, 4 * 0x70, 3, 0, 7, 0);
        SupportedLogPages pages = SupportedLogPages.decode(page);
        assertThat(pages.isSupported(LogPage.DISCOVERY)).isTrue();
        assertThat(pages.indexOffset(LogPage.DISCOVERY)).isTrue();
        assertThat(pages.specific(LogPage.DISCOVERY)).isEqualTo(7);
        assertThat(pages.isSupported(0)).isFalse();
        assertThat(pages.indexOffset(0)).isFalse();
        assertThat(pages.toText()).contains("LID 0x70 (Discovery), supports 0x70003");
        assertThat(pages.toJson()).contains("\"lid_0x70\": 458755");
    }

    @Test
    void selfTestLog_showsWhatIsValid() {
        MemorySegment page = memory(564);
        for (int i = 0; i < 20; i++) {
            set(page, 4 + 28L * i, 15);
        }
        set(page, 0, 0xF1, 0xB2);
        set(page, 4, 0x17, 3, 0xFF, 0, 9, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 0, 0, 0x10);
        set(page, 4 + 24, 2, 0x81, 0xCD, 0xAB);
        set(page, 32, 0x20, 0, 0);
        SelfTestLog log = SelfTestLog.decode(page);
        assertThat(log.currentOperation()).isEqualTo(1);
        assertThat(log.currentCompletionPercent()).isEqualTo(0x32);
        assertThat(log.results()).hasSize(2);
        assertThat(log.toText())
                .contains("Segment Number               : 0x3")
                .contains("Failing LBA                  : 0x10")
                .contains("Status Code                  : 0x81")
                .contains("Self Test Result[1]:");
        assertThat(log.toJson())
                .contains("\"Failing LBA\": 16")
                .contains("\"Power on hours\": 9223372036854775817");
    }

    @Test
    void tablePages_areReadAtTheirOffsets() {
        MemorySegment page = memory(512);
        set(page, 0, 1, 0, 0, 90, 10, 5);
        set(page, 160, 1);
        EnduranceGroupLog group = EnduranceGroupLog.decode(page);
        assertThat(group.criticalWarning()).isEqualTo(1);
        assertThat(group.availableSparePercent()).isEqualTo(90);
        assertThat(group.percentageUsed()).isEqualTo(5);
        assertThat(group.totalCapacityBytes()).isEqualTo(BigInteger.ONE);
        assertThat(group.toText()).contains("total_end_grp_cap       : 1\n");
        assertThat(group).hasToString(group.toText());

        page.fill((byte) 0);
        set(page, 0, 0, 0x80, 0x2A, 0x01);
        SanitizeStatusLog sanitize = SanitizeStatusLog.decode(page);
        assertThat(sanitize.progress65536ths()).isEqualTo(0x8000);
        assertThat(sanitize.state()).isEqualTo(2);
        assertThat(sanitize.overwritePassesCompleted()).isEqualTo(5);
        assertThat(sanitize.globalDataErased()).isTrue();

        page.fill((byte) 0);
        set(page, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 9);
        ReservationNotificationLog notification = ReservationNotificationLog.decode(page);
        assertThat(notification.count()).isEqualTo(3);
        assertThat(notification.type()).isEqualTo(2);
        assertThat(notification.available()).isEqualTo(1);
        assertThat(notification.namespaceId()).isEqualTo(9);

        page.fill((byte) 0);
        set(page, 8, 1, 0, 2, 0, 3, 0, 0, 0, 4);
        set(page, 382, 1, 7);
        TelemetryHeader telemetry = TelemetryHeader.decode(page);
        assertThat(telemetry.lastBlockOfArea1()).isEqualTo(1);
        assertThat(telemetry.lastBlockOfArea2()).isEqualTo(2);
        assertThat(telemetry.lastBlockOfArea3()).isEqualTo(3);
        assertThat(telemetry.lastBlockOfArea4()).isEqualTo(4);
        assertThat(telemetry.controllerDataAvailable()).isTrue();
        assertThat(telemetry.controllerGeneration()).isEqualTo(7);
        assertThat(TelemetryHeader.decode(memory(512)).controllerDataAvailable()).isFalse();

        page.fill((byte) 0);
        set(page, 0, 0x0D, 0, 0, 0, 2, 0, 0, 0, 0, 4);
        set(page, 18, 0xEC, 1);
        set(page, 20, 1, 0, 0, 0, 0, 0, 0xFF, 0xFF);
        set(page, 480, 2);
        PersistentEventHeader events = PersistentEventHeader.decode(page);
        assertThat(events.eventCount()).isEqualTo(2);
        assertThat(events.totalLength()).isEqualTo(1024);
        assertThat(events.headerLength()).isEqualTo(492);
        assertThat(events.timestampMillis()).isEqualTo(1);
        assertThat(events.isSupported(1)).isTrue();
        assertThat(events.isSupported(0)).isFalse();
    }

    @Test
    void zoneReport_listsWhatFitsAndShowsTheRest() {
        MemorySegment report = memory(64 + 128);
        set(report, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF);
        set(report, 64, 0x13, 0x55, 1, 2);
        set(report, 128, 0xAB);
        ZoneReport extended = ZoneReport.decode(report, 64);
        assertThat(extended.zones()).hasSize(1);
        assertThat(extended.zones().getFirst().state()).isEqualTo(ZoneState.UNKNOWN);
        assertThat(extended.zones().getFirst().extension()).startsWith("ab00").hasSize(128);
        assertThat(extended.toJson())
                .contains("18446744073709551615")
                .contains("Unknown State (5)")
                .contains("Unknown Type (3)")
                .contains("\"attrs_info\": 2");
        assertThat(extended.toText()).contains("Extension Data: ab");
        assertThat(ZoneReport.decode(report, 0).zones()).hasSize(2);
        assertThat(ZoneState.of(0xD)).isEqualTo(ZoneState.READ_ONLY);
        assertThat(ZoneState.OFFLINE.code()).isEqualTo(15);
    }

    @Test
    void changedZones_areBounded() {
        MemorySegment page = memory(4096);
        set(page, 0, 2);
        set(page, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1);
        assertThat(ChangedZones.decode(page).zones()).containsExactly(-1L, 1L);
        assertThat(ChangedZones.decode(page).toJson()).contains("18446744073709551615");
        assertThat(ChangedZones.decode(page).toText()).contains("nrzid:  2");
        set(page, 0, 0xFF, 0xFF);
        assertThat(ChangedZones.decode(page).all()).isTrue();
        assertThat(ChangedZones.decode(page).toText()).contains("65535");
        set(page, 0, 0, 2);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> ChangedZones.decode(page))
                .withMessageContaining("is 512, expected at most 511");
    }

    @Test
    void zonedNamespace_countsFromOne() {
        MemorySegment bytes = memory(4096);
        set(bytes, 0, 1, 0, 1, 0, 6, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF);
        set(bytes, 2816 + 16, 0, 0x80, 0, 0, 0, 0, 0, 0, 2);
        ZonedIdentifyNamespace namespace = ZonedIdentifyNamespace.decode(bytes);
        assertThat(namespace.variableCapacity()).isTrue();
        assertThat(namespace.readAcrossZones()).isTrue();
        assertThat(namespace.maximumActiveZones()).isEqualTo(7);
        assertThat(namespace.maximumOpenZones()).isEqualTo(Long.MAX_VALUE);
        assertThat(namespace.zoneSizeBlocks(1)).isEqualTo(0x8000);
        assertThat(namespace.descriptorExtensionBytes(1)).isEqualTo(128);
        assertThat(namespace.toText()).contains("lbafe  1: zsze:0x8000 zdes:2");
    }

    @Test
    void protectionDetails_areReadByFormat() {
        MemorySegment bytes = memory(4096);
        set(bytes, 0, 0xFF);
        set(bytes, 8, 2);
        set(bytes, 12 + 4 * 5, 0x10, 0x07);
        NvmIdentifyNamespace namespace = NvmIdentifyNamespace.decode(bytes);
        assertThat(namespace.storageTagMask()).isEqualTo(0xFF);
        assertThat(namespace.protectionCapabilities()).isEqualTo(2);
        assertThat(namespace.protection(5))
                .isEqualTo(new NvmIdentifyNamespace.Protection(16, 2, 3));
        assertThat(namespace.toText()).contains("elbaf  5 : qpif:3 pif:2 sts:16");
        assertThat(namespace.toJson()).contains("\"elbafs\"");
    }
}

package dev.verbena.nvme;

import static dev.verbena.nvme.Headers.header;
import static dev.verbena.nvme.Headers.offset;
import static dev.verbena.nvme.Headers.place;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.verbena.nvme.log.AnaLog;
import dev.verbena.nvme.log.ChangedNamespaces;
import dev.verbena.nvme.log.EffectsLog;
import dev.verbena.nvme.log.FirmwareSlots;
import dev.verbena.nvme.log.SelfTestLog;
import dev.verbena.nvme.log.SupportedLogPages;
import dev.verbena.nvme.zns.ChangedZones;
import dev.verbena.nvme.zns.ZoneReport;
import dev.verbena.nvme.zns.ZonedIdentifyNamespace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Fields that are read or written by code of their own are where {@link Headers} has them. */
class PlaceTest {
    /** A structure in which the bytes of each field have the field's offset as their value. */
    private static MemorySegment marked(String structure, int size, int at) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[size]);
        header(structure)
                .forEach((name, place) -> {
                    for (int i = 0; i < place.get(1) && !name.isEmpty(); i++) {
                        bytes.set(
                                ValueLayout.JAVA_BYTE,
                                at + place.get(0) + i,
                                (byte) ('a' + place.get(0) % 23));
                    }
                });
        return bytes;
    }

    /** What an accessor must give for a field of a marked structure. */
    private static long mark(String structure, String field) {
        long value = 0;
        for (int i = 0; i < place(structure, field).get(1); i++) {
            value = value << 8 | 'a' + offset(structure, field) % 23;
        }
        return value;
    }

    @Test
    void discoveryEntry_isReadWhereTheHeadersHaveItsFields() {
        String name = "nvmf_disc_log_entry";
        DiscoveryEntry entry = DiscoveryEntry.decode(marked(name, 1024, 0), 0);
        assertThat(entry.transportType()).isEqualTo((int) mark(name, "trtype"));
        assertThat(entry.addressFamily()).isEqualTo((int) mark(name, "adrfam"));
        assertThat(entry.subsystemType()).isEqualTo((int) mark(name, "subtype"));
        assertThat(entry.treq()).isEqualTo((int) mark(name, "treq"));
        assertThat(entry.portId()).isEqualTo((int) mark(name, "portid"));
        assertThat(entry.controllerId()).isEqualTo((int) mark(name, "cntlid"));
        assertThat(entry.adminQueueSizeMaximum()).isEqualTo((int) mark(name, "asqsz"));
        assertThat(entry.eflags()).isEqualTo((int) mark(name, "eflags"));
        assertThat(entry.transportServiceId())
                .isEqualTo(Character.toString((char) ('a' + 32 % 23)).repeat(32));
        assertThat(entry.subsystemNqn())
                .isEqualTo(Character.toString((char) ('a' + 256 % 23)).repeat(256));
        assertThat(entry.transportAddress())
                .isEqualTo(Character.toString((char) ('a' + 512 % 23)).repeat(256));
    }

    @Test
    void zone_isReadWhereTheHeadersHaveItsFields() {
        String name = "nvme_zns_desc";
        MemorySegment zones = marked(name, 128, 64);
        zones.set(ValueLayout.JAVA_BYTE, offset("nvme_zone_report", "nr_zones"), (byte) 1);
        ZoneReport.Zone zone = ZoneReport.decode(zones, 0).zones().getFirst();
        assertThat(zone.attributes()).isEqualTo((int) mark(name, "za"));
        assertThat(zone.attributesInformation()).isEqualTo((int) mark(name, "zai"));
        assertThat(zone.capacityBlocks()).isEqualTo(mark(name, "zcap"));
        assertThat(zone.startLba()).isEqualTo(mark(name, "zslba"));
        assertThat(zone.writePointer()).isEqualTo(mark(name, "wp"));
    }

    @Test
    void powerState_isReadWhereTheHeadersHaveItsFields() {
        MemorySegment controller = marked("nvme_id_psd", 4096, offset("nvme_id_ctrl", "psd"));
        PowerState state = IdentifyController.decode(controller).powerStateDescriptors().getFirst();
        String name = "nvme_id_psd";
        assertThat(state.maximumPower()).isEqualTo((int) mark(name, "mp"));
        assertThat(state.flags()).isEqualTo((int) mark(name, "flags"));
        assertThat(state.entryLatencyMicros()).isEqualTo(mark(name, "enlat"));
        assertThat(state.exitLatencyMicros()).isEqualTo(mark(name, "exlat"));
        assertThat(state.readThroughput()).isEqualTo((int) mark(name, "rrt"));
        assertThat(state.readLatency()).isEqualTo((int) mark(name, "rrl"));
        assertThat(state.writeThroughput()).isEqualTo((int) mark(name, "rwt"));
        assertThat(state.writeLatency()).isEqualTo((int) mark(name, "rwl"));
        assertThat(state.idlePower()).isEqualTo((int) mark(name, "idlp"));
        assertThat(state.activePower()).isEqualTo((int) mark(name, "actp"));
    }

    @Test
    void selfTestResult_isReadWhereTheHeadersHaveItsFields() {
        String name = "nvme_st_result";
        SelfTestLog.Result result =
                SelfTestLog.decode(marked(name, 564, offset("nvme_self_test_log", "result")))
                        .results()
                        .getFirst();
        assertThat(result.segmentNumber()).isEqualTo((int) mark(name, "seg"));
        assertThat(result.validInformation()).isEqualTo((int) mark(name, "vdi"));
        assertThat(result.powerOnHours()).isEqualTo(mark(name, "poh"));
        assertThat(result.namespaceId()).isEqualTo((int) mark(name, "nsid"));
        assertThat(result.failingLba()).isEqualTo(mark(name, "flba"));
        assertThat(result.statusCodeType()).isEqualTo((int) mark(name, "sct"));
        assertThat(result.statusCode()).isEqualTo((int) mark(name, "sc"));
        assertThat(result.vendorSpecific()).isEqualTo((int) mark(name, "vs"));
    }

    @Test
    void registrant_isReadWhereTheHeadersHaveItsFields() {
        String name = "nvme_registered_ctrl_ext";
        MemorySegment report = marked(name, 128, 64);
        report.set(ValueLayout.JAVA_BYTE, offset("nvme_resv_status", "regctl"), (byte) 1);
        ReservationReport.Registrant registrant =
                ReservationReport.decode(report).registrants().getFirst();
        assertThat(registrant.controllerId()).isEqualTo((int) mark(name, "cntlid"));
        assertThat(registrant.key()).isEqualTo(mark(name, "rkey"));
    }

    private static MemorySegment memory(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }

    private static void set(MemorySegment segment, long offset, int value) {
        segment.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
    }

    @Test
    void anaLog_isReadWhereTheHeadersHaveItsFields() {
        String group = "nvme_ana_group_desc";
        int at = place("nvme_ana_log", "").get(1);
        MemorySegment log = memory(at + AnaLog.GROUP_SIZE + 4);
        set(log, offset("nvme_ana_log", "chgcnt"), 7);
        set(log, offset("nvme_ana_log", "ngrps"), 1);
        set(log, at + offset(group, "grpid"), 3);
        set(log, at + offset(group, "nnsids"), 1);
        set(log, at + offset(group, "chgcnt"), 5);
        set(log, at + offset(group, "state"), 2);
        // The identifiers follow the descriptor.
        set(log, at + AnaLog.GROUP_SIZE, 9);
        assertThat(AnaLog.decode(log, 8))
                .isEqualTo(new AnaLog(7, List.of(new AnaLog.Group(3, 5, 2, List.of(9)))));
    }

    @Test
    void effects_areReadWhereTheHeadersHaveThem() {
        MemorySegment log = memory(EffectsLog.SIZE);
        set(log, offset("nvme_cmd_effects_log", "acs") + 4L * AdminOpcode.IDENTIFY, 1);
        set(log, offset("nvme_cmd_effects_log", "iocs") + 4L * NvmOpcode.WRITE, 3);
        EffectsLog effects = EffectsLog.decode(log);
        assertThat(effects.admin(AdminOpcode.IDENTIFY).supported()).isTrue();
        assertThat(effects.io(NvmOpcode.WRITE).changesContent()).isTrue();
        assertThat(effects.io(AdminOpcode.IDENTIFY).supported()).isFalse();
    }

    @Test
    void firmwareSlots_areReadWhereTheHeadersHaveThem() {
        MemorySegment log = memory(FirmwareSlots.SIZE);
        set(log, offset("nvme_firmware_slot", "afi"), 0x21);
        set(log, offset("nvme_firmware_slot", "frs"), 'a');
        set(log, offset("nvme_firmware_slot", "frs") + 8 * 6, 'g');
        FirmwareSlots slots = FirmwareSlots.decode(log);
        assertThat(slots.activeSlot()).isEqualTo(1);
        assertThat(slots.revision(1)).isEqualTo("a");
        assertThat(slots.revision(7)).isEqualTo("g");
    }

    @Test
    void supportedLogPages_areReadWhereTheHeadersHaveThem() {
        String name = "nvme_supported_log_pages";
        assertThat(place(name, "lid_support")).containsExactly(0, SupportedLogPages.SIZE);
        MemorySegment log = memory(SupportedLogPages.SIZE);
        set(log, offset(name, "lid_support") + 4L * LogPage.SMART, 1);
        assertThat(SupportedLogPages.decode(log).isSupported(LogPage.SMART)).isTrue();
    }

    @Test
    void selfTestHeader_isReadWhereTheHeadersHaveItsFields() {
        MemorySegment log = memory(SelfTestLog.SIZE);
        set(log, offset("nvme_self_test_log", "current_operation"), 2);
        set(log, offset("nvme_self_test_log", "completion"), 42);
        assertThat(SelfTestLog.decode(log).currentOperation()).isEqualTo(2);
        assertThat(SelfTestLog.decode(log).currentCompletionPercent()).isEqualTo(42);
    }

    @Test
    void reservationReport_isReadWhereTheHeadersHaveItsFields() {
        String name = "nvme_resv_status";
        MemorySegment report = memory(ReservationReport.HEADER_SIZE);
        set(report, offset(name, "gen"), 5);
        set(report, offset(name, "rtype"), 3);
        set(report, offset(name, "regctl"), 1);
        set(report, offset(name, "ptpls"), 1);
        assertThat(ReservationReport.decode(report))
                .isEqualTo(new ReservationReport(5, 3, 1, 1, List.of()));
    }

    @Test
    void lists_areReadWhereTheHeadersHaveThem() {
        MemorySegment list = memory(4096);
        set(list, offset("nvme_ctrl_list", "num"), 1);
        set(list, offset("nvme_ctrl_list", "identifier"), 6);
        assertThat(ControllerList.decode(list)).containsExactly(6);
        list.fill((byte) 0);
        set(list, offset("nvme_ns_list", "ns"), 6);
        assertThat(ActiveNamespaceList.decode(list)).containsExactly(6);
        assertThat(ChangedNamespaces.decode(list).namespaceIds()).containsExactly(6);
        list.fill((byte) 0);
        set(list, offset("nvme_zns_changed_zone_log", "nrzid"), 1);
        set(list, offset("nvme_zns_changed_zone_log", "zid"), 6);
        assertThat(ChangedZones.decode(list).zones()).containsExactly(6L);
    }

    @Test
    void discoveryHeader_isReadWhereTheHeadersHaveItsFields() {
        String name = "nvmf_discovery_log";
        MemorySegment log = memory(DiscoveryLogHeader.SIZE);
        set(log, offset(name, "genctr"), 4);
        set(log, offset(name, "numrec"), 2);
        assertThat(DiscoveryLogHeader.decode(log).generationCounter()).isEqualTo(4);
        assertThat(DiscoveryLogHeader.decode(log).recordCount()).isEqualTo(2);
        set(log, offset(name, "recfmt"), 1);
        assertThatExceptionOfType(WireFormatException.class)
                .isThrownBy(() -> DiscoveryLogHeader.decode(log));
    }

    @Test
    void connectData_isWrittenWhereTheHeadersHaveItsFields() {
        String name = "nvmf_connect_data";
        assertThat(offset(name, "hostid")).isEqualTo(ConnectData.HOST_ID_OFFSET);
        assertThat(offset(name, "cntlid")).isEqualTo(ConnectData.CONTROLLER_ID_OFFSET);
        assertThat(offset(name, "subsysnqn")).isEqualTo(ConnectData.SUBSYSTEM_NQN_OFFSET);
        assertThat(offset(name, "hostnqn")).isEqualTo(ConnectData.HOST_NQN_OFFSET);
    }

    @Test
    void ranges_areWrittenWhereTheHeadersHaveTheirFields() {
        MemorySegment range = memory(DatasetRanges.SIZE);
        DatasetRanges.encode(range, 0, 0, 1, 2, 3);
        assertThat(nonZero(range))
                .containsExactlyInAnyOrder(
                        offset("nvme_dsm_range", "cattr"),
                        offset("nvme_dsm_range", "slba"),
                        offset("nvme_dsm_range", "nlb"));
        for (int format = 0; format <= CopyRanges.FORMAT_MAX; format++) {
            String name = "nvme_copy_range" + (format == 0 ? "" : "_f" + format);
            boolean large = format % 2 == 1;
            MemorySegment copy = memory(CopyRanges.size(format));
            CopyRanges.encode(copy, 0, 0, format, format < 2 ? 0 : 1, 1, 2);
            CopyRanges.protection(copy, 0, 0, format, 0, large ? 1L << 56 : 1L << 24, 1, 1);
            Set<Integer> expected =
                    new HashSet<>(
                            Set.of(
                                    offset(name, "slba"),
                                    offset(name, "nlb"),
                                    offset(name, "elbat"),
                                    offset(name, "elbatm"),
                                    // Of the ten bytes, two are above these.
                                    large ? offset(name, "elbt") + 2 : offset(name, "eilbrt")));
            if (format >= 2) {
                CopyRanges.options(copy, 0, 0, format, 1);
                expected.add(offset(name, "snsid"));
                expected.add(offset(name, "sopt"));
            }
            assertThat(nonZero(copy)).containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    @Test
    void featureData_isWrittenWhereTheHeadersHaveItsFields() {
        String name = "nvme_feat_host_behavior";
        MemorySegment data = memory(FeatureValues.HOST_BEHAVIOR_SIZE);
        new FeatureValues.HostBehavior(true, true, true, true, 1).encode(data, 0);
        assertThat(nonZero(data))
                .containsExactlyInAnyOrder(
                        offset(name, "acre"),
                        offset(name, "etdas"),
                        offset(name, "lbafee"),
                        offset(name, "hdisns"),
                        offset(name, "cdfe"));
        MemorySegment time = memory(FeatureValues.TIMESTAMP_SIZE);
        set(time, offset("nvme_timestamp", "timestamp"), 1);
        set(time, offset("nvme_timestamp", "attr"), 2);
        assertThat(FeatureValues.Timestamp.decode(time))
                .isEqualTo(new FeatureValues.Timestamp(1, 2));
    }

    @Test
    void partsOfStructures_areReadWhereTheHeadersHaveThem() {
        MemorySegment bytes = memory(4096);
        int format = offset("nvme_id_ns", "lbaf");
        set(bytes, format + offset("nvme_lbaf", "ms"), 8);
        set(bytes, format + offset("nvme_lbaf", "ds"), 12);
        set(bytes, format + offset("nvme_lbaf", "rp"), 2);
        assertThat(IdentifyNamespace.decode(bytes).format()).isEqualTo(new LbaFormat(8, 12, 2));

        bytes.fill((byte) 0);
        int zoned = offset("nvme_zns_id_ns", "lbafe");
        set(bytes, zoned + offset("nvme_zns_lbafe", "zsze"), 16);
        set(bytes, zoned + offset("nvme_zns_lbafe", "zdes"), 1);
        assertThat(ZonedIdentifyNamespace.decode(bytes).zoneSizeBlocks(0)).isEqualTo(16);
        assertThat(ZonedIdentifyNamespace.decode(bytes).descriptorExtensionBytes(0)).isEqualTo(64);

        bytes.fill((byte) 0);
        set(bytes, offset("nvme_ns_id_desc", "nidt"), 4);
        set(bytes, offset("nvme_ns_id_desc", "nidl"), 1);
        set(bytes, place("nvme_ns_id_desc", "").get(1), 2);
        assertThat(NamespaceDescriptors.decode(bytes).commandSet()).isEqualTo(CommandSet.ZONED);

        bytes.fill((byte) 0);
        int attribute = DiscoveryEntry.SIZE + 8;
        set(bytes, DiscoveryEntry.SIZE, attribute + 8);
        set(bytes, DiscoveryEntry.SIZE + 1, (attribute + 8) >> 8);
        set(bytes, DiscoveryEntry.SIZE + 4, 1);
        set(bytes, attribute + offset("nvmf_ext_attr", "exattype"), 2);
        set(bytes, attribute + offset("nvmf_ext_attr", "exatlen"), 1);
        set(bytes, attribute + place("nvmf_ext_attr", "").get(1), 'x');
        assertThat(DiscoveryExtension.decode(bytes, 0).attributes())
                .containsExactly(new DiscoveryExtension.Attribute(2, "78", "x"));
    }

    private static List<Integer> nonZero(MemorySegment segment) {
        List<Integer> offsets = new ArrayList<>();
        for (int i = 0; i < segment.byteSize(); i++) {
            if (segment.get(ValueLayout.JAVA_BYTE, i) != 0) {
                offsets.add(i);
            }
        }
        return offsets;
    }
}

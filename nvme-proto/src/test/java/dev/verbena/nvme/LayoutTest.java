package dev.verbena.nvme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.verbena.nvme.log.AnaLog;
import dev.verbena.nvme.log.ChangedNamespaces;
import dev.verbena.nvme.log.EffectsLog;
import dev.verbena.nvme.log.EnduranceGroupLog;
import dev.verbena.nvme.log.ErrorLogEntry;
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
import dev.verbena.nvme.zns.ZonedIdentifyController;
import dev.verbena.nvme.zns.ZonedIdentifyNamespace;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sizes and offsets are those that a C compiler gives the structures of libnvme's headers: {@code
 * layout.csv}, made by {@code src/test/fixtures/layout}.
 */
class LayoutTest {
    /** Fields that have another name in the headers, which is not the one nvme-cli prints. */
    private static final Map<String, String> RENAMED =
            Map.ofEntries(
                    Map.entry("parm_err_loc", "parm_error_location"),
                    Map.entry("endurance_grp_critical_warning_summary", "endu_grp_crit_warn_sumry"),
                    Map.entry("host_read_commands", "host_reads"),
                    Map.entry("host_write_commands", "host_writes"),
                    Map.entry("controller_busy_time", "ctrl_busy_time"),
                    Map.entry("cdw10_info", "scdw10"),
                    Map.entry("time_over_write", "eto"),
                    Map.entry("time_block_erase", "etbe"),
                    Map.entry("time_crypto_erase", "etce"),
                    Map.entry("time_over_write_no_dealloc", "etond"),
                    Map.entry("time_block_erase_no_dealloc", "etbend"),
                    Map.entry("time_crypto_erase_no_dealloc", "etcend"),
                    Map.entry("time_post_verification_dealloc", "etpvds"),
                    Map.entry("count", "lpc"),
                    Map.entry("rn_log_type", "rnlpt"),
                    Map.entry("num_logs", "nalp"),
                    Map.entry("NSID", "nsid"));

    /** Fields that libnvme 1.13 does not have yet: not checked here. */
    private static final Set<String> NEWER =
            Set.of(
                    "ciu",
                    "cirn",
                    "ccrl",
                    "op_lifetime_energy_consumed",
                    "interval_power_measurement");

    /**
     * Fields of the headers that are no line of a table: arrays and the status, which have code of
     * their own; vendors' bytes; another name of a byte that has one.
     */
    private static final Set<String> NO_LINE =
            Set.of("psd", "lbaf", "elbaf", "lbafe", "temp_sensor", "status_field", "vs", "tcs");

    private static final Map<String, Map<String, List<Integer>>> HEADERS = headers();

    private static Map<String, Map<String, List<Integer>>> headers() {
        Map<String, Map<String, List<Integer>>> headers = new HashMap<>();
        try (var in = Objects.requireNonNull(LayoutTest.class.getResourceAsStream("layout.csv"));
                var reader =
                        new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
            for (String line : reader.lines().filter(text -> !text.startsWith("#")).toList()) {
                String[] words = line.split(",", -1);
                headers.computeIfAbsent(words[0], name -> new LinkedHashMap<>())
                        .put(
                                words[1],
                                List.of(Integer.valueOf(words[2]), Integer.valueOf(words[3])));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return headers;
    }

    private static Map<String, List<Integer>> header(String structure) {
        return Objects.requireNonNull(HEADERS.get(structure), structure);
    }

    private static List<Integer> place(String structure, String field) {
        return Objects.requireNonNull(header(structure).get(field), field);
    }

    private static int offset(String structure, String field) {
        return place(structure, field).getFirst();
    }

    static Stream<Arguments> tables() {
        return Stream.of(
                arguments("nvme_id_ctrl", IdentifyControllerFields.class),
                arguments("nvme_id_ns", IdentifyNamespace.class),
                arguments("nvme_id_independent_id_ns", IndependentNamespace.class),
                arguments("nvme_id_ctrl_nvm", NvmIdentifyController.class),
                arguments("nvme_nvm_id_ns", NvmIdentifyNamespace.class),
                arguments("nvme_zns_id_ctrl", ZonedIdentifyController.class),
                arguments("nvme_zns_id_ns", ZonedIdentifyNamespace.class),
                arguments("nvme_error_log_page", ErrorLogEntry.class),
                arguments("nvme_smart_log", SmartLog.class),
                arguments("nvme_endurance_group_log", EnduranceGroupLog.class),
                arguments("nvme_persistent_event_log", PersistentEventHeader.class),
                arguments("nvme_resv_notification_log", ReservationNotificationLog.class),
                arguments("nvme_sanitize_log_page", SanitizeStatusLog.class),
                arguments("nvme_telemetry_log", TelemetryHeader.class));
    }

    @ParameterizedTest
    @MethodSource("tables")
    void everyField_isWhereTheHeadersHaveIt(String structure, Class<?> type) {
        Map<String, List<Integer>> expected = header(structure);
        Set<String> missing = new HashSet<>(expected.keySet());
        missing.removeAll(NO_LINE);
        missing.remove("");
        table(type)
                .forEach((name, place) -> {
                    String theirs = RENAMED.getOrDefault(name, name);
                    missing.remove(theirs);
                    if (name.startsWith("temperature_sensor_")) {
                        int number = Integer.parseInt(name.substring(19));
                        int first = offset(structure, "temp_sensor");
                        assertThat(place).containsExactly(first + 2 * (number - 1), 2);
                    } else if (!NEWER.contains(name)) {
                        assertThat(place).as(name).isEqualTo(expected.get(theirs));
                    }
                });
        assertThat(missing).as("fields of the headers that are not shown").isEmpty();
    }

    /** The fields of all tables of a class. */
    private static Map<String, List<Integer>> table(Class<?> type) {
        Map<String, List<Integer>> table = new LinkedHashMap<>();
        for (Field field : type.getDeclaredFields()) {
            if (field.getType() == FieldTable.class) {
                field.setAccessible(true);
                try {
                    table.putAll(((FieldTable) field.get(null)).layout());
                } catch (IllegalAccessException e) {
                    throw new AssertionError(e);
                }
            }
        }
        assertThat(table).isNotEmpty();
        return table;
    }

    static Stream<Arguments> sizes() {
        return Stream.of(
                arguments("nvme_id_ctrl", IdentifyController.SIZE),
                arguments("nvme_id_psd", PowerState.SIZE),
                arguments("nvme_id_ns", IdentifyNamespace.SIZE),
                arguments("nvme_id_independent_id_ns", IndependentNamespace.SIZE),
                arguments("nvme_id_ctrl_nvm", NvmIdentifyController.SIZE),
                arguments("nvme_nvm_id_ns", NvmIdentifyNamespace.SIZE),
                arguments("nvme_zns_id_ctrl", ZonedIdentifyController.SIZE),
                arguments("nvme_zns_id_ns", ZonedIdentifyNamespace.SIZE),
                arguments("nvme_zns_desc", ZoneReport.DESCRIPTOR_SIZE),
                arguments("nvme_zns_changed_zone_log", ChangedZones.SIZE),
                arguments("nvme_ns_list", ActiveNamespaceList.SIZE),
                arguments("nvme_ns_list", ChangedNamespaces.SIZE),
                arguments("nvme_ctrl_list", ControllerList.SIZE),
                arguments("nvme_error_log_page", ErrorLogEntry.SIZE),
                arguments("nvme_smart_log", SmartLog.SIZE),
                arguments("nvme_firmware_slot", FirmwareSlots.SIZE),
                arguments("nvme_cmd_effects_log", EffectsLog.SIZE),
                arguments("nvme_supported_log_pages", SupportedLogPages.SIZE),
                arguments("nvme_self_test_log", SelfTestLog.SIZE),
                arguments("nvme_telemetry_log", TelemetryHeader.SIZE),
                arguments("nvme_endurance_group_log", EnduranceGroupLog.SIZE),
                arguments("nvme_ana_log", AnaLog.HEADER_SIZE),
                arguments("nvme_ana_group_desc", AnaLog.GROUP_SIZE),
                arguments("nvme_persistent_event_log", PersistentEventHeader.SIZE),
                arguments("nvme_resv_notification_log", ReservationNotificationLog.SIZE),
                arguments("nvme_resv_status", ReservationReport.HEADER_SIZE),
                arguments("nvme_registered_ctrl_ext", ReservationReport.REGISTRANT_SIZE),
                arguments("nvme_sanitize_log_page", SanitizeStatusLog.SIZE),
                arguments("nvmf_disc_log_entry", DiscoveryEntry.SIZE),
                arguments("nvmf_discovery_log", DiscoveryLogHeader.SIZE),
                arguments("nvmf_connect_data", ConnectData.SIZE),
                arguments("nvme_dsm_range", DatasetRanges.SIZE),
                arguments("nvme_copy_range", CopyRanges.size(0)),
                arguments("nvme_copy_range_f1", CopyRanges.size(1)),
                arguments("nvme_copy_range_f2", CopyRanges.size(2)),
                arguments("nvme_copy_range_f3", CopyRanges.size(3)),
                arguments("nvme_feat_host_behavior", FeatureValues.HOST_BEHAVIOR_SIZE),
                arguments("nvme_timestamp", FeatureValues.TIMESTAMP_SIZE));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void everyStructure_hasTheSizeOfTheHeaders(String structure, int size) {
        assertThat(header(structure).get("")).containsExactly(0, size);
    }

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
}

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
import java.lang.reflect.Field;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Sizes and offsets are those that a C compiler gives the structures of libnvme's headers: those of
 * {@link Headers}. What is read without a table is in {@link PlaceTest}.
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

    /** Parts of structures, of variable length or repeated; {@link PlaceTest} has tests of them. */
    private static final Set<String> PARTS =
            Set.of(
                    "nvme_lbaf",
                    "nvme_zns_lbafe",
                    "nvme_zone_report",
                    "nvme_ns_id_desc",
                    "nvme_st_result",
                    "nvmf_ext_attr");

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
        Map<String, List<Integer>> expected = Headers.header(structure);
        Set<String> missing = new HashSet<>(expected.keySet());
        missing.removeAll(NO_LINE);
        missing.remove("");
        table(type)
                .forEach((name, place) -> {
                    String theirs = RENAMED.getOrDefault(name, name);
                    missing.remove(theirs);
                    if (name.startsWith("temperature_sensor_")) {
                        int number = Integer.parseInt(name.substring(19));
                        int first = Headers.offset(structure, "temp_sensor");
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
        assertThat(Headers.header(structure).get("")).containsExactly(0, size);
    }

    /** A structure that is in the headers' list must be looked at by one of these tests. */
    @Test
    void everyStructureOfTheHeaders_isChecked() {
        Set<String> checked = new HashSet<>();
        Stream.concat(tables(), sizes())
                .forEach(arguments -> checked.add(arguments.get()[0].toString()));
        checked.addAll(PARTS);
        assertThat(checked).containsAll(Headers.structures());
    }
}

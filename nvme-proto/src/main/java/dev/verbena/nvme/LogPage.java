package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;

/** Log page identifiers (section 5.16.1). */
public final class LogPage {
    public static final int SUPPORTED_LOG_PAGES = 0x00;
    public static final int ERROR_INFORMATION = 0x01;
    public static final int SMART = 0x02;
    public static final int FIRMWARE_SLOTS = 0x03;
    public static final int CHANGED_NAMESPACES = 0x04;
    public static final int COMMANDS_SUPPORTED_AND_EFFECTS = 0x05;
    public static final int DEVICE_SELF_TEST = 0x06;
    public static final int TELEMETRY_HOST = 0x07;
    public static final int TELEMETRY_CONTROLLER = 0x08;
    public static final int ENDURANCE_GROUP = 0x09;
    public static final int PREDICTABLE_LATENCY_NVM_SET = 0x0A;
    public static final int PREDICTABLE_LATENCY_EVENTS = 0x0B;
    public static final int ASYMMETRIC_NAMESPACE_ACCESS = 0x0C;
    public static final int PERSISTENT_EVENTS = 0x0D;
    public static final int LBA_STATUS = 0x0E;
    public static final int ENDURANCE_GROUP_EVENTS = 0x0F;
    public static final int MEDIA_UNIT_STATUS = 0x10;
    public static final int SUPPORTED_CAPACITY_CONFIGURATIONS = 0x11;
    public static final int FEATURES_SUPPORTED_AND_EFFECTS = 0x12;
    public static final int MI_COMMANDS_SUPPORTED_AND_EFFECTS = 0x13;
    public static final int COMMAND_AND_FEATURE_LOCKDOWN = 0x14;
    public static final int BOOT_PARTITION = 0x15;
    public static final int ROTATIONAL_MEDIA = 0x16;
    public static final int REACHABILITY_GROUPS = 0x1A;
    public static final int REACHABILITY_ASSOCIATIONS = 0x1B;
    public static final int CHANGED_ALLOCATED_NAMESPACES = 0x1C;
    public static final int CROSS_CONTROLLER_RESET = 0x1E;
    public static final int LOST_HOST_COMMUNICATION = 0x1F;
    public static final int FDP_CONFIGURATIONS = 0x20;
    public static final int FDP_RECLAIM_UNIT_HANDLE_USAGE = 0x21;
    public static final int FDP_STATISTICS = 0x22;
    public static final int FDP_EVENTS = 0x23;
    public static final int DISCOVERY = 0x70;
    public static final int HOST_DISCOVERY = 0x71;
    public static final int AVE_DISCOVERY = 0x72;
    public static final int RESERVATION_NOTIFICATION = 0x80;
    public static final int SANITIZE_STATUS = 0x81;
    public static final int CHANGED_ZONES = 0xBF;

    /** First of the vendor-specific identifiers. */
    public static final int VENDOR_FIRST = 0xC0;

    /** Log specific field of the discovery log: ask for extended entries. */
    public static final int DISCOVERY_EXTENDED = 1;

    /** Log specific field of the discovery log: only entries of the port it is read on. */
    public static final int DISCOVERY_PORT_LOCAL = 2;

    /** Log specific field of the discovery log: subsystems of every kind. */
    public static final int DISCOVERY_ALL_SUBSYSTEMS = 4;

    /** Log specific field of the ANA log: groups without their namespaces. */
    public static final int ANA_GROUPS_ONLY = 1;

    private LogPage() {}

    /** The page's name, for any value. */
    public static String name(int logPage) {
        return switch (logPage) {
            case SUPPORTED_LOG_PAGES -> "Supported Log Pages";
            case ERROR_INFORMATION -> "Error Information";
            case SMART -> "SMART / Health Information";
            case FIRMWARE_SLOTS -> "Firmware Slot Information";
            case CHANGED_NAMESPACES -> "Changed Namespace List";
            case COMMANDS_SUPPORTED_AND_EFFECTS -> "Commands Supported and Effects";
            case DEVICE_SELF_TEST -> "Device Self-test";
            case TELEMETRY_HOST -> "Telemetry Host-Initiated";
            case TELEMETRY_CONTROLLER -> "Telemetry Controller-Initiated";
            case ENDURANCE_GROUP -> "Endurance Group Information";
            case PREDICTABLE_LATENCY_NVM_SET -> "Predictable Latency Per NVM Set";
            case PREDICTABLE_LATENCY_EVENTS -> "Predictable Latency Event Aggregate";
            case ASYMMETRIC_NAMESPACE_ACCESS -> "Asymmetric Namespace Access";
            case PERSISTENT_EVENTS -> "Persistent Event Log";
            case LBA_STATUS -> "LBA Status Information";
            case ENDURANCE_GROUP_EVENTS -> "Endurance Group Event Aggregate";
            case MEDIA_UNIT_STATUS -> "Media Unit Status";
            case SUPPORTED_CAPACITY_CONFIGURATIONS -> "Supported Capacity Configuration List";
            case FEATURES_SUPPORTED_AND_EFFECTS -> "Feature Identifiers Supported and Effects";
            case MI_COMMANDS_SUPPORTED_AND_EFFECTS -> "NVMe-MI Commands Supported and Effects";
            case COMMAND_AND_FEATURE_LOCKDOWN -> "Command and Feature Lockdown";
            case BOOT_PARTITION -> "Boot Partition";
            case ROTATIONAL_MEDIA -> "Rotational Media Information";
            case REACHABILITY_GROUPS -> "Reachability Groups";
            case REACHABILITY_ASSOCIATIONS -> "Reachability Associations";
            case CHANGED_ALLOCATED_NAMESPACES -> "Changed Allocated Namespace List";
            case CROSS_CONTROLLER_RESET -> "Cross-Controller Reset";
            case LOST_HOST_COMMUNICATION -> "Lost Host Communication";
            case FDP_CONFIGURATIONS -> "FDP Configurations";
            case FDP_RECLAIM_UNIT_HANDLE_USAGE -> "FDP Reclaim Unit Handle Usage";
            case FDP_STATISTICS -> "FDP Statistics";
            case FDP_EVENTS -> "FDP Events";
            case DISCOVERY -> "Discovery";
            case HOST_DISCOVERY -> "Host Discovery";
            case AVE_DISCOVERY -> "AVE Discovery";
            case RESERVATION_NOTIFICATION -> "Reservation Notification";
            case SANITIZE_STATUS -> "Sanitize Status";
            case CHANGED_ZONES -> "Changed Zone List";
            default ->
                    Text.format(
                            logPage >= VENDOR_FIRST ? "Vendor Log Page %02Xh" : "Log Page %02Xh",
                            logPage);
        };
    }
}

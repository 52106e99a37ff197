package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;

/** Feature identifiers (section 5.27.1). */
public final class Feature {
    public static final int ARBITRATION = 0x01;
    public static final int POWER_MANAGEMENT = 0x02;
    public static final int LBA_RANGE_TYPE = 0x03;
    public static final int TEMPERATURE_THRESHOLD = 0x04;
    public static final int ERROR_RECOVERY = 0x05;
    public static final int VOLATILE_WRITE_CACHE = 0x06;
    public static final int NUMBER_OF_QUEUES = 0x07;
    public static final int INTERRUPT_COALESCING = 0x08;
    public static final int INTERRUPT_VECTOR_CONFIGURATION = 0x09;
    public static final int WRITE_ATOMICITY = 0x0A;
    public static final int ASYNCHRONOUS_EVENT_CONFIGURATION = 0x0B;
    public static final int AUTONOMOUS_POWER_STATE_TRANSITION = 0x0C;
    public static final int HOST_MEMORY_BUFFER = 0x0D;
    public static final int TIMESTAMP = 0x0E;
    public static final int KEEP_ALIVE_TIMER = 0x0F;
    public static final int HOST_THERMAL_MANAGEMENT = 0x10;
    public static final int NON_OPERATIONAL_POWER_STATE = 0x11;
    public static final int READ_RECOVERY_LEVEL = 0x12;
    public static final int PREDICTABLE_LATENCY_CONFIGURATION = 0x13;
    public static final int PREDICTABLE_LATENCY_WINDOW = 0x14;
    public static final int LBA_STATUS_INTERVAL = 0x15;
    public static final int HOST_BEHAVIOR_SUPPORT = 0x16;
    public static final int SANITIZE_CONFIGURATION = 0x17;
    public static final int ENDURANCE_GROUP_EVENT_CONFIGURATION = 0x18;
    public static final int IO_COMMAND_SET_PROFILE = 0x19;
    public static final int SPINUP_CONTROL = 0x1A;
    public static final int POWER_LOSS_SIGNALING = 0x1B;
    public static final int PERFORMANCE_CHARACTERISTICS = 0x1C;
    public static final int FLEXIBLE_DATA_PLACEMENT = 0x1D;
    public static final int FLEXIBLE_DATA_PLACEMENT_EVENTS = 0x1E;
    public static final int NAMESPACE_ADMIN_LABEL = 0x1F;
    public static final int KEY_VALUE_CONFIGURATION = 0x20;
    public static final int CONTROLLER_DATA_QUEUE = 0x21;
    public static final int EMBEDDED_MANAGEMENT_CONTROLLER_ADDRESS = 0x78;
    public static final int HOST_MANAGEMENT_AGENT_ADDRESS = 0x79;
    public static final int ENHANCED_CONTROLLER_METADATA = 0x7D;
    public static final int CONTROLLER_METADATA = 0x7E;
    public static final int NAMESPACE_METADATA = 0x7F;
    public static final int SOFTWARE_PROGRESS_MARKER = 0x80;
    public static final int HOST_IDENTIFIER = 0x81;
    public static final int RESERVATION_NOTIFICATION_MASK = 0x82;
    public static final int RESERVATION_PERSISTENCE = 0x83;
    public static final int NAMESPACE_WRITE_PROTECTION = 0x84;
    public static final int BOOT_PARTITION_WRITE_PROTECTION = 0x85;

    /** Which value Get Features returns: the current one. */
    public static final int SELECT_CURRENT = 0;

    /** Which value Get Features returns: the factory default. */
    public static final int SELECT_DEFAULT = 1;

    /** Which value Get Features returns: the saved one. */
    public static final int SELECT_SAVED = 2;

    /** Get Features returns whether the feature is saveable, changeable, per namespace. */
    public static final int SELECT_CAPABILITIES = 3;

    private Feature() {}

    /**
     * Whether a connection lives by the feature: which queues there are, keep alive, which events
     * are reported. Whoever made the connection sets it; anybody else would break the connection.
     */
    public static boolean belongsToConnection(int feature) {
        return feature == NUMBER_OF_QUEUES
                || feature == KEEP_ALIVE_TIMER
                || feature == ASYNCHRONOUS_EVENT_CONFIGURATION;
    }

    /**
     * Bytes of data that come with the feature; 0 where its value is all there is, and for those
     * that no specification names. Host Identifier in its long form, which is that of fabrics.
     *
     * @param set whether it is set; some have data only to be read
     * @param dword11 command dword 11, which says how much data there is of the events of Flexible
     *     Data Placement
     */
    public static int dataBytes(int feature, boolean set, int dword11) {
        return switch (feature) {
            case LBA_RANGE_TYPE -> 4096;
            case AUTONOMOUS_POWER_STATE_TRANSITION -> 256;
            case HOST_MEMORY_BUFFER -> set ? 0 : 4096;
            case TIMESTAMP -> FeatureValues.TIMESTAMP_SIZE;
            case PREDICTABLE_LATENCY_CONFIGURATION -> 512;
            case HOST_BEHAVIOR_SUPPORT -> FeatureValues.HOST_BEHAVIOR_SIZE;
            case PERFORMANCE_CHARACTERISTICS -> 4096;
            // One byte of each type of event; with its attributes, two, when it is read.
            case FLEXIBLE_DATA_PLACEMENT_EVENTS -> (dword11 >>> 16 & 0xFF) * (set ? 1 : 2);
            case NAMESPACE_ADMIN_LABEL -> 256;
            case EMBEDDED_MANAGEMENT_CONTROLLER_ADDRESS, HOST_MANAGEMENT_AGENT_ADDRESS -> 512;
            case ENHANCED_CONTROLLER_METADATA, CONTROLLER_METADATA, NAMESPACE_METADATA -> 4096;
            case HOST_IDENTIFIER -> FeatureValues.HOST_IDENTIFIER_SIZE;
            default -> 0;
        };
    }

    /** The feature's name, for any value. */
    public static String name(int feature) {
        return switch (feature) {
            case ARBITRATION -> "Arbitration";
            case POWER_MANAGEMENT -> "Power Management";
            case LBA_RANGE_TYPE -> "LBA Range Type";
            case TEMPERATURE_THRESHOLD -> "Temperature Threshold";
            case ERROR_RECOVERY -> "Error Recovery";
            case VOLATILE_WRITE_CACHE -> "Volatile Write Cache";
            case NUMBER_OF_QUEUES -> "Number of Queues";
            case INTERRUPT_COALESCING -> "Interrupt Coalescing";
            case INTERRUPT_VECTOR_CONFIGURATION -> "Interrupt Vector Configuration";
            case WRITE_ATOMICITY -> "Write Atomicity Normal";
            case ASYNCHRONOUS_EVENT_CONFIGURATION -> "Async Event Configuration";
            case AUTONOMOUS_POWER_STATE_TRANSITION -> "Autonomous Power State Transition";
            case HOST_MEMORY_BUFFER -> "Host Memory Buffer";
            case TIMESTAMP -> "Timestamp";
            case KEEP_ALIVE_TIMER -> "Keep Alive Timer";
            case HOST_THERMAL_MANAGEMENT -> "Host Controlled Thermal Management";
            case NON_OPERATIONAL_POWER_STATE -> "Non-Operational Power State Config";
            case READ_RECOVERY_LEVEL -> "Read Recovery Level";
            case PREDICTABLE_LATENCY_CONFIGURATION -> "Predictable Latency Mode Config";
            case PREDICTABLE_LATENCY_WINDOW -> "Predictable Latency Mode Window";
            case LBA_STATUS_INTERVAL -> "LBA Status Information Attributes";
            case HOST_BEHAVIOR_SUPPORT -> "Host Behavior Support";
            case SANITIZE_CONFIGURATION -> "Sanitize Config";
            case ENDURANCE_GROUP_EVENT_CONFIGURATION -> "Endurance Group Event Configuration";
            case IO_COMMAND_SET_PROFILE -> "I/O Command Set Profile";
            case SPINUP_CONTROL -> "Spinup Control";
            case POWER_LOSS_SIGNALING -> "Power Loss Signaling Config";
            case PERFORMANCE_CHARACTERISTICS -> "Performance Characteristics";
            case FLEXIBLE_DATA_PLACEMENT -> "Flexible Data Placement";
            case FLEXIBLE_DATA_PLACEMENT_EVENTS -> "Flexible Data Placement Events";
            case NAMESPACE_ADMIN_LABEL -> "Namespace Admin Label";
            case KEY_VALUE_CONFIGURATION -> "Key Value Configuration";
            case CONTROLLER_DATA_QUEUE -> "Controller Data Queue";
            case EMBEDDED_MANAGEMENT_CONTROLLER_ADDRESS -> "Embedded Management Controller Address";
            case HOST_MANAGEMENT_AGENT_ADDRESS -> "Host Management Agent Address";
            case ENHANCED_CONTROLLER_METADATA -> "Enhanced Controller Metadata";
            case CONTROLLER_METADATA -> "Controller Metadata";
            case NAMESPACE_METADATA -> "Namespace Metadata";
            case SOFTWARE_PROGRESS_MARKER -> "Software Progress Marker";
            case HOST_IDENTIFIER -> "Host Identifier";
            case RESERVATION_NOTIFICATION_MASK -> "Reservation Notification Mask";
            case RESERVATION_PERSISTENCE -> "Reservation Persistence";
            case NAMESPACE_WRITE_PROTECTION -> "Namespace Write Protection Config";
            case BOOT_PARTITION_WRITE_PROTECTION -> "Boot Partition Write Protection Config";
            default ->
                    Text.format(
                            feature >= 0xC0 ? "Vendor Feature %02Xh" : "Feature %02Xh", feature);
        };
    }
}

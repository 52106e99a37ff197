package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;

/**
 * Dword 0 of the answer to an Asynchronous Event Request (section 5.2.1). The event stays masked
 * until its log page is read without retaining it.
 *
 * @param value the dword
 */
public record AsynchronousEvent(int value) {
    /** Type: error; read the error log. */
    public static final int TYPE_ERROR = 0;

    /** Type: health; read the SMART log. */
    public static final int TYPE_HEALTH = 1;

    /** Type: notice. */
    public static final int TYPE_NOTICE = 2;

    /** Type: immediate. */
    public static final int TYPE_IMMEDIATE = 3;

    /** Type: one-shot. */
    public static final int TYPE_ONE_SHOT = 4;

    /** Type: specific to an I/O command set. */
    public static final int TYPE_COMMAND_SET = 6;

    /** Type: vendor specific. */
    public static final int TYPE_VENDOR = 7;

    /** The whole dword: the namespaces have changed; read the list of changed namespaces. */
    public static final int NAMESPACE_ATTRIBUTE_CHANGED = 0x04_00_02;

    /** The whole dword: a group is reached in another way; read the ANA log. */
    public static final int ANA_CHANGED = 0x0C_03_02;

    /** The whole dword: the discovery log has changed; read it. */
    public static final int DISCOVERY_LOG_CHANGED = 0x70_F0_02;

    /** What a host does about an event. */
    public enum Kind {
        PERSISTENT_INTERNAL_ERROR,
        ERROR,
        HEALTH,
        NAMESPACE_ATTRIBUTE_CHANGED,
        FIRMWARE_ACTIVATION_STARTING,
        TELEMETRY_LOG_CHANGED,
        ANA_CHANGE,
        PREDICTABLE_LATENCY_LOG_CHANGED,
        LBA_STATUS_ALERT,
        ENDURANCE_GROUP_LOG_CHANGED,
        SUBSYSTEM_SHUTDOWN,
        ZONE_DESCRIPTOR_CHANGED,
        DISCOVERY_LOG_CHANGED,
        RESERVATION_LOG_AVAILABLE,
        SANITIZE_COMPLETED,
        SANITIZE_UNEXPECTED_DEALLOCATION,
        VENDOR,
        UNKNOWN
    }

    /** Event type, 0 to 7. */
    public int type() {
        return value & 7;
    }

    /** Event information, 0 to 255; its meaning depends on the type. */
    public int information() {
        return value >>> 8 & 0xFF;
    }

    /** The log page that tells more, 0 for none. */
    public int logPage() {
        return value >>> 16 & 0xFF;
    }

    /** The event by name; total. */
    public Kind kind() {
        return switch (type()) {
            case TYPE_ERROR ->
                    switch (information()) {
                        case 3 -> Kind.PERSISTENT_INTERNAL_ERROR;
                        case 0, 1, 2, 4, 5 -> Kind.ERROR;
                        default -> Kind.UNKNOWN;
                    };
            case TYPE_HEALTH -> information() <= 2 ? Kind.HEALTH : Kind.UNKNOWN;
            case TYPE_NOTICE -> notice(information());
            case TYPE_IMMEDIATE -> information() == 0 ? Kind.SUBSYSTEM_SHUTDOWN : Kind.UNKNOWN;
            case TYPE_COMMAND_SET ->
                    switch (information()) {
                        case 0 -> Kind.RESERVATION_LOG_AVAILABLE;
                        case 1 -> Kind.SANITIZE_COMPLETED;
                        case 2 -> Kind.SANITIZE_UNEXPECTED_DEALLOCATION;
                        default -> Kind.UNKNOWN;
                    };
            case TYPE_VENDOR -> Kind.VENDOR;
            default -> Kind.UNKNOWN;
        };
    }

    private static Kind notice(int information) {
        return switch (information) {
            case 0x00 -> Kind.NAMESPACE_ATTRIBUTE_CHANGED;
            case 0x01 -> Kind.FIRMWARE_ACTIVATION_STARTING;
            case 0x02 -> Kind.TELEMETRY_LOG_CHANGED;
            case 0x03 -> Kind.ANA_CHANGE;
            case 0x04 -> Kind.PREDICTABLE_LATENCY_LOG_CHANGED;
            case 0x05 -> Kind.LBA_STATUS_ALERT;
            case 0x06 -> Kind.ENDURANCE_GROUP_LOG_CHANGED;
            case 0xEF -> Kind.ZONE_DESCRIPTOR_CHANGED;
            case 0xF0 -> Kind.DISCOVERY_LOG_CHANGED;
            default -> Kind.UNKNOWN;
        };
    }

    /** Such as {@code ANA_CHANGE (type 2, information 03h, log page 0Ch)}. */
    @Override
    public String toString() {
        return Text.format(
                "%s (type %d, information %02Xh, log page %02Xh)",
                kind(), type(), information(), logPage());
    }
}

package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;

/** Opcodes of the admin command set (section 5). */
public final class AdminOpcode {
    /** PCI Express only, as the other three queue commands; never sent on fabrics. */
    public static final int DELETE_IO_SQ = 0x00;

    public static final int CREATE_IO_SQ = 0x01;
    public static final int GET_LOG_PAGE = 0x02;
    public static final int DELETE_IO_CQ = 0x04;
    public static final int CREATE_IO_CQ = 0x05;
    public static final int IDENTIFY = 0x06;
    public static final int ABORT = 0x08;
    public static final int SET_FEATURES = 0x09;
    public static final int GET_FEATURES = 0x0A;
    public static final int ASYNCHRONOUS_EVENT_REQUEST = 0x0C;
    public static final int NAMESPACE_MANAGEMENT = 0x0D;
    public static final int FIRMWARE_COMMIT = 0x10;
    public static final int FIRMWARE_IMAGE_DOWNLOAD = 0x11;
    public static final int DEVICE_SELF_TEST = 0x14;
    public static final int NAMESPACE_ATTACHMENT = 0x15;
    public static final int KEEP_ALIVE = 0x18;
    public static final int DIRECTIVE_SEND = 0x19;
    public static final int DIRECTIVE_RECEIVE = 0x1A;
    public static final int VIRTUALIZATION_MANAGEMENT = 0x1C;
    public static final int NVME_MI_SEND = 0x1D;
    public static final int NVME_MI_RECEIVE = 0x1E;
    public static final int CAPACITY_MANAGEMENT = 0x20;
    public static final int DISCOVERY_INFORMATION_MANAGEMENT = 0x21;
    public static final int FABRIC_ZONING_RECEIVE = 0x22;
    public static final int LOCKDOWN = 0x24;
    public static final int FABRIC_ZONING_LOOKUP = 0x25;
    public static final int FABRIC_ZONING_SEND = 0x29;
    public static final int CROSS_CONTROLLER_RESET = 0x38;
    public static final int DOORBELL_BUFFER_CONFIG = 0x7C;
    public static final int FABRICS = FabricsCommandType.OPCODE;
    public static final int FORMAT_NVM = 0x80;
    public static final int SECURITY_SEND = 0x81;
    public static final int SECURITY_RECEIVE = 0x82;
    public static final int SANITIZE = 0x84;
    public static final int GET_LBA_STATUS = 0x86;

    /** First of the vendor-specific opcodes. */
    public static final int VENDOR_FIRST = 0xC0;

    private AdminOpcode() {}

    /** The opcode's name, for any value. */
    public static String name(int opcode) {
        return switch (opcode) {
            case DELETE_IO_SQ -> "Delete I/O Submission Queue";
            case CREATE_IO_SQ -> "Create I/O Submission Queue";
            case GET_LOG_PAGE -> "Get Log Page";
            case DELETE_IO_CQ -> "Delete I/O Completion Queue";
            case CREATE_IO_CQ -> "Create I/O Completion Queue";
            case IDENTIFY -> "Identify";
            case ABORT -> "Abort";
            case SET_FEATURES -> "Set Features";
            case GET_FEATURES -> "Get Features";
            case ASYNCHRONOUS_EVENT_REQUEST -> "Asynchronous Event Request";
            case NAMESPACE_MANAGEMENT -> "Namespace Management";
            case FIRMWARE_COMMIT -> "Firmware Commit";
            case FIRMWARE_IMAGE_DOWNLOAD -> "Firmware Image Download";
            case DEVICE_SELF_TEST -> "Device Self-test";
            case NAMESPACE_ATTACHMENT -> "Namespace Attachment";
            case KEEP_ALIVE -> "Keep Alive";
            case DIRECTIVE_SEND -> "Directive Send";
            case DIRECTIVE_RECEIVE -> "Directive Receive";
            case VIRTUALIZATION_MANAGEMENT -> "Virtualization Management";
            case NVME_MI_SEND -> "NVMe-MI Send";
            case NVME_MI_RECEIVE -> "NVMe-MI Receive";
            case CAPACITY_MANAGEMENT -> "Capacity Management";
            case DISCOVERY_INFORMATION_MANAGEMENT -> "Discovery Information Management";
            case FABRIC_ZONING_RECEIVE -> "Fabric Zoning Receive";
            case LOCKDOWN -> "Lockdown";
            case FABRIC_ZONING_LOOKUP -> "Fabric Zoning Lookup";
            case FABRIC_ZONING_SEND -> "Fabric Zoning Send";
            case CROSS_CONTROLLER_RESET -> "Cross-Controller Reset";
            case DOORBELL_BUFFER_CONFIG -> "Doorbell Buffer Config";
            case FABRICS -> "Fabrics Commands";
            case FORMAT_NVM -> "Format NVM";
            case SECURITY_SEND -> "Security Send";
            case SECURITY_RECEIVE -> "Security Receive";
            case SANITIZE -> "Sanitize";
            case GET_LBA_STATUS -> "Get LBA Status";
            default ->
                    (opcode >= VENDOR_FIRST && opcode <= 0xFF ? "Vendor Specific " : "Reserved ")
                            + Text.format("%02Xh", opcode);
        };
    }
}

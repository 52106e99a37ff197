package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;

/** What Identify shall return: values of its CNS field (section 5.17). */
public final class IdentifyCns {
    public static final int NAMESPACE = 0x00;
    public static final int CONTROLLER = 0x01;
    public static final int ACTIVE_NAMESPACES = 0x02;
    public static final int NAMESPACE_DESCRIPTORS = 0x03;
    public static final int NVM_SETS = 0x04;
    public static final int COMMAND_SET_NAMESPACE = 0x05;
    public static final int COMMAND_SET_CONTROLLER = 0x06;
    public static final int COMMAND_SET_ACTIVE_NAMESPACES = 0x07;
    public static final int INDEPENDENT_NAMESPACE = 0x08;
    public static final int NAMESPACE_OF_FORMAT = 0x09;
    public static final int COMMAND_SET_NAMESPACE_OF_FORMAT = 0x0A;
    public static final int ALLOCATED_NAMESPACES = 0x10;
    public static final int ALLOCATED_NAMESPACE = 0x11;
    public static final int NAMESPACE_CONTROLLERS = 0x12;
    public static final int CONTROLLERS = 0x13;
    public static final int PRIMARY_CONTROLLER_CAPABILITIES = 0x14;
    public static final int SECONDARY_CONTROLLERS = 0x15;
    public static final int NAMESPACE_GRANULARITIES = 0x16;
    public static final int UUIDS = 0x17;
    public static final int DOMAINS = 0x18;
    public static final int ENDURANCE_GROUPS = 0x19;
    public static final int COMMAND_SET_ALLOCATED_NAMESPACES = 0x1A;
    public static final int COMMAND_SET_ALLOCATED_NAMESPACE = 0x1B;
    public static final int COMMAND_SETS = 0x1C;

    private IdentifyCns() {}

    /** The name of what is returned, for any value. */
    public static String name(int cns) {
        return switch (cns) {
            case NAMESPACE -> "Identify Namespace";
            case CONTROLLER -> "Identify Controller";
            case ACTIVE_NAMESPACES -> "Active Namespace ID List";
            case NAMESPACE_DESCRIPTORS -> "Namespace Identification Descriptor List";
            case NVM_SETS -> "NVM Set List";
            case COMMAND_SET_NAMESPACE -> "I/O Command Set Specific Identify Namespace";
            case COMMAND_SET_CONTROLLER -> "I/O Command Set Specific Identify Controller";
            case COMMAND_SET_ACTIVE_NAMESPACES ->
                    "I/O Command Set Specific Active Namespace ID List";
            case INDEPENDENT_NAMESPACE -> "I/O Command Set Independent Identify Namespace";
            case NAMESPACE_OF_FORMAT -> "Identify Namespace of a Format";
            case COMMAND_SET_NAMESPACE_OF_FORMAT ->
                    "I/O Command Set Specific Identify Namespace of a Format";
            case ALLOCATED_NAMESPACES -> "Allocated Namespace ID List";
            case ALLOCATED_NAMESPACE -> "Identify Allocated Namespace";
            case NAMESPACE_CONTROLLERS -> "Controllers Attached to a Namespace";
            case CONTROLLERS -> "Controller List";
            case PRIMARY_CONTROLLER_CAPABILITIES -> "Primary Controller Capabilities";
            case SECONDARY_CONTROLLERS -> "Secondary Controller List";
            case NAMESPACE_GRANULARITIES -> "Namespace Granularity List";
            case UUIDS -> "UUID List";
            case DOMAINS -> "Domain List";
            case ENDURANCE_GROUPS -> "Endurance Group List";
            case COMMAND_SET_ALLOCATED_NAMESPACES ->
                    "I/O Command Set Specific Allocated Namespace ID List";
            case COMMAND_SET_ALLOCATED_NAMESPACE ->
                    "I/O Command Set Specific Identify Allocated Namespace";
            case COMMAND_SETS -> "I/O Command Set Data Structure";
            default -> Text.format("CNS %02Xh", cns);
        };
    }
}

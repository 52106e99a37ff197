package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The names of status values, keyed by SCT and SC as one number of 11 bits. */
final class StatusNames {
    private static final Map<Integer, String> COMMON =
            table(
                    """
                    000 Successful Completion
                    001 Invalid Command Opcode
                    002 Invalid Field in Command
                    003 Command ID Conflict
                    004 Data Transfer Error
                    005 Commands Aborted due to Power Loss Notification
                    006 Internal Error
                    007 Command Abort Requested
                    008 Command Aborted due to SQ Deletion
                    009 Command Aborted due to Failed Fused Command
                    00A Command Aborted due to Missing Fused Command
                    00B Invalid Namespace or Format
                    00C Command Sequence Error
                    00D Invalid SGL Segment Descriptor
                    00E Invalid Number of SGL Descriptors
                    00F Data SGL Length Invalid
                    010 Metadata SGL Length Invalid
                    011 SGL Descriptor Type Invalid
                    012 Invalid Use of Controller Memory Buffer
                    013 PRP Offset Invalid
                    014 Atomic Write Unit Exceeded
                    015 Operation Denied
                    016 SGL Offset Invalid
                    018 Host Identifier Inconsistent Format
                    019 Keep Alive Timer Expired
                    01A Keep Alive Timeout Invalid
                    01B Command Aborted due to Preempt and Abort
                    01C Sanitize Failed
                    01D Sanitize In Progress
                    01E SGL Data Block Granularity Invalid
                    01F Command Not Supported for Queue in CMB
                    020 Namespace is Write Protected
                    021 Command Interrupted
                    022 Transient Transport Error
                    023 Command Prohibited by Command and Feature Lockdown
                    024 Admin Command Media Not Ready
                    025 Invalid Key Tag
                    026 Host Dispersed Namespace Support Not Enabled
                    027 Host Identifier Not Initialized
                    028 Incorrect Key
                    029 FDP Disabled
                    02A Invalid Placement Handle List
                    080 LBA Out of Range
                    081 Capacity Exceeded
                    082 Namespace Not Ready
                    083 Reservation Conflict
                    084 Format In Progress
                    085 Invalid Value Size
                    086 Invalid Key Size
                    087 KV Key Does Not Exist
                    088 Unrecovered Error
                    089 Key Exists
                    100 Completion Queue Invalid
                    101 Invalid Queue Identifier
                    102 Invalid Queue Size
                    103 Abort Command Limit Exceeded
                    105 Asynchronous Event Request Limit Exceeded
                    106 Invalid Firmware Slot
                    107 Invalid Firmware Image
                    108 Invalid Interrupt Vector
                    109 Invalid Log Page
                    10A Invalid Format
                    10B Firmware Activation Requires Conventional Reset
                    10C Invalid Queue Deletion
                    10D Feature Identifier Not Saveable
                    10E Feature Not Changeable
                    10F Feature Not Namespace Specific
                    110 Firmware Activation Requires NVM Subsystem Reset
                    111 Firmware Activation Requires Controller Level Reset
                    112 Firmware Activation Requires Maximum Time Violation
                    113 Firmware Activation Prohibited
                    114 Overlapping Range
                    115 Namespace Insufficient Capacity
                    116 Namespace Identifier Unavailable
                    118 Namespace Already Attached
                    119 Namespace Is Private
                    11A Namespace Not Attached
                    11B Thin Provisioning Not Supported
                    11C Controller List Invalid
                    11D Device Self-test In Progress
                    11E Boot Partition Write Prohibited
                    11F Invalid Controller Identifier
                    120 Invalid Secondary Controller State
                    121 Invalid Number of Controller Resources
                    122 Invalid Resource Identifier
                    123 Sanitize Prohibited While Persistent Memory Region is Enabled
                    124 ANA Group Identifier Invalid
                    125 ANA Attach Failed
                    126 Insufficient Capacity
                    127 Namespace Attachment Limit Exceeded
                    128 Prohibition of Command Execution Not Supported
                    129 I/O Command Set Not Supported
                    12A I/O Command Set Not Enabled
                    12B I/O Command Set Combination Rejected
                    12C Invalid I/O Command Set
                    12D Identifier Unavailable
                    12F Invalid Discovery Information
                    130 Zoning Data Structure Locked
                    131 Zoning Data Structure Not Found
                    132 Insufficient Discovery Resources
                    133 Requested Function Disabled
                    134 ZoneGroup Originator Invalid
                    137 Invalid Controller Data Queue
                    138 Not Enough Resources
                    139 Controller Suspended
                    13A Controller Not Suspended
                    13B Controller Data Queue Full
                    191 Authentication Required
                    280 Write Fault
                    281 Unrecovered Read Error
                    282 End-to-end Guard Check Error
                    283 End-to-end Application Tag Check Error
                    284 End-to-end Reference Tag Check Error
                    285 Compare Failure
                    286 Access Denied
                    287 Deallocated or Unwritten Logical Block
                    288 End-to-End Storage Tag Check Error
                    300 Internal Path Error
                    301 Asymmetric Access Persistent Loss
                    302 Asymmetric Access Inaccessible
                    303 Asymmetric Access Transition
                    360 Controller Pathing Error
                    370 Host Pathing Error
                    371 Command Aborted By Host
                    """);

    private static final Map<Integer, String> IO =
            table(
                    """
                    180 Conflicting Attributes
                    181 Invalid Protection Information
                    182 Attempted Write to Read Only Range
                    183 Command Size Limit Exceeded
                    185 Incompatible Namespace or Format
                    186 Fast Copy Not Possible
                    187 Overlapping I/O Range
                    189 Insufficient Resources
                    1B6 Invalid Zone Operation Request
                    1B7 ZRWA Resources Unavailable
                    1B8 Zoned Boundary Error
                    1B9 Zone Is Full
                    1BA Zone Is Read Only
                    1BB Zone Is Offline
                    1BC Zone Invalid Write
                    1BD Too Many Active Zones
                    1BE Too Many Open Zones
                    1BF Invalid Zone State Transition
                    """);

    private static final Map<Integer, String> FABRICS =
            table(
                    """
                    180 Incompatible Format
                    181 Controller Busy
                    182 Connect Invalid Parameters
                    183 Connect Restart Discovery
                    184 Connect Invalid Host
                    185 Invalid Queue Type
                    190 Discover Restart
                    """);

    private StatusNames() {}

    static @Nullable String find(int typeAndCode, @Nullable StatusContext context) {
        String name = COMMON.get(typeAndCode);
        if (name != null || context == null) {
            return name;
        }
        return switch (context) {
            case IO -> IO.get(typeAndCode);
            case FABRICS -> FABRICS.get(typeAndCode);
            case ADMIN -> null;
        };
    }

    static String fallback(int codeType, int code) {
        String type =
                switch (codeType) {
                    case NvmeStatus.TYPE_GENERIC -> "Generic Command Status";
                    case NvmeStatus.TYPE_COMMAND_SPECIFIC -> "Command Specific Status";
                    case NvmeStatus.TYPE_MEDIA -> "Media and Data Integrity Error";
                    case NvmeStatus.TYPE_PATH -> "Path Related Status";
                    case NvmeStatus.TYPE_VENDOR -> "Vendor Specific Status";
                    default -> "Reserved Status";
                };
        return type + Text.format(" %02Xh", code);
    }

    private static Map<Integer, String> table(String lines) {
        Map<Integer, String> names = new TreeMap<>();
        lines.lines()
                .forEach(line ->
                        names.put(Integer.parseInt(line.substring(0, 3), 16), line.substring(4)));
        return Map.copyOf(names);
    }
}

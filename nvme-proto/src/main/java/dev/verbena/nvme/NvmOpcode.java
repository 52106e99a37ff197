package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;

/**
 * Opcodes of the NVM and Zoned Namespace command sets.
 *
 * <p>Bits 1:0 of every opcode give the data direction: see {@link DataDirection#of(int)}.
 */
public final class NvmOpcode {
    public static final int FLUSH = 0x00;
    public static final int WRITE = 0x01;
    public static final int READ = 0x02;
    public static final int WRITE_UNCORRECTABLE = 0x04;
    public static final int COMPARE = 0x05;
    public static final int WRITE_ZEROES = 0x08;
    public static final int DATASET_MANAGEMENT = 0x09;
    public static final int VERIFY = 0x0C;
    public static final int RESERVATION_REGISTER = 0x0D;
    public static final int RESERVATION_REPORT = 0x0E;
    public static final int RESERVATION_ACQUIRE = 0x11;
    public static final int IO_MANAGEMENT_RECEIVE = 0x12;
    public static final int RESERVATION_RELEASE = 0x15;
    public static final int CANCEL = 0x18;
    public static final int COPY = 0x19;
    public static final int IO_MANAGEMENT_SEND = 0x1D;
    public static final int ZONE_MANAGEMENT_SEND = 0x79;
    public static final int ZONE_MANAGEMENT_RECEIVE = 0x7A;
    public static final int ZONE_APPEND = 0x7D;

    /** First of the vendor-specific opcodes. */
    public static final int VENDOR_FIRST = 0x80;

    private NvmOpcode() {}

    /** The opcode's name, for any value. */
    public static String name(int opcode) {
        return switch (opcode) {
            case FLUSH -> "Flush";
            case WRITE -> "Write";
            case READ -> "Read";
            case WRITE_UNCORRECTABLE -> "Write Uncorrectable";
            case COMPARE -> "Compare";
            case WRITE_ZEROES -> "Write Zeroes";
            case DATASET_MANAGEMENT -> "Dataset Management";
            case VERIFY -> "Verify";
            case RESERVATION_REGISTER -> "Reservation Register";
            case RESERVATION_REPORT -> "Reservation Report";
            case RESERVATION_ACQUIRE -> "Reservation Acquire";
            case IO_MANAGEMENT_RECEIVE -> "I/O Management Receive";
            case RESERVATION_RELEASE -> "Reservation Release";
            case CANCEL -> "Cancel";
            case COPY -> "Copy";
            case IO_MANAGEMENT_SEND -> "I/O Management Send";
            case ZONE_MANAGEMENT_SEND -> "Zone Management Send";
            case ZONE_MANAGEMENT_RECEIVE -> "Zone Management Receive";
            case ZONE_APPEND -> "Zone Append";
            case FabricsCommandType.OPCODE -> "Fabrics Commands";
            default ->
                    (opcode >= VENDOR_FIRST && opcode <= 0xFF ? "Vendor Specific " : "Reserved ")
                            + Text.format("%02Xh", opcode);
        };
    }
}

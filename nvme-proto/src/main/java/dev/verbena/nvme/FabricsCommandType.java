package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;

/** Types of Fabrics commands: byte 4 of a command with opcode {@link #OPCODE}. */
public final class FabricsCommandType {
    /** The opcode all Fabrics commands share. */
    public static final int OPCODE = 0x7F;

    public static final int PROPERTY_SET = 0x00;
    public static final int CONNECT = 0x01;
    public static final int PROPERTY_GET = 0x04;
    public static final int AUTHENTICATION_SEND = 0x05;
    public static final int AUTHENTICATION_RECEIVE = 0x06;
    public static final int DISCONNECT = 0x08;

    /** First of the vendor-specific types. */
    public static final int VENDOR_FIRST = 0xC0;

    private FabricsCommandType() {}

    /** The type's name, for any value. */
    public static String name(int type) {
        return switch (type) {
            case PROPERTY_SET -> "Property Set";
            case CONNECT -> "Connect";
            case PROPERTY_GET -> "Property Get";
            case AUTHENTICATION_SEND -> "Authentication Send";
            case AUTHENTICATION_RECEIVE -> "Authentication Receive";
            case DISCONNECT -> "Disconnect";
            default ->
                    (type >= VENDOR_FIRST && type <= 0xFF ? "Vendor Specific " : "Reserved ")
                            + Text.format("%02Xh", type);
        };
    }
}

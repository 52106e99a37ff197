package dev.verbena.nvme;

/** Which way a command's data travels: bits 1:0 of its opcode (section 3.3.3.1). */
public enum DataDirection {
    /** No data. */
    NONE,
    /** From the host's memory to the controller, as in Write. */
    HOST_TO_CONTROLLER,
    /** From the controller into the host's memory, as in Read. */
    CONTROLLER_TO_HOST,
    /** Both. */
    BIDIRECTIONAL;

    private static final DataDirection[] VALUES = values();

    /**
     * The direction of an opcode, admin or I/O. For Fabrics commands use the command type instead
     * of the opcode: it follows the same rule.
     *
     * @param opcode 0 to 255; higher bits are ignored
     */
    public static DataDirection of(int opcode) {
        return VALUES[opcode & 3];
    }
}

package dev.verbena.nvme;

import dev.verbena.nvme.internal.Text;

/** I/O command sets: values of the CSI field (section 3.1.2). */
public final class CommandSet {
    public static final int NVM = 0;
    public static final int KEY_VALUE = 1;
    public static final int ZONED = 2;
    public static final int SUBSYSTEM_LOCAL_MEMORY = 3;
    public static final int COMPUTATIONAL_PROGRAMS = 4;

    private CommandSet() {}

    /** The command set's name, for any value. */
    public static String name(int commandSet) {
        return switch (commandSet) {
            case NVM -> "NVM";
            case KEY_VALUE -> "Key Value";
            case ZONED -> "Zoned Namespace";
            case SUBSYSTEM_LOCAL_MEMORY -> "Subsystem Local Memory";
            case COMPUTATIONAL_PROGRAMS -> "Computational Programs";
            default -> Text.format("Command Set %02Xh", commandSet);
        };
    }
}

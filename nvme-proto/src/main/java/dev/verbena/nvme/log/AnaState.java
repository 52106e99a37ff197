package dev.verbena.nvme.log;

/** How well a controller reaches the namespaces of an ANA group. */
public enum AnaState {
    OPTIMIZED(1, "optimized"),
    NON_OPTIMIZED(2, "non-optimized"),
    INACCESSIBLE(3, "inaccessible"),
    PERSISTENT_LOSS(4, "persistent-loss"),
    CHANGE(15, "change"),
    /** A code this module does not know; treat the group as inaccessible. */
    UNKNOWN(-1, "invalid state");

    private final int code;
    private final String words;

    AnaState(int code, String words) {
        this.code = code;
        this.words = words;
    }

    /** The state of this code, {@link #UNKNOWN} for any other. */
    public static AnaState of(int code) {
        return switch (code) {
            case 1 -> OPTIMIZED;
            case 2 -> NON_OPTIMIZED;
            case 3 -> INACCESSIBLE;
            case 4 -> PERSISTENT_LOSS;
            case 15 -> CHANGE;
            default -> UNKNOWN;
        };
    }

    /** The code on the wire, −1 for {@link #UNKNOWN}. */
    public int code() {
        return code;
    }

    /** Whether commands may be sent to namespaces of the group. */
    public boolean usable() {
        return this == OPTIMIZED || this == NON_OPTIMIZED;
    }

    /** The state in nvme-cli's word. */
    @Override
    public String toString() {
        return words;
    }
}

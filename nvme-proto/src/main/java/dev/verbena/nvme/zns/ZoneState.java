package dev.verbena.nvme.zns;

/** The state of a zone. */
public enum ZoneState {
    EMPTY(0x1, "EMPTY"),
    IMPLICITLY_OPENED(0x2, "IMP_OPENED"),
    EXPLICITLY_OPENED(0x3, "EXP_OPENED"),
    CLOSED(0x4, "CLOSED"),
    READ_ONLY(0xD, "READONLY"),
    FULL(0xE, "FULL"),
    OFFLINE(0xF, "OFFLINE"),
    UNKNOWN(-1, "Unknown State");

    private final int code;
    private final String words;

    ZoneState(int code, String words) {
        this.code = code;
        this.words = words;
    }

    /** The state of this code, {@link #UNKNOWN} for any other. */
    public static ZoneState of(int code) {
        for (ZoneState state : values()) {
            if (state.code == code) {
                return state;
            }
        }
        return UNKNOWN;
    }

    /** The code on the wire, −1 for {@link #UNKNOWN}. */
    public int code() {
        return code;
    }

    /** The state in nvme-cli's word. */
    @Override
    public String toString() {
        return words;
    }
}

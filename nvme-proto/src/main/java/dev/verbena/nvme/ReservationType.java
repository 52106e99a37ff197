package dev.verbena.nvme;

/** Kinds of reservation: who may write and who may read besides the holder. */
public enum ReservationType {
    NONE(0, "not held"),
    WRITE_EXCLUSIVE(1, "Write Exclusive"),
    EXCLUSIVE_ACCESS(2, "Exclusive Access"),
    WRITE_EXCLUSIVE_REGISTRANTS_ONLY(3, "Write Exclusive - Registrants Only"),
    EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(4, "Exclusive Access - Registrants Only"),
    WRITE_EXCLUSIVE_ALL_REGISTRANTS(5, "Write Exclusive - All Registrants"),
    EXCLUSIVE_ACCESS_ALL_REGISTRANTS(6, "Exclusive Access - All Registrants"),
    UNKNOWN(-1, "reserved");

    private static final ReservationType[] VALUES = values();

    private final int code;
    private final String words;

    ReservationType(int code, String words) {
        this.code = code;
        this.words = words;
    }

    /** The type of this code, {@link #UNKNOWN} for any other than 0 to 6. */
    public static ReservationType of(int code) {
        return code >= 0 && code < VALUES.length - 1 ? VALUES[code] : UNKNOWN;
    }

    /** The code on the wire, −1 for {@link #UNKNOWN}. */
    public int code() {
        return code;
    }

    /** The specification's name. */
    @Override
    public String toString() {
        return words;
    }
}

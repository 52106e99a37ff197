package dev.verbena.nvme.auth;

/** Why an authentication ended: reason code explanations of the failure messages. */
public enum ChapFailure {
    AUTHENTICATION_FAILED(1, "authentication failed: a secret is wrong"),
    PROTOCOL_NOT_USABLE(2, "no authentication protocol both sides can use"),
    SECURE_CHANNEL_MISMATCH(3, "secure channel concatenation does not match"),
    HASH_NOT_USABLE(4, "no hash function both sides can use"),
    GROUP_NOT_USABLE(5, "no Diffie-Hellman group both sides can use"),
    INCORRECT_PAYLOAD(6, "a message has incorrect content"),
    INCORRECT_MESSAGE(7, "a message came that was not expected"),
    UNKNOWN(-1, "unknown reason");

    private final int code;
    private final String words;

    ChapFailure(int code, String words) {
        this.code = code;
        this.words = words;
    }

    /** The failure of a code on the wire, {@link #UNKNOWN} for any other than 1 to 7. */
    public static ChapFailure of(int code) {
        return code >= 1 && code <= 7 ? values()[code - 1] : UNKNOWN;
    }

    /** The code on the wire, −1 for {@link #UNKNOWN}. */
    public int code() {
        return code;
    }

    /** A phrase for people. */
    @Override
    public String toString() {
        return words;
    }
}

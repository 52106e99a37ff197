package dev.verbena.nvme.auth;

/** A secret's text that is not well formed. The message never contains the text. */
public final class ChapSecretException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Reason {
        /** It does not begin with {@code DHHC-1:}. */
        PREFIX,
        /** The part after the prefix is not 00 to 03. */
        HASH,
        /** It does not end with a colon. */
        END,
        /** The part before the last colon is not Base64. */
        BASE64,
        /** The key has not 32, 48 or 64 bytes. */
        LENGTH,
        /** The key's length is not that of the hash named. */
        LENGTH_FOR_HASH,
        /** The checksum does not fit: a character was changed. */
        CHECKSUM
    }

    private final Reason reason;

    ChapSecretException(Reason reason, String message) {
        super("Not a DH-HMAC-CHAP secret: " + message);
        this.reason = reason;
    }

    /** What is wrong. */
    public Reason reason() {
        return reason;
    }
}

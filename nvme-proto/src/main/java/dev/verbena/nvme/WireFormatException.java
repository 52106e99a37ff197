package dev.verbena.nvme;

/**
 * Bytes from the wire that contradict their own format: too short, a length or count out of bounds,
 * a fixed field with a forbidden value.
 *
 * <p>The message names the structure, the offset, the value found and what was expected. The
 * remaining bytes of the message must not be used.
 */
public final class WireFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * @param message structure, offset, value and expectation
     */
    public WireFormatException(String message) {
        super(message);
    }
}

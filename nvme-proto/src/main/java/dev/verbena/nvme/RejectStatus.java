package dev.verbena.nvme;

/**
 * Why an NVMe/RDMA target rejected a connection request: the status in the private data of the
 * connection manager's reject message (RDMA transport specification).
 */
public enum RejectStatus {
    INVALID_PRIVATE_DATA_LENGTH(
            1, false, "the private data has the wrong length; this is a defect of the host."),
    INVALID_RECORD_FORMAT(
            2, false, "the target does not know this private data format (RECFMT 0)."),
    INVALID_QUEUE_ID(3, false, "the queue identifier is not acceptable. Ask for fewer I/O queues."),
    INVALID_HOST_SEND_QUEUE_SIZE(
            4, false, "the queue is too large or too small for the target. Use fewer entries."),
    INVALID_HOST_RECEIVE_QUEUE_SIZE(
            5, false, "the queue is too large or too small for the target. Use fewer entries."),
    NO_RESOURCES(
            6,
            true,
            "the target has no resources left for another queue. Try again later, or use fewer or"
                    + " smaller queues."),
    INVALID_RESPONDER_RESOURCES(
            7,
            false,
            "the number of inbound RDMA reads (IRD) is not acceptable; the target needs at least"
                    + " one."),
    INVALID_INITIATOR_DEPTH(8, false, "the number of outbound RDMA reads (ORD) is not acceptable."),
    UNKNOWN(
            -1,
            true,
            "the target gave a status this host does not know; one that is going away may.");

    private static final RejectStatus[] VALUES = values();

    private final int code;
    private final boolean retryable;
    private final String explanation;

    RejectStatus(int code, boolean retryable, String explanation) {
        this.code = code;
        this.retryable = retryable;
        this.explanation = "The target rejected the connection: " + explanation;
    }

    /** The status of this code, {@link #UNKNOWN} for any other than 1 to 8. */
    public static RejectStatus of(int code) {
        return code >= 1 && code < VALUES.length ? VALUES[code - 1] : UNKNOWN;
    }

    /** The code on the wire, −1 for {@link #UNKNOWN}. */
    public int code() {
        return code;
    }

    /** A sentence that says what was refused and what to do. */
    public String explanation() {
        return explanation;
    }

    /** Whether the same request may succeed later. */
    public boolean retryable() {
        return retryable;
    }
}

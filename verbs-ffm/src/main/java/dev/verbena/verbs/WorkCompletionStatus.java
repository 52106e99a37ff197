package dev.verbena.verbs;

/// How a work request ended (`enum ibv_wc_status`, `ibv_poll_cq(3)`).
///
/// On the data path the plain number is used; compare it with [#SUCCESS_VALUE] and
/// [#FLUSHED_VALUE].
public enum WorkCompletionStatus {
    SUCCESS(0, "success"),
    LOC_LEN_ERR(1, "local length error: a receive or a gathered message does not fit"),
    LOC_QP_OP_ERR(2, "local queue pair operation error"),
    LOC_EEC_OP_ERR(3, "local EE context operation error"),
    LOC_PROT_ERR(4, "local protection error: a local key, its bounds or its rights"),
    WR_FLUSH_ERR(5, "flushed: the queue pair was in error before this work request ran"),
    MW_BIND_ERR(6, "memory window bind error"),
    BAD_RESP_ERR(7, "bad response from the peer"),
    LOC_ACCESS_ERR(8, "local access error: remote data may not be written to this memory"),
    REM_INV_REQ_ERR(9, "the peer found the request invalid, or its receive too small"),
    REM_ACCESS_ERR(10, "remote access error: the peer's key, its bounds or its rights"),
    REM_OP_ERR(11, "the peer could not complete the operation"),
    RETRY_EXC_ERR(12, "retries exceeded: the peer does not acknowledge"),
    RNR_RETRY_EXC_ERR(13, "receiver-not-ready retries exceeded: the peer posted no receive"),
    LOC_RDD_VIOL_ERR(14, "local RDD violation"),
    REM_INV_RD_REQ_ERR(15, "the peer found the RD request invalid"),
    REM_ABORT_ERR(16, "the peer aborted the operation"),
    INV_EECN_ERR(17, "invalid EE context number"),
    INV_EEC_STATE_ERR(18, "invalid EE context state"),
    FATAL_ERR(19, "fatal device error"),
    RESP_TIMEOUT_ERR(20, "response timeout"),
    GENERAL_ERR(21, "general error"),
    TM_ERR(22, "tag matching error"),
    TM_RNDV_INCOMPLETE(23, "tag matching rendezvous incomplete"),
    /// A code this library does not know.
    UNKNOWN(-1, "unknown status");

    /// The number of [#SUCCESS].
    public static final int SUCCESS_VALUE = 0;

    /// The number of [#WR_FLUSH_ERR].
    public static final int FLUSHED_VALUE = 5;

    private final int value;
    private final String text;

    WorkCompletionStatus(int value, String text) {
        this.value = value;
        this.text = text;
    }

    /// The status of a number; [#UNKNOWN] for one outside the list.
    public static WorkCompletionStatus of(int value) {
        for (WorkCompletionStatus status : values()) {
            if (status.value == value) {
                return status;
            }
        }
        return UNKNOWN;
    }

    /// The name of a number, for example `REM_ACCESS_ERR`; with the number for one outside the
    /// list.
    public static String name(int value) {
        WorkCompletionStatus status = of(value);
        return status == UNKNOWN ? "status " + value : status.name();
    }

    /// Name and meaning of a number, for messages.
    public static String describe(int value) {
        return name(value) + " (" + of(value).text + ")";
    }

    /// The number in a work completion; -1 for [#UNKNOWN].
    public int value() {
        return value;
    }

    /// What the status means.
    public String text() {
        return text;
    }
}

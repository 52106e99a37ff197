package dev.verbena.verbs;

/// The state of a queue pair (`enum ibv_qp_state`).
public enum QueuePairState {
    RESET(0),
    INIT(1),
    /// Ready to receive.
    RTR(2),
    /// Ready to send.
    RTS(3),
    /// Send queue drained.
    SQD(4),
    /// Send queue error.
    SQE(5),
    /// Everything posted is flushed.
    ERR(6),
    /// A code this library does not know.
    UNKNOWN(-1);

    private final int code;

    QueuePairState(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static QueuePairState of(int code) {
        for (QueuePairState state : values()) {
            if (state.code == code) {
                return state;
            }
        }
        return UNKNOWN;
    }
}

package dev.verbena.testkit;

/// What a controller says to a command, and what it returns.
final class Outcome {
    static final int INVALID_OPCODE = 0x4001;
    static final int INVALID_FIELD = 0x4002;
    static final int ABORT_REQUESTED = 0x0007;
    static final int ABORTED_FAILED_FUSED = 0x0009;
    static final int ABORTED_MISSING_FUSED = 0x000A;
    static final int INVALID_NAMESPACE = 0x400B;
    static final int SEQUENCE_ERROR = 0x400C;
    static final int INVALID_SGL_COUNT = 0x400E;
    static final int DATA_LENGTH_INVALID = 0x400F;
    static final int SGL_TYPE_INVALID = 0x4011;
    static final int SGL_OFFSET_INVALID = 0x4016;
    static final int LBA_OUT_OF_RANGE = 0x4080;
    static final int INVALID_LOG_PAGE = 0x4109;
    static final int EVENT_LIMIT = 0x0105;
    static final int CONNECT_INVALID = 0x4182;
    static final int CONNECT_INVALID_HOST = 0x4184;
    static final int READ_ERROR = 0x4281;
    static final int COMPARE_FAILURE = 0x4285;
    static final int ANA_PERSISTENT_LOSS = 0x301;
    static final int ANA_INACCESSIBLE = 0x302;
    static final int ANA_TRANSITION = 0x303;

    private static final byte[] NO_DATA = {};

    static final Outcome SUCCESS = new Outcome(0, 0, NO_DATA);

    private final int status;
    private final long result;
    private final byte[] data;

    private Outcome(int status, long result, byte[] data) {
        this.status = status;
        this.result = result;
        this.data = data;
    }

    /// An answer without data.
    ///
    /// @param status 15-bit status
    /// @param result dwords 0 and 1
    static Outcome of(int status, long result) {
        return new Outcome(status, result, NO_DATA);
    }

    int status() {
        return status;
    }

    long result() {
        return result;
    }

    /// Data for the host; empty for none.
    byte[] data() {
        return data;
    }

    static Outcome status(int status) {
        return new Outcome(status, 0, NO_DATA);
    }

    static Outcome result(long result) {
        return new Outcome(0, result, NO_DATA);
    }

    static Outcome data(byte[] data) {
        return new Outcome(0, 0, data);
    }
}

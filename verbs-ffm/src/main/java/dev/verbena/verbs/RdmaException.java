package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;

/// A native RDMA call failed. The message names the operation, the errno, and the remedy where one
/// is known.
public class RdmaException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String operation;
    private final int errno;

    /// @param operation the native function, for example `ibv_reg_mr`
    /// @param errno the positive errno value, 0 if there was none
    /// @param advice what to do about it; may be empty
    public RdmaException(String operation, int errno, String advice) {
        super(message(operation, errno, advice));
        this.operation = operation;
        this.errno = errno;
    }

    /// @param operation the native function, for example `ibv_post_send`
    /// @param errno the positive errno value
    public RdmaException(String operation, int errno) {
        this(operation, errno, "");
    }

    RdmaException(String operation, String message, Throwable cause) {
        super(message, cause);
        this.operation = operation;
        this.errno = 0;
    }

    private static String message(String operation, int errno, String advice) {
        String what =
                errno == 0 ? operation : operation + ": " + Errno.name(errno) + " (" + errno + ")";
        return advice.isEmpty() ? what : what + ": " + advice;
    }

    /// The native function that failed.
    public String operation() {
        return operation;
    }

    /// The positive errno value; 0 where the failure has none.
    public int errno() {
        return errno;
    }

    /// The errno's symbolic name, for example `EINVAL`.
    public String errnoName() {
        return Errno.name(errno);
    }
}

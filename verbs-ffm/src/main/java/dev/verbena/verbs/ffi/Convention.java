package dev.verbena.verbs.ffi;

/// How a native function reports failure. libibverbs and librdmacm use four ways between them.
public enum Convention {
    /// 0, or a positive errno value (`ibv_modify_qp`, `ibv_destroy_*`, `ibv_query_device`, …).
    RETURNS_ERRNO,
    /// A pointer; null with errno set (`ibv_open_device`, `ibv_create_*`, `ibv_reg_mr`, …).
    NULL_SETS_ERRNO,
    /// Not negative; -1 with errno set (librdmacm, `ibv_close_device`, `ibv_get_cq_event`, libc).
    MINUS_ONE_SETS_ERRNO,
    /// A count, or a negative value that says nothing further (`ibv_poll_cq`).
    COUNT,
    /// Nothing is returned, or what is returned cannot be a failure.
    INFALLIBLE;

    boolean capturesErrno() {
        return this == NULL_SETS_ERRNO || this == MINUS_ONE_SETS_ERRNO;
    }
}

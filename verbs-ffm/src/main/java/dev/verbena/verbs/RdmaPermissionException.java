package dev.verbena.verbs;

/// The operating system refused access to an RDMA device file or to an operation.
public final class RdmaPermissionException extends RdmaException {
    private static final long serialVersionUID = 1L;

    /// See [RdmaException].
    public RdmaPermissionException(String operation, int errno, String advice) {
        super(operation, errno, advice);
    }
}

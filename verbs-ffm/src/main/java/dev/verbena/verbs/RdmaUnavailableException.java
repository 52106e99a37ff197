package dev.verbena.verbs;

/// RDMA cannot be used here at all: a library, native access, or a kernel module is missing. The
/// message says which and what to do.
public final class RdmaUnavailableException extends RdmaException {
    private static final long serialVersionUID = 1L;

    /// @param message what is missing and the remedy
    public RdmaUnavailableException(String message) {
        super(message, 0, "");
    }

    /// @param message what is missing and the remedy
    /// @param cause how it was noticed
    public RdmaUnavailableException(String message, Throwable cause) {
        super("load", message, cause);
    }
}

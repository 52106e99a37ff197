package dev.verbena.verbs;

/// Memory could not be registered because of the limit on locked memory (RLIMIT_MEMLOCK), or for
/// lack of memory.
public final class MemoryLimitException extends RdmaException {
    private static final long serialVersionUID = 1L;

    /// See [RdmaException].
    public MemoryLimitException(String operation, int errno, String advice) {
        super(operation, errno, advice);
    }
}

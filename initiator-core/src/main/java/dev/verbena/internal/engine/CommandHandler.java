package dev.verbena.internal.engine;

/// Takes completions of a [CommandQueue]. Primitives only, so that a completion allocates nothing.
public interface CommandHandler {
    /// A command has ended.
    ///
    /// @param token what the command was submitted with
    /// @param slot the slot it ran in, free again when this returns
    /// @param status NVMe status field (SC, SCT, CRD, More, DNR); 0 is success
    /// @param result dwords 0 and 1 of the completion
    void completed(long token, int slot, int status, long result);
}

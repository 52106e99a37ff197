package dev.verbena;

/// Takes the completions of an [IoQueue].
///
/// Called from [IoQueue#poll], on the polling thread. It may submit further commands. An exception
/// it throws leaves [IoQueue#poll] after all completions of the batch have been delivered.
@FunctionalInterface
public interface CompletionHandler {
    /// A command has ended, and its buffer is the caller's again.
    ///
    /// @param token what the command was submitted with
    /// @param status NVMe status field (SC, SCT, CRD, More, DNR); 0 is success.
    ///   [dev.verbena.nvme.NvmeStatus] names it. 371h, Host Aborted Command, when the connection
    ///   ended before the answer came: the command may or may not have been executed
    /// @param result dwords 0 and 1 of the completion; 0 for reads, writes and flushes
    void completed(long token, int status, long result);

    /// A command has not been answered in its time. It is still under way and **its buffer still
    /// belongs to it**; [#completed] follows, once, as for every command: right away with status
    /// 371h where the time-out policy of the connect options takes the queue down, else when the
    /// controller answers or the connection ends.
    ///
    /// Does nothing by default.
    ///
    /// @param token what the command was submitted with
    default void expired(long token) {}
}

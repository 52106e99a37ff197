package dev.verbena.testkit;

import org.jspecify.annotations.Nullable;

/// Looks at the commands that arrive, and carries out those that a target in memory does not know:
/// reports of reservations and zones, commands of vendors.
@FunctionalInterface
public interface CommandHandler {
    /// A command other than one of Fabrics has arrived. To be answered with an error, a command
    /// needs a [Fault.Answer].
    ///
    /// Threads: the scheduler's; must not block.
    ///
    /// @param queueId 0 for the admin queue
    /// @param entry the 64 bytes of the submission queue entry, a copy
    /// @param dataBytes how many bytes its data pointer describes
    /// @return data for the host, at most so many bytes, with which the command succeeds; null to
    ///   let the target carry it out as it always does
    byte @Nullable [] execute(int queueId, byte[] entry, int dataBytes);
}

package dev.verbena.internal.engine;

/// Decides what happens with a command that was not answered in its time.
@FunctionalInterface
public interface ExpiryHandler {
    /// Takes the queue down: the way by which the command's memory becomes safe at once.
    long FAIL = 0;

    /// Leaves the command alone from now on.
    long WAIT_ON = CommandSlots.TIMEOUT_NANOS_MAX;

    /// A command has expired. It is still under way, and owns its memory.
    ///
    /// @param token what it was submitted with
    /// @param slot it runs in
    /// @return how many nanoseconds more it is given; [#FAIL] for none
    long expired(long token, int slot);
}

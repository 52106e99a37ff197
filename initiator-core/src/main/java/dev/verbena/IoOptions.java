package dev.verbena;

import dev.verbena.nvme.NvmCommands;
import java.time.Duration;

/// How one command shall be carried out, where that differs from the default. Make the few an
/// application needs once, and pass them with each command.
///
/// @param flags bits of dword 12: [NvmCommands#FORCE_UNIT_ACCESS], [NvmCommands#LIMITED_RETRY], and
///   for Write Zeroes [NvmCommands#DEALLOCATE]; 0 for none
/// @param timeoutNanos how long the answer may take, 1 or more; 0 for the I/O time-out of the
///   connect options
public record IoOptions(int flags, long timeoutNanos) {
    /// No flags, and the I/O time-out of the connect options.
    public static final IoOptions DEFAULT = new IoOptions(0, 0);

    private static final int FLAGS =
            NvmCommands.FORCE_UNIT_ACCESS | NvmCommands.LIMITED_RETRY | NvmCommands.DEALLOCATE;

    /// Checks the values.
    ///
    /// @throws IllegalArgumentException when a flag is none of the three, or the time is negative
    public IoOptions {
        if ((flags & ~FLAGS) != 0) {
            throw new IllegalArgumentException(
                    "flags are "
                            + Integer.toHexString(flags)
                            + "h; force unit access, limited retry and deallocate are possible"
                            + " (a raw command takes any)");
        }
        if (timeoutNanos < 0) {
            throw new IllegalArgumentException(
                    "A time-out of " + timeoutNanos + " ns; it must not be negative");
        }
    }

    /// With Force Unit Access: a write is done only when it is on non-volatile media, a read comes
    /// from there.
    public IoOptions forceUnitAccess() {
        return new IoOptions(flags | NvmCommands.FORCE_UNIT_ACCESS, timeoutNanos);
    }

    /// With Limited Retry: the controller makes no unusual effort to recover data.
    public IoOptions limitedRetry() {
        return new IoOptions(flags | NvmCommands.LIMITED_RETRY, timeoutNanos);
    }

    /// For Write Zeroes: the blocks may be deallocated, where they then read as zeroes.
    public IoOptions deallocate() {
        return new IoOptions(flags | NvmCommands.DEALLOCATE, timeoutNanos);
    }

    /// With another time-out.
    ///
    /// @param timeout more than nothing
    public IoOptions timeout(Duration timeout) {
        if (timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException(
                    "A time-out of " + timeout + "; it must be positive");
        }
        return new IoOptions(flags, timeout.toNanos());
    }
}

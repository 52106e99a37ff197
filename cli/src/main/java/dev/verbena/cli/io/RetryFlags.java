package dev.verbena.cli.io;

import dev.verbena.nvme.NvmCommands;
import picocli.CommandLine.Option;

/// How hard the controller shall try, and where data shall be when it says that it is done.
final class RetryFlags {
    @Option(
            names = {"-l", "--limited-retry"},
            description = "The controller shall make no unusual effort.")
    private boolean limitedRetry;

    @Option(
            names = {"-f", "--force-unit-access"},
            description = "To or from non-volatile media.")
    private boolean forceUnitAccess;

    boolean isLimited() {
        return limitedRetry;
    }

    boolean isForced() {
        return forceUnitAccess;
    }

    /// As they stand in dword 12.
    int bits() {
        return (limitedRetry ? NvmCommands.LIMITED_RETRY : 0)
                | (forceUnitAccess ? NvmCommands.FORCE_UNIT_ACCESS : 0);
    }
}

package dev.verbena;

import dev.verbena.nvme.LogPage;

/// What a discovery controller is asked for besides the plain log. A controller that does not
/// support one is not asked for it.
public enum DiscoveryFlag {
    /// Entries with attributes, such as symbolic names.
    EXTENDED_ENTRIES(LogPage.DISCOVERY_EXTENDED),
    /// Only what is reached through the port that is asked.
    PORT_LOCAL(LogPage.DISCOVERY_PORT_LOCAL),
    /// All subsystems, also those this host may not use.
    ALL_SUBSYSTEMS(LogPage.DISCOVERY_ALL_SUBSYSTEMS);

    private final int bit;

    DiscoveryFlag(int bit) {
        this.bit = bit;
    }

    /// Bit of the log page's own field (LSP).
    int bit() {
        return bit;
    }
}

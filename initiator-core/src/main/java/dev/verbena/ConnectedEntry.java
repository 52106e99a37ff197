package dev.verbena;

import dev.verbena.nvme.DiscoveryEntry;
import java.util.Optional;

/// How connecting one subsystem of a discovery log ended.
///
/// @param entry what was connected
/// @param controller empty when it failed
/// @param failure why; empty when it did not
public record ConnectedEntry(
        DiscoveryEntry entry, Optional<Controller> controller, Optional<Exception> failure) {}

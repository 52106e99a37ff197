package dev.verbena;

import dev.verbena.nvme.DiscoveryEntry;
import java.util.Optional;

/// How connecting one subsystem of a discovery log ended, or that a referral could not be followed.
///
/// @param entry what was to be connected; a referral whose log could not be read
/// @param controller empty when it failed
/// @param failure why; empty when it did not
public record ConnectedEntry(
        DiscoveryEntry entry, Optional<Controller> controller, Optional<Exception> failure) {}

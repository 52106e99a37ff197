package dev.verbena;

import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.DiscoveryExtension;
import dev.verbena.nvme.DiscoveryLogHeader;
import dev.verbena.nvme.DiscoveryLogText;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/// What a discovery controller offers: a discovery log page that did not change while it was read.
///
/// Where an entry names no address (`0.0.0.0` or `::`, which some targets do), it has the address
/// that was asked.
///
/// @param entries in the order of the log
/// @param extensions for each entry its attributes; empty where there are none
public record DiscoveryLog(
        DiscoveryLogHeader header,
        List<DiscoveryEntry> entries,
        List<Optional<DiscoveryExtension>> extensions)
        implements Iterable<DiscoveryEntry> {
    public DiscoveryLog {
        entries = List.copyOf(entries);
        extensions = List.copyOf(extensions);
    }

    /// A log without attributes.
    public DiscoveryLog(DiscoveryLogHeader header, List<DiscoveryEntry> entries) {
        this(
                header,
                entries,
                entries.stream().map(e -> Optional.<DiscoveryExtension>empty()).toList());
    }

    @Override
    public Iterator<DiscoveryEntry> iterator() {
        return entries.iterator();
    }

    /// The log in the words of `nvme discover`.
    @Override
    public String toString() {
        return DiscoveryLogText.format(header, entries);
    }
}

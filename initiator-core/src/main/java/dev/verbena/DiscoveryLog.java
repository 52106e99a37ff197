package dev.verbena;

import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.DiscoveryLogHeader;
import dev.verbena.nvme.DiscoveryLogText;
import java.util.Iterator;
import java.util.List;

/// What a discovery controller offers: a discovery log page that did not change while it was read.
public record DiscoveryLog(DiscoveryLogHeader header, List<DiscoveryEntry> entries)
        implements Iterable<DiscoveryEntry> {
    public DiscoveryLog {
        entries = List.copyOf(entries);
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

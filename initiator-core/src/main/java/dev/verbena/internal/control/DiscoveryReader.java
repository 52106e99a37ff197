package dev.verbena.internal.control;

import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.DiscoveryExtension;
import dev.verbena.nvme.DiscoveryLogHeader;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.WireFormatException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Reads the discovery log page as a whole, or says that it keeps changing.
///
/// The log is read in pieces, so it may change in between: its generation counter is read again at
/// the end, and everything is read again when it moved (NVMe Base, Discovery log page).
public final class DiscoveryReader {
    /// Entries that are read at most. The record count is a 64-bit number from the network.
    public static final int ENTRY_COUNT_MAX = 16_384;

    /// Times the log is read again because it changed meanwhile.
    public static final int ATTEMPTS_MAX = 10;

    private static final int READ_BYTES = AdminCommand.SMALL_BYTES_MAX;
    private static final int ENTRIES_PER_READ = READ_BYTES / DiscoveryEntry.SIZE;

    /// DLPF: the entries are followed by attributes.
    private static final int FLAG_EXTENDED = 1;

    /// A log page that did not change while it was read.
    ///
    /// @param extensions one for each entry, empty where the log is not extended
    public record Log(
            DiscoveryLogHeader header,
            List<DiscoveryEntry> entries,
            List<Optional<DiscoveryExtension>> extensions) {
        public Log {
            entries = List.copyOf(entries);
            extensions = List.copyOf(extensions);
        }
    }

    /// Where the bytes come from; the controller, or a test's canned pages.
    interface Source {
        MemorySegment read(boolean retainEvent, int bytes, long offset) throws IOException;
    }

    private final Source source;
    private final String address;

    /// @param logSpecific which entries: `LogPage.DISCOVERY_…` bits
    public DiscoveryReader(Association association, int logSpecific) {
        this(
                (retainEvent, bytes, offset) ->
                        new AdminCalls(association)
                                .logPage(
                                        "Get Log Page (Discovery)",
                                        LogPage.DISCOVERY,
                                        logSpecific,
                                        retainEvent,
                                        bytes,
                                        offset),
                association.address());
    }

    DiscoveryReader(Source source, String address) {
        this.source = source;
        this.address = address;
    }

    /// Reads the log.
    ///
    /// @throws IOException when the log kept changing, claims more than [#ENTRY_COUNT_MAX] entries,
    ///   or has a format this version does not know
    public Log read() throws IOException {
        DiscoveryLogHeader header = header(true);
        for (int attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
            List<DiscoveryEntry> entries = new ArrayList<>();
            List<Optional<DiscoveryExtension>> extensions = new ArrayList<>();
            IOException torn = null;
            try {
                if ((header.flags() & FLAG_EXTENDED) != 0) {
                    readExtended(header, entries, extensions);
                } else {
                    readPlain(header, entries, extensions);
                }
            } catch (WireFormatException e) {
                // A page that changed in the middle of an entry looks the same.
                torn = impossible(e);
            }
            // Only this last look re-arms the event that announced a change: whatever changes from
            // here on is announced again.
            DiscoveryLogHeader after = header(false);
            if (after.generationCounter() == header.generationCounter()
                    && after.recordCount() == header.recordCount()) {
                if (torn != null) {
                    throw torn;
                }
                return new Log(header, entries, extensions);
            }
            header = after;
        }
        throw new IOException(
                "The discovery log at "
                        + address
                        + " changed "
                        + ATTEMPTS_MAX
                        + " times while it was read; try again when the target is quiet");
    }

    private IOException impossible(WireFormatException e) {
        return new IOException(
                "The discovery log at " + address + " cannot be read: " + e.getMessage(), e);
    }

    private DiscoveryLogHeader header(boolean retainEvent) throws IOException {
        DiscoveryLogHeader header;
        try {
            header =
                    DiscoveryLogHeader.decode(source.read(retainEvent, DiscoveryLogHeader.SIZE, 0));
        } catch (WireFormatException e) {
            // The record format is the one thing a header can have wrong.
            throw impossible(e);
        }
        if (Long.compareUnsigned(header.recordCount(), ENTRY_COUNT_MAX) > 0) {
            throw new IOException(
                    "The discovery log at "
                            + address
                            + " claims "
                            + Long.toUnsignedString(header.recordCount())
                            + " entries; at most "
                            + ENTRY_COUNT_MAX
                            + " are read");
        }
        return header;
    }

    private void readPlain(
            DiscoveryLogHeader header,
            List<DiscoveryEntry> entries,
            List<Optional<DiscoveryExtension>> extensions)
            throws IOException {
        int count = (int) header.recordCount();
        while (entries.size() < count) {
            int now = Math.min(ENTRIES_PER_READ, count - entries.size());
            MemorySegment page =
                    source.read(
                            true,
                            now * DiscoveryEntry.SIZE,
                            DiscoveryLogHeader.SIZE + (long) entries.size() * DiscoveryEntry.SIZE);
            for (int i = 0; i < now; i++) {
                entries.add(DiscoveryEntry.decode(page, (long) i * DiscoveryEntry.SIZE));
                extensions.add(Optional.empty());
            }
        }
    }

    /// Each entry says where the next begins, so they are read one at a time. An entry with its
    /// attributes has to fit one read.
    private void readExtended(
            DiscoveryLogHeader header,
            List<DiscoveryEntry> entries,
            List<Optional<DiscoveryExtension>> extensions)
            throws IOException {
        long offset = DiscoveryLogHeader.SIZE;
        for (int i = 0; i < (int) header.recordCount(); i++) {
            MemorySegment page = source.read(true, READ_BYTES, offset);
            entries.add(DiscoveryEntry.decode(page, 0));
            DiscoveryExtension extension = DiscoveryExtension.decode(page, 0);
            extensions.add(Optional.of(extension));
            // A length that is no multiple of 4 cannot be an offset.
            offset += (extension.totalLength() + 3) & ~3L;
        }
    }
}

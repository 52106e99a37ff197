package dev.verbena;

import dev.verbena.internal.control.Association;
import dev.verbena.internal.control.AssociationParameters;
import dev.verbena.internal.control.DiscoveryReader;
import dev.verbena.internal.control.LogPageSupport;
import dev.verbena.internal.fabric.Transport;
import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.LogPage;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/// Reads discovery logs.
///
/// Threads: any.
final class Discoverer {
    private static final System.Logger LOG = System.getLogger("dev.verbena");

    /// Opens the way to a target.
    interface Transports {
        Transport open(Target target) throws IOException;
    }

    private final Transports transports;
    private final HostIdentity host;
    private final ConnectOptions options;
    private final Set<DiscoveryFlag> flags;

    Discoverer(
            Transports transports,
            HostIdentity host,
            ConnectOptions options,
            Set<DiscoveryFlag> flags) {
        this.transports = transports;
        this.host = host;
        this.options = options;
        this.flags = Set.copyOf(flags);
    }

    /// Reads the log of one controller, then disconnects.
    ///
    /// @param name of the discovery subsystem
    DiscoveryLog read(Target target, Nqn name) throws IOException {
        AssociationParameters parameters =
                new AssociationParameters(name, host, options, true, Duration.ZERO);
        try (Transport transport = transports.open(target);
                Association association =
                        Association.open(transport, parameters, failure -> {}, event -> {})) {
            return read(association, target, flags);
        }
    }

    static DiscoveryLog read(Association association, Target target, Set<DiscoveryFlag> flags)
            throws IOException {
        int wanted = flags.stream().mapToInt(DiscoveryFlag::bit).reduce(0, (a, b) -> a | b);
        int supported =
                wanted == 0 ? 0 : LogPageSupport.specific(association, LogPage.DISCOVERY) & wanted;
        if (supported != wanted) {
            LOG.log(
                    Level.INFO,
                    "The discovery controller at {0} does not know all of {1}",
                    target,
                    flags);
        }
        DiscoveryReader.Log log = new DiscoveryReader(association, supported).read();
        List<DiscoveryEntry> entries =
                log.entries().stream().map(entry -> repaired(entry, target)).toList();
        tellOfWildcards(log.entries(), target);
        return new DiscoveryLog(log.header(), entries, log.extensions());
    }

    /// An entry with an address one can connect to: the one that was asked where it names none, and
    /// on the same interface where it is link-local and names none.
    private static DiscoveryEntry repaired(DiscoveryEntry entry, Target target) {
        String address;
        try {
            address = AddressText.canonical(entry.transportAddress());
        } catch (IllegalArgumentException e) {
            return entry;
        }
        if (!address.equals("0.0.0.0") && !address.equals("::")) {
            String scoped = AddressText.onInterfaceOf(address, target.traddr());
            return scoped.equals(address) ? entry : withAddress(entry, scoped);
        }
        return withAddress(entry, target.traddr());
    }

    /// One line for a log, however many entries it has.
    private static void tellOfWildcards(List<DiscoveryEntry> entries, Target target) {
        List<DiscoveryEntry> without =
                entries.stream().filter(entry -> isWildcard(entry.transportAddress())).toList();
        if (!without.isEmpty()) {
            LOG.log(
                    Level.WARNING,
                    "The discovery log at {0} names the address {1} for {2}{3}; taking {4}",
                    target,
                    without.getFirst().transportAddress(),
                    without.getFirst().subsystemNqn(),
                    without.size() == 1 ? "" : " and " + (without.size() - 1) + " more",
                    target.traddr());
        }
    }

    private static boolean isWildcard(String address) {
        try {
            String canonical = AddressText.canonical(address);
            return canonical.equals("0.0.0.0") || canonical.equals("::");
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static DiscoveryEntry withAddress(DiscoveryEntry entry, String address) {
        return new DiscoveryEntry(
                entry.transportType(),
                entry.addressFamily(),
                entry.subsystemType(),
                entry.treq(),
                entry.portId(),
                entry.controllerId(),
                entry.adminQueueSizeMaximum(),
                entry.eflags(),
                entry.transportServiceId(),
                entry.subsystemNqn(),
                address,
                entry.tsas());
    }
}

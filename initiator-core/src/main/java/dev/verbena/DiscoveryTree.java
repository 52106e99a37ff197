package dev.verbena;

import dev.verbena.nvme.DiscoveryEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A discovery controller and those it refers to. Each controller appears once, however many refer
/// to it, and referrals are followed eight deep.
///
/// @param target where the controller was asked
/// @param log what it said; empty when it could not be read
/// @param failure why not
/// @param referrals the controllers it refers to that have not been asked before
public record DiscoveryTree(
        Target target,
        Optional<DiscoveryLog> log,
        Optional<Exception> failure,
        List<DiscoveryTree> referrals) {
    public DiscoveryTree {
        referrals = List.copyOf(referrals);
    }

    /// All subsystems with namespaces that can be reached over RDMA, each address once.
    public List<DiscoveryEntry> subsystems() {
        List<DiscoveryEntry> found = new ArrayList<>();
        collect(found);
        return List.copyOf(found);
    }

    private void collect(List<DiscoveryEntry> found) {
        for (DiscoveryEntry entry : log.map(DiscoveryLog::entries).orElse(List.of())) {
            boolean wanted =
                    entry.subsystemType() == DiscoveryEntry.SUBSYSTEM_NVM
                            && entry.transportType() == DiscoveryEntry.TRANSPORT_RDMA;
            if (wanted && found.stream().noneMatch(other -> isSame(entry, other))) {
                found.add(entry);
            }
        }
        referrals.forEach(referral -> referral.collect(found));
    }

    private static boolean isSame(DiscoveryEntry a, DiscoveryEntry b) {
        return a.transportAddress().equals(b.transportAddress())
                && a.transportServiceId().equals(b.transportServiceId())
                && a.subsystemNqn().equals(b.subsystemNqn());
    }

    /// All failures in the tree.
    public List<Exception> failures() {
        List<Exception> all = new ArrayList<>();
        failure.ifPresent(all::add);
        referrals.forEach(referral -> all.addAll(referral.failures()));
        return List.copyOf(all);
    }
}

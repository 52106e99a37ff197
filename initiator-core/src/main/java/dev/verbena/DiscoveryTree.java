package dev.verbena;

import dev.verbena.nvme.DiscoveryEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/// A discovery controller and those it refers to. Each controller appears once, however many refer
/// to it, as near to the first as it is referred to. Referrals are followed eight deep, to at most
/// 256 controllers; what lies beyond stands in the tree as not asked.
///
/// @param target where the controller was asked
/// @param entry the referral that led here; empty for the first controller
/// @param log what it said; empty when it could not be read
/// @param failure why not
/// @param referrals the controllers it refers to that are not nearer to the first elsewhere
public record DiscoveryTree(
        Target target,
        Optional<DiscoveryEntry> entry,
        Optional<DiscoveryLog> log,
        Optional<Exception> failure,
        List<DiscoveryTree> referrals) {
    public DiscoveryTree {
        referrals = List.copyOf(referrals);
    }

    /// All subsystems with namespaces that can be reached over RDMA, each place once, in whatever
    /// spellings it is named.
    public List<DiscoveryEntry> subsystems() {
        List<DiscoveryEntry> all = new ArrayList<>();
        collect(all);
        return firstOfEach(all, DiscoveryTree::place);
    }

    private void collect(List<DiscoveryEntry> all) {
        for (DiscoveryEntry entry : log.map(DiscoveryLog::entries).orElse(List.of())) {
            if (entry.subsystemType() == DiscoveryEntry.SUBSYSTEM_NVM
                    && entry.transportType() == DiscoveryEntry.TRANSPORT_RDMA) {
                all.add(entry);
            }
        }
        referrals.forEach(referral -> referral.collect(all));
    }

    /// What makes two entries the same.
    private static Object place(DiscoveryEntry entry) {
        try {
            return List.of(Target.of(entry), entry.subsystemNqn());
        } catch (IllegalArgumentException e) {
            return List.of(
                    entry.transportAddress(), entry.transportServiceId(), entry.subsystemNqn());
        }
    }

    /// The elements without those that have the key of an earlier one. Logs have thousands.
    static <T> List<T> firstOfEach(List<T> elements, Function<T, Object> key) {
        Set<Object> seen = new HashSet<>();
        return elements.stream().filter(element -> seen.add(key.apply(element))).toList();
    }

    /// All failures in the tree.
    public List<Exception> failures() {
        List<Exception> all = new ArrayList<>();
        failure.ifPresent(all::add);
        referrals.forEach(referral -> all.addAll(referral.failures()));
        return List.copyOf(all);
    }

    /// The log.
    ///
    /// @throws IOException what made reading it fail
    DiscoveryLog requireLog() throws IOException {
        if (log.isPresent()) {
            return log.get();
        }
        Exception why = failure.orElseThrow();
        if (why instanceof RuntimeException runtime) {
            throw runtime;
        }
        throw why instanceof IOException io ? io : new IOException(why);
    }

    /// The referrals whose logs are not there, with the reasons.
    List<ConnectedEntry> unread() {
        List<ConnectedEntry> all = new ArrayList<>();
        if (entry.isPresent() && failure.isPresent()) {
            all.add(new ConnectedEntry(entry.get(), Optional.empty(), failure));
        }
        for (DiscoveryEntry each : log.map(DiscoveryLog::entries).orElse(List.of())) {
            if (DiscoveryWalk.isFollowed(each)) {
                try {
                    var _ = Target.of(each);
                } catch (IllegalArgumentException e) {
                    all.add(new ConnectedEntry(each, Optional.empty(), Optional.of(e)));
                }
            }
        }
        referrals.forEach(referral -> all.addAll(referral.unread()));
        return all;
    }
}

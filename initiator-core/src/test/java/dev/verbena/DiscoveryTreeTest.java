package dev.verbena;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.DiscoveryLogHeader;
import dev.verbena.nvme.TransportSpecificAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiscoveryTreeTest {
    private static DiscoveryEntry entry(int type, int eflags, String address, String service) {
        return new DiscoveryEntry(
                DiscoveryEntry.TRANSPORT_RDMA,
                1,
                type,
                0,
                1,
                0xFFFF,
                32,
                eflags,
                service,
                "disk",
                address,
                new TransportSpecificAddress.Other(""));
    }

    private static DiscoveryTree tree(List<DiscoveryEntry> entries) {
        return new DiscoveryTree(
                Target.rdma("192.0.2.1"),
                Optional.empty(),
                Optional.of(
                        new DiscoveryLog(
                                new DiscoveryLogHeader(1, entries.size(), 0, 0, 0), entries)),
                Optional.empty(),
                List.of());
    }

    @Test
    void spellingsOfOnePlace_areOneSubsystem() {
        List<DiscoveryEntry> entries =
                List.of(
                        entry(2, 0, "192.0.2.1", "4420"),
                        entry(2, 0, "192.000.002.001", "04420"),
                        entry(2, 0, "::ffff:192.0.2.1", ""),
                        entry(2, 0, "nowhere/x", "4420"),
                        entry(2, 0, "nowhere/x", "4420"),
                        entry(2, 0, "192.0.2.1", "4421"));
        assertThat(tree(entries).subsystems())
                .containsExactly(entries.get(0), entries.get(3), entries.get(5));
    }

    /// Counts how often keys are compared.
    private record Counting(int value, AtomicLong comparisons) {
        @Override
        public boolean equals(Object other) {
            comparisons.incrementAndGet();
            return other instanceof Counting counting && counting.value == value;
        }

        @Override
        public int hashCode() {
            return value;
        }
    }

    @Test
    void entriesInGreatNumber_areComparedWithFewOthers() {
        AtomicLong comparisons = new AtomicLong();
        List<Integer> many = new ArrayList<>();
        for (int i = 0; i < 40_000; i++) {
            many.add(i / 2);
        }
        assertThat(DiscoveryTree.firstOfEach(many, i -> new Counting(i, comparisons)))
                .hasSize(20_000);
        assertThat(comparisons.get()).isLessThan(2L * many.size());
    }

    @Test
    void logOfManyEntries_isATree() {
        List<DiscoveryEntry> entries = new ArrayList<>();
        for (int i = 0; i < 16_384; i++) {
            entries.add(entry(2, 0, "10.0." + (i >> 8) + "." + (i & 0xFF), "4420"));
        }
        assertThat(tree(entries).subsystems()).isEqualTo(entries);
    }

    /// SUBTYPE, EFLAGS, duplicate, persistent, followed.
    @ParameterizedTest
    @CsvSource({
        "1, 0, false, false, true",
        "1, 1, true, false, false",
        "1, 2, false, true, true",
        "3, 3, true, true, false",
        "2, 3, false, false, false",
    })
    void flagsOfDiscoveryServices_meanNothingInOtherEntries(
            int type, int eflags, boolean duplicate, boolean persistent, boolean followed) {
        DiscoveryEntry entry = entry(type, eflags, "192.0.2.1", "4420");
        assertThat(entry.isDuplicate()).isEqualTo(duplicate);
        assertThat(entry.supportsPersistentConnections()).isEqualTo(persistent);
        assertThat(DiscoveryWalk.isFollowed(entry)).isEqualTo(followed);
        assertThat(tree(List.of(entry)).subsystems()).hasSize(type == 2 ? 1 : 0);
    }
}

package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.DiscoveryLog;
import dev.verbena.Initiator;
import dev.verbena.nvme.DiscoveryEntry;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

@TargetTest({"--subsystems", "6", "--size", "1M", "--referral", "10.9.0.9:4422"})
class DiscoveryTest {
    @Test
    void discover_listsEverySubsystemAndTheReferral(LiveTarget live) throws IOException {
        try (Initiator initiator = Initiator.open()) {
            DiscoveryLog log = initiator.discover(live.target(), LiveTarget.patient());

            assertThat(log.entries())
                    .filteredOn(e -> e.subsystemType() == DiscoveryEntry.SUBSYSTEM_NVM)
                    .extracting(DiscoveryEntry::subsystemNqn)
                    .contains(live.nqn());
            if (live.backing() != null) {
                // More than fit into one read of the log.
                assertThat(log.entries())
                        .filteredOn(e -> e.subsystemType() == DiscoveryEntry.SUBSYSTEM_NVM)
                        .hasSize(6);
                assertThat(log.entries())
                        .filteredOn(DiscoveryEntry::isReferral)
                        .singleElement()
                        .satisfies(e -> {
                            assertThat(e.transportAddress()).isEqualTo("10.9.0.9");
                            assertThat(e.transportServiceId()).isEqualTo("4422");
                        });
            }
        }
    }

    @Test
    void discover_printsWhatNvmeDiscoverPrints(LiveTarget live) throws IOException {
        LiveTarget.run(List.of("modprobe", "nvme-rdma"));
        String expected =
                LiveTarget.run(
                        List.of(
                                "nvme",
                                "discover",
                                "-t",
                                "rdma",
                                "-a",
                                live.target().traddr(),
                                "-s",
                                Integer.toString(live.target().trsvcid())));
        try (Initiator initiator = Initiator.open()) {
            // nvme-cli keeps to itself which value it does not know.
            String text =
                    initiator
                            .discover(live.target(), LiveTarget.patient())
                            .toString()
                            .replaceAll("unrecognized \\(\\d+\\)", "unrecognized");
            assertThat(text.strip().lines().toList()).isEqualTo(expected.strip().lines().toList());
        }
    }

    @Test
    void discover_manyTimes_leavesNothing(LiveTarget live)
            throws IOException, InterruptedException {
        try (Initiator initiator = Initiator.open()) {
            initiator.discover(live.target(), LiveTarget.patient());
            Leftovers before = Leftovers.now();
            for (int i = 0; i < 20; i++) {
                assertThat(initiator.discover(live.target(), LiveTarget.patient()).entries())
                        .isNotEmpty();
            }
            before.assertNothingAdded();
        }
    }
}

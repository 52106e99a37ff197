package dev.verbena.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.ConnectOptions;
import dev.verbena.ConnectedEntry;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.nvme.DiscoveryEntry;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Names as they are in use, which are not always NQNs.
@Timeout(60)
class NamesTest {
    private final TestFabric fabric = TestFabric.open();
    private final TestTarget target = fabric.addTarget("192.0.2.1", 4420);

    @AfterEach
    void close() {
        fabric.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "testnqn",
                "t",
                "name with blanks ",
                "Größe/7",
                "nqn.2024-01.org.example:",
                "control\u0001character"
            })
    void subsystemWithIrregularName_isConnected(String name) throws IOException {
        target.addSubsystem(name).addNamespace(1, 64, 512);
        try (Initiator initiator = fabric.openInitiator();
                Controller controller = initiator.connect(target.address(), name)) {
            assertThat(controller.namespaces()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"testnqn", "name with blanks ", "Größe/7"})
    void subsystemWithIrregularName_isFoundAndConnected(String name) throws IOException {
        target.addSubsystem(name).addNamespace(1, 64, 512);
        try (Initiator initiator = fabric.openInitiator()) {
            assertThat(initiator.discover(target.address()).entries())
                    .extracting(DiscoveryEntry::subsystemNqn)
                    .containsExactly(name);
            assertThat(initiator.connectAll(target.address(), ConnectOptions.defaults()))
                    .extracting(ConnectedEntry::failure)
                    .allSatisfy(failure -> assertThat(failure).isEmpty());
        }
    }

    @Test
    void hostWithIrregularName_isUsed() throws IOException {
        target.addSubsystem("testnqn").allowHost("myhost").addNamespace(1, 64, 512);
        try (Initiator initiator = fabric.openInitiator(HostIdentity.of(Nqn.of("myhost")));
                Controller controller = initiator.connect(target.address(), "testnqn")) {
            assertThat(controller.namespaces()).hasSize(1);
        }
    }
}

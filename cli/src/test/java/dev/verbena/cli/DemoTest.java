package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.nvme.NvmOpcode;
import dev.verbena.testkit.Fault;
import dev.verbena.testkit.Occasion;
import dev.verbena.testkit.TestFabric;
import dev.verbena.testkit.TestNamespace;
import dev.verbena.testkit.TestSubsystem;
import dev.verbena.testkit.TestTarget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// `demo` against a target in memory.
class DemoTest {
    private static final String NQN = "nqn.2026-01.org.example:disk";
    private static final int BLOCK = 512;

    /// Twice as much as is written, and room for the largest piece.
    private static final int BLOCKS = 16 << 11;

    private final TestFabric fabric = TestFabric.open();
    private final TestTarget target = fabric.addTarget("192.0.2.1", 4420);
    private final TestSubsystem subsystem = target.addSubsystem(NQN);
    private final TestNamespace first = subsystem.addNamespace(1, BLOCKS, BLOCK);
    private final TestNamespace second = subsystem.addNamespace(2, BLOCKS, BLOCK);

    @AfterEach
    void close() {
        assertThat(target.controllerCount()).as("connections left behind").isZero();
        fabric.close();
    }

    private Shell.Ended demo(String address, String... more) {
        List<String> arguments = new ArrayList<>(List.of("demo", "192.0.2.1/" + address));
        arguments.addAll(List.of("--mebibytes", "4", "--seconds", "1"));
        arguments.addAll(Arrays.asList(more));
        return Shell.over(fabric).run(arguments.toArray(String[]::new));
    }

    private static boolean isEmpty(TestNamespace namespace) {
        byte[] content = namespace.read(0, BLOCKS);
        return Arrays.equals(content, new byte[content.length]);
    }

    @Test
    void confirmed_writesComparesAndMeasures() {
        Shell.Ended ended = demo(NQN + "/2", "--force");
        assertThat(ended.status()).as(ended.err()).isZero();
        assertThat(ended.out())
                .contains("subnqn:  " + NQN, "read back and compared: 4.", "Disconnected.")
                .contains("4 KiB random read, depth 1, IoQueue")
                .contains("4 KiB random read, depth 32, IoQueue", "p99.9 ");
        assertThat(isEmpty(second)).isFalse();
        assertThat(isEmpty(first)).as("the address named another namespace").isTrue();
    }

    @Test
    void json_isOneDocument() {
        Shell.Ended ended = demo(NQN, "--force", "-o", "json");
        assertThat(ended.status()).as(ended.err()).isZero();
        assertThat(ended.out().strip()).startsWith("{").endsWith("}");
        assertThat(ended.out())
                .contains("\"nsid\": 1", "\"target_storage_compared\": false")
                .contains("\"iodepth\": 1,", "\"iodepth\": 32,");
        assertThat(ended.err()).contains("Writing ", "Disconnected.");
    }

    @Test
    void unconfirmed_isRefused() {
        Shell.Ended ended = demo(NQN);
        assertThat(ended.status()).isEqualTo(4);
        assertThat(ended.err()).contains("This overwrites namespace 1 of " + NQN, "--force");
        assertThat(isEmpty(first)).isTrue();
    }

    @Test
    void dataThatWasNotStored_isFound() {
        target.inject(Occasion.io(NvmOpcode.WRITE).after(5), new Fault.Answer(0, 0));
        Shell.Ended ended = demo(NQN, "--force");
        assertThat(ended.status()).isEqualTo(1);
        assertThat(ended.err()).contains("Wrong data: read back differs").hasLineCount(1);
    }
}

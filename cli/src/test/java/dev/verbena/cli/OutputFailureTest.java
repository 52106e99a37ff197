package dev.verbena.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.verbena.testkit.TestFabric;
import dev.verbena.testkit.TestTarget;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Results that cannot be written.
class OutputFailureTest {
    private static final String NQN = "nqn.2026-01.org.example:disk";

    private TestFabric fabric = TestFabric.open();
    private TestTarget target = fabric.addTarget("192.0.2.1", 4420);

    private Shell shell() {
        return Shell.over(fabric).variable("VERBENA_TARGET", "192.0.2.1:4420/" + NQN);
    }

    @AfterEach
    void close() {
        assertThat(target.controllerCount()).as("connections left behind").isZero();
        fabric.close();
    }

    private static final class Broken extends OutputStream {
        @Override
        public void write(int value) throws IOException {
            throw new IOException("Broken pipe");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "id-ctrl",
                "id-ctrl -o json",
                "id-ctrl -o binary",
                "id-ctrl -b",
                "list",
                "list -o json",
                "list-ns",
                "flush",
                "flush -o json",
                "read",
                "read -o json",
                "get-log -i 2 -l 512",
                "get-log -i 2 -l 512 -b",
                "get-feature -f 7",
                "admin-passthru -o 6 --cdw10=1 -l 4096",
                "admin-passthru -o 6 --cdw10=1 -l 4096 -b",
                "discover",
                "discover --tree",
                "show-regs",
                "write-zeroes --force",
                "--help",
                "read --help",
                "--version",
                "generate-completion"
            })
    void outputThatCannotBeWritten_isAnError(String line) throws Exception {
        target.addSubsystem(NQN).addNamespace(1, 64, 512);
        try (OutputStream full = new FileOutputStream("/dev/full")) {
            Shell.Ended ended = shell().output(full).run(line.split(" ", -1));
            assertThat(ended.status()).as(ended.err()).isEqualTo(1);
            assertThat(ended.err())
                    .contains("Standard output cannot be written: No space left on device");
        }
        Shell.Ended ended = shell().output(new Broken()).run(line.split(" ", -1));
        assertThat(ended.status()).as(ended.err()).isEqualTo(141);
        assertThat(ended.err().replaceAll("(?m)^(read|.*latency).*\\n", "")).isEmpty();
    }

    @Test
    void watchWithoutAReader_ends() {
        target.addSubsystem(NQN);
        assertThat(shell().output(new Broken()).run("discover", "--watch").status()).isEqualTo(141);
    }

    @Test
    void errorOfTheCommand_keepsItsStatus() throws Exception {
        try (OutputStream full = new FileOutputStream("/dev/full")) {
            assertThat(Shell.withoutFabric().output(full).run("id-ctrl").status()).isEqualTo(2);
        }
    }
}

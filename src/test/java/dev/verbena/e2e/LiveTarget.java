package dev.verbena.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.Target;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The target the tests talk to, and the hands to change it.
///
/// @param backing the block device that holds namespace 1 of the first subsystem; null when the
///   target is not ours
record LiveTarget(Target target, String nqn, @Nullable String backing) {
    /// A second port at which nothing ever listens.
    static final int SILENT_PORT = 4421;

    private static final String PASSTHRU_NQN = "nqn.2016-06.io.spdk:passthru";

    /// SPDK takes its time to start in an emulated machine.
    private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(200);

    static boolean inRig() {
        return "1".equals(System.getenv("VERBENA_RIG"));
    }

    /// The address of a target that is not ours; null when there is none.
    static @Nullable String external() {
        return ExternalTarget.address(System.getenv());
    }

    /// What `up` has made.
    static LiveTarget ofRig() throws IOException {
        String nqn = null;
        String device = null;
        Target target = null;
        for (String line : rig(List.of("status")).lines().toList()) {
            String[] field = line.split(" ", -1);
            if (field[0].equals("namespace") && nqn == null) {
                nqn = field[1];
                device = field[3];
            } else if (field[0].equals("port") && target == null) {
                target = Target.rdma(field[2], Integer.parseInt(field[3]));
            }
        }
        if (nqn == null || target == null) {
            throw new IOException(
                    TargetControl.current().program() + " status names no namespace or no port");
        }
        return new LiveTarget(target, nqn, device);
    }

    /// The same with the block device of another namespace of the first subsystem.
    LiveTarget namespace(int id) throws IOException {
        String prefix = "namespace " + nqn + " " + id + " ";
        return rig(List.of("status"))
                .lines()
                .filter(line -> line.startsWith(prefix))
                .map(line -> new LiveTarget(target, nqn, line.split(" ", -1)[3]))
                .findFirst()
                .orElseThrow(() -> new IOException("rig/target status names no namespace " + id));
    }

    /// The NVMe controller that is handed through by `rig/target up --passthru`.
    LiveTarget passthru() {
        return new LiveTarget(target, PASSTHRU_NQN, namespaceOnPci(1));
    }

    /// The block device of a namespace of [#pciController]. Its name need not end in the id: Linux
    /// numbers namespaces as it finds them, and looks for several at the same time.
    static String namespaceOnPci(int id) {
        String controller = pciController();
        try (Stream<Path> all = Files.list(Path.of("/sys/block"))) {
            return all.filter(path -> path.getFileName().toString().startsWith(controller + "n"))
                    .filter(path -> isNamespace(path, Integer.toString(id)))
                    .map(path -> "/dev/" + path.getFileName())
                    .findFirst()
                    .orElseThrow(() ->
                            new IllegalStateException(controller + " has no namespace " + id));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isNamespace(Path device, String id) {
        try {
            return Files.readString(device.resolve("nsid")).strip().equals(id);
        } catch (IOException e) {
            return false;
        }
    }

    /// Name of the NVMe controller on PCI, such as `nvme0`; null when this machine has none.
    static @Nullable String pciController() {
        try (Stream<Path> all = Files.list(Path.of("/sys/class/nvme"))) {
            return all.filter(LiveTarget::isOnPci)
                    .map(path -> path.getFileName().toString())
                    .sorted()
                    .findFirst()
                    .orElse(null);
        } catch (IOException e) {
            return null;
        }
    }

    private static boolean isOnPci(Path controller) {
        try {
            // The others are connections over fabrics.
            return Files.readString(controller.resolve("transport")).strip().equals("pcie");
        } catch (IOException e) {
            return false;
        }
    }

    /// Runs the program that controls the rig's target.
    static String rig(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(TargetControl.current().program()));
        command.addAll(arguments);
        return run(command);
    }

    /// Runs a program and returns what it printed.
    static String run(List<String> command) throws IOException {
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (InputStream output = process.getInputStream()) {
            String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(COMMAND_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                throw new IOException(command + " did not end");
            }
            if (process.exitValue() != 0) {
                throw new IOException(
                        command + " ended with status " + process.exitValue() + ": " + text);
            }
            return text;
        } catch (InterruptedException e) {
            throw new IOException("Interrupted while running " + command, e);
        } finally {
            process.destroyForcibly();
        }
    }

    /// Changes the target; skips the test when the target is not ours to change.
    void change(String... arguments) throws IOException {
        assumeTrue(external() == null, "the target is not ours to change");
        rig(List.of(arguments));
    }

    /// What the target's storage holds, read on the target's side, past every cache.
    byte[] stored(long offset, int bytes) throws IOException {
        assumeTrue(backing != null, "the target's storage cannot be read from here");
        Process process =
                new ProcessBuilder(
                                "dd",
                                "if=" + backing,
                                "iflag=direct,skip_bytes,count_bytes",
                                "bs=64K",
                                "skip=" + offset,
                                "count=" + bytes,
                                "status=none")
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (InputStream output = process.getInputStream()) {
            byte[] content = output.readAllBytes();
            assertThat(content).as("bytes read from " + backing).hasSize(bytes);
            return content;
        } finally {
            process.destroyForcibly();
        }
    }

    /// Options for a machine that may stand still for seconds: keep alive is no test of the
    /// machine's speed.
    static ConnectOptions patient() {
        return ConnectOptions.defaults().withKeepAliveTimeout(Duration.ofSeconds(60));
    }

    Controller connect(Initiator initiator) throws IOException {
        return connect(initiator, patient());
    }

    Controller connect(Initiator initiator, ConnectOptions options) throws IOException {
        return initiator.connect(target, nqn, options);
    }
}

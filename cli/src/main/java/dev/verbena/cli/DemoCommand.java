package dev.verbena.cli;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.DiscoveryLog;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import dev.verbena.cli.base.TargetOptions;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `verbena demo`: everything once, on a target whose content may be overwritten.
@Command(
        name = "demo",
        description = {
            "Discover, connect, identify, write, read back, compare and measure.",
            "Overwrites what the namespace holds."
        })
final class DemoCommand implements Callable<Integer> {
    /// Also the size of the largest request.
    private static final int LARGEST_BYTES = 1 << 20;

    private static final int LOAD_BYTES = 4096;

    /// What the rig's target calls its first subsystem.
    private static final String DEFAULT_NQN = "nqn.2016-06.io.spdk:cnode1";

    @Mixin private TargetOptions target = new TargetOptions();

    @Option(
            names = "--namespace-id",
            defaultValue = "1",
            description = "Namespace to overwrite (default: ${DEFAULT-VALUE}).")
    private int namespaceId;

    @Option(
            names = "--mebibytes",
            defaultValue = "64",
            description = "How much to write (default: ${DEFAULT-VALUE}).")
    private int mebibytes;

    @Option(
            names = "--seconds",
            defaultValue = "5",
            description = "Length of each measurement (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--seed",
            defaultValue = "20250101",
            description = "Decides sizes, places and content (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--target-storage",
            split = " ",
            paramLabel = "COMMAND",
            description = {
                "A command that prints what the target's storage holds, from its first byte;",
                "what was written is compared with that as well."
            })
    private List<String> targetStorage = List.of();

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Progress progress = new Progress(out, isTerminal());
        ConnectOptions options =
                // A machine under emulation may stand still for longer than the usual 5 s.
                target.connectOptions().withKeepAliveTimeout(Duration.ofSeconds(30));
        try (Initiator initiator = target.open()) {
            progress.result("Discovery log of " + target.target() + ":");
            DiscoveryLog log = initiator.discover(target.target(), options);
            progress.result(log.toString());
            String nqn = target.subsystem().orElse(DEFAULT_NQN);
            progress.result("Connecting " + nqn + " as " + initiator.host().hostNqn());
            try (Controller controller = initiator.connect(target.target(), nqn, options)) {
                Namespace namespace = controller.namespace(namespaceId);
                progress.result(IdentityText.format(controller));
                verify(controller, progress);
                measure(controller, namespace, progress, 1);
                measure(controller, namespace, progress, 32);
            }
        }
        progress.result("Disconnected.");
        return 0;
    }

    /// Whether a person watches; a progress line is rewritten in place only then.
    // The documentation still allows null.
    @SuppressWarnings("SystemConsoleNull")
    private static boolean isTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    private void verify(Controller controller, Progress progress) throws IOException {
        try (BlockDevice device = controller.openDevice(namespaceId)) {
            Extents extents =
                    Extents.scatter(
                            seed,
                            device.byteSize(),
                            device.blockSize(),
                            LARGEST_BYTES,
                            (long) mebibytes << 20);
            progress.result(
                    "Writing "
                            + extents.all().size()
                            + " pieces of "
                            + device.blockSize()
                            + " B to 1 MiB, seed "
                            + seed);
            PatternCheck check = new PatternCheck(device, extents, LARGEST_BYTES, progress);
            check.write();
            check.readBack();
            if (!targetStorage.isEmpty()) {
                check.compareWithTarget(targetStorage);
            }
        }
    }

    private void measure(Controller controller, Namespace namespace, Progress progress, int depth)
            throws IOException {
        LoadRun.Result result =
                LoadRun.run(
                        controller,
                        namespace,
                        depth,
                        LOAD_BYTES,
                        Duration.ofSeconds(seconds),
                        seed,
                        progress);
        progress.result(result.toString());
        progress.result(HistogramText.format(result.latencies()));
    }
}

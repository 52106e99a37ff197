package dev.verbena.cli.demo;

import dev.verbena.BlockDevice;
import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.DiscoveryLog;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.Place;
import dev.verbena.cli.base.TargetOptions;
import dev.verbena.cli.perf.Latencies;
import dev.verbena.cli.perf.LiveReport;
import dev.verbena.cli.perf.PerfResult;
import dev.verbena.cli.perf.PerfRun;
import dev.verbena.cli.perf.PerfSettings;
import dev.verbena.cli.perf.Workload;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `verbena demo`: everything once, on a target whose content may be overwritten.
@Command(
        name = "demo",
        description = {
            "Discover, connect, identify, write, read back, compare and measure.",
            "Overwrites what the namespace holds, and asks before it does."
        })
public final class DemoCommand implements Callable<Integer> {
    /// Also the size of the largest request.
    private static final int LARGEST_BYTES = 1 << 20;

    private static final int LOAD_BYTES = 4096;

    private static final List<Integer> LOAD_DEPTHS = List.of(1, 32);

    /// What the rig's target calls its first subsystem.
    private static final String DEFAULT_NQN = "nqn.2016-06.io.spdk:cnode1";

    @Mixin private TargetOptions target = new TargetOptions();

    @Mixin private Output output = new Output();

    @Mixin private Confirmation confirmation = new Confirmation();

    @Option(
            names = "--namespace-id",
            converter = Numbers.Bits32.class,
            paramLabel = "NSID",
            description =
                    "Namespace to overwrite (default: the one in the target's address, or 1).")
    private @Nullable Integer namespaceId;

    @Option(
            names = "--mebibytes",
            converter = Numbers.Positive.class,
            paramLabel = "N",
            defaultValue = "64",
            description = "How much to write (default: ${DEFAULT-VALUE}).")
    private int mebibytes;

    @Option(
            names = "--seconds",
            converter = Numbers.Positive.class,
            paramLabel = "N",
            defaultValue = "5",
            description = "Length of each measurement (default: ${DEFAULT-VALUE}).")
    private int seconds;

    @Option(
            names = "--seed",
            converter = Numbers.Bits64.class,
            paramLabel = "N",
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
        output.refuseBinary();
        if (mebibytes < 1 || seconds < 1) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--mebibytes and --seconds are 1 or more");
        }
        String nqn = target.subsystem().orElse(DEFAULT_NQN);
        int namespace = namespaceId();
        confirmation.require(
                "This overwrites", Place.namespace(namespace, nqn, target.target()), "");
        Progress progress =
                new Progress(
                        output.isJson() ? output.err() : output.out(),
                        TargetOptions.environment(spec).terminal().isPresent());
        ConnectOptions options =
                // A machine under emulation may stand still for longer than the usual 5 s.
                target.connectOptions(
                        ConnectOptions.defaults().withKeepAliveTimeout(Duration.ofSeconds(30)));
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("target", target.target().toString());
        found.put("subnqn", nqn);
        found.put("nsid", Integer.toUnsignedLong(namespace));
        try (Initiator initiator = target.open()) {
            progress.result("Discovery log of " + target.target() + ":");
            DiscoveryLog log = initiator.discover(target.target(), options);
            progress.result(log.toString());
            progress.result("Connecting " + nqn + " as " + initiator.host().hostNqn());
            try (Controller controller = initiator.connect(target.target(), nqn, options)) {
                Namespace place = controller.namespace(namespace);
                progress.result(IdentityText.format(controller));
                found.putAll(verify(controller, place, progress));
                found.put("measurements", measure(controller, place, options, progress));
            }
        }
        progress.result("Disconnected.");
        if (output.isJson()) {
            output.print(new Output.Document(found, ""), null);
        }
        return 0;
    }

    private int namespaceId() {
        return target.namespaceId(namespaceId).orElse(1);
    }

    private Map<String, Object> verify(
            Controller controller, Namespace namespace, Progress progress) throws IOException {
        try (BlockDevice device = controller.openDevice(namespace.id())) {
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
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("seed", seed);
            values.put("pieces", extents.all().size());
            values.put("bytes_compared", extents.totalBytes());
            values.put("target_storage_compared", !targetStorage.isEmpty());
            return values;
        }
    }

    private List<Map<String, Object>> measure(
            Controller controller, Namespace namespace, ConnectOptions options, Progress progress)
            throws IOException {
        int bytes = Math.max(LOAD_BYTES, namespace.blockSize());
        List<Map<String, Object>> all = new ArrayList<>();
        for (int depth : LOAD_DEPTHS) {
            PerfSettings settings =
                    PerfSettings.ofQueue(
                            new Workload(true, 100, bytes, 0, 0, seed),
                            depth,
                            Duration.ofSeconds(seconds),
                            options.waitMode());
            PerfResult result =
                    PerfRun.run(controller, namespace, settings, new Watching(progress, bytes));
            if (result.interrupted()) {
                throw new InterruptedIOException("Interrupted while measuring");
            }
            progress.result(result.toText() + HistogramText.format(result.latencies().reads()));
            all.add(result.values());
        }
        return all;
    }

    /// Lets the progress line tell how a load goes.
    private record Watching(Progress progress, int blockBytes) implements PerfRun.Observer {
        @Override
        public void interval(String phase, Latencies interval, long start, long end, long whole) {
            if (progress.due()) {
                progress.line(
                        "  " + LiveReport.line(phase, blockBytes, interval, start, end, whole));
            }
        }

        @Override
        public void readingBack() {}
    }
}

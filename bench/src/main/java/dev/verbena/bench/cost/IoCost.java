package dev.verbena.bench.cost;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.MemoryMode;
import dev.verbena.Namespace;
import dev.verbena.Target;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Random reads, or writes, for a while, and what each cost: CPU time, wall clock, bytes allocated.
///
/// Over the null fabric (`bench/nullfabric`) that is the initiator's own cost. Its queues report
/// the same from the device's side with `NULLFABRIC_STATS`, which is how `bench/nullfabric/compare`
/// sets this program beside others.
@Command(
        name = "io-cost",
        mixinStandardHelpOptions = true,
        description = "Random I/O: CPU time, wall clock and allocation per I/O.")
public final class IoCost implements Callable<Integer> {
    private static final int IOS_PER_WINDOW_MIN = 1000;
    private static final String NULL_FABRIC = "nqn.2026-01.invalid.nullfabric";

    enum Level {
        /// `IoQueue`.
        QUEUE,
        /// `BlockDevice.readAsync`.
        ASYNC,
        /// `BlockDevice.read` in virtual threads.
        BLOCKING
    }

    @Option(names = "--level", description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE})")
    private Level level = Level.QUEUE;

    @Option(names = "--depth", description = "I/Os outstanding (default ${DEFAULT-VALUE})")
    private int depth = 1;

    @Option(names = "--bytes", description = "of a read (default ${DEFAULT-VALUE})")
    private int bytes = 4096;

    @Option(names = "--write", description = "writes instead of reads (level queue only)")
    private boolean write;

    @Option(
            names = "--overwrite",
            description =
                    "the target may be overwritten (--write wants it of every subsystem but the null fabric's)")
    private boolean overwrite;

    @Option(names = "--memory", description = "${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE})")
    private MemoryMode memory = MemoryMode.AUTO;

    @Option(names = "--warm-up", description = "CPU seconds not counted (default ${DEFAULT-VALUE})")
    private int warmUpSeconds = 4;

    @Option(names = "--windows", description = "windows measured (default ${DEFAULT-VALUE})")
    private int windows = 21;

    @Option(names = "--window-ms", description = "CPU time of a window (default ${DEFAULT-VALUE})")
    private int windowMillis = 200;

    @Option(names = "--traddr", description = "address (default ${DEFAULT-VALUE})")
    private String traddr = "127.0.0.1";

    @Option(names = "--nqn", description = "subsystem (default ${DEFAULT-VALUE})")
    private String nqn = NULL_FABRIC + ":cnode1";

    private IoCost() {}

    public static void main(String... args) {
        System.exit(
                new CommandLine(new IoCost())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .execute(args));
    }

    @Override
    public Integer call() throws IOException {
        if (write && level != Level.QUEUE) {
            throw new CommandLine.ParameterException(
                    new CommandLine(this), "--write goes with --level queue only");
        }
        if (write && !overwrite && !nqn.startsWith(NULL_FABRIC)) {
            throw new CommandLine.ParameterException(
                    new CommandLine(this),
                    "--write overwrites a namespace of " + nqn + ": say --overwrite as well");
        }
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withQueueSize(Math.max(128, depth + 1))
                        .withMemoryMode(memory);
        try (Initiator initiator = Initiator.open();
                Controller controller = initiator.connect(Target.rdma(traddr), nqn, options);
                Load load = open(controller)) {
            long perWindow = warmUp(load);
            Windows measured = Windows.measure(load, windows, perWindow);
            System.out.printf(
                    "%s depth %d, %d-byte %s, %d windows of %d%n",
                    level, depth, bytes, write ? "writes" : "reads", windows, perWindow);
            measured.print(System.out, load.ownThreadOnly());
        }
        return 0;
    }

    private Load open(Controller controller) throws IOException {
        Namespace namespace = controller.namespaces().getFirst();
        return switch (level) {
            case QUEUE -> new QueueLoad(controller, namespace, depth, bytes, write);
            case ASYNC -> new AsyncLoad(controller, namespace, depth, bytes);
            case BLOCKING -> new BlockingLoad(controller, namespace, depth, bytes);
        };
    }

    /// Runs until the time is over. CPU time, so that a busy machine does not shorten it.
    ///
    /// @return how many I/Os fill a window
    private long warmUp(Load load) throws IOException {
        long end = Windows.cpuNanos(load) + TimeUnit.SECONDS.toNanos(warmUpSeconds);
        long ios = IOS_PER_WINDOW_MIN;
        do {
            long start = Windows.cpuNanos(load);
            load.run(ios);
            long nanos = Math.max(1, Windows.cpuNanos(load) - start);
            long fitting = TimeUnit.MILLISECONDS.toNanos(windowMillis) * ios / nanos;
            ios = Math.clamp(fitting, IOS_PER_WINDOW_MIN, 2 * ios);
        } while (Windows.cpuNanos(load) < end);
        return ios;
    }
}

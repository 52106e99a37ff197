package dev.verbena.cli.perf;

import dev.verbena.ConnectOptions;
import dev.verbena.Controller;
import dev.verbena.Initiator;
import dev.verbena.Namespace;
import dev.verbena.cli.base.Confirmation;
import dev.verbena.cli.base.Failures;
import dev.verbena.cli.base.NamespaceOption;
import dev.verbena.cli.base.Numbers;
import dev.verbena.cli.base.Output;
import dev.verbena.cli.base.TargetOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `verbena perf`: load, measured.
@Command(
        name = "perf",
        description = {
            "Read and write for a while, and measure: IOPS, bandwidth, latency by percentile.",
            "Options are fio's where fio has them. Ctrl-C ends the load early and prints what was",
            "measured until then."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  verbena perf nvmf-rdma://10.9.0.1/NQN --iodepth 32 --runtime 10",
            "  verbena perf nvmf-rdma://10.9.0.1/NQN --rw randrw --rwmixread 70 --verify",
            "  verbena perf nvmf-rdma://10.9.0.1/NQN --level 2 --plot latency.svg -o json"
        })
public final class PerfCommand implements Callable<Integer> {
    /// A machine under emulation may stand still for longer than the usual 5 s.
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(30);

    @Mixin private TargetOptions target = new TargetOptions();

    @Mixin private NamespaceOption namespace = new NamespaceOption();

    @Mixin private Output output = new Output();

    @Mixin private Confirmation confirmation = new Confirmation();

    @Option(
            names = {"--rw", "--readwrite"},
            paramLabel = "PATTERN",
            converter = PatternConverter.class,
            defaultValue = "randread",
            description =
                    "read, write, rw, randread, randwrite or randrw (default: ${DEFAULT-VALUE}).")
    private Workload.Pattern pattern = Workload.Pattern.RANDREAD;

    @Option(
            names = "--rwmixread",
            converter = Numbers.Count.class,
            paramLabel = "PERCENT",
            defaultValue = "50",
            description = "Share of reads of rw and randrw, 0..100 (default: ${DEFAULT-VALUE}).")
    private int mix;

    @Option(
            names = {"--bs", "--blocksize"},
            paramLabel = "SIZE",
            converter = Quantity.Bytes.class,
            defaultValue = "4k",
            description = "Bytes of an I/O, like 4k or 128k (default: ${DEFAULT-VALUE}).")
    private Long blockBytes = 0L;

    @Option(
            names = "--iodepth",
            converter = Numbers.Count.class,
            paramLabel = "N",
            defaultValue = "1",
            description = "I/Os that each thread keeps outstanding (default: ${DEFAULT-VALUE}).")
    private int depth;

    @Option(
            names = {"--threads", "--numjobs"},
            converter = Numbers.Count.class,
            paramLabel = "N",
            defaultValue = "1",
            description = "Threads (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(
            names = "--queues",
            converter = Numbers.Count.class,
            paramLabel = "N",
            description = {
                "I/O queues (default: one per thread). At level 1 a thread with several polls",
                "them as a group."
            })
    private @Nullable Integer queues;

    @Option(
            names = "--runtime",
            paramLabel = "TIME",
            converter = Quantity.Time.class,
            defaultValue = "10s",
            description = "How long to measure, like 10, 500ms or 2m (default: ${DEFAULT-VALUE}).")
    private Duration runtime = Duration.ZERO;

    @Option(
            names = {"--ramp", "--ramp_time"},
            paramLabel = "TIME",
            converter = Quantity.Time.class,
            defaultValue = "2s",
            description = {
                "Load before that, not measured, while the compilers work",
                "(default: ${DEFAULT-VALUE})."
            })
    private Duration ramp = Duration.ZERO;

    @Option(
            names = "--offset",
            paramLabel = "SIZE",
            converter = Quantity.Bytes.class,
            defaultValue = "0",
            description = "Where the range that is used begins (default: ${DEFAULT-VALUE}).")
    private Long offset = 0L;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = Quantity.Bytes.class,
            defaultValue = "0",
            description = "How long the range is (default: up to the namespace's end).")
    private Long size = 0L;

    @Option(
            names = "--randseed",
            converter = Numbers.Bits64.class,
            paramLabel = "N",
            defaultValue = "1",
            description = "Decides places and patterns (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--level",
            converter = Numbers.Count.class,
            paramLabel = "N",
            defaultValue = "1",
            description = "API: 1 IoQueue, 2 BlockDevice, 3 channel (default: ${DEFAULT-VALUE}).")
    private int level;

    @Option(
            names = "--blocking",
            description = "Levels 2 and 3: blocking calls of virtual threads, one for each I/O.")
    private boolean blocking;

    @Option(
            names = "--in-capsule",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Whether small writes travel in the command capsule (default: they do).")
    private boolean inCapsule;

    @Option(
            names = "--spin",
            paramLabel = "TIME",
            converter = Quantity.Time.class,
            description = "Level 1: longest spin of adaptive waiting (default: 50 µs).")
    private @Nullable Duration spin;

    @Option(
            names = "--verify",
            description = {
                "Write blocks that say which they are and which version, check every block that",
                "is read, and read back at the end what was written."
            })
    private boolean verify;

    @Option(
            names = "--live",
            negatable = true,
            description = "A line that tells how it goes (default: on a terminal).")
    private @Nullable Boolean live;

    @Option(
            names = "--hdr-log",
            paramLabel = "FILE",
            description = "Write latencies, second by second, as HdrHistogram log.")
    private @Nullable Path hdrLog;

    @Option(
            names = "--plot",
            paramLabel = "FILE",
            description = "Draw latency by percentile, as .svg or .png.")
    private @Nullable Path plot;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
        target.nqn();
        output.refuseBinary();
        PerfSettings settings = settings();
        if (settings.workload().writes()) {
            confirmation.require("This overwrites", namespace.place(target), "");
        }
        PerfResult result;
        try (Initiator initiator = target.open();
                Controller controller =
                        initiator.connect(target.target(), target.nqn(), options(settings));
                LiveReport report =
                        new LiveReport(
                                output.err(), isLive(), settings.workload().blockBytes(), hdrLog)) {
            Namespace place = controller.namespace(namespace.resolve(target, controller));
            result = PerfRun.run(controller, place, settings, report);
        }
        output.print(result, null);
        draw(result);
        return result.interrupted() ? Failures.INTERRUPTED : Failures.OK;
    }

    private PerfSettings settings() throws IOException {
        try {
            require(mix >= 0 && mix <= 100, "--rwmixread is 0..100, not " + mix);
            require(blockBytes > 0 && blockBytes <= 1 << 30, "--bs is 512 to 1g");
            requirePicture(plot);
            Integer wantedQueues = queues;
            return new PerfSettings(
                    new Workload(
                            pattern.random(),
                            pattern.readPercent(mix),
                            Math.toIntExact(blockBytes),
                            offset,
                            size,
                            seed),
                    level,
                    blocking,
                    depth,
                    threads,
                    wantedQueues == null ? threads : wantedQueues,
                    runtime,
                    ramp,
                    verify,
                    target.connectOptions().waitMode(),
                    spin);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    /// Better now than after an hour of load.
    private static void requirePicture(@Nullable Path file) throws IOException {
        if (file == null) {
            return;
        }
        require(PercentilePlot.isSupported(file), "--plot wants a name that ends in .svg or .png");
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
            throw new IOException("--plot " + file + ": there is no such folder to write to");
        }
        PercentilePlot.rehearse(file);
    }

    /// As many queues as are used, and as deep.
    private ConnectOptions options(PerfSettings settings) throws IOException {
        boolean polled = settings.level() == 1;
        int perQueue = (settings.depth() * settings.threads() - 1) / settings.queues() + 1;
        ConnectOptions options =
                ConnectOptions.defaults()
                        .withKeepAliveTimeout(KEEP_ALIVE)
                        .withIoQueues(polled ? 1 : settings.queues())
                        .withPollQueues(polled ? settings.queues() : 0)
                        .withQueueSize(
                                Math.clamp(
                                        perQueue + 1,
                                        ConnectOptions.defaults().queueSize(),
                                        1 << 15));
        options = target.connectOptions(options);
        return inCapsule ? options : options.withInCapsuleData(false);
    }

    private boolean isLive() {
        Boolean wanted = live;
        return wanted == null ? TargetOptions.environment(spec).terminal().isPresent() : wanted;
    }

    private void draw(PerfResult result) throws IOException {
        Path file = plot;
        if (file == null || result.latencies().count() == 0) {
            return;
        }
        List<PercentilePlot.Curve> curves =
                Stream.of(
                                new PercentilePlot.Curve("read", result.latencies().reads()),
                                new PercentilePlot.Curve("write", result.latencies().writes()))
                        .filter(curve -> curve.latencies().getTotalCount() > 0)
                        .toList();
        String title =
                String.format(Locale.ROOT, "%s: %,.0f IOPS", result.headline(), result.iops());
        PercentilePlot.write(file, title, curves);
    }

    /// fio writes patterns in small letters.
    static final class PatternConverter
            implements picocli.CommandLine.ITypeConverter<Workload.Pattern> {
        @Override
        public Workload.Pattern convert(String text) {
            for (Workload.Pattern each : Workload.Pattern.values()) {
                if (each.toString().equals(text)) {
                    return each;
                }
            }
            if (text.equals("readwrite")) {
                return Workload.Pattern.RW;
            }
            throw new picocli.CommandLine.TypeConversionException(
                    "'" + text + "' is not read, write, rw, randread, randwrite or randrw");
        }
    }
}

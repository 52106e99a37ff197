package dev.verbena.cli.perf;

import com.sun.management.OperatingSystemMXBean;
import dev.verbena.BlockDevice;
import dev.verbena.Controller;
import dev.verbena.DmaArena;
import dev.verbena.Namespace;
import dev.verbena.QueueStatistics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// A load, from its first to its last I/O.
///
/// Threads: one.
public final class PerfRun {
    /// Time between two looks at what was recorded.
    private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// Buffers begin at a page.
    private static final int PAGE = 4096;

    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /// Is told how it goes, on the thread that runs it.
    public interface Observer {
        /// An interval has passed.
        ///
        /// @param phase "ramp" or "run"
        /// @param interval what happened in it
        /// @param start of the interval, in nanoseconds since the phase began
        /// @param end of the interval
        /// @param whole length of the phase
        void interval(String phase, Latencies interval, long start, long end, long whole);

        /// The time is over, and what was written is read back.
        void readingBack();
    }

    private final Controller controller;
    private final Namespace namespace;
    private final PerfSettings settings;
    private final Observer observer;
    private final RunState state = new RunState();
    private final List<Stream> streams = new ArrayList<>();
    private final List<Meter> meters = new ArrayList<>();
    private final Latencies interval = new Latencies();

    private PerfRun(
            Controller controller, Namespace namespace, PerfSettings settings, Observer observer) {
        this.controller = controller;
        this.namespace = namespace;
        this.settings = settings;
        this.observer = observer;
    }

    /// Runs a load. When the calling thread is interrupted, the load ends, and what was measured
    /// until then is the result.
    ///
    /// @throws IOException when an I/O fails, or verification finds something wrong
    public static PerfResult run(
            Controller controller, Namespace namespace, PerfSettings settings, Observer observer)
            throws IOException {
        PerfRun run = new PerfRun(controller, namespace, settings, observer);
        int blockBytes = settings.workload().blockBytes();
        long each = (blockBytes + PAGE - 1L) / PAGE * PAGE;
        try (DmaArena arena =
                controller.newArena(
                        Math.multiplyExact(each, (long) settings.depth() * settings.threads()))) {
            try {
                run.open(arena);
                return run.measure();
            } finally {
                run.streams.forEach(Stream::close);
            }
        }
    }

    private void open(DmaArena arena) throws IOException {
        Workload workload = settings.workload();
        int blockSize = namespace.blockSize();
        PerfRange.check(workload, namespace);
        long bytes =
                workload.sizeBytes() == 0
                        ? namespace.byteSize() - workload.offsetBytes()
                        : workload.sizeBytes();
        long units = bytes / workload.blockBytes();
        int slotCount = settings.depth() * settings.threads();
        if (settings.verify()) {
            PerfRange.checkVerifiable(units, slotCount);
        }
        for (int thread = 0; thread < settings.threads(); thread++) {
            Slot.Range range =
                    new Slot.Range(
                            namespace,
                            workload.offsetBytes() / blockSize,
                            units,
                            workload.blockBytes() / blockSize,
                            slotCount,
                            // Sequential streams begin in different places.
                            new AtomicLong(units / settings.threads() * thread),
                            settings.verify()
                                    ? new BlockPattern(workload.seed(), blockSize)
                                    : null);
            Meter meter = settings.level() == 1 ? Meter.ofOneThread() : Meter.shared();
            meters.add(meter);
            Slot[] slots = new Slot[settings.depth()];
            for (int i = 0; i < slots.length; i++) {
                slots[i] =
                        new Slot(
                                state,
                                workload,
                                range,
                                meter,
                                arena.allocate(workload.blockBytes(), PAGE),
                                thread * slots.length + i);
            }
            streams.add(open(slots, thread));
        }
    }

    private Stream open(Slot[] slots, int thread) throws IOException {
        if (settings.level() == 1) {
            int queues =
                    settings.queues() / settings.threads()
                            + (thread < settings.queues() % settings.threads() ? 1 : 0);
            return QueueStream.open(
                    state, controller, slots, queues, settings.waitMode(), settings.spin());
        }
        BlockDevice device = controller.openDevice(namespace.id());
        if (settings.level() == 2) {
            return settings.blocking()
                    ? BlockingStream.ofDevice(state, device, slots)
                    : ChainStream.ofDevice(state, device, slots);
        }
        return settings.blocking()
                ? BlockingStream.ofChannel(state, device, slots)
                : ChainStream.ofChannel(state, device, slots);
    }

    private PerfResult measure() throws IOException {
        List<Thread> threads = new ArrayList<>();
        for (Stream stream : streams) {
            threads.add(Thread.ofPlatform().name("perf-" + threads.size()).start(stream::run));
        }
        Latencies total = new Latencies();
        boolean interrupted = false;
        long elapsed = 0;
        long cpu = 0;
        List<QueueStatistics> before = List.of();
        try {
            follow("ramp", settings.ramp(), new Latencies());
            collect();
            before = statistics();
            cpu = SYSTEM.getProcessCpuTime();
            elapsed = -System.nanoTime();
            follow("run", settings.runtime(), total);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (elapsed != 0) {
            elapsed += System.nanoTime();
            cpu = SYSTEM.getProcessCpuTime() - cpu;
            collect();
            total.add(interval);
        }
        List<QueueStatistics> after = statistics();
        interrupted |= end(threads, interrupted);
        state.rethrow();
        return new PerfResult(
                settings,
                total,
                controller.memoryMode(),
                controller.inCapsuleBytesMax(),
                elapsed,
                cpu,
                PerfResult.Counts.between(before, after),
                settings.verify() && !interrupted,
                interrupted);
    }

    /// Waits for a phase to end.
    private void follow(String phase, Duration length, Latencies total)
            throws InterruptedException {
        long whole = length.toNanos();
        long begin = System.nanoTime();
        long last = 0;
        while (last < whole) {
            long next = Math.min(whole, last + TICK_NANOS);
            if (state.awaitAbandoned(begin + next - System.nanoTime())) {
                return;
            }
            long now = System.nanoTime() - begin;
            collect();
            total.add(interval);
            observer.interval(phase, interval, last, now, whole);
            last = now;
        }
    }

    private void collect() {
        interval.clear();
        for (Meter meter : meters) {
            meter.collect(interval);
        }
    }

    private List<QueueStatistics> statistics() {
        List<QueueStatistics> all = new ArrayList<>();
        for (Stream stream : streams) {
            all.addAll(stream.statistics());
        }
        return all;
    }

    /// Lets the streams come to their end.
    ///
    /// @return whether this thread was interrupted meanwhile
    private boolean end(List<Thread> threads, boolean interrupted) {
        if (interrupted) {
            state.abandon();
        } else {
            state.end();
            if (settings.verify() && settings.workload().writes() && !state.isAbandoned()) {
                observer.readingBack();
            }
        }
        boolean interruptedNow = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    // What they have under way ends by itself, or by its time-out.
                    interruptedNow = true;
                    state.abandon();
                }
            }
        }
        return interruptedNow;
    }
}

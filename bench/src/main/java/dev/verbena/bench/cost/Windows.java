package dev.verbena.bench.cost;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;

/// Runs a load in windows of equal length and keeps what each window cost per I/O: the median
/// leaves out windows that something else disturbed.
final class Windows {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final double[] threadNanos;
    private final double[] processNanos;
    private final double[] wallNanos;
    private final double[] threadBytes;
    private final double[] processBytes;

    private Windows(int count) {
        threadNanos = new double[count];
        processNanos = new double[count];
        wallNanos = new double[count];
        threadBytes = new double[count];
        processBytes = new double[count];
    }

    /// @param ios I/Os of a window
    static Windows measure(Load load, int count, long ios) throws IOException {
        Windows windows = new Windows(count);
        for (int i = 0; i < count; i++) {
            long wall = System.nanoTime();
            long thread = THREADS.getCurrentThreadCpuTime();
            long process = SYSTEM.getProcessCpuTime();
            long allocated = THREADS.getCurrentThreadAllocatedBytes();
            long allocatedAll = THREADS.getTotalThreadAllocatedBytes();
            load.run(ios);
            windows.threadBytes[i] =
                    perIo(THREADS.getCurrentThreadAllocatedBytes() - allocated, ios);
            windows.processBytes[i] =
                    perIo(THREADS.getTotalThreadAllocatedBytes() - allocatedAll, ios);
            windows.processNanos[i] = perIo(SYSTEM.getProcessCpuTime() - process, ios);
            windows.threadNanos[i] = perIo(THREADS.getCurrentThreadCpuTime() - thread, ios);
            windows.wallNanos[i] = perIo(System.nanoTime() - wall, ios);
        }
        return windows;
    }

    /// CPU time so far of what does the work: of this thread, or of all.
    static long cpuNanos(Load load) {
        return load.ownThreadOnly()
                ? THREADS.getCurrentThreadCpuTime()
                : SYSTEM.getProcessCpuTime();
    }

    private static double perIo(long total, long ios) {
        return (double) total / ios;
    }

    void print(PrintStream out, boolean threadOnly) {
        if (threadOnly) {
            line(out, "thread CPU, ns/IO", threadNanos);
        }
        line(out, "process CPU, ns/IO", processNanos);
        line(out, "wall, ns/IO", wallNanos);
        line(out, "allocated, B/IO", threadOnly ? threadBytes : processBytes);
    }

    private static void line(PrintStream out, String what, double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        out.printf(
                Locale.ROOT,
                "  %-20s min %8.2f  median %8.2f  max %8.2f%n",
                what,
                sorted[0],
                sorted[sorted.length / 2],
                sorted[sorted.length - 1]);
    }
}

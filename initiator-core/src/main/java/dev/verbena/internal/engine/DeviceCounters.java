package dev.verbena.internal.engine;

import dev.verbena.DeviceStatistics;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;

/// Counts of one queue: written by its owner without any fence, read by others a little late.
final class DeviceCounters {
    static final int REQUESTS = 0;
    static final int FAILED = 1;
    static final int COMMANDS = 2;
    static final int BOUNCED = 3;
    static final int BOUNCED_BYTES = 4;
    static final int RETRIED = 5;
    static final int REPEATED = 6;
    static final int RETRY_REFUSED = 7;
    static final int RETRY_BUDGET = 8;
    static final int WAITS = 9;
    static final int POLLS = 10;
    static final int EMPTY_POLLS = 11;
    static final int EXPIRED = 12;
    private static final int COUNT = 13;

    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] values = new long[COUNT];

    void add(int counter, long amount) {
        LONGS.setOpaque(values, counter, values[counter] + amount);
    }

    void set(int counter, long value) {
        LONGS.setOpaque(values, counter, value);
    }

    /// What all workers have counted together.
    static DeviceStatistics statistics(List<DeviceWorker> workers) {
        return new DeviceStatistics(
                sum(workers, REQUESTS),
                sum(workers, FAILED),
                sum(workers, COMMANDS),
                sum(workers, BOUNCED),
                sum(workers, BOUNCED_BYTES),
                sum(workers, RETRIED),
                sum(workers, REPEATED),
                sum(workers, RETRY_REFUSED),
                sum(workers, RETRY_BUDGET),
                sum(workers, WAITS),
                sum(workers, POLLS),
                sum(workers, EMPTY_POLLS),
                (int) workers.stream().filter(DeviceWorker::isAttached).count(),
                workers.stream().mapToLong(worker -> worker.turns().inboxWaitCount()).sum(),
                sum(workers, EXPIRED));
    }

    private static long sum(List<DeviceWorker> workers, int counter) {
        return workers.stream().mapToLong(worker -> worker.counters().get(counter)).sum();
    }

    /// Any thread.
    long get(int counter) {
        return (long) LONGS.getOpaque(values, counter);
    }
}

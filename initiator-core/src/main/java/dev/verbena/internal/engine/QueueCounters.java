package dev.verbena.internal.engine;

import dev.verbena.QueueStatistics;
import dev.verbena.nvme.NvmeStatus;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What happened on one queue, counted since it was opened.
///
/// Threads: the queue's owner counts, with plain additions, so that counting costs no more than the
/// addition. [#snapshot] may run anywhere; it sees each counter whole, possibly some moments old,
/// and not all of them as of the same moment.
public final class QueueCounters {
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    /// Commands by the way of their data; their sum is what was submitted.
    static final int WITHOUT_DATA = 0;

    static final int COMPLETED = 1;
    static final int IN_CAPSULE = 2;
    static final int KEYED = 3;
    static final int KEYED_LIST = 4;
    static final int BOUNCED = 5;

    /// Polls that found something.
    static final int POLLS = 6;

    static final int EMPTY_POLLS = 7;
    static final int WAITS = 8;
    static final int EXPIRED = 9;
    static final int DOORBELLS = 10;
    static final int WINDOWS_BOUND = 11;
    static final int REMOTE_INVALIDATIONS = 12;
    static final int LOCAL_INVALIDATIONS = 13;

    /// First of eight, one per status code type.
    private static final int ERRORS = 16;

    private final long[] values = new long[ERRORS + 8];

    void count(int counter) {
        values[counter]++;
    }

    /// Counts a completion.
    ///
    /// @param status NVMe status field, 0 for success
    void completed(int status) {
        values[COMPLETED]++;
        if (status != 0) {
            values[ERRORS + (status >>> 8 & 7)]++;
        }
    }

    /// Owner only.
    long value(int counter) {
        return values[counter];
    }

    private long read(int index) {
        return (long) LONGS.getOpaque(values, index);
    }

    private long errors(int statusCodeType) {
        return read(ERRORS + statusCodeType);
    }

    /// Commands accepted so far.
    long submitted() {
        return read(WITHOUT_DATA) + read(IN_CAPSULE) + read(KEYED) + read(KEYED_LIST);
    }

    /// Commands completed so far.
    long completed() {
        return read(COMPLETED);
    }

    /// The counters as a record.
    QueueStatistics snapshot() {
        // Codes 4 to 6 are reserved: who sends them has a meaning of his own.
        long vendor = errors(4) + errors(5) + errors(6) + errors(NvmeStatus.TYPE_VENDOR);
        return new QueueStatistics(
                submitted(),
                read(COMPLETED),
                errors(NvmeStatus.TYPE_GENERIC),
                errors(NvmeStatus.TYPE_COMMAND_SPECIFIC),
                errors(NvmeStatus.TYPE_MEDIA),
                errors(NvmeStatus.TYPE_PATH),
                vendor,
                read(IN_CAPSULE),
                read(KEYED),
                read(KEYED_LIST),
                read(BOUNCED),
                read(WINDOWS_BOUND),
                read(REMOTE_INVALIDATIONS),
                read(LOCAL_INVALIDATIONS),
                read(DOORBELLS),
                read(POLLS) + read(EMPTY_POLLS),
                read(EMPTY_POLLS),
                read(WAITS),
                read(EXPIRED));
    }
}

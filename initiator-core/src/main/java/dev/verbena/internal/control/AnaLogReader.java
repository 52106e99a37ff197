package dev.verbena.internal.control;

import dev.verbena.nvme.WireFormatException;
import dev.verbena.nvme.log.AnaLog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Reads the ANA log as a whole, whatever one command can move: in pieces, each of which goes on
/// where what is known ends, so never past the end of the log.
///
/// The log may change in between, so its head is read again at the end, and everything once more
/// when it moved. A controller may return less than it was asked for; then the next piece goes on
/// from there. And it may ignore the offset: then the next piece is the beginning again, and the
/// log is read with one command, without the namespaces where it is too long.
///
/// The first command lets the event come again: whatever changes from then on is announced.
final class AnaLogReader {
    /// Times the log is read because it changed meanwhile.
    static final int ATTEMPTS_MAX = 10;

    /// Commands of one reading, however little each brings: the longest log takes about a thousand
    /// where a command moves 4 KiB.
    static final int COMMANDS_MAX = 4096;

    /// A log of more groups and namespaces than anyone has; its size comes from the network.
    static final int LOG_BYTES_MAX = 1 << 22;

    /// Bytes that are read again with each piece, to see that it belongs where it was asked for.
    private static final int OVERLAP = AnaLog.HEADER_SIZE + AnaLog.GROUP_SIZE;

    private static final int STATE_OFFSET = 16;

    /// Change count and number of groups.
    private static final int HEAD_BYTES = 10;

    /// Where the bytes come from; the controller, or a test's log.
    interface Source {
        MemorySegment read(boolean groupsOnly, boolean retainEvent, int bytes, long offset)
                throws IOException;
    }

    private final Source source;
    private final long groupIdMaximum;
    private final int expectedBytes;
    private final int pieceBytesMax;

    /// Commands that were sent for the present attempt.
    private int commands;

    private int allCommands;

    /// @param groupIdMaximum ANAGRPMAX
    /// @param expectedBytes length of the log by what the controller says of itself
    /// @param pieceBytesMax most bytes of one command; 128 at least, so that each piece goes on
    AnaLogReader(Source source, long groupIdMaximum, long expectedBytes, int pieceBytesMax) {
        this.source = source;
        this.groupIdMaximum = groupIdMaximum;
        this.pieceBytesMax = pieceBytesMax & ~3;
        this.expectedBytes = (int) Math.min(expectedBytes, this.pieceBytesMax - 3L);
    }

    /// Reads the log.
    ///
    /// @throws WireFormatException when it contradicts itself, or is too long to be read
    /// @throws IOException when it cannot be read, or kept changing
    AnaLog read() throws IOException {
        for (int attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
            commands = 0;
            byte[] log = whole();
            if (commands == 1 || isSameHead(log)) {
                return AnaLog.decode(MemorySegment.ofArray(log), groupIdMaximum);
            }
        }
        throw new IOException(
                "The ANA log changed "
                        + ATTEMPTS_MAX
                        + " times while it was read; it is read again");
    }

    private boolean isSameHead(byte[] log) throws IOException {
        byte[] now = piece(false, AnaLog.HEADER_SIZE, 0);
        return Arrays.equals(now, 0, HEAD_BYTES, log, 0, HEAD_BYTES);
    }

    private byte[] piece(boolean groupsOnly, long bytes, long offset) throws IOException {
        if (allCommands++ == COMMANDS_MAX) {
            throw new IOException(
                    "The ANA log was not read whole by " + COMMANDS_MAX + " commands");
        }
        int rounded = (int) (Math.min(bytes, pieceBytesMax) + 3) & ~3;
        boolean retainEvent = commands++ > 0;
        return source.read(groupsOnly, retainEvent, rounded, offset).toArray(ValueLayout.JAVA_BYTE);
    }

    private byte[] whole() throws IOException {
        byte[] log = piece(false, Math.max(expectedBytes, AnaLog.HEADER_SIZE), 0);
        Extent extent = Extent.of(log);
        while (!extent.isComplete()) {
            if (extent.needed() > LOG_BYTES_MAX) {
                throw tooLong(extent, LOG_BYTES_MAX);
            }
            int from = Math.max(0, extent.known() - OVERLAP);
            byte[] next = piece(false, extent.needed() - from, from);
            int overlap = extent.known() - from;
            if (!Arrays.equals(next, 0, overlap, log, from, from + overlap)) {
                // Another log than before, or the same from its beginning.
                return Arrays.equals(next, 0, overlap, log, 0, overlap) ? atOnce(extent, log) : log;
            }
            log = Arrays.copyOf(log, from + next.length);
            System.arraycopy(next, 0, log, from, next.length);
            Extent further = Extent.of(log);
            if (further.known() <= extent.known()) {
                // Nothing more comes; the decoder says what is wrong with it.
                return log;
            }
            extent = further;
        }
        return log;
    }

    /// Each command brings the beginning of the log.
    private byte[] atOnce(Extent seen, byte[] first) throws IOException {
        Extent extent = seen;
        byte[] log = first;
        while (!extent.isComplete() && extent.needed() <= pieceBytesMax) {
            log = piece(false, extent.needed(), 0);
            Extent further = Extent.of(log);
            if (further.known() <= extent.known()) {
                return log;
            }
            extent = further;
        }
        if (extent.isComplete()) {
            return log;
        }
        log = piece(true, AnaLog.HEADER_SIZE + (long) AnaLog.GROUP_SIZE * groups(log), 0);
        Extent withoutNamespaces = Extent.of(log);
        if (!withoutNamespaces.isComplete() && withoutNamespaces.needed() > pieceBytesMax) {
            throw tooLong(withoutNamespaces, pieceBytesMax);
        }
        return log;
    }

    private static WireFormatException tooLong(Extent extent, int most) {
        return new WireFormatException(
                "ANA Log: it has " + extent.needed() + " bytes or more; " + most + " can be read");
    }

    private static int u16(byte[] log, int offset) {
        return (log[offset] & 0xFF) | (log[offset + 1] & 0xFF) << 8;
    }

    private static long u32(byte[] log, int offset) {
        return u16(log, offset) | (long) u16(log, offset + 2) << 16;
    }

    private static int groups(byte[] log) {
        return u16(log, 8);
    }

    /// How far a log is there.
    ///
    /// @param known bytes that are there for certain: no identifier and no state is 0, so that is
    ///   where a controller stopped writing
    /// @param needed least length of the log, by what is known of it
    private record Extent(int known, long needed) {
        boolean isComplete() {
            return known >= needed;
        }

        static Extent of(byte[] log) {
            int left = groups(log);
            int at = AnaLog.HEADER_SIZE;
            while (left > 0) {
                if (at + AnaLog.GROUP_SIZE > log.length
                        || u32(log, at) == 0
                        || log[at + STATE_OFFSET] == 0) {
                    return new Extent(at, at + (long) AnaLog.GROUP_SIZE * left);
                }
                long namespaces = u32(log, at + 4);
                long end = at + AnaLog.GROUP_SIZE + 4 * namespaces;
                left--;
                int known = at + AnaLog.GROUP_SIZE;
                while (known < end && known + 4 <= log.length && u32(log, known) != 0) {
                    known += 4;
                }
                if (known < end) {
                    return new Extent(known, end + (long) AnaLog.GROUP_SIZE * left);
                }
                at = known;
            }
            return new Extent(at, at);
        }
    }
}

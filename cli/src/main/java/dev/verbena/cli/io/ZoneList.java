package dev.verbena.cli.io;

import dev.verbena.nvme.zns.ZoneReport;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Puts a report of zones together from as many commands as it takes.
///
/// @param bytes the report, as one command would have returned it
/// @param missing what is not in it; null when nothing is
@SuppressWarnings("ArrayRecordComponent") // passed on, never compared
record ZoneList(byte[] bytes, @Nullable String missing) {
    /// More than any namespace is told to have; a controller must not keep a command busy for ever.
    static final int ZONES_MAX = 1 << 20;

    /// One command.
    interface Report {
        byte[] read(long startLba, int bytes) throws IOException;
    }

    /// What is asked for.
    ///
    /// @param zoneBlocks from the beginning of a zone to that of the next
    /// @param extensionBytes of each descriptor
    /// @param countMax how many zones at most; negative for all
    /// @param bytesMax of one command
    /// @param onlyListed whether the report counts only what is in it
    record Question(
            long startLba,
            long zoneBlocks,
            int extensionBytes,
            int countMax,
            int bytesMax,
            boolean onlyListed) {
        int step() {
            return ZoneReport.DESCRIPTOR_SIZE + extensionBytes;
        }
    }

    static ZoneList read(Report report, Question question) throws IOException {
        int wanted = question.countMax() < 0 ? ZONES_MAX : question.countMax();
        int perCommand = (question.bytesMax() - ZoneReport.DESCRIPTOR_SIZE) / question.step();
        if (perCommand < 1) {
            throw new IOException("The controller moves too few bytes for one zone");
        }
        ByteArrayOutputStream zones = new ByteArrayOutputStream();
        byte[] header = {};
        long start = question.startLba();
        long all = 0;
        int listed = 0;
        @Nullable String missing = null;
        while (missing == null) {
            int count = Math.min(perCommand, Math.max(1, wanted - listed));
            byte[] part = report.read(start, ZoneReport.DESCRIPTOR_SIZE + count * question.step());
            ZoneReport decoded =
                    ZoneReport.decode(MemorySegment.ofArray(part), question.extensionBytes());
            if (header.length == 0) {
                header = Arrays.copyOf(part, ZoneReport.DESCRIPTOR_SIZE);
                all = decoded.zoneCount();
            }
            int fresh = Math.min(decoded.zones().size(), wanted - listed);
            int ascending = ascending(decoded, fresh, start, listed == 0);
            zones.write(part, ZoneReport.DESCRIPTOR_SIZE, ascending * question.step());
            listed += ascending;
            if (ascending < fresh) {
                missing = "the zones behind number " + listed + ": they do not ascend";
            } else if (fresh == 0 || (listed >= wanted && question.countMax() >= 0)) {
                break;
            } else if (listed >= wanted) {
                missing = "zones: there are more than " + ZONES_MAX + "; go on with --start-lba";
            } else if (Long.compareUnsigned(decoded.zoneCount(), fresh) <= 0
                    && !question.onlyListed()) {
                break;
            } else {
                long next = decoded.zones().get(fresh - 1).startLba() + question.zoneBlocks();
                if (Long.compareUnsigned(next, start) <= 0) {
                    break;
                }
                start = next;
            }
        }
        boolean complete = question.countMax() >= 0 || question.onlyListed();
        if (missing == null && !complete && Long.compareUnsigned(all, listed) > 0) {
            missing =
                    Long.toUnsignedString(all - listed)
                            + " of "
                            + Long.toUnsignedString(all)
                            + " zones: the controller did not report them";
        }
        return new ZoneList(whole(header, zones, question.onlyListed(), listed), missing);
    }

    /// How many of the zones begin one behind the other. The first of all may begin before the
    /// block that was asked for, which it contains.
    private static int ascending(ZoneReport report, int count, long start, boolean first) {
        long least = start;
        for (int i = 0; i < count; i++) {
            long at = report.zones().get(i).startLba();
            if (Long.compareUnsigned(at, least) < 0 && !(first && i == 0)) {
                return i;
            }
            least = at + 1;
        }
        return count;
    }

    private static byte[] whole(
            byte[] header, ByteArrayOutputStream zones, boolean onlyListed, int listed) {
        ByteBuffer all =
                ByteBuffer.allocate(header.length + zones.size()).order(ByteOrder.LITTLE_ENDIAN);
        all.put(header).put(zones.toByteArray());
        if (onlyListed) {
            all.putLong(0, listed);
        }
        return all.array();
    }
}

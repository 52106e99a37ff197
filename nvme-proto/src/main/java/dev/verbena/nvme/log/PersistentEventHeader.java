package dev.verbena.nvme.log;

import dev.verbena.nvme.FieldTable;
import dev.verbena.nvme.TableStructure;
import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;

/**
 * The header of the persistent event log (log page 0Dh). Events follow; their lengths come from the
 * peer.
 */
public final class PersistentEventHeader extends TableStructure {
    /** Size in bytes. */
    public static final int SIZE = 512;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    lid 0 1 hex
                    tnev 4 4 dec
                    tll 8 8 dec
                    rv 16 1 dec
                    lhl 18 2 dec
                    ts 20 8 dec
                    poh 28 16 big
                    pcc 44 8 dec
                    vid 52 2 hex
                    ssvid 54 2 hex
                    sn 56 20 ascii
                    mn 76 40 ascii
                    subnqn 116 256 utf8
                    gen_number 372 2 dec
                    rci 374 4 hex
                    seb 480 32 bytes
                    """);

    private PersistentEventHeader(MemorySegment segment) {
        super(segment, 0, SIZE, "Persistent Event Log Header", FIELDS, 8);
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static PersistentEventHeader decode(MemorySegment segment) {
        return new PersistentEventHeader(segment);
    }

    /** Number of events, unsigned 32 bits as a long. */
    public long eventCount() {
        return u32Long(4);
    }

    /** Length of the whole log in bytes, unsigned; bound it before allocating. */
    public long totalLength() {
        return u64(8);
    }

    /** Length of this header after its first 20 bytes. */
    public int headerLength() {
        return u16(18);
    }

    /** When the log was made, in milliseconds since 1970. */
    public long timestampMillis() {
        return u64(20) & 0xFFFF_FFFF_FFFFL;
    }

    /** Whether events of a type are supported, 0 to 255. */
    public boolean isSupported(int eventType) {
        return bit(480, java.util.Objects.checkIndex(eventType, 256));
    }
}

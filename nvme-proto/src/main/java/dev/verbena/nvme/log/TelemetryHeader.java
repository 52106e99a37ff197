package dev.verbena.nvme.log;

import dev.verbena.nvme.FieldTable;
import dev.verbena.nvme.TableStructure;
import dev.verbena.nvme.WireFormatException;
import java.lang.foreign.MemorySegment;

/** The header of a telemetry log (log pages 07h and 08h). Data follows in blocks of 512 bytes. */
public final class TelemetryHeader extends TableStructure {
    /** Size in bytes. */
    public static final int SIZE = 512;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    lpi 0 1 hex
                    ieee 5 3 hex6
                    dalb1 8 2 dec
                    dalb2 10 2 dec
                    dalb3 12 2 dec
                    dalb4 16 4 dec
                    ths 380 1 hex later
                    hostdgn 381 1 dec
                    ctrlavail 382 1 dec
                    ctrldgn 383 1 dec
                    rsnident 384 128 bytes
                    """);

    private TelemetryHeader(MemorySegment segment) {
        super(segment, 0, SIZE, "Telemetry Log Header", FIELDS, 12);
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static TelemetryHeader decode(MemorySegment segment) {
        return new TelemetryHeader(segment);
    }

    /** Last block of data area 1, counted from the header as block 0. */
    public int lastBlockOfArea1() {
        return u16(8);
    }

    /** Last block of data area 2. */
    public int lastBlockOfArea2() {
        return u16(10);
    }

    /** Last block of data area 3. */
    public int lastBlockOfArea3() {
        return u16(12);
    }

    /** Last block of data area 4, unsigned 32 bits as a long. */
    public long lastBlockOfArea4() {
        return u32Long(16);
    }

    /** Whether the controller has data of its own to read. */
    public boolean controllerDataAvailable() {
        return u8(382) != 0;
    }

    /** Changes whenever the controller collects new data. */
    public int controllerGeneration() {
        return u8(383);
    }
}

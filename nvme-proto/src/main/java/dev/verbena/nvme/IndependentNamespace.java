package dev.verbena.nvme;

import java.lang.foreign.MemorySegment;

/** The part of a namespace that no command set owns (CNS 08h). */
public final class IndependentNamespace extends TableStructure {
    /** Size in bytes. */
    public static final int SIZE = 4096;

    private static final FieldTable FIELDS =
            FieldTable.of(
                    """
                    nsfeat 0 1 hex
                    nmic 1 1 hex
                    rescap 2 1 hex
                    fpi 3 1 hex
                    anagrpid 4 4 dec
                    nsattr 8 1 dec
                    nvmsetid 10 2 dec
                    endgid 12 2 dec
                    nstat 14 1 hex
                    kpios 15 1 hex later
                    maxkt 16 2 dec later
                    rgrpid 20 4 dec later
                    """);

    private IndependentNamespace(MemorySegment segment) {
        super(segment, 0, SIZE, "NVME Identify Command Set Independent Namespace", FIELDS, 8);
    }

    /**
     * Copies and decodes the structure at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #SIZE} bytes
     */
    public static IndependentNamespace decode(MemorySegment segment) {
        return new IndependentNamespace(segment);
    }

    /** Whether more than one controller may attach it (NMIC bit 0). */
    public boolean shared() {
        return bit(1, 0);
    }

    /** Reservation capabilities (RESCAP). */
    public int reservationCapabilities() {
        return u8(2);
    }

    /** ANA group, 0 for none, unsigned 32 bits as a long (ANAGRPID). */
    public long anaGroupId() {
        return u32Long(4);
    }

    /** Whether it is write protected at present (NSATTR bit 0). */
    public boolean writeProtected() {
        return bit(8, 0);
    }

    /** Whether it accepts commands that need its media (NSTAT bit 0). */
    public boolean ready() {
        return bit(14, 0);
    }
}

package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;
import java.lang.foreign.MemorySegment;

/**
 * The header of the discovery log page (log page 70h).
 *
 * <p>The record count comes from the peer: bound it before allocating anything by it. Read the
 * header again after the entries; they are one snapshot only if both numbers are unchanged.
 *
 * @param generationCounter changes whenever the log changes (GENCTR), unsigned
 * @param recordCount number of entries (NUMREC), unsigned
 * @param recordFormat always 0 (RECFMT)
 * @param flags bit 0 extended entries, 1 port local only, 2 all subsystems (DLPF)
 * @param totalLength length of the log in bytes, 0 where not reported, unsigned 32 bits (TDLPL)
 */
public record DiscoveryLogHeader(
        long generationCounter, long recordCount, int recordFormat, int flags, long totalLength) {
    /** Size in bytes; entries follow it. */
    public static final int SIZE = 1024;

    /** Bytes of the header that hold something: enough to read for the two counters. */
    public static final int USED_SIZE = 24;

    /**
     * Decodes the header at the start of the segment.
     *
     * @throws WireFormatException if the segment has fewer than {@value #USED_SIZE} bytes or the
     *     record format is not 0
     */
    public static DiscoveryLogHeader decode(MemorySegment segment) {
        Wire.requireSize(segment, 0, USED_SIZE, "Discovery Log header");
        int format = Wire.u16(segment, 16);
        if (format != 0) {
            throw new WireFormatException(
                    "Discovery Log header: record format at offset 16 is "
                            + format
                            + ", expected 0");
        }
        return new DiscoveryLogHeader(
                Wire.u64(segment, 0),
                Wire.u64(segment, 8),
                format,
                Wire.u8(segment, 18),
                Integer.toUnsignedLong(Wire.u32(segment, 20)));
    }
}

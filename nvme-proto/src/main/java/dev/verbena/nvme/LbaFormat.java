package dev.verbena.nvme;

/**
 * One LBA format of a namespace (section 5.17.2.1 and the NVM Command Set Specification).
 *
 * @param metadataSize bytes of metadata per logical block, 0 to 65535 (MS)
 * @param dataSizeExponent bytes of data per logical block as a power of two, 0 for a format that is
 *     not available (LBADS)
 * @param relativePerformance 0 best to 3 degraded (RP)
 */
public record LbaFormat(int metadataSize, int dataSizeExponent, int relativePerformance) {
    /** Bytes of data per logical block; 0 where the format is not available. */
    public long blockSize() {
        return dataSizeExponent == 0 || dataSizeExponent > 62 ? 0 : 1L << dataSizeExponent;
    }
}

package dev.verbena.nvme;

/**
 * The controller capabilities property, CAP (section 3.1.3.1).
 *
 * @param value the raw property
 */
public record Capabilities(long value) {
    /** Most entries of one queue, 1 to 65536 (MQES + 1). */
    public int maximumQueueEntries() {
        return (int) (value & 0xFFFF) + 1;
    }

    /** Whether queues have to be contiguous (CQR). */
    public boolean contiguousQueuesRequired() {
        return bit(16);
    }

    /** Arbitration mechanisms besides round robin: bit 0 weighted, bit 1 vendor specific (AMS). */
    public int arbitrationMechanisms() {
        return bits(17, 2);
    }

    /** Longest time for the ready bit to follow the enable bit, in milliseconds (TO). */
    public long timeoutMillis() {
        return bits(24, 8) * 500L;
    }

    /** Distance between doorbells in bytes (DSTRD); without meaning on fabrics. */
    public int doorbellStrideBytes() {
        return 4 << bits(32, 4);
    }

    /** Whether the NVM subsystem can be reset through {@link Property#NSSR} (NSSRS). */
    public boolean subsystemResetSupported() {
        return bit(36);
    }

    /** Command set bits as they stand in the property (CSS), 8 bits. */
    public int commandSets() {
        return bits(37, 8);
    }

    /** Whether the NVM command set is supported (CSS bit 0). */
    public boolean nvmCommandSet() {
        return bit(37);
    }

    /** Whether further I/O command sets are supported (CSS bit 6). */
    public boolean multipleCommandSets() {
        return bit(43);
    }

    /** Whether no I/O command set is supported, only admin commands (CSS bit 7). */
    public boolean adminOnly() {
        return bit(44);
    }

    /** Smallest memory page in bytes, 4096 to 2^27 (MPSMIN). */
    public long memoryPageSizeMinimum() {
        return 4096L << bits(48, 4);
    }

    /** Largest memory page in bytes, 4096 to 2^27 (MPSMAX). */
    public long memoryPageSizeMaximum() {
        return 4096L << bits(52, 4);
    }

    /** Ready modes: bit 0 with media, bit 1 independent of media (CRMS). */
    public int readyModes() {
        return bits(59, 2);
    }

    int memoryPageSizeMinimumExponent() {
        return bits(48, 4);
    }

    private boolean bit(int bit) {
        return (value >>> bit & 1) != 0;
    }

    private int bits(int shift, int count) {
        return (int) (value >>> shift) & (1 << count) - 1;
    }
}

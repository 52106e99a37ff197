package dev.verbena.nvme;

/**
 * The controller ready time-outs property, CRTO (section 3.1.3.19).
 *
 * @param value the raw property
 */
public record ReadyTimeouts(int value) {
    /** Longest time until ready with media, in milliseconds (CRWMT). */
    public long readyWithMediaMillis() {
        return (value & 0xFFFF) * 500L;
    }

    /** Longest time until ready independent of media, in milliseconds (CRIMT). */
    public long readyIndependentOfMediaMillis() {
        return (value >>> 16) * 500L;
    }
}

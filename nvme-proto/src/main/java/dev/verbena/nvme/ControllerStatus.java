package dev.verbena.nvme;

/**
 * The controller status property, CSTS (section 3.1.3.6).
 *
 * @param value the raw property
 */
public record ControllerStatus(int value) {
    /** How far a shutdown has come. */
    public enum ShutdownStatus {
        NORMAL_OPERATION,
        OCCURRING,
        COMPLETE,
        RESERVED
    }

    private static final ShutdownStatus[] SHUTDOWN = ShutdownStatus.values();

    /** Whether the controller accepts commands (RDY). */
    public boolean ready() {
        return (value & 1) != 0;
    }

    /** Whether the controller met an error it cannot report otherwise (CFS). */
    public boolean fatal() {
        return (value & 2) != 0;
    }

    /** How far a shutdown has come (SHST). */
    public ShutdownStatus shutdownStatus() {
        return SHUTDOWN[value >>> 2 & 3];
    }

    /** Whether the NVM subsystem was reset since this was last cleared (NSSRO). */
    public boolean subsystemResetOccurred() {
        return (value & 1 << 4) != 0;
    }

    /** Whether the controller has paused processing (PP). */
    public boolean processingPaused() {
        return (value & 1 << 5) != 0;
    }
}

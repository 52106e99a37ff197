package dev.verbena.nvme;

import dev.verbena.nvme.internal.Wire;

/**
 * The controller configuration property, CC (section 3.1.3.5).
 *
 * @param value the raw property
 */
public record ControllerConfiguration(int value) {
    /** Shutdown notification: none. */
    public static final int SHUTDOWN_NONE = 0;

    /** Shutdown notification: normal, the controller completes what it has to. */
    public static final int SHUTDOWN_NORMAL = 1;

    /** Shutdown notification: abrupt, power will be lost. */
    public static final int SHUTDOWN_ABRUPT = 2;

    /** Command set selection: NVM. */
    public static final int COMMAND_SET_NVM = 0;

    /** Command set selection: all that the controller supports. */
    public static final int COMMAND_SET_ALL = 6;

    /** Command set selection: admin commands only. */
    public static final int COMMAND_SET_ADMIN_ONLY = 7;

    private static final int ENABLE = 1;
    private static final int SHUTDOWN_MASK = 3 << 14;
    private static final int IO_SQ_ENTRY_SIZE_64 = 6 << 16;
    private static final int IO_CQ_ENTRY_SIZE_16 = 4 << 20;

    /**
     * The configuration that enables this controller: the smallest memory page it has, entries of
     * 64 and 16 bytes, all its command sets where it offers that choice.
     */
    public static ControllerConfiguration enable(Capabilities capabilities) {
        int commandSet =
                capabilities.multipleCommandSets()
                        ? COMMAND_SET_ALL
                        : capabilities.adminOnly() && !capabilities.nvmCommandSet()
                                ? COMMAND_SET_ADMIN_ONLY
                                : COMMAND_SET_NVM;
        return enable(capabilities.memoryPageSizeMinimumExponent(), commandSet);
    }

    /**
     * An enabling configuration with entries of 64 and 16 bytes.
     *
     * @param memoryPageExponent memory page size as 2^(12 + this), 0 to 15 (MPS)
     * @param commandSet {@link #COMMAND_SET_NVM} and its neighbours, 0 to 7 (CSS)
     */
    public static ControllerConfiguration enable(int memoryPageExponent, int commandSet) {
        Wire.inRange(memoryPageExponent, 0, 15, "memoryPageExponent");
        Wire.inRange(commandSet, 0, 7, "commandSet");
        return new ControllerConfiguration(
                ENABLE
                        | commandSet << 4
                        | memoryPageExponent << 7
                        | IO_SQ_ENTRY_SIZE_64
                        | IO_CQ_ENTRY_SIZE_16);
    }

    /** Whether the controller is enabled (EN). */
    public boolean enabled() {
        return (value & ENABLE) != 0;
    }

    /** Command set selection (CSS), 0 to 7. */
    public int commandSet() {
        return value >>> 4 & 7;
    }

    /** Memory page size in bytes (MPS). */
    public long memoryPageSize() {
        return 4096L << (value >>> 7 & 15);
    }

    /** Arbitration mechanism (AMS), 0 to 7. */
    public int arbitrationMechanism() {
        return value >>> 11 & 7;
    }

    /** Shutdown notification (SHN), 0 to 3. */
    public int shutdown() {
        return value >>> 14 & 3;
    }

    /** Submission queue entry size in bytes (IOSQES). */
    public int ioSubmissionEntrySize() {
        return 1 << (value >>> 16 & 15);
    }

    /** Completion queue entry size in bytes (IOCQES). */
    public int ioCompletionEntrySize() {
        return 1 << (value >>> 20 & 15);
    }

    /** Whether the controller is ready independent of its media (CRIME). */
    public boolean readyIndependentOfMedia() {
        return (value & 1 << 24) != 0;
    }

    /** The same configuration with the enable bit cleared: a controller reset. */
    public ControllerConfiguration withoutEnable() {
        return new ControllerConfiguration(value & ~ENABLE);
    }

    /**
     * The same configuration with a shutdown notification.
     *
     * @param notification {@link #SHUTDOWN_NONE}, {@link #SHUTDOWN_NORMAL} or {@link
     *     #SHUTDOWN_ABRUPT}
     */
    public ControllerConfiguration withShutdown(int notification) {
        Wire.inRange(notification, SHUTDOWN_NONE, SHUTDOWN_ABRUPT, "notification");
        return new ControllerConfiguration((value & ~SHUTDOWN_MASK) | (notification << 14));
    }
}

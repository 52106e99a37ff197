package dev.verbena.nvme;

/** Offsets of controller properties, as Property Get and Set take them (section 3.1.3). */
public final class Property {
    /** Controller capabilities, 8 bytes: {@link Capabilities}. */
    public static final int CAP = 0x00;

    /** Version, 4 bytes: {@link Version}. */
    public static final int VS = 0x08;

    /** Controller configuration, 4 bytes: {@link ControllerConfiguration}. */
    public static final int CC = 0x14;

    /** Controller status, 4 bytes: {@link ControllerStatus}. */
    public static final int CSTS = 0x1C;

    /** NVM subsystem reset, 4 bytes: write {@link #NSSR_RESET}. */
    public static final int NSSR = 0x20;

    /** Controller ready time-outs, 4 bytes: {@link ReadyTimeouts}. */
    public static final int CRTO = 0x68;

    /** The value that resets the NVM subsystem when written to {@link #NSSR}: "NVMe". */
    public static final int NSSR_RESET = 0x4E564D65;

    private Property() {}
}

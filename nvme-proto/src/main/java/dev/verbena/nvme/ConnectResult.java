package dev.verbena.nvme;

/**
 * Dword 0 of the response to a successful Connect.
 *
 * @param value the dword
 */
public record ConnectResult(int value) {
    /** The result in this dword. */
    public static ConnectResult of(int dword0) {
        return new ConnectResult(dword0);
    }

    /** The identifier of the controller the host is now connected to, 0 to 65535. */
    public int controllerId() {
        return value & 0xFFFF;
    }

    /** Whether the queue has to be authenticated before other commands are accepted (ATR). */
    public boolean authenticationRequired() {
        return (value & 1 << 17) != 0;
    }

    /**
     * Whether authentication has to be followed by a secure channel (ASCR), which does not exist
     * over RDMA.
     */
    public boolean secureChannelRequired() {
        return (value & 1 << 18) != 0;
    }
}

package dev.verbena;

import dev.verbena.nvme.NvmeStatus;

/// How a [PassthroughCommand] ended. An error status is a result, no exception.
public final class PassthroughResult {
    private final NvmeStatus status;
    private final long result;
    private final byte[] data;

    PassthroughResult(NvmeStatus status, long result, byte[] data) {
        this.status = status;
        this.result = result;
        this.data = data;
    }

    public NvmeStatus status() {
        return status;
    }

    /// Dwords 0 and 1 of the completion.
    public long result() {
        return result;
    }

    /// What the controller wrote, as many bytes as were asked for; a copy. Empty when the command
    /// failed or moves no data this way.
    public byte[] data() {
        return data.clone();
    }

    /// Status and dword 0.
    @Override
    public String toString() {
        return status + ", result " + Long.toHexString(result) + "h, " + data.length + " bytes";
    }
}

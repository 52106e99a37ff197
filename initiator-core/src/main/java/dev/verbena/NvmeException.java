package dev.verbena;

import dev.verbena.nvme.NvmeStatus;
import java.io.IOException;
import java.io.Serial;

/// A command completed with an error status.
public final class NvmeException extends IOException {
    @Serial private static final long serialVersionUID = 1;

    private final int status;

    /// @param status status field of the completion (SC, SCT, CRD, More, DNR)
    /// @param what the command that failed, as the beginning of a sentence
    public NvmeException(int status, String what) {
        super(what + " failed: " + new NvmeStatus(status));
        this.status = status;
    }

    public NvmeStatus status() {
        return new NvmeStatus(status);
    }
}

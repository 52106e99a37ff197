package dev.verbena.internal.engine;

import dev.verbena.internal.fabric.FabricFailure;
import dev.verbena.nvme.Disposition;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.StatusContext;

/// A controller can ask a host at any time to authenticate again, by answering commands with
/// Authentication Required (91h). The connection is then made anew, which authenticates every queue
/// of it; what was refused meanwhile has not been carried out.
public final class Reauthentication {
    private Reauthentication() {}

    /// Whether a status asks for it.
    ///
    /// @param status of a command, not 0
    public static boolean isAskedFor(int status) {
        return Disposition.of(new NvmeStatus(status), StatusContext.IO).followUp()
                == Disposition.FollowUp.REAUTHENTICATE;
    }

    /// Why the queue is of no use any more.
    public static FabricFailure failure() {
        return new FabricFailure(
                FabricFailure.Kind.DISCONNECTED,
                "the controller asks the host to authenticate again (Authentication Required)");
    }
}

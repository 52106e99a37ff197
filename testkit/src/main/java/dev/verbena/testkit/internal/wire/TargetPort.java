package dev.verbena.testkit.internal.wire;

import dev.verbena.nvme.RdmaPrivateData;
import dev.verbena.testkit.Fault;
import java.util.List;

/// What a target does with connections. Called on the scheduler's thread, except [#connecting].
public interface TargetPort {
    /// A connection is asked for. Called on the thread that connects.
    ///
    /// @return what goes wrong with it, in order; empty for nothing
    List<Fault> connecting(int queueId);

    /// Judges a connection request.
    ///
    /// @return status of the reject, 0 to accept
    int judge(RdmaPrivateData.Request request);

    /// What goes wrong with a capsule.
    List<Fault> faults(TargetEnd end, byte[] capsule);

    /// A capsule arrived.
    void received(TargetEnd end, byte[] capsule, List<Fault> faults);

    /// The connection has ended; nothing can be sent on it any more.
    void ended(TargetEnd end);
}

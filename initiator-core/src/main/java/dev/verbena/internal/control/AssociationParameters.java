package dev.verbena.internal.control;

import dev.verbena.ConnectOptions;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.time.Duration;

/// Who connects to what, and how.
///
/// @param isDiscovery whether a discovery controller is expected: no namespaces, no I/O queues
/// @param keepAliveTimeout what the controller is told; zero for none
public record AssociationParameters(
        Nqn subsystem,
        HostIdentity host,
        ConnectOptions options,
        boolean isDiscovery,
        Duration keepAliveTimeout) {
    /// For a controller with namespaces.
    public AssociationParameters(
            Nqn subsystem, HostIdentity host, ConnectOptions options, Duration keepAliveTimeout) {
        this(subsystem, host, options, false, keepAliveTimeout);
    }
}

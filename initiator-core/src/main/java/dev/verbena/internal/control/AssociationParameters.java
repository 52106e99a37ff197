package dev.verbena.internal.control;

import dev.verbena.ConnectOptions;
import dev.verbena.nvme.HostIdentity;
import dev.verbena.nvme.Nqn;
import java.time.Duration;

/// Who connects to what, and how.
///
/// @param keepAliveTimeout what the controller is told; zero for none
public record AssociationParameters(
        Nqn subsystem, HostIdentity host, ConnectOptions options, Duration keepAliveTimeout) {}

package dev.verbena.internal.control;

import dev.verbena.internal.fabric.TransportFactory;
import dev.verbena.nvme.HostIdentity;
import java.util.concurrent.atomic.AtomicReference;

/// Lets the testkit, which is a module of its own, open an initiator over a fabric in memory: the
/// constructor stays out of the public API.
public final class InitiatorAccess {
    /// Makes an initiator.
    @FunctionalInterface
    public interface Opener {
        /// Opens an initiator.
        ///
        /// @param transports owned by the initiator from now on
        /// @param runtime closed by the initiator
        /// @return a `dev.verbena.Initiator`, which this package stands below and cannot name
        AutoCloseable open(TransportFactory transports, ControlRuntime runtime, HostIdentity host);
    }

    private static final AtomicReference<Opener> OPENER =
            new AtomicReference<>((transports, runtime, host) -> {
                throw new IllegalStateException("The class Initiator is not initialised");
            });

    private InitiatorAccess() {}

    /// Called once, by the initiator's class.
    public static void set(Opener opener) {
        OPENER.set(opener);
    }

    /// What [#set] was given.
    public static Opener opener() {
        return OPENER.get();
    }
}

package dev.verbena.internal.control;

import dev.verbena.internal.fabric.Deadline;
import dev.verbena.internal.time.Time;
import dev.verbena.nvme.ControllerStatus;
import dev.verbena.nvme.FabricsCommands;
import dev.verbena.nvme.Nqn;
import dev.verbena.nvme.Property;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/// The properties of a controller, which over fabrics are read and written by commands, and its
/// status among them.
///
/// Threads: any; each method blocks its caller.
final class ControllerProperties {
    private static final Duration STATUS_PAUSE = Duration.ofMillis(20);

    private final AdminQueue admin;
    private final Nqn subsystem;

    /// @param subsystem for messages
    ControllerProperties(AdminQueue admin, Nqn subsystem) {
        this.admin = admin;
        this.subsystem = subsystem;
    }

    /// Reads a property.
    long get(int offset, boolean eightBytes, long deadlineNanos) throws IOException {
        return admin.execute(
                        AdminCommand.withoutData(
                                "Property Get",
                                deadlineNanos,
                                (capsule, entry, id) ->
                                        FabricsCommands.propertyGet(
                                                capsule, entry, id, offset, eightBytes)))
                .result();
    }

    /// Writes a property of four bytes.
    void set(int offset, int value, long deadlineNanos) throws IOException {
        admin.execute(
                AdminCommand.withoutData(
                        "Property Set",
                        deadlineNanos,
                        (capsule, entry, id) ->
                                FabricsCommands.propertySet(
                                        capsule,
                                        entry,
                                        id,
                                        offset,
                                        false,
                                        Integer.toUnsignedLong(value))));
    }

    /// Reads the status until it is reached.
    ///
    /// @param commandDeadline of each single command
    void awaitStatus(
            Duration timeout,
            LongSupplier commandDeadline,
            Predicate<ControllerStatus> reached,
            String what)
            throws IOException {
        Deadline deadline = Deadline.after(timeout);
        while (true) {
            ControllerStatus status =
                    new ControllerStatus(
                            (int) get(Property.CSTS, false, commandDeadline.getAsLong()));
            if (reached.test(status)) {
                return;
            }
            if (status.fatal()) {
                throw new IOException(
                        "The controller of "
                                + subsystem
                                + " reports a fatal error (CSTS.CFS) and did not "
                                + what);
            }
            if (deadline.expired()) {
                throw new IOException(
                        "The controller of "
                                + subsystem
                                + " did not "
                                + what
                                + " within "
                                + timeout.toMillis()
                                + " ms");
            }
            try {
                Time.sleep(STATUS_PAUSE);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException(
                        "Interrupted while waiting for the controller to " + what);
            }
        }
    }
}

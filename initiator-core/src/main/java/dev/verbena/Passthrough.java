package dev.verbena;

import dev.verbena.internal.control.RawCommands;
import dev.verbena.internal.control.Session;
import dev.verbena.nvme.AdminOpcode;
import dev.verbena.nvme.DataDirection;
import dev.verbena.nvme.Feature;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.SubmissionEntry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Set;

/// Sends any command to a controller, as Linux' `NVME_IOCTL_ADMIN_CMD` and `NVME_IOCTL_IO_CMD` do.
/// Nothing is checked that the controller checks itself; what would break the connection is
/// refused.
///
/// Threads: any; the methods block until the controller has answered.
public final class Passthrough {
    /// Commands that make, break or keep the connection: they are Verbena's own.
    private static final Set<Integer> RESERVED =
            Set.of(
                    AdminOpcode.DELETE_IO_SQ,
                    AdminOpcode.CREATE_IO_SQ,
                    AdminOpcode.DELETE_IO_CQ,
                    AdminOpcode.CREATE_IO_CQ,
                    AdminOpcode.ASYNCHRONOUS_EVENT_REQUEST,
                    AdminOpcode.DOORBELL_BUFFER_CONFIG,
                    AdminOpcode.FABRICS);

    /// Commands after which the namespaces may be others.
    private static final Set<Integer> CHANGES_NAMESPACES =
            Set.of(
                    AdminOpcode.NAMESPACE_MANAGEMENT,
                    AdminOpcode.NAMESPACE_ATTACHMENT,
                    AdminOpcode.FORMAT_NVM);

    private final Controller controller;

    Passthrough(Controller controller) {
        this.controller = controller;
    }

    /// Sends an admin command. After one that changes namespaces, the list is read again.
    ///
    /// @throws IllegalArgumentException when the command is reserved to Verbena, or its data is
    ///   longer than the controller's maximum transfer
    /// @throws IOException when there is no answer; an error status is no exception
    public PassthroughResult admin(PassthroughCommand command) throws IOException {
        if (RESERVED.contains(command.opcode())) {
            throw new IllegalArgumentException(
                    AdminOpcode.name(command.opcode())
                            + " belongs to the connection and cannot be sent through it");
        }
        // The identifier is bits 7:0 of dword 10.
        int feature = command.dword(10) & 0xFF;
        if (command.opcode() == AdminOpcode.SET_FEATURES && Feature.belongsToConnection(feature)) {
            throw new IllegalArgumentException(
                    "Set Features ("
                            + Feature.name(feature)
                            + ") belongs to the connection and cannot be sent through it");
        }
        Session session = controller.live();
        PassthroughResult result =
                result(
                        RawCommands.admin(
                                session,
                                raw(
                                        "An admin command",
                                        command,
                                        controller.options().adminTimeout())));
        if (result.status().isSuccess() && CHANGES_NAMESPACES.contains(command.opcode())) {
            controller.namespacesMayDiffer();
        }
        return result;
    }

    /// Sends an I/O command, on a queue that is connected for it alone: a way for the odd command,
    /// not for traffic.
    ///
    /// @throws IllegalArgumentException as [#admin]; also for Fabrics commands
    /// @throws IOException when no I/O queue can be connected, or there is no answer
    public PassthroughResult io(PassthroughCommand command) throws IOException {
        if (command.opcode() == AdminOpcode.FABRICS) {
            throw new IllegalArgumentException(
                    "A Fabrics command belongs to the connection and cannot be sent through it");
        }
        Session session = controller.live();
        return result(
                RawCommands.io(
                        session, raw("An I/O command", command, controller.options().ioTimeout())));
    }

    private RawCommands.Command raw(String name, PassthroughCommand command, Duration timeout) {
        if (DataDirection.of(command.opcode()) == DataDirection.BIDIRECTIONAL) {
            throw new IllegalArgumentException(
                    "Opcode "
                            + Integer.toHexString(command.opcode())
                            + "h moves data both ways, which no queue over RDMA does");
        }
        int bytes = Math.max(command.toController().length, command.fromControllerBytes());
        if (bytes > controller.transferBytesMax()) {
            throw new IllegalArgumentException(
                    bytes
                            + " bytes of data; the controller moves "
                            + controller.transferBytesMax()
                            + " at most");
        }
        byte[] entry = new byte[SubmissionEntry.SIZE];
        MemorySegment segment = MemorySegment.ofArray(entry);
        SubmissionEntry.opcode(segment, 0, command.opcode());
        SubmissionEntry.namespaceId(segment, 0, command.namespaceId());
        for (int index : new int[] {2, 3, 10, 11, 12, 13, 14, 15}) {
            SubmissionEntry.dword(segment, 0, index, command.dword(index));
        }
        Duration own = command.timeout();
        return new RawCommands.Command(
                name + " (" + command + ")",
                entry,
                command.toController(),
                command.fromControllerBytes(),
                own == null ? timeout : own);
    }

    private static PassthroughResult result(RawCommands.Result raw) {
        return new PassthroughResult(new NvmeStatus(raw.status()), raw.result(), raw.data());
    }
}

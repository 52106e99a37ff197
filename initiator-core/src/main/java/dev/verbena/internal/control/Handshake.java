package dev.verbena.internal.control;

import dev.verbena.CommandTimeoutException;
import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectStatusException;
import dev.verbena.ConnectTimeoutException;
import dev.verbena.ConnectionLostException;
import dev.verbena.HostNotAllowedException;
import dev.verbena.SubsystemNotFoundException;
import dev.verbena.internal.control.AdminCommand.Answer;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.nvme.ConnectData;
import dev.verbena.nvme.ConnectFailure;
import dev.verbena.nvme.ConnectResult;
import dev.verbena.nvme.FabricsCommands;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// What makes a queue of a queue pair: the Connect command, and authentication where the controller
/// wants it or the options demand it.
///
/// @param address for messages
/// @param keepAliveMillis 0 for I/O queues
record Handshake(
        AssociationParameters parameters,
        String address,
        int queueId,
        int entries,
        int controllerId,
        int keepAliveMillis) {
    /// Connect attribute: no submission queue flow control.
    private static final int DISABLE_SQ_FLOW_CONTROL = 1 << 2;

    /// @param channel of the fresh queue
    /// @return the controller id
    /// @throws ConnectFailedException when the queue cannot be used; the subclass says why
    int run(CommandChannel channel, Deadline deadline) throws IOException {
        ConnectResult accepted = ConnectResult.of((int) connect(channel, deadline).result());
        if (accepted.secureChannelRequired()) {
            throw new ConnectFailedException(
                    address,
                    queueId,
                    false,
                    "Subsystem "
                            + parameters.subsystem()
                            + " requires a secure channel, which does not exist for RDMA",
                    null);
        }
        boolean asked = accepted.authenticationRequired();
        if (asked || isDemanded()) {
            try {
                new Authenticator(parameters, address, queueId, asked).run(channel, deadline);
            } catch (CommandTimeoutException | ConnectionLostException e) {
                throw unanswered(e);
            }
        }
        return accepted.controllerId();
    }

    /// A secret in the options is a demand, which no target can switch off by not asking.
    ///
    /// Discovery controllers only have to when they ask: few can authenticate, a controller's
    /// secret belongs to its subsystem, and what their log leads to has to prove itself anyway.
    private boolean isDemanded() {
        return !parameters.isDiscovery() && parameters.options().dhchapSecret() != null;
    }

    private Answer connect(CommandChannel channel, Deadline deadline) throws IOException {
        boolean withoutFlowControl = parameters.options().disableSqFlow();
        Answer answer = send(channel, withoutFlowControl ? DISABLE_SQ_FLOW_CONTROL : 0, deadline);
        if (withoutFlowControl && objectsToAttributes(answer)) {
            answer = send(channel, 0, deadline);
        }
        if (answer.status() != 0) {
            throw refused(answer.status(), (int) answer.result());
        }
        return answer;
    }

    /// A controller that must have flow control names no field, or one of the command; complaints
    /// about the data would come again.
    private static boolean objectsToAttributes(Answer answer) {
        ConnectFailure failure = ConnectFailure.of(answer.status(), (int) answer.result());
        boolean inData = (answer.result() & 1 << 16) != 0;
        return answer.status() != 0
                && failure.reason() == ConnectFailure.Reason.INVALID_PARAMETERS
                && !inData;
    }

    private Answer send(CommandChannel channel, int attributes, Deadline deadline)
            throws IOException {
        AdminCommand connect =
                AdminCommand.writing(
                        "Connect",
                        deadline.nanoTime(),
                        data(),
                        (capsule, offset, id) ->
                                FabricsCommands.connect(
                                        capsule,
                                        offset,
                                        id,
                                        queueId,
                                        entries - 1,
                                        attributes,
                                        keepAliveMillis));
        try {
            return channel.answer(connect);
        } catch (CommandTimeoutException | ConnectionLostException e) {
            throw unanswered(e);
        }
    }

    private byte[] data() {
        byte[] data = new byte[ConnectData.SIZE];
        ConnectData.encode(
                MemorySegment.ofArray(data),
                0,
                parameters.host(),
                controllerId,
                parameters.subsystem());
        return data;
    }

    private String queue() {
        return queueId == 0 ? "the admin queue" : "I/O queue " + queueId;
    }

    /// The queue pair stood, and a command on it was not answered.
    private ConnectFailedException unanswered(IOException e) {
        String message = "Connecting " + queue() + " to " + address + " failed: " + e.getMessage();
        return e instanceof CommandTimeoutException
                ? new ConnectTimeoutException(address, queueId, message, e)
                : new ConnectFailedException(address, queueId, true, message, e);
    }

    private ConnectStatusException refused(int status, int result) {
        ConnectFailure failure = ConnectFailure.of(status, result);
        String message =
                "Connecting "
                        + queue()
                        + " of "
                        + parameters.subsystem()
                        + " at "
                        + address
                        + " as host "
                        + parameters.host().hostNqn()
                        + " failed. "
                        + failure.message();
        if (failure.reason() == ConnectFailure.Reason.HOST_NOT_ALLOWED) {
            return new HostNotAllowedException(address, queueId, status, failure.reason(), message);
        }
        if (failure.reason() == ConnectFailure.Reason.INVALID_PARAMETERS
                && "SUBNQN".equals(failure.field())) {
            return new SubsystemNotFoundException(
                    address, queueId, status, failure.reason(), message);
        }
        return new ConnectStatusException(address, queueId, status, failure.reason(), message);
    }
}

package dev.verbena.internal.control;

import dev.verbena.AuthenticationFailedException;
import dev.verbena.AuthenticationNotOfferedException;
import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectOptions;
import dev.verbena.ConnectionLostException;
import dev.verbena.internal.control.AdminCommand.Answer;
import dev.verbena.internal.fabric.Deadline;
import dev.verbena.nvme.FabricsCommands;
import dev.verbena.nvme.NvmeStatus;
import dev.verbena.nvme.auth.ChapMessage;
import dev.verbena.nvme.auth.ChapSecret;
import dev.verbena.nvme.auth.HostAuthentication;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Authenticates one queue by DH-HMAC-CHAP (NVMe Base, In-band authentication). No secret and
/// nothing computed from one is part of a message of an exception.
///
/// @param address for messages
/// @param asked whether the controller requires it; otherwise this host does
record Authenticator(AssociationParameters parameters, String address, int queueId, boolean asked) {
    /// What Linux asks for as well.
    private static final int RECEIVE_BYTES = 4096;

    /// More than any exchange has; a controller must not keep a host busy for ever.
    private static final int MESSAGES_MAX = 8;

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final AtomicInteger TRANSACTIONS = new AtomicInteger();

    /// @throws AuthenticationFailedException when the host has no secret, or one side does not
    ///   accept the other
    /// @throws ConnectFailedException when a secret is closed
    void run(CommandChannel channel, Deadline deadline) throws IOException {
        ConnectOptions options = parameters.options();
        ChapSecret secret = options.dhchapSecret();
        if (secret == null) {
            throw failed(
                    "it requires authentication, and the connect options have no dhchapSecret",
                    null);
        }
        open("dhchapSecret", secret, null);
        open("dhchapCtrlSecret", options.dhchapCtrlSecret(), null);
        HostAuthentication authentication =
                HostAuthentication.begin(
                        HostAuthentication.Options.of(
                                parameters.host().hostNqn(),
                                parameters.subsystem(),
                                secret,
                                options.dhchapCtrlSecret()),
                        TRANSACTIONS.getAndIncrement() & 0xFFFF,
                        RANDOM);
        try {
            exchange(channel, authentication, deadline);
        } catch (IllegalStateException e) {
            // Closed in the middle.
            open("dhchapSecret", secret, e);
            open("dhchapCtrlSecret", options.dhchapCtrlSecret(), e);
            throw e;
        } catch (ConnectionLostException e) {
            // Linux's target gives its reason and disconnects in the same moment; which of both
            // arrives is a matter of luck. It may have been the network as well.
            throw failed(
                    true,
                    "the target disconnected in the middle of the exchange, which is how many end"
                            + " one they do not accept. Compare the secrets on both sides",
                    e);
        }
        if (!authentication.isAuthenticated()) {
            throw failed(
                    authentication.failure().map(Object::toString).orElse("no reason given")
                            + ". Compare the secrets on both sides",
                    null);
        }
    }

    /// A secret that was closed too early is this host's own fault: no target is to blame, and no
    /// other attempt can succeed.
    private void open(String option, @Nullable ChapSecret secret, @Nullable Throwable cause)
            throws ConnectFailedException {
        if (secret != null && secret.isClosed()) {
            throw new ConnectFailedException(
                    address,
                    queueId,
                    false,
                    "The host cannot authenticate to subsystem "
                            + parameters.subsystem()
                            + " at "
                            + address
                            + ": "
                            + option
                            + " is closed. It has to stay open as long as the controller does",
                    cause);
        }
    }

    private void exchange(
            CommandChannel channel, HostAuthentication authentication, Deadline deadline)
            throws IOException {
        send(channel, authentication.negotiate(), deadline);
        for (int i = 0; !authentication.isFinished(); i++) {
            if (i == MESSAGES_MAX) {
                throw failed("the exchange did not end", null);
            }
            Optional<ChapMessage> next = authentication.receive(receive(channel, deadline));
            if (next.isPresent()) {
                send(channel, next.get(), deadline);
            }
        }
    }

    private void send(CommandChannel channel, ChapMessage message, Deadline deadline)
            throws IOException {
        byte[] buffer = new byte[RECEIVE_BYTES];
        int bytes = message.encode(MemorySegment.ofArray(buffer), 0);
        byte[] data =
                MemorySegment.ofArray(buffer).asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE);
        checked(
                channel.answer(
                        AdminCommand.writing(
                                "Authentication Send",
                                deadline.nanoTime(),
                                data,
                                (capsule, offset, id) ->
                                        FabricsCommands.authenticationSend(
                                                capsule, offset, id, bytes))));
    }

    private MemorySegment receive(CommandChannel channel, Deadline deadline) throws IOException {
        return checked(
                        channel.answer(
                                AdminCommand.reading(
                                        "Authentication Receive",
                                        deadline.nanoTime(),
                                        RECEIVE_BYTES,
                                        (capsule, offset, id) ->
                                                FabricsCommands.authenticationReceive(
                                                        capsule, offset, id, RECEIVE_BYTES))))
                .segment();
    }

    private Answer checked(Answer answer) throws AuthenticationFailedException {
        if (answer.status() != 0) {
            NvmeStatus status = new NvmeStatus(answer.status());
            throw failed(!status.doNotRetry(), "the controller refused a message: " + status, null);
        }
        return answer;
    }

    private AuthenticationFailedException failed(String why, @Nullable Throwable cause) {
        return failed(false, why, cause);
    }

    private AuthenticationFailedException failed(
            boolean retryable, String why, @Nullable Throwable cause) {
        String message =
                "Subsystem "
                        + parameters.subsystem()
                        + " at "
                        + address
                        + " and host "
                        + parameters.host().hostNqn()
                        + " did not authenticate: ";
        if (asked) {
            return new AuthenticationFailedException(
                    address, queueId, retryable, message + why, cause);
        }
        return new AuthenticationNotOfferedException(
                address,
                queueId,
                retryable,
                message
                        + "the target does not ask for authentication, and when this host began"
                        + " because the connect options have a dhchapSecret: "
                        + why
                        + ". Set the secrets for this host on the target, or connect without"
                        + " dhchapSecret to a target you trust without",
                cause);
    }
}

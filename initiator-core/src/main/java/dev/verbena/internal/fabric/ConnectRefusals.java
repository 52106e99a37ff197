package dev.verbena.internal.fabric;

import dev.verbena.AddressUnreachableException;
import dev.verbena.ConnectFailedException;
import dev.verbena.ConnectRejectedException;
import dev.verbena.ConnectTimeoutException;
import dev.verbena.ConnectionRefusedException;
import dev.verbena.nvme.RdmaPrivateData;
import dev.verbena.nvme.RejectStatus;
import dev.verbena.nvme.WireFormatException;
import dev.verbena.verbs.CmEvent;
import org.jspecify.annotations.Nullable;

/// Turns the ways a connection attempt can end into exceptions that say what happened and what to
/// do.
public final class ConnectRefusals {
    /// Reject reasons of the InfiniBand connection manager that matter here.
    static final int INVALID_SERVICE_ID = 8;

    static final int STALE_CONNECTION = 10;
    static final int CONSUMER_DEFINED = 28;

    /// Format and receive queue size of an accept.
    private static final int ACCEPT_BYTES_MIN = 4;

    private ConnectRefusals() {}

    /// @param event what came instead of the event the step was waiting for
    static ConnectFailedException of(CmEvent event, String step, String address, int queueId) {
        return switch (event) {
            case CmEvent.Rejected rejected ->
                    rejected(
                            rejected.status(),
                            rejected.reasonName(),
                            rejected.privateData(),
                            address,
                            queueId);
            case CmEvent.AddressError e ->
                    unreachable(
                            address,
                            queueId,
                            "the address does not resolve to a neighbour on an RDMA network"
                                    + reason(e.status(), e.errnoName()),
                            null);
            case CmEvent.RouteError e ->
                    unreachable(
                            address,
                            queueId,
                            "there is no RDMA route to it" + reason(e.status(), e.errnoName()),
                            null);
            case CmEvent.Unreachable e ->
                    unreachable(
                            address,
                            queueId,
                            "nobody answers there" + reason(e.status(), e.errnoName()),
                            null);
            case CmEvent.ConnectError e ->
                    new ConnectFailedException(
                            address,
                            queueId,
                            true,
                            "Connecting "
                                    + queue(queueId)
                                    + " to "
                                    + address
                                    + " failed in the connection manager"
                                    + reason(e.status(), e.errnoName())
                                    + ". Try again; if it stays so, look for messages of the RDMA"
                                    + " drivers in dmesg on both sides",
                            null);
            default ->
                    new ConnectFailedException(
                            address,
                            queueId,
                            true,
                            "Connecting "
                                    + queue(queueId)
                                    + " to "
                                    + address
                                    + " ended while it "
                                    + step
                                    + ": "
                                    + event.getClass().getSimpleName()
                                    + " (status "
                                    + event.status()
                                    + ")",
                            null);
        };
    }

    /// The other side did not answer a step in time.
    ///
    /// @param step what was being done, after "it still"
    public static ConnectTimeoutException timedOut(String step, String address, int queueId) {
        return new ConnectTimeoutException(
                address,
                queueId,
                "Connecting "
                        + queue(queueId)
                        + " to "
                        + address
                        + " took too long: it still "
                        + step
                        + ". Check that the host is up and that RDMA traffic (for RoCEv2 UDP port 4791) passes",
                null);
    }

    /// The address leads nowhere.
    public static AddressUnreachableException unreachable(
            String address, int queueId, String why, @Nullable Throwable cause) {
        return new AddressUnreachableException(
                address,
                queueId,
                address
                        + " cannot be reached: "
                        + why
                        + ". Check the address, and with \"rdma link\" that an RDMA device sits on the interface that leads there",
                cause);
    }

    /// The other side rejected the connection.
    ///
    /// @param reason of the connection manager
    /// @param privateData of the reject, whatever the target wrote there
    public static ConnectFailedException rejected(
            int reason, String reasonName, byte[] privateData, String address, int queueId) {
        if (reason == INVALID_SERVICE_ID) {
            return new ConnectionRefusedException(
                    address,
                    queueId,
                    "Connection refused: nothing listens at "
                            + address
                            + " for RDMA. Check the port (4420 is usual), and that the target offers the subsystem on an RDMA port",
                    null);
        }
        RejectStatus status = reason == CONSUMER_DEFINED ? status(privateData) : null;
        // Without a status that says otherwise it is about the moment: a target that goes away, or
        // is not all there yet, rejects like this, too.
        boolean retryable = status == null || status.retryable();
        String why =
                status == null
                        ? "The connection manager there rejected it: "
                                + reasonName
                                + " (reason "
                                + reason
                                + ")"
                        : status.explanation();
        return new ConnectRejectedException(
                address,
                queueId,
                reason,
                status,
                retryable,
                "Connecting " + queue(queueId) + " to " + address + " failed. " + why);
    }

    private static @Nullable RejectStatus status(byte[] privateData) {
        try {
            return RdmaPrivateData.Reject.decode(privateData).status();
        } catch (WireFormatException e) {
            // A consumer's reject without an NVMe body: the plain reason is all there is to tell.
            return null;
        }
    }

    /// Capsules that may be outstanding on an accepted connection: one less than the ring has
    /// entries, as for any NVMe queue, and no more than the controller says it has receives for.
    ///
    /// @param privateData of the accept, whatever the target wrote there
    /// @throws ConnectFailedException when it is of a format this version does not know
    public static int acceptedDepth(byte[] privateData, QueueParameters parameters, String address)
            throws ConnectFailedException {
        int depth = parameters.entryCount() - 1;
        if (privateData.length < ACCEPT_BYTES_MIN) {
            // No private data at all: Linux accepts such targets too, and what was asked holds.
            return depth;
        }
        try {
            int granted = RdmaPrivateData.Accept.decode(privateData).controllerReceiveQueueSize();
            // 0 is not a size: targets that leave the field empty mean "as asked".
            return granted == 0 ? depth : Math.min(depth, granted);
        } catch (WireFormatException e) {
            throw new ConnectFailedException(
                    address,
                    parameters.queueId(),
                    false,
                    address
                            + " accepted "
                            + queue(parameters.queueId())
                            + " with private data of an unknown format: "
                            + e.getMessage(),
                    e);
        }
    }

    private static String reason(int status, String errnoName) {
        return status == 0 ? "" : " (" + errnoName + ")";
    }

    static String queue(int queueId) {
        return queueId == 0 ? "the admin queue" : "I/O queue " + queueId;
    }
}

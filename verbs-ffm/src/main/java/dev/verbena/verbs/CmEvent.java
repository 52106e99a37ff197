package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Errno;

/// What the connection manager reports about an identifier (`rdma_get_cm_event(3)`). A copy: it
/// stays valid.
///
/// Private data comes as an array of the receiver's own; records that hold one compare it by
/// identity.
@SuppressWarnings(
        "ArrayRecordComponent") // the contents are opaque bytes, copied once and owned by whoever
// polls
public sealed interface CmEvent {
    /// The identifier the event is about.
    CmId id();

    /// 0, or why it failed: a negative errno value; for [Rejected] the reject reason.
    int status();

    /// [CmId#resolveAddress] is done; the device context is known.
    record AddressResolved(CmId id) implements CmEvent {
        @Override
        public int status() {
            return 0;
        }
    }

    /// The address has no neighbour or no RDMA device leads to it.
    record AddressError(CmId id, int status) implements CmEvent {
        /// Why, for example `ETIMEDOUT`.
        public String errnoName() {
            return CmEvent.errnoName(status);
        }
    }

    /// [CmId#resolveRoute] is done.
    record RouteResolved(CmId id) implements CmEvent {
        @Override
        public int status() {
            return 0;
        }
    }

    /// No route was found.
    record RouteError(CmId id, int status) implements CmEvent {
        /// Why, for example `ETIMEDOUT`.
        public String errnoName() {
            return CmEvent.errnoName(status);
        }
    }

    /// A peer wants to connect to a listener. The new identifier belongs to whoever takes the
    /// event: [CmId#accept] or [CmId#reject] it, and close it.
    ///
    /// @param id the new identifier, with its context known
    /// @param listener the identifier that listens
    /// @param privateData what the peer sent, with trailing zeros as the transport pads it
    /// @param responderResources RDMA READs the peer asks this side to serve at once
    /// @param initiatorDepth RDMA READs the peer is ready to serve at once
    /// @param retryCount the peer's
    /// @param rnrRetryCount the peer's
    record ConnectRequest(
            CmId id,
            CmId listener,
            byte[] privateData,
            int responderResources,
            int initiatorDepth,
            int retryCount,
            int rnrRetryCount)
            implements CmEvent {
        @Override
        public int status() {
            return 0;
        }

        @Override
        public String toString() {
            return "ConnectRequest[%s, %d bytes of private data]".formatted(id, privateData.length);
        }
    }

    /// The peer accepted, and the identifier has no queue pair of its own to bring up.
    record ConnectResponse(CmId id, byte[] privateData, int responderResources, int initiatorDepth)
            implements CmEvent {
        @Override
        public int status() {
            return 0;
        }

        @Override
        public String toString() {
            return "ConnectResponse[%s, %d bytes of private data]"
                    .formatted(id, privateData.length);
        }
    }

    /// Connecting failed on this side or on the way.
    record ConnectError(CmId id, int status) implements CmEvent {
        /// Why, for example `EINVAL`.
        public String errnoName() {
            return CmEvent.errnoName(status);
        }
    }

    /// The peer does not answer.
    record Unreachable(CmId id, int status) implements CmEvent {
        /// Why, for example `ETIMEDOUT`.
        public String errnoName() {
            return CmEvent.errnoName(status);
        }
    }

    /// The peer, or its connection manager, refused.
    ///
    /// @param status the reason: over InfiniBand and RoCE of the list in [RejectReason], over iWARP
    ///   a negative errno
    /// @param privateData what the peer sent with a refusal of its own, see
    ///   [RejectReason#CONSUMER_DEFINED]
    record Rejected(CmId id, int status, byte[] privateData) implements CmEvent {
        /// The reason's number.
        public int reason() {
            return status;
        }

        /// The reason in words.
        public String reasonName() {
            return status < 0 ? CmEvent.errnoName(status) : RejectReason.name(status);
        }

        @Override
        public String toString() {
            return "Rejected[%s, reason %d: %s, %d bytes of private data]"
                    .formatted(id, status, reasonName(), privateData.length);
        }
    }

    /// The connection stands; the queue pair can send.
    ///
    /// @param privateData what the peer sent with its answer, with trailing zeros as the transport
    ///   pads it; empty on the passive side
    /// @param responderResources RDMA READs this side serves at once, as agreed
    /// @param initiatorDepth RDMA READs this side may have outstanding at once, as agreed
    record Established(CmId id, byte[] privateData, int responderResources, int initiatorDepth)
            implements CmEvent {
        @Override
        public int status() {
            return 0;
        }

        @Override
        public String toString() {
            return "Established[%s, %d bytes of private data]".formatted(id, privateData.length);
        }
    }

    /// The connection has ended, by either side.
    record Disconnected(CmId id, int status) implements CmEvent {}

    /// The device goes away: everything on it must be closed, this identifier included.
    record DeviceRemoval(CmId id) implements CmEvent {
        @Override
        public int status() {
            return 0;
        }
    }

    /// The local address moved to another device; connections over the old one may die.
    record AddressChange(CmId id) implements CmEvent {
        @Override
        public int status() {
            return 0;
        }
    }

    /// A closed connection's queue pair number may be used again. May come long after
    /// [Disconnected].
    record TimewaitExit(CmId id) implements CmEvent {
        @Override
        public int status() {
            return 0;
        }
    }

    /// An event this library does not know.
    ///
    /// @param code of `enum rdma_cm_event_type`
    record Unknown(CmId id, int code, int status) implements CmEvent {}

    private static String errnoName(int status) {
        return Errno.name(Math.abs(status));
    }
}

package dev.verbena.verbs;

import dev.verbena.verbs.ffi.Native;
import dev.verbena.verbs.ffi.gen.rdma_cm_event;
import dev.verbena.verbs.ffi.gen.rdma_conn_param;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// Copies a native `struct rdma_cm_event` into a [CmEvent]. Runs under the channel's lock.
final class CmEventDecoder {
    // enum rdma_cm_event_type, rdma_cma.h
    static final int ADDR_RESOLVED = 0;
    static final int ADDR_ERROR = 1;
    static final int ROUTE_RESOLVED = 2;
    static final int ROUTE_ERROR = 3;
    static final int CONNECT_REQUEST = 4;
    static final int CONNECT_RESPONSE = 5;
    static final int CONNECT_ERROR = 6;
    static final int UNREACHABLE = 7;
    static final int REJECTED = 8;
    static final int ESTABLISHED = 9;
    static final int DISCONNECTED = 10;
    static final int DEVICE_REMOVAL = 11;
    static final int ADDR_CHANGE = 14;
    static final int TIMEWAIT_EXIT = 15;

    private CmEventDecoder() {}

    /// Copies the event at an address.
    ///
    /// @return null for an event of an identifier that is closed already
    static @Nullable CmEvent decode(long address, EventChannel channel) {
        MemorySegment event = Native.at(address, rdma_cm_event.layout());
        int type = rdma_cm_event.event(event);
        int status = rdma_cm_event.status(event);
        long idAddress = rdma_cm_event.id(event).address();
        MemorySegment connection = rdma_cm_event.param.conn(rdma_cm_event.param(event));
        if (type == CONNECT_REQUEST) {
            CmId listener = channel.find(rdma_cm_event.listen_id(event).address());
            return request(CmId.adopt(channel, idAddress), listener, connection);
        }
        CmId id = channel.find(idAddress);
        if (id == null) {
            return null;
        }
        return switch (type) {
            case ADDR_RESOLVED -> new CmEvent.AddressResolved(id);
            case ADDR_ERROR -> new CmEvent.AddressError(id, status);
            case ROUTE_RESOLVED -> new CmEvent.RouteResolved(id);
            case ROUTE_ERROR -> new CmEvent.RouteError(id, status);
            case CONNECT_RESPONSE ->
                    new CmEvent.ConnectResponse(
                            id,
                            privateData(connection),
                            Byte.toUnsignedInt(rdma_conn_param.responder_resources(connection)),
                            Byte.toUnsignedInt(rdma_conn_param.initiator_depth(connection)));
            case CONNECT_ERROR -> new CmEvent.ConnectError(id, status);
            case UNREACHABLE -> new CmEvent.Unreachable(id, status);
            case REJECTED -> new CmEvent.Rejected(id, status, privateData(connection));
            case ESTABLISHED ->
                    new CmEvent.Established(
                            id,
                            privateData(connection),
                            Byte.toUnsignedInt(rdma_conn_param.responder_resources(connection)),
                            Byte.toUnsignedInt(rdma_conn_param.initiator_depth(connection)));
            case DISCONNECTED -> new CmEvent.Disconnected(id, status);
            case DEVICE_REMOVAL -> {
                id.deviceRemoved();
                yield new CmEvent.DeviceRemoval(id);
            }
            case ADDR_CHANGE -> new CmEvent.AddressChange(id);
            case TIMEWAIT_EXIT -> new CmEvent.TimewaitExit(id);
            default -> new CmEvent.Unknown(id, type, status);
        };
    }

    private static @Nullable CmEvent request(
            CmId id, @Nullable CmId listener, MemorySegment connection) {
        if (listener == null) {
            // Its listener was closed while the request was on its way: nobody can answer it.
            // Closing rejects it.
            id.closeAfterEvent();
            return null;
        }
        return new CmEvent.ConnectRequest(
                id,
                listener,
                privateData(connection),
                Byte.toUnsignedInt(rdma_conn_param.responder_resources(connection)),
                Byte.toUnsignedInt(rdma_conn_param.initiator_depth(connection)),
                Byte.toUnsignedInt(rdma_conn_param.retry_count(connection)),
                Byte.toUnsignedInt(rdma_conn_param.rnr_retry_count(connection)));
    }

    private static byte[] privateData(MemorySegment connection) {
        int length = Byte.toUnsignedInt(rdma_conn_param.private_data_len(connection));
        long address = rdma_conn_param.private_data(connection).address();
        if (length == 0 || address == 0) {
            return new byte[0];
        }
        return Native.at(address, length).toArray(ValueLayout.JAVA_BYTE);
    }
}
